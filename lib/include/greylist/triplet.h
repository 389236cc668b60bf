/*
 * triplet - the (client, sender, recipient) that greylisting remembers.
 *
 * The key of a triplet in the table:
 *
 *     octet    0        kind: '4' or '6', the family of the client network
 *     octet    1        prefix length of the client network in bits
 *     octets   2..      the network's bytes, (prefix + 7) / 8 of them
 *     last 16 octets    SipHash-2-4-128, under the table's secret, of
 *                       sender NUL recipient
 *
 * The client stands first, so that everything of one client network is
 * one range of keys. For example, with 192.0.2.0/24 and a digest of
 * sixteen octets 11: 34 18 c0 00 02 11 11 ... 11.
 *
 * The same sender and recipient may stand under another identity than
 * the client's network, with the same digest at the end:
 *
 *     octet    0        'n': a pool, the servers with verified names in one domain
 *     octets   1..      the registrable domain in lower case (pool.h), then NUL
 *
 *     octet    0        'a': anyone, for a sender whom our own users wrote to
 *
 * The key of a client (the auto-whitelist) is octets 0, 1 and 2.. of its
 * full address. Sender (normalised, see sender.h) and recipient are
 * in lower case. The digest keeps keys short however long the addresses
 * are; the text itself stands in the record and is compared.
 */
#ifndef GREYLIST_TRIPLET_H
#define GREYLIST_TRIPLET_H

#include "greylist/address.h"
#include "greylist/request.h"

enum {
	GL_KEY_MAX = 511, /* LMDB's limit as it is built everywhere */
	GL_DIGEST_SIZE = 16,
	GL_SECRET_SIZE = 16,
	GL_TEXT_MAX = 2 * GL_VALUE_MAX + 1, /* sender NUL recipient */
	GL_HAND_MAX = 3 + GL_KEY_MAX        /* a place in the table: which part, key length, key */
};

struct gl_key {
	uint16_t len;
	uint8_t bytes[GL_KEY_MAX];
};

/* RFC 1035 2.3.4 */
enum { GL_POOL_MAX = 253 };

/* Enough for any identity's text and a NUL. */
enum { GL_IDENTITY_TEXT = GL_POOL_MAX + 1 };

enum gl_identity_kind { GL_BY_NETWORK, GL_BY_POOL, GL_BY_ANYONE };

/* Who a key stands for. `pool` is borrowed, from the key it was read from. */
struct gl_identity {
	enum gl_identity_kind kind;
	struct gl_network network; /* GL_BY_NETWORK */
	struct gl_span pool;       /* GL_BY_POOL: a name as gl_is_pool_name has it */
};

/*
 * Whether it can be the name of a pool: two labels or more of letters,
 * digits, '-' and '_', at most GL_POOL_MAX octets in all, and no number
 * at the end, which addresses have.
 */
bool gl_is_pool_name(struct gl_span text);

/* The digest secret of one table. Never printed, exported or backed up. */
struct gl_secret {
	uint8_t bytes[GL_SECRET_SIZE];
};

/* About 17 KiB; holds its own copy of the text, borrows nothing. */
struct gl_triplet {
	struct gl_network client;
	struct gl_key key;
	size_t text_len;   /* of sender NUL recipient */
	size_t sender_len; /* the recipient begins at text + sender_len + 1 */
	char text[GL_TEXT_MAX];
};

/*
 * Makes the triplet of a client network and an envelope: normalises,
 * folds case, digests. Both spans are used as they came from the wire.
 *
 *   GL_TOO_LONG  sender or recipient over GL_VALUE_MAX
 */
GL_CHECKED enum gl_status gl_triplet_make(struct gl_triplet *triplet,
    const struct gl_network *client, struct gl_span sender, struct gl_span recipient,
    const struct gl_secret *secret);

/* Borrowed from the triplet. */
struct gl_span gl_triplet_text(const struct gl_triplet *triplet);
struct gl_span gl_triplet_sender(const struct gl_triplet *triplet);
struct gl_span gl_triplet_recipient(const struct gl_triplet *triplet);

/* The key of one exact client address. */
void gl_client_key(struct gl_key *key, const struct gl_address *client);

/* The first octets that all triplets of a client network share: a prefix for range scans. */
void gl_network_key(struct gl_key *key, const struct gl_network *client);

/* The first octets that all triplets of an identity share; the pool is put in lower case. */
void gl_identity_key(struct gl_key *key, const struct gl_identity *identity);

/* The key of the same sender and recipient under another identity; `key` may be the triplet's own.
 */
void gl_triplet_key_of(
    struct gl_key *key, const struct gl_triplet *triplet, const struct gl_identity *identity);

/*
 * Reads the client network back out of a triplet's or client's key.
 *
 *   GL_CORRUPT  not a key of a network that this version makes
 */
GL_CHECKED enum gl_status gl_key_network(struct gl_network *client, struct gl_span key);

/*
 * Reads the identity back out of a triplet's or client's key, or out of its first octets.
 *
 *   GL_CORRUPT  not a key that this version makes
 */
GL_CHECKED enum gl_status gl_key_identity(struct gl_identity *identity, struct gl_span key);

/* As people read it: 192.0.2.0/24, example.com, or "anyone". */
void gl_out_identity(struct gl_out *out, const struct gl_identity *identity);

/* SipHash-2-4-128 of any bytes under the secret. */
void gl_digest(
    uint8_t digest[GL_DIGEST_SIZE], struct gl_span bytes, const struct gl_secret *secret);

/* Borrowed from the key. */
struct gl_span gl_key_span(const struct gl_key *key);

#endif
