#include "keyset.h"

#include <stdlib.h>
#include <string.h>

bool gl_keyset_init(struct gl_keyset *set, size_t room, const struct gl_secret *secret)
{
	*set = (struct gl_keyset){ .room = room, .slots = 2, .secret = secret };
	while (set->slots < 2 * room)
		set->slots *= 2;
	set->keys = calloc(room, sizeof *set->keys);
	set->slot = calloc(set->slots, sizeof *set->slot);
	return set->keys != NULL && set->slot != NULL;
}

void gl_keyset_clear(struct gl_keyset *set)
{
	free(set->keys);
	free(set->slot);
	*set = (struct gl_keyset){ .room = 0 };
}

void gl_keyset_empty(struct gl_keyset *set)
{
	set->count = 0;
	memset(set->slot, 0, set->slots * sizeof *set->slot);
}

/* The slot holds a number plus one, and 0 is a free one. */
static uint32_t *slot_of(const struct gl_keyset *set, struct gl_span key)
{
	uint8_t digest[GL_DIGEST_SIZE];
	uint64_t at;
	gl_digest(digest, key, set->secret);
	memcpy(&at, digest, sizeof at);
	for (;; at++) {
		uint32_t *slot = &set->slot[at & (set->slots - 1)];
		if (*slot == 0)
			return slot;
		const struct gl_keyset_key *there = &set->keys[*slot - 1];
		if (there->len == key.len && memcmp(there->bytes, key.at, key.len) == 0)
			return slot;
	}
}

long gl_keyset_number(struct gl_keyset *set, struct gl_span key, bool *fresh)
{
	*fresh = false;
	if (key.len > GL_KEYSET_KEY_MAX)
		return GL_KEYSET_FULL;
	uint32_t *slot = slot_of(set, key);
	if (*slot != 0)
		return (long)*slot - 1;
	if (set->count == set->room)
		return GL_KEYSET_FULL;
	struct gl_keyset_key *own = &set->keys[set->count++];
	own->len = (uint8_t)key.len;
	memcpy(own->bytes, key.at, key.len);
	*slot = (uint32_t)set->count;
	*fresh = true;
	return (long)*slot - 1;
}
