/*
 * term_value - what a section sets, as it would stand in greylist.conf.
 */
#ifndef GREYLIST_TERM_VALUE_H
#define GREYLIST_TERM_VALUE_H

#include "command.h"
#include "greylist/reply.h"

struct gl_term_value {
	char bytes[GL_REPLY_TEXT_MAX + 1];
};

/* Seconds; negative for a term that is no time. */
int64_t gl_term_seconds(const struct gl_terms *terms, enum gl_term term);

/* The word or sentence of a term that is none; borrowed from the terms, or static. */
const char *gl_term_word(const struct gl_terms *terms, enum gl_term term);

/* Either, a time in the largest unit that it is whole in. Borrowed from `text`. */
const char *gl_term_value(
    struct gl_term_value *text, const struct gl_terms *terms, enum gl_term term);

#endif
