/*
 * spoil - what may happen to the lock.mdb of a table: removed, replaced,
 * overwritten, cut off, or left half made by who died.
 */
#ifndef GREYLIST_CRASH_SPOIL_H
#define GREYLIST_CRASH_SPOIL_H

#include <stdbool.h>

struct spoil_place {
	char lock[600];   /* the table's */
	char other[600];  /* the lock file of a table elsewhere, in use there */
	char coming[600]; /* on the same file system */
};

struct spoil {
	const char *name;
	void (*fn)(const struct spoil_place *place);
	bool may_last; /* LMDB takes it for its own, with mutexes that nobody gives back */
};

enum { SPOILS = 13 };

/* Each does it at once, or ends the test where it cannot. */
extern const struct spoil spoils[SPOILS];

#endif
