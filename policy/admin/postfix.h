/*
 * postfix - Postfix's own programs: run, and listened to.
 *
 * main.cf and master.cf have a grammar of their own, so nobody but
 * postconf(1) reads or edits them here. The programs are found in
 * PATH; no shell is between.
 */
#ifndef GREYLIST_POSTFIX_H
#define GREYLIST_POSTFIX_H

#include "greylist/status.h"

enum { GL_ANSWER_MAX = 1024 * 1024 }; /* bytes that one answer may have */

/*
 * Runs `postconf -c directory words...` (NULL: Postfix's own directory;
 * the words end with a NULL). What it printed becomes the caller's,
 * zero-terminated, without the last newline; NULL on failure. `answer`
 * may be NULL where nobody wants to know.
 *
 *   GL_NOT_FOUND   there is no such program
 *   GL_TOO_LONG    more than GL_ANSWER_MAX
 *   GL_BAD_CONFIG  it said no; `why` has its last words
 *   GL_FAILED      it could not be run
 */
GL_CHECKED enum gl_status gl_postconf(
    char **answer, const char *directory, const char *const words[], struct gl_complaint *why);

/* Runs `postfix -c directory verb`: "status" says GL_OK while it runs. Statuses likewise. */
GL_CHECKED enum gl_status gl_postfix(
    const char *directory, const char *verb, struct gl_complaint *why);

#endif
