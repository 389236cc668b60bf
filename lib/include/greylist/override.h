/*
 * override - what a postmaster said by hand, with a time limit.
 *
 * `greylist-admin allow` lets a client, a sender, a recipient or one
 * triplet pass for a while, and `deny-auto-whitelist` keeps a client
 * from the auto-whitelist. Both stand in the table, in the database
 * "override", so that they count at the next request.
 *
 * The key is that of an entry of a list (exempt.h), in which
 *
 *     'c' 'r' 's'   the client, recipient or (normalised) sender passes
 *     'n'           the client is never auto-whitelisted
 *     't'           the triplet passes whose key follows
 *
 * and the value, version 1, numbers big-endian:
 *
 *     octet    0       version, 1
 *     octets   1..8    made: when it was said
 *     octets   9..16   until: the last second at which it counts; 0: for ever
 *     then             who, as it was written, NUL, the reason that was given
 *
 * One more key, the single octet 0, holds the head (exempt.h): which
 * look-ups can succeed, and a stamp that changes with every change. With
 * no head there is nothing to look up. What is past its time counts no
 * more, and goes when the next one is said or taken back.
 */
#ifndef GREYLIST_OVERRIDE_H
#define GREYLIST_OVERRIDE_H

#include "greylist/exempt.h"

enum {
	GL_OVERRIDE_HEAD = 17,
	GL_OVERRIDE_TEXT_MAX = 1024, /* of who, and of the reason */
	GL_OVERRIDE_MAX = GL_OVERRIDE_HEAD + 2 * GL_OVERRIDE_TEXT_MAX + 1,
	GL_OVERRIDES_MAX = 10000 /* at one time: they are read one by one when one changes */
};

/* Both texts are borrowed from what it was decoded from. */
struct gl_override {
	int64_t made;  /* seconds since the epoch */
	int64_t until; /* the same; 0: for ever */
	struct gl_span who;
	struct gl_span reason; /* may be empty */
};

enum gl_override_kind {
	GL_OVERRIDE_CLIENT,
	GL_OVERRIDE_SENDER,
	GL_OVERRIDE_RECIPIENT,
	GL_OVERRIDE_TRIPLET,
	GL_OVERRIDE_NEVER,
	GL_OVERRIDE_KINDS
};

/* "client", "sender", "recipient", "triplet", "never". Static. */
const char *gl_override_kind_text(enum gl_override_kind kind);

/* GL_CORRUPT: not the key of an override; the head's key is none either. */
GL_CHECKED enum gl_status gl_override_kind_of(enum gl_override_kind *kind, struct gl_span key);

/* The key under which one triplet passes. Cannot fail: a triplet's key is far shorter than 511. */
void gl_override_triplet_key(struct gl_key *key, const struct gl_key *triplet);

/* `out` becomes full when it does not fit, which GL_OVERRIDE_MAX octets see to. */
void gl_override_encode(struct gl_out *out, const struct gl_override *override);

/* GL_CORRUPT, GL_VERSION: as gl_record_decode. */
GL_CHECKED enum gl_status gl_override_decode(struct gl_override *override, struct gl_span bytes);

/* Still counts at the very second `until`. */
bool gl_override_in_force(const struct gl_override *override, int64_t now);

/* Lets the head know of an override's key; one of a triplet needs no look-up but its own. */
void gl_override_head_add(struct gl_rules_head *head, struct gl_span key);

#endif
