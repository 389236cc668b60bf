/*
 * answer - from a verdict to the reply and the log line.
 *
 * The helper sends it, `greylist-admin replay` prints it: both say the
 * same because both ask here. Knows the configuration, touches nothing.
 */
#ifndef GREYLIST_ANSWER_H
#define GREYLIST_ANSWER_H

#include "greylist/logline.h"
#include "greylist/reply.h"

#include "judge.h"

struct gl_answer {
	struct gl_out reply;    /* into `bytes`: an answer is not to be copied */
	struct gl_logline line; /* borrows the request; nothing is logged for GL_REASON_STATE */
	char bytes[GL_REPLY_MAX];
};

/* Passes, with nothing more to say. */
void gl_answer_pass(
    struct gl_answer *answer, enum gl_reason reason, const struct gl_request *request);

/* The table cannot be used: what `on_error` says; mode = learn never defers. */
void gl_answer_trouble(
    struct gl_answer *answer, const struct gl_config *config, const struct gl_request *request);

/* What the judge decided; mode = dry-run lets it pass all the same. Mode and text are the
 * judgement's own terms. */
void gl_answer_verdict(struct gl_answer *answer, const struct gl_config *config,
    const struct gl_judgement *judgement, const struct gl_request *request, int64_t now);

#endif
