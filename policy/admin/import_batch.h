/*
 * import_batch - entries on their way into the table.
 *
 * Some hundred ops are one transaction: fewer where it took long, and
 * between two of them the helpers have their turn, so that mail does not
 * wait. Applying an op twice is applying it once, so an import may be
 * broken off and repeated.
 */
#ifndef GREYLIST_IMPORT_BATCH_H
#define GREYLIST_IMPORT_BATCH_H

#include "import_report.h"

/* One entry as a change to the table. About 17 KiB. */
struct gl_import_change {
	struct gl_op op; /* borrows from what is below */
	struct gl_key key, origin;
	struct gl_triplet triplet;
};

struct gl_import_batch;

/*
 * What the ops come to is counted in the report, where its `leaves` says
 * that what the table knows is not to be merged with. With
 * admin->dry_run nothing is written. Both are borrowed until
 * gl_import_batch_free. NULL: out of memory.
 */
struct gl_import_batch *gl_import_batch_new(
    struct gl_admin *admin, struct gl_import_report *report);
void gl_import_batch_free(struct gl_import_batch *batch);

/*
 * Adds a copy of the op (GL_OP_TRIPLET, GL_OP_CLIENT_MEMORY), of its key,
 * its text and its origin, and writes where the batch is full. Statuses as
 * gl_store_apply.
 */
GL_CHECKED enum gl_status gl_import_batch_add(
    struct gl_import_batch *batch, const struct gl_op *op);

/* Writes what is left. Statuses as gl_store_apply. */
GL_CHECKED enum gl_status gl_import_batch_flush(struct gl_import_batch *batch);

#endif
