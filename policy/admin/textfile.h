/*
 * textfile - a small file, read whole and replaced whole.
 */
#ifndef GREYLIST_TEXTFILE_H
#define GREYLIST_TEXTFILE_H

#include "greylist/span.h"

enum { GL_TEXTFILE_MAX = 8 * 1024 * 1024 };

/*
 * Reads a file; *bytes is the caller's, to be freed, NULL on failure.
 * A file that has more than GL_TEXTFILE_MAX bytes is GL_TOO_LONG.
 *
 *   GL_NOT_FOUND, GL_NO_ACCESS, GL_FAILED  `why` says which file and why
 */
GL_CHECKED enum gl_status gl_textfile_read(
    char **bytes, size_t *len, const char *path, struct gl_complaint *why);

/*
 * Puts other bytes in the file's place in one step: whoever opens it
 * finds all of the old or all of the new, after a power cut too. Owner
 * and mode stay, and a symbolic link stays one; a file that was not
 * there is made with mode 0600.
 *
 *   GL_NO_ACCESS, GL_FULL, GL_FAILED  the file is as it was
 */
GL_CHECKED enum gl_status gl_textfile_replace(
    const char *path, struct gl_span bytes, struct gl_complaint *why);

#endif
