/*
 * source - files of the source tree that a test reads: headers whose
 * examples must hold, bytes that are kept for ever.
 */
#ifndef GREYLIST_TEST_SOURCE_H
#define GREYLIST_TEST_SOURCE_H

/* Where a path below the top of the tree is; in a buffer that the next call reuses. */
const char *source_path(const char *path);

/* A whole text file, zero-terminated; the caller frees it. Fails the test where there is none. */
char *source_text(const char *path);

#endif
