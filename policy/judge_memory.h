/*
 * judge_memory - the judge's look at the table: rules, overrides, client, triplet.
 *
 * Only for judge.c. What a rule or an override decides is settled here;
 * what is left is the auto-whitelist's and the triplet's.
 */
#ifndef GREYLIST_JUDGE_MEMORY_H
#define GREYLIST_JUDGE_MEMORY_H

#include "judge.h"

/* The attempt passes, for this reason. */
void gl_judge_settle(struct gl_judgement *judgement, enum gl_reason reason);

/* Makes the keys and looks everything up. Statuses as gl_judge. */
GL_CHECKED enum gl_status gl_judge_recall(struct gl_judgement *judgement,
    const struct gl_bench *bench, const struct gl_request *request, int64_t now);

#endif
