/*
 * counters - statistics that cost no transaction.
 *
 * The file `counters` beside the table is mapped by every process and
 * added to atomically. It is never synced: a power cut may cost the
 * last minutes of statistics and nothing else. A file of the wrong
 * size, magic or version is made anew with zeros. Every call takes
 * NULL and then does nothing: statistics never stand in the way of mail.
 *
 * The file has room for verdicts and reasons of later versions, so an
 * upgrade that brings some goes on counting where it was.
 *
 * Totals never go back. At the first count of a new day (UTC) the
 * totals are copied into a ring of daily snapshots; the snapshot's own
 * day stamp is published last, so a reader sees a whole one or none.
 */
#ifndef GREYLIST_COUNTERS_H
#define GREYLIST_COUNTERS_H

#include "greylist/decision.h"
#include "greylist/reply.h"

enum { GL_COUNTERS_DAYS = 64 }; /* snapshots kept */

struct gl_counters;

/*
 * Opens or creates the file in the state directory. NULL in
 * *counters where that fails; the status says why.
 *
 *   GL_NO_ACCESS  also where the directory belongs to somebody else
 *   GL_FULL, GL_FAILED
 */
GL_CHECKED enum gl_status gl_counters_open(struct gl_counters **counters, const char *directory);
/*
 * For reading only: never creates or repairs. GL_NOT_FOUND where there
 * is none, GL_CORRUPT where it is damaged.
 */
GL_CHECKED enum gl_status gl_counters_open_readonly(
    struct gl_counters **counters, const char *directory);
void gl_counters_close(struct gl_counters *counters);

/* Counts one verdict. `now` decides which day it belongs to. */
void gl_counters_add(
    struct gl_counters *counters, enum gl_action action, enum gl_reason reason, int64_t now);

/*
 * How long first passes waited is counted by these upper bounds, in
 * seconds and inclusive; what is over the last one has a cell of its own.
 */
enum { GL_WAITS = 13 };
extern const int64_t gl_wait_bounds[GL_WAITS - 1];

/*
 * Counts an attempt that ended a wait of so many seconds. It belongs to
 * the day of the last verdict, so count its verdict first.
 */
void gl_counters_first_pass(struct gl_counters *counters, int64_t waited);

/*
 * Counts living triplets that had to go: waiting ones of a client with
 * too many, and any for the size of the table (store_caps.h). They belong
 * to the day of the last verdict.
 */
void gl_counters_gone(struct gl_counters *counters, unsigned displaced, unsigned evicted);

/*
 * Everything since the file was made, or a snapshot: the same at the
 * end of its day. `first_passes` is always the sum of `waits`.
 */
struct gl_totals {
	int64_t day; /* since the epoch: the snapshot's, or the last with a verdict; 0: none yet */
	int64_t before; /* the day whose snapshot these totals have grown from; 0: from zero */
	uint64_t verdicts[GL_ACTIONS][GL_REASONS];
	uint64_t first_passes;
	uint64_t waited;             /* seconds, by all first passes together */
	uint64_t waits[GL_WAITS];    /* first passes over the bound before and within this one */
	uint64_t displaced, evicted; /* as gl_counters_gone has it */
};

void gl_counters_totals(const struct gl_counters *counters, struct gl_totals *totals);

/* The snapshot of one day. GL_NOT_FOUND where there is none (no request that day, or too long ago).
 */
GL_CHECKED enum gl_status gl_counters_day(
    const struct gl_counters *counters, int64_t day, struct gl_totals *totals);

/*
 * What was counted on that day alone, the day that is not over included.
 * GL_NOT_FOUND, and zeros: no request that day, or nobody knows any more
 * what had been counted before it.
 */
GL_CHECKED enum gl_status gl_counters_of_day(
    const struct gl_counters *counters, int64_t day, struct gl_totals *totals);

/*
 * Whether a warning about trouble is due: at most one a minute, counted
 * over all processes, unless the cause is another than the last time.
 * Always true without counters.
 */
bool gl_counters_warning_due(struct gl_counters *counters, enum gl_status cause, int64_t now);

/* The sweep's hand. A torn or stale hand only moves the place where the next sweep looks. */
void gl_counters_hand_get(const struct gl_counters *counters, uint8_t hand[GL_HAND_MAX]);
void gl_counters_hand_set(struct gl_counters *counters, const uint8_t hand[GL_HAND_MAX]);

#endif
