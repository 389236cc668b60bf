/*
 * memory - one triplet's record as the table would keep it, in bytes.
 *
 * Asking goes the way of a real request: decode, decide, and where the
 * verdict is worth remembering, merge and encode.
 */
#ifndef GREYLIST_TEST_MEMORY_H
#define GREYLIST_TEST_MEMORY_H

#include "greylist/decision.h"

/* Zeros: a stranger with an empty text. May be copied like any value. */
struct memory {
	struct gl_span text; /* of the triplet; borrowed */
	size_t len;
	char bytes[256];
};

/* Stores a record as it is. memory->text is the caller's to set. */
void memory_set(struct memory *memory, const struct gl_record *record);

/*
 * Reads it back; false where nothing is stored, or where the text is
 * another triplet's (a digest clash). Fails the test on a record that
 * cannot be decoded. The record borrows from the memory.
 */
bool memory_get(struct gl_record *record, const struct memory *memory);

/* Stores what gl_record_merge makes of the op. */
void memory_apply(struct memory *memory, const struct gl_op *op);

/* One request at the second `now`. The spans in `next` are empty afterwards. */
struct gl_verdict memory_ask(struct memory *memory, const struct gl_timing *timing, int64_t now);

#endif
