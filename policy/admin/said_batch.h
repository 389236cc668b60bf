/*
 * said_batch - what was said by hand on its way into the table, out of
 * an import.
 *
 * Some hundred overrides are one transaction. Where the table has
 * something in force for the same key, or the input says two things,
 * one of them stays: the first, or where the report does not leave what
 * is known, the one that was said later; of two of the same second the
 * one that counts longer. So neither order nor repetition matters.
 */
#ifndef GREYLIST_SAID_BATCH_H
#define GREYLIST_SAID_BATCH_H

#include "import_report.h"

/* One override to be said, encoded. About 2.5 KiB. */
struct gl_said_change {
	struct gl_key key;
	size_t value_len;
	char value[GL_OVERRIDE_MAX];
};

struct gl_said_batch;

/*
 * Counts into report->overrides. With admin->dry_run nothing is written.
 * Both are borrowed until gl_said_batch_free. NULL: out of memory.
 */
struct gl_said_batch *gl_said_batch_new(struct gl_admin *admin, struct gl_import_report *report);
void gl_said_batch_free(struct gl_said_batch *batch);

/* Adds a copy, and writes where the batch is full. Statuses as gl_store_override. */
GL_CHECKED enum gl_status gl_said_batch_add(
    struct gl_said_batch *batch, const struct gl_said_change *change);

/* Writes what is left. Statuses as gl_store_override. */
GL_CHECKED enum gl_status gl_said_batch_flush(struct gl_said_batch *batch);

#endif
