/*
 * order - entries by one of their fields, and no more than so many:
 * --sort, --reverse and --limit.
 *
 * With a limit only so many entries are kept at any time, the best so
 * far; without one all of them, some 200 bytes each and their addresses.
 * Equal ones stay in the order in which they were added, and those in
 * which the field is unset come last, in either direction.
 */
#ifndef GREYLIST_ORDER_H
#define GREYLIST_ORDER_H

#include "entry.h"

enum gl_field {
	GL_FIELD_NONE, /* the order of the keys; nothing has to be kept */
	GL_FIELD_CLIENT,
	GL_FIELD_SENDER,
	GL_FIELD_RECIPIENT,
	GL_FIELD_STATE, /* waiting, passed, expired */
	GL_FIELD_FIRST_SEEN,
	GL_FIELD_LAST_SEEN,
	GL_FIELD_PASSED_AT,
	GL_FIELD_RETRY_AT,
	GL_FIELD_ATTEMPTS,
	GL_FIELD_PASSES,
	GL_FIELD_COUNT,
	GL_FIELD_LAST_COUNTED
};

struct gl_order_item;

struct gl_order {
	enum gl_field field;
	bool reverse;
	uint64_t limit; /* how many are wanted */

	/* Private: a heap, the one that has to make room first at its top. */
	struct gl_order_item **heap;
	size_t count, room;
	uint64_t added;
};

/* Reads what was given. GL_EXIT_USAGE: it cannot be meant; it was said. gl_order_clear is due. */
enum gl_exit gl_order_read(struct gl_order *order, const struct gl_admin *admin);

/* Whether entries of that table have the field. */
bool gl_order_wants(const struct gl_order *order, enum gl_table table);

/*
 * Adds a copy of the entry, unless there are `limit` better ones.
 *
 *   GL_FAILED  out of memory
 */
GL_CHECKED enum gl_status gl_order_add(
    struct gl_order *order, const struct gl_admin *admin, const struct gl_entry *entry);

/* The entry is good during the call. Return false to end it. */
typedef bool gl_ordered_fn(void *context, const struct gl_entry *entry);

/* Hands all of them out in order, and is empty then. They are of `table`. */
void gl_order_hand_out(
    struct gl_order *order, enum gl_table table, gl_ordered_fn *each, void *context);

/* Drops what was added. An order of zeros is fine. */
void gl_order_clear(struct gl_order *order);

#endif
