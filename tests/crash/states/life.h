/*
 * life - a table that is used as helpers and greylist-admin use it, with a journal of its file.
 *
 * Newcomers with their share of the sweep, retries that pass and count
 * their clients, imports of many at once, deletions, overrides, purges;
 * the table is closed and opened again now and then. What the table held
 * is known for the moment behind each commit.
 */
#ifndef GREYLIST_TEST_LIFE_H
#define GREYLIST_TEST_LIFE_H

#include "dice.h"
#include "greylist/store.h"
#include "journal.h"

enum life_sync { LIFE_FULL, LIFE_META, LIFE_NONE };

/* Has to be found after a power cut behind the commit `born`, until the commit `gone` begins. */
struct life_triplet {
	struct gl_key key;
	size_t born, gone; /* numbers of commits; gone is SIZE_MAX while it is there */
	int64_t first_seen;
	bool passed;
	char sender[16], *recipient;
};

struct life {
	enum life_sync sync;
	struct dice dice;
	char *directory; /* the state directory that it was lived in */
	uint8_t secret[GL_SECRET_SIZE];
	struct gl_store *store;
	struct journal
	    journal; /* a mark with the number of each commit, when it was acknowledged */
	int64_t now;
	uint64_t number; /* of the newest triplet */
	struct gl_sweep sweep;
	uint64_t *digests; /* of the contents behind each commit; 0: the table was made */
	size_t commits;
	uint64_t repeated; /* transactions that changed nothing */
	struct life_triplet *triplets;
	size_t triplet_count, triplet_room;
};

/* The options with which such a table is opened. */
struct gl_store_options life_options(const char *directory, enum life_sync sync);

/* Lives so many transactions. False where the store failed; then it has said so. */
bool life_lead(struct life *life, enum life_sync sync, uint64_t seed, size_t transactions);

void life_free(struct life *life);

#endif
