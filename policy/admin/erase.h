/*
 * erase - deletes entries in short transactions, so that no mail waits.
 *
 * The table is read in slices; what fits the filter is collected, looked
 * at once more inside the transaction that deletes it, and stays where
 * it does not fit any longer: an entry that a helper has written to
 * meanwhile is never lost. A transaction that took long makes the next
 * one shorter, and between two of them the helpers have their turn.
 */
#ifndef GREYLIST_ERASE_H
#define GREYLIST_ERASE_H

#include "filter.h"

/* What was deleted; in a dry run, what would be. */
struct gl_erased {
	const char *together; /* the caller's: counts both as one of these; NULL: apart */
	uint64_t triplets, clients;
	bool clients_too; /* clients were looked for */
	bool interrupted; /* by a signal: the rest was left */
};

/*
 * Deletes (or with admin->dry_run counts) all entries that fit, and
 * prints how many on admin->out, also where it was interrupted or failed
 * on the way. Statuses as gl_store_delete. Where a signal came it does
 * not return, unless the signal is one that the program survives.
 */
GL_CHECKED enum gl_status gl_erase(
    struct gl_admin *admin, const struct gl_filter *filter, struct gl_erased *erased);

/*
 * "3 triplets and 1 client deleted"; "would be deleted" in a dry run.
 * What cannot be written to admin->out is said on admin->err, since
 * nobody can count any more what is gone.
 */
void gl_erased_print(const struct gl_admin *admin, const struct gl_erased *erased);

#endif
