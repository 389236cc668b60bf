/*
 * learnt - what deliveries come to: triplets that passed, and clients that came back.
 *
 * A triplet passed with its first delivery and was last seen with its
 * last; two lines of one mail to the same recipient are one pass. It is
 * learnt under the client's network, and under its pool where the
 * configuration goes by names: whoever is asked about next may be
 * another server of it. A
 * client is counted at most once an hour, by the times in the log, as it
 * would have been meanwhile. Deliveries may come in any order.
 *
 * It is kept here until it is written, so that passes and hours can be
 * counted; where there are more than GL_LEARNT_MAX triplets or clients
 * those so far are written, and a count of one that comes again may be
 * lower than it was (the table keeps the larger one).
 */
#ifndef GREYLIST_LEARNT_H
#define GREYLIST_LEARNT_H

#include "import_batch.h"
#include "interrupt.h"
#include "progress.h"

enum { GL_LEARNT_MAX = 131072 };

/* One mail from outside to one recipient. All borrowed. */
struct gl_delivery {
	uint64_t mail; /* its number: the lines of one mail share it */
	int64_t time;  /* when it came in */
	const struct gl_address *client;
	struct gl_span name; /* the client's, verified; empty or "unknown": it has none */
	bool uncounted;      /* nothing is counted for the client */
	struct gl_span sender, recipient;
};

/* How many entries were not worth a write: max_age was over. */
struct gl_unwritten {
	uint64_t triplets, clients;
};

struct gl_learnt;

/*
 * What is learnt goes into the batch, by the configuration and secret of
 * the open table. `room` is GL_LEARNT_MAX but in tests. All borrowed
 * until gl_learnt_free. NULL: out of memory.
 */
struct gl_learnt *gl_learnt_new(struct gl_admin *admin, struct gl_import_batch *batch, size_t room);
void gl_learnt_free(struct gl_learnt *learnt);

/*
 * Adds a delivery, after writing what is there where there is no room.
 *
 *   GL_TOO_LONG  sender or recipient over GL_VALUE_MAX; it was left out
 *   GL_MORE      a signal came while it wrote; the rest was not written, nor was this one added
 *   GL_CORRUPT, GL_FULL, GL_FAILED  as gl_store_apply, or out of memory
 */
GL_CHECKED enum gl_status gl_learnt_add(struct gl_learnt *learnt,
    const struct gl_delivery *delivery, const struct gl_interrupt *interrupt);

/* Writes all there is. Statuses as above; the progress counts what was written, NULL: nobody is
 * to see it. */
GL_CHECKED enum gl_status gl_learnt_write(
    struct gl_learnt *learnt, const struct gl_interrupt *interrupt, struct gl_progress *progress);

/* How many triplets and clients there are now that were not written yet. */
uint64_t gl_learnt_count(const struct gl_learnt *learnt);

struct gl_unwritten gl_learnt_unwritten(const struct gl_learnt *learnt);

#endif
