/*
 * conf_text - one option of greylist.conf, found and set in its text.
 *
 * The file is the admin's: comments, order and blanks are worth
 * keeping. So an option is set by changing the bytes of its value and
 * no other byte. The grammar is libconfuse's: words, strings in either
 * quotes, comments of three kinds, and sections in braces, whose
 * options are not ours.
 */
#ifndef GREYLIST_CONF_TEXT_H
#define GREYLIST_CONF_TEXT_H

#include "greylist/span.h"

/* The value as it is written, quotes included; where the option is set twice, the last counts. */
GL_CHECKED bool gl_conf_find(struct gl_span *value, struct gl_span text, const char *option);

/* Writes the text with another value, behind it all where the option is not in it. */
void gl_conf_set(struct gl_out *out, struct gl_span text, const char *option, struct gl_span value);

/* Writes the text without the option's line, if nothing else stands in that line. */
void gl_conf_unset(struct gl_out *out, struct gl_span text, const char *option);

#endif
