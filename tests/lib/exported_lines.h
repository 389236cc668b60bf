/* exported_lines - what an export says, so that two of them can be held against one another. */
#ifndef GREYLIST_TEST_EXPORTED_LINES_H
#define GREYLIST_TEST_EXPORTED_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exported_lines {
	size_t count;
	char *lines[1000]; /* in the order of their text; owned */
};

/* The entries of an export, without the header; expired ones and those with a digest, which no
 * other table takes, only where they are wanted. */
struct exported_lines exported_lines_read(const char *path, bool expired, bool digests);

/* Fails the test, naming the seed, where they are not the same. Frees both. */
void exported_lines_same(struct exported_lines want, struct exported_lines got, uint64_t seed);

#endif
