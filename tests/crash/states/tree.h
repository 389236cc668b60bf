/*
 * tree - the directory of a journal, as a power cut may leave it.
 *
 * Behind a number of events, each change to a directory that was not
 * synced may be on disk or not, in any combination, and so may the pages
 * of each file and its size. No file system is known to be that careless;
 * whoever survives this survives all of them.
 */
#ifndef GREYLIST_TEST_TREE_H
#define GREYLIST_TEST_TREE_H

#include "dice.h"
#include "history.h"

struct tree {
	const struct journal *journal;
	struct history *histories; /* of each file, empty for what is none */
	struct moment *moments;
	size_t cut;        /* so many events have happened */
	size_t *synced_by; /* of each event: with which event its directory was synced next */
	int64_t mark;      /* the last one before the cut; -1: none */
	size_t loose;      /* changes to directories that may be on disk or not */
};

/* False where the journal has something that is not modelled; then it has said so. */
bool tree_make(struct tree *tree, const struct journal *journal);
void tree_free(struct tree *tree);

/* One event on. */
void tree_advance(struct tree *tree);

/*
 * Makes the directory `path` as a power cut may leave it at this moment.
 * `kept` has a bit for each of the loose changes, the oldest lowest; the
 * rest of them, and what is on disk of the files, is by dice.
 */
void tree_build(const struct tree *tree, const char *path, uint64_t kept, struct dice *dice);

#endif
