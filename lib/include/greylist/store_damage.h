/*
 * store_damage - what becomes of a table that cannot be read any more.
 *
 * LMDB's file survives the death of any process and a power cut, but
 * not a disk that gives back something else, or somebody who writes
 * over it. Then LMDB says so, or reading it ends the process: it trusts
 * what it reads. Either way the mail must go on, and greylisting with
 * it, without a hand: the table is put aside and an empty one begun.
 */
#ifndef GREYLIST_STORE_DAMAGE_H
#define GREYLIST_STORE_DAMAGE_H

#include "greylist/store.h"

/*
 * Puts a damaged table aside, as table.N.corrupt, and an empty one in
 * its place, as gl_store_replace does: after that mail waits as it did
 * on the first day. The damage has to show again while nobody writes,
 * at the open or where the ops (of whoever met it) are looked up and
 * tried; or three processes died inside the table's map within a minute
 * (gl_store_note_death). It is done once an hour at the most, and the
 * newest two such tables are kept. A valid table that is not ours, an
 * older or newer version's, a full or unreadable disk are no damage.
 *
 *   GL_OK         result->aside is the damaged table's name now
 *   GL_NOT_FOUND  it is not damaged, or somebody was faster: open it again
 *   GL_MORE       one was put aside less than an hour ago; `why` says it
 *   GL_FULL, GL_NO_ACCESS, GL_FAILED  nothing was changed; `why` says it
 */
GL_CHECKED enum gl_status gl_store_quarantine(const struct gl_store_options *options,
    const struct gl_op *ops, size_t count, const struct gl_replacing *how,
    struct gl_replaced *result, struct gl_complaint *why);

/* Where a process that dies of the table says so. All private. */
struct gl_store_map {
	const char *at; /* of the table's file in this process; NULL: not known */
	size_t len;
	int dir;
	char deaths[48];
};

/* Of a table that is open or, in gl_store_options.watch, about to be; good until the store is
 * closed. Of nothing where it is NULL. */
struct gl_store_map gl_store_map(const struct gl_store *store);

/*
 * For a handler of fatal signals, async-signal-safe: where the address
 * is inside the map, or the map's place is not known yet, this death
 * counts as the table's; otherwise nothing is noted. Where three processes died so within a minute
 * gl_store_open gives GL_CORRUPT.
 */
void gl_store_note_death(const struct gl_store_map *map, const void *address, int64_t now);

#endif
