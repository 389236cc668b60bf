/*
 * operand - CLIENT SENDER RECIPIENT as people write them.
 *
 * CLIENT is an address, or a network, a pool's name or "anyone" as `list`
 * shows it. SENDER and
 * RECIPIENT may stand in angle brackets; '' and '<>' are the null
 * sender. They are normalised as the helper does it, so that an address
 * out of a log and one out of `list` name the same triplet.
 */
#ifndef GREYLIST_OPERAND_H
#define GREYLIST_OPERAND_H

#include "entry.h"

struct gl_who {
	bool bare; /* written as an address: the configuration says which network that is */
	struct gl_identity identity; /* as written; an address has all its bits; a pool is borrowed
					from the operand */
};

/* GL_MALFORMED: none of these; it was said. */
GL_CHECKED enum gl_status gl_operand_client(
    const struct gl_admin *admin, struct gl_who *who, const char *text);

/* Without its angle brackets; borrowed from `text`. */
struct gl_span gl_operand_envelope(const char *text);

/*
 * Makes the triplet of three operands. Its key is the one of whoever
 * CLIENT is; triplet->client means something for networks only.
 *
 *   GL_MALFORMED, GL_TOO_LONG  which was said
 */
GL_CHECKED enum gl_status gl_operand_triplet(
    const struct gl_admin *admin, struct gl_triplet *triplet, struct gl_who *who, char **operands);

/* The triplet first, then the client; borrowed until the store's next call. */
struct gl_found {
	size_t count;
	struct gl_entry entries[2];
	struct gl_key client; /* private */
};

/*
 * Looks up the triplet, and the client where `who` is a single one.
 * Another text under the triplet's key is another triplet; an entry
 * that cannot be read is left out (gl_entry_leave_out). Statuses as
 * gl_store_lookup.
 */
GL_CHECKED enum gl_status gl_operand_find(struct gl_admin *admin, struct gl_found *found,
    const struct gl_triplet *triplet, const struct gl_who *who);

#endif
