/*
 * walk - every entry of a table, one after the other.
 *
 * The table is read in slices, and nothing of it is pinned while an
 * entry is handed out: the callback may print slowly, or delete.
 */
#ifndef GREYLIST_WALK_H
#define GREYLIST_WALK_H

#include "filter.h"

/* The entry is good during the call. Return false to end the walk. */
typedef bool gl_entry_fn(void *context, const struct gl_entry *entry);

/*
 * Hands out all entries in the order of their keys. One that cannot be
 * read is named on admin->err and left out; admin->left_out is then set.
 * Statuses as gl_store_scan.
 */
GL_CHECKED enum gl_status gl_walk(
    struct gl_admin *admin, enum gl_table table, gl_entry_fn *each, void *context);

/*
 * The same for who wants only what fits the filter: nothing of a table
 * where nothing can fit, and with --client not the whole table but the
 * ranges of keys that this client's entries, and those of pools, stand
 * in. Each entry has
 * still to be asked about with gl_filter_fits.
 */
GL_CHECKED enum gl_status gl_walk_filter(struct gl_admin *admin, const struct gl_filter *filter,
    enum gl_table table, gl_entry_fn *each, void *context);

#endif
