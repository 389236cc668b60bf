/*
 * shell_words - a command line cut into words, as a shell would do it.
 *
 * Quotes and backslashes are taken off; '#' in front of a word begins a
 * comment, and newlines part words too, so that a file of assignments
 * such as /etc/default/postgrey is words as well. Nothing is expanded.
 */
#ifndef GREYLIST_SHELL_WORDS_H
#define GREYLIST_SHELL_WORDS_H

#include "greylist/span.h"

enum { GL_SHELL_WORDS_MAX = 256 };

struct gl_shell_words {
	size_t count;
	struct gl_span at[GL_SHELL_WORDS_MAX]; /* borrowed from `bytes` */
};

/*
 * Cuts a text up; `bytes` takes the words and needs text.len octets.
 *
 *   GL_TOO_LONG   more than GL_SHELL_WORDS_MAX words
 *   GL_MALFORMED  a quote is not closed
 */
GL_CHECKED enum gl_status gl_shell_words_cut(
    struct gl_shell_words *words, struct gl_span text, char *bytes);

#endif
