/*
 * said_key - whom an override (greylist/override.h) is about: from the
 * words for it to its key in the table, and to what is shown of it.
 *
 * What is shown can be read again and gives the same key, so that an
 * override can go from one table to another; that of a triplet, whose
 * key is under the table's secret, is made from the triplet.
 */
#ifndef GREYLIST_SAID_KEY_H
#define GREYLIST_SAID_KEY_H

#include "greylist/override.h"

/* About 1.5 KiB; borrows nothing. */
struct gl_said_key {
	enum gl_override_kind kind;
	struct gl_key key;
	size_t who_len;
	char who[GL_OVERRIDE_TEXT_MAX]; /* as it is shown, and kept in the override */
};

/*
 * Reads a client (an address, a network or a name), or a correspondent
 * (a mail address or a domain, without angle brackets). A sender is
 * normalised. `kind` is any but GL_OVERRIDE_TRIPLET.
 *
 *   GL_MALFORMED, GL_TOO_LONG  *why says what is wrong (static text)
 */
GL_CHECKED enum gl_status gl_said_key_read(
    struct gl_said_key *said, enum gl_override_kind kind, struct gl_span text, const char **why);

/* One triplet; addresses for which `who` has no room are shown cut. */
void gl_said_key_triplet(struct gl_said_key *said, const struct gl_triplet *triplet);

/*
 * The triplet that an override's `who` shows, found by its key.
 *
 *   GL_NOT_FOUND  `who` was cut, or the key is under another secret; only
 *                 triplet->client is good then
 *   GL_CORRUPT    no key of a triplet
 */
GL_CHECKED enum gl_status gl_said_triplet(struct gl_triplet *triplet, struct gl_span key,
    struct gl_span who, const struct gl_secret *secret);

/* Borrowed. */
struct gl_span gl_said_who(const struct gl_said_key *said);

#endif
