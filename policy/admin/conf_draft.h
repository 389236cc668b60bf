/*
 * conf_draft - a greylist.conf that is written line by line, each of
 * which is known to load.
 *
 * The parser itself decides: a value that it would refuse never gets
 * into the draft, and its words say why.
 */
#ifndef GREYLIST_CONF_DRAFT_H
#define GREYLIST_CONF_DRAFT_H

#include "greylist/config.h"

enum { GL_CONF_DRAFT_MAX = 65536, GL_CONF_VALUE_MAX = 16384 };

struct gl_conf_draft {
	FILE *to;
	struct gl_out value;         /* to be filled in before each line */
	struct gl_complaint mistake; /* why the last line was refused */
	struct gl_out text;          /* what was written so far */
	char value_bytes[GL_CONF_VALUE_MAX];
	char bytes[GL_CONF_DRAFT_MAX];
};

void gl_conf_draft_init(struct gl_conf_draft *draft, FILE *to);

/* Prints the line `name = value`; false: it cannot stand in greylist.conf. The value is empty then.
 */
bool gl_conf_draft_add(struct gl_conf_draft *draft, const char *name);

/* A string in quotes; a time in the largest unit that gives a whole number, "5m". */
void gl_conf_out_quoted(struct gl_out *out, struct gl_span text);
void gl_conf_out_time(struct gl_out *out, uint64_t seconds);

#endif
