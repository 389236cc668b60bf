/*
 * judge_memory - what the judge asks the table and the rules: the files
 * of the judge share it, nobody else.
 */
#ifndef GREYLIST_JUDGE_MEMORY_H
#define GREYLIST_JUDGE_MEMORY_H

#include "judge.h"

/* The mail passes for that reason. */
void gl_judge_settle(struct gl_judgement *judgement, enum gl_reason reason);

/*
 * Makes the keys and looks all of it up: the lists and what was said by
 * hand (where one of them decides the judgement passes), the client and
 * the triplet. Statuses as gl_judge.
 */
GL_CHECKED enum gl_status gl_judge_recall(struct gl_judgement *judgement,
    const struct gl_bench *bench, const struct gl_request *request, int64_t now);

/*
 * Looks for the pool that the client's verified name belongs to, and
 * what is known of the triplet there. Asks the table twice, where the
 * name is a good one. Statuses as gl_judge.
 */
GL_CHECKED enum gl_status gl_judge_ask_pool(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_request *request);

/*
 * Whether our own users wrote to this sender; or of their own request,
 * which makes the triplet with sender and recipient the other way
 * round, whether that is known already. Statuses as gl_judge.
 */
GL_CHECKED enum gl_status gl_judge_ask_anyone(
    struct gl_judgement *judgement, const struct gl_bench *bench);

/*
 * Reads a triplet's record that was looked up; its text becomes the
 * triplet's own. *seen is false where it cannot be read, or is another's.
 *
 *   GL_VERSION  written by a newer greylist
 */
GL_CHECKED enum gl_status gl_judge_read_record(struct gl_record *record, bool *seen,
    const struct gl_triplet *triplet, const struct gl_lookup *lookup);

/* Copies it, so that it outlives the store's next call. What does not fit is lost. */
struct gl_span gl_judge_keep(struct gl_judgement *judgement, struct gl_span lent);

#endif
