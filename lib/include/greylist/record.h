/*
 * record - what the table remembers, and how two memories become one.
 *
 * A triplet's record, version 1; numbers are big-endian:
 *
 *     octet    0       version, 1
 *     octets   1..8    first_seen, seconds since the epoch
 *     octets   9..16   last_seen
 *     octets  17..24   passed_at, 0 while it waits
 *     octets  25..28   attempts
 *     octets  29..32   passes
 *     octets  33..34   length of the text
 *     then             the text: sender NUL recipient
 *     then, in a pool's record
 *                      1, the length of the origin (1 octet), and the origin: the first
 *                      octets of the key (triplet.h) of the network that tried first
 *     then             the check: 2, 4, and the first four octets of SipHash-2-4 under
 *                      a key of zeros, of all octets in front of it
 *     then             fields of later versions: not understood, but kept
 *
 * A client's record, version 1:
 *
 *     octet    0       version, 1
 *     octets   1..8    last_counted
 *     octets   9..16   last_seen
 *     octets  17..20   count
 *     octets  21..36   digest of the last message that passed, or zeros
 *     then             the check, as above
 *     then             fields of later versions, kept
 *
 * Example of a triplet first seen at 1000, passed at 1300 and last seen
 * then, after two attempts and one pass, with the text "a@b" NUL "c@d":
 *
 *     01 00000000000003e8 0000000000000514 0000000000000514
 *     00000002 00000001 0007 61406200634064
 *
 * and then the check. (A test reads these very bytes.) The check keeps
 * what a failing disk made of a record from passing for one. Records of
 * before there was one have none, and get it when they are next
 * written. A newer version is refused, never
 * guessed at: GL_VERSION.
 */
#ifndef GREYLIST_RECORD_H
#define GREYLIST_RECORD_H

#include "greylist/triplet.h"

enum {
	GL_RECORD_HEAD = 35, /* octets in front of the text */
	GL_CLIENT_HEAD = 37,
	GL_ORIGIN_MAX = 18, /* octets of a network's key */
	/* what this version will keep and write: origin, check, and later fields */
	GL_RECORD_MAX = GL_RECORD_HEAD + GL_TEXT_MAX + 2 + GL_ORIGIN_MAX + 6 + 1024
};

/* `text`, `origin` and `rest` are borrowed: from the bytes it was decoded from, or from the
 * triplet. */
struct gl_record {
	int64_t first_seen; /* seconds since the epoch, as all times here */
	int64_t last_seen;
	int64_t passed_at; /* 0: not passed yet */
	uint32_t attempts; /* recorded attempts, deferred and passed; see decision.h for what is
			      recorded */
	uint32_t passes;   /* recorded passes */
	struct gl_span text;
	struct gl_span origin; /* of a pool: gl_network_key of who tried first; empty otherwise */
	struct gl_span rest;   /* fields of later versions */
	bool unchecked;        /* it was decoded from bytes without a check */
};

struct gl_client {
	int64_t last_counted;
	int64_t last_seen;
	uint32_t count; /* successes, at most one an hour */
	uint8_t message[GL_DIGEST_SIZE];
	struct gl_span rest;
	bool unchecked;
};

/* No time of ours lies beyond it; sums of two times never overflow. */
#define GL_TIME_MAX ((int64_t)1 << 48)

/*
 * Bytes to struct. The struct borrows from `bytes`.
 *
 *   GL_CORRUPT  too short, a length beyond the end, a time beyond GL_TIME_MAX, or not what its
 *               check says
 *   GL_VERSION  a version this program does not know
 */
GL_CHECKED enum gl_status gl_record_decode(struct gl_record *record, struct gl_span bytes);
GL_CHECKED enum gl_status gl_client_decode(struct gl_client *client, struct gl_span bytes);

/* Struct to bytes; `out` becomes full when it does not fit. Decoding gives the same struct back. */
void gl_record_encode(struct gl_out *out, const struct gl_record *record);
void gl_client_encode(struct gl_out *out, const struct gl_client *client);

/* The two halves of a record's text; both empty where there is none. */
struct gl_span gl_record_sender(const struct gl_record *record);
struct gl_span gl_record_recipient(const struct gl_record *record);

/*
 * Whether two texts under the same key can be those of one triplet: the
 * same bytes, or one of them not stored at all (privacy = true), where
 * the digest alone has to do.
 */
bool gl_text_agrees(struct gl_span a, struct gl_span b);

/* An hour: a client counts once in it, and a passed record is touched once in it. */
enum { GL_HOUR = 3600 };

enum gl_op_kind { GL_OP_TRIPLET, GL_OP_CLIENT, GL_OP_CLIENT_MEMORY };

enum { GL_OPS_MAX = 4 }; /* of one request, applied together */

/* One change to the table. Borrows the key, and the text through `record`. */
struct gl_op {
	enum gl_op_kind kind;
	const struct gl_key *key;
	/* GL_OP_TRIPLET */
	int64_t base;            /* first_seen of the record that was decided on, or 0 */
	struct gl_record record; /* what to remember from now on */
	bool keep_text; /* the record has no text since nobody knew it: a stored one stays */
	/* GL_OP_CLIENT */
	int64_t now;                     /* when the success happened */
	int64_t forget;                  /* a memory last seen before this counts as none */
	uint8_t message[GL_DIGEST_SIZE]; /* of the message that passed, or zeros: keep the old */
	bool uncounted;                  /* a client of never_auto_whitelist: only its message */
	/* GL_OP_CLIENT_MEMORY, which has `forget` too */
	struct gl_client
	    client; /* what another table remembers; its `message` and `rest` do not count */
};

/*
 * What to store, given what is stored now (NULL: nothing) and an op that
 * was decided on a memory that may be older. Pure, and applying an op
 * twice gives what applying it once gives, so a change may be repeated
 * after any accident.
 *
 *   absent, or another text under the same key    the op's record
 *   same first_seen                               joined
 *   stored.first_seen == op.base                  the op's record
 *   otherwise                                     joined, with the earlier first_seen
 *
 * Joined: last_seen, attempts and passes by maximum; passed_at the
 * earliest that is not zero. The result borrows its text from the op,
 * so that turning privacy on takes the text out with the next write,
 * and turning it off brings it back; neither makes anybody a stranger.
 * (With op->keep_text it borrows the text that is stored.) Its origin
 * is that of the earlier first_seen; its `rest` is borrowed from what is
 * stored.
 */
struct gl_record gl_record_merge(const struct gl_record *stored, const struct gl_op *op);

/*
 * The same for a client: its count rises by one when an hour has passed
 * since it last rose. Where last_counted lies in the future, only
 * last_counted moves. last_seen never moves back. An uncounted success
 * leaves count and last_counted as they are, 0 for a client unknown so far.
 *
 * GL_OP_CLIENT_MEMORY is no success but the memory of another table:
 * count, last_counted and last_seen become the larger of the two.
 */
struct gl_client gl_client_merge(const struct gl_client *stored, const struct gl_op *op);

#endif
