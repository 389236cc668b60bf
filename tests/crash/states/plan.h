/*
 * plan - which of the states that a power cut may leave are looked at.
 *
 * Cuts lie behind every step. A new state differs from those of the cut
 * before it in the page that was written last, so behind a write only
 * the subsets that have it are new; behind a mark all of them are looked
 * at again, since more has to be in them. Up to a bound all subsets of
 * the unsynced pages are taken, beyond it so many by dice; and some with
 * pages torn at their sectors. Where the file has grown, its new size
 * may be on disk without the pages, or not be there.
 *
 * A state has a number, and is made from the seed and the number alone.
 */
#ifndef GREYLIST_TEST_PLAN_H
#define GREYLIST_TEST_PLAN_H

#include "history.h"

struct cut {
	size_t step;    /* so many have happened */
	uint64_t first; /* number of its first state */
	uint64_t subsets;
	uint64_t torn;
	bool all;     /* every subset, none left out */
	bool written; /* the step before wrote a page, which is in all the subsets */
	bool whole;   /* only the state with everything in it: nothing else is new */
};

struct plan_bounds {
	uint64_t subsets, torn; /* of a cut */
};

struct plan {
	const struct history *history;
	uint64_t seed;
	struct cut *cuts;
	size_t cut_count;
	uint64_t states;
};

enum { TEARS_MAX = 2 };

struct tear {
	size_t page, other; /* the version that some sectors are of */
	uint8_t sectors;    /* which: a bit for each */
};

struct choice {
	size_t *version; /* of each page */
	uint64_t size;
	struct tear tears[TEARS_MAX];
	size_t tear_count;
};

/* Cuts before the first mark are left out: the table was not there yet. */
void plan_make(struct plan *plan, const struct history *history, uint64_t seed,
    const struct plan_bounds *bounds);
void plan_free(struct plan *plan);

/* The cut that a state belongs to. */
const struct cut *plan_cut(const struct plan *plan, uint64_t number);

/* choice->version has room for every page; `moment` is that of the state's cut. */
void plan_choose(
    const struct plan *plan, const struct moment *moment, uint64_t number, struct choice *choice);

void choice_print(const struct choice *choice, const struct moment *moment);

#endif
