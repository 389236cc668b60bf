/*
 * tmpdir - a directory of the test's own, gone when the test ends.
 */
#ifndef GREYLIST_TEST_TMPDIR_H
#define GREYLIST_TEST_TMPDIR_H

#include <stddef.h>

/* Makes a fresh directory and returns its path; the caller gives it back with tmpdir_remove. */
char *tmpdir_make(void);

/* Removes the directory and everything in it, and frees the path. */
void tmpdir_remove(char *path);

/* Writes a whole file below the directory, replacing what was there. */
void tmpdir_write(const char *path, const char *name, const void *bytes, size_t len);

/* "path/name", in a buffer that the next call reuses. */
const char *tmpdir_path(const char *path, const char *name);

#endif
