/*
 * once - which of many things came up before, by their digests.
 */
#ifndef GREYLIST_ONCE_H
#define GREYLIST_ONCE_H

#include "greylist/triplet.h"

/* An empty one is all zeros; it grows with what is added. */
struct gl_once {
	size_t count, size;
	uint8_t (*at)[GL_DIGEST_SIZE]; /* owned */
};

/*
 * Adds a digest; *fresh says that it was not there.
 *
 *   GL_FAILED  out of memory
 */
GL_CHECKED enum gl_status gl_once_add(
    struct gl_once *once, const uint8_t digest[GL_DIGEST_SIZE], bool *fresh);

void gl_once_clear(struct gl_once *once);

#endif
