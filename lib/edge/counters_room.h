/*
 * counters_room - what the files of the counters room share; nobody else includes it.
 *
 * The file is an array of 64-bit words in the machine's own order, and
 * this is their numbering. It never leaves the machine. counters_file.c
 * opens, makes and heals it, counters.c counts.
 *
 * All numbers that are counted stand together in a block, which has room
 * for the verdicts and reasons of later versions: these keep the layout,
 * so an upgrade does not begin at zero. A snapshot copies the whole
 * block, what this version does not know included.
 */
#ifndef GREYLIST_COUNTERS_ROOM_H
#define GREYLIST_COUNTERS_ROOM_H

#include <stdatomic.h>

#include "greylist/counters.h"

enum {
	ACTIONS_ROOM = 4,
	REASONS_ROOM = 32,

	/* a block */
	AT_WAITED = ACTIONS_ROOM * REASONS_ROOM, /* behind the verdicts: seconds in all */
	AT_WAITS,                                /* first passes by how long they waited */
	BLOCK = AT_WAITED + 32,
	AT_DISPLACED = BLOCK - 2, /* from the end: waits may become more */
	AT_EVICTED = BLOCK - 1,

	/* a snapshot */
	AT_STAMP = 0, /* the day; 0: it is not whole */
	AT_BASE,      /* the day of the snapshot before it; 0: none */
	AT_BLOCK,
	SNAPSHOT = AT_BLOCK + BLOCK,

	/* the file */
	AT_MAGIC = 0,
	AT_VERSION,
	AT_DAY,    /* that the running totals belong to; 0: none yet */
	AT_BEFORE, /* the day of the last snapshot; 0: none yet */
	AT_WARNED, /* when the last warning was due; 0: never */
	AT_HAND,
	HAND_WORDS = (GL_HAND_MAX + 7) / 8,
	AT_TOTALS = AT_HAND + HAND_WORDS,
	AT_RING = AT_TOTALS + BLOCK,
	COUNTERS_SIZE = (AT_RING + GL_COUNTERS_DAYS * SNAPSHOT) * 8
};

typedef _Atomic uint64_t word;
_Static_assert(sizeof(word) == 8 && ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");
_Static_assert(
    (int)GL_ACTIONS <= ACTIONS_ROOM && (int)GL_REASONS <= REASONS_ROOM, "verdicts have a cell");
_Static_assert(AT_WAITS + GL_WAITS <= AT_DISPLACED, "waits have a cell");

struct gl_counters {
	word *words;
	bool readonly;
};

#endif
