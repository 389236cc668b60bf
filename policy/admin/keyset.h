/*
 * keyset - so many keys, each with a number of its own, in the order in which they came.
 *
 * For figures about keys that are kept in an array beside it. The places
 * are by a digest under the table's secret, so that nobody who chooses
 * keys can crowd them.
 */
#ifndef GREYLIST_KEYSET_H
#define GREYLIST_KEYSET_H

#include "greylist/triplet.h"

enum {
	GL_KEYSET_KEY_MAX = 2 + 16 + GL_DIGEST_SIZE, /* a triplet's of IPv6 with all its bits */
	GL_KEYSET_FULL = -1
};

struct gl_keyset_key {
	uint8_t len;
	uint8_t bytes[GL_KEYSET_KEY_MAX];
};

/* Private but for `count` and `keys`, which are those there are. */
struct gl_keyset {
	size_t room, count;
	struct gl_keyset_key *keys;
	size_t slots; /* a power of two, at least twice the room */
	uint32_t *slot;
	const struct gl_secret *secret;
};

/* The secret is borrowed. False: out of memory; gl_keyset_clear is due even so. */
bool gl_keyset_init(struct gl_keyset *set, size_t room, const struct gl_secret *secret);
void gl_keyset_clear(struct gl_keyset *set);

/* Empties it. */
void gl_keyset_empty(struct gl_keyset *set);

/* The key's number, from 0 on; *fresh where it was not there. GL_KEYSET_FULL: it is not, and
 * there is no room, or it is longer than a key can be. */
long gl_keyset_number(struct gl_keyset *set, struct gl_span key, bool *fresh);

#endif
