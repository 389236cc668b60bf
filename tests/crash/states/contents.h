/*
 * contents - everything that is in a table, read as `greylist-admin check --deep` reads it.
 */
#ifndef GREYLIST_TEST_CONTENTS_H
#define GREYLIST_TEST_CONTENTS_H

#include "greylist/store.h"

struct contents {
	uint64_t digest; /* of every key and value, and of how many pages are used and free */
	uint64_t entries;
	char why[160]; /* what is wrong, where something is */
};

/*
 * Walks every page and every entry, looks whether each is what its key
 * says, and counts the pages. False where anything is wrong.
 */
bool contents_read(struct contents *contents, struct gl_store *store);

#endif
