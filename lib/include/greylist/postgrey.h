/*
 * postgrey - what Postgrey remembers, read out of its two databases.
 *
 * postgrey.db holds the triplets, postgrey_clients.db the clients of
 * the auto-whitelist; both are B-trees of Berkeley DB with text inside:
 *
 *     203.0.113.0/bob@example.org/ann@example.com      first,last
 *     203.0.113.9/32/bob@example.org/ann@example.com   first,last (--lookup-by-host)
 *     2001:db8:1:2:0:0:0:0//ann@example.com            first,last (the null sender)
 *     203.0.113.9                                      count,last
 *     2001:DB8:1:2:0:0:0:9                             count,last
 *
 * Times are seconds since the epoch; up to 1.36 a triplet's value may
 * have a third field. Both databases are read as one stream of pairs,
 * since no client's key has a '/' and every triplet's has. With
 * --privacy a key is SHA-1 in hexadecimal, and the value has to tell:
 * no count is as large as a time.
 *
 * Only the admin tool has this room.
 */
#ifndef GREYLIST_POSTGREY_H
#define GREYLIST_POSTGREY_H

#include "greylist/inherited.h"

/* Octets of a key or value. Postgrey cuts sender and recipient at 512; more is not its own. */
enum { GL_POSTGREY_ITEM_MAX = 4096 };

/* Why an entry is not taken over. */
enum gl_postgrey_fault {
	GL_POSTGREY_GOOD,
	GL_POSTGREY_HASHED,   /* --privacy, and this program was built without SHA-1; for the caller
			       */
	GL_POSTGREY_MAPPED,   /* ::ffff:a.b.c.d, all of which Postgrey keeps under one key */
	GL_POSTGREY_ADDRESS,  /* no client address in front */
	GL_POSTGREY_ENVELOPE, /* no sender and recipient behind it */
	GL_POSTGREY_NUMBERS,  /* the value is not what Postgrey writes */
	GL_POSTGREY_LENGTH,   /* over GL_POSTGREY_ITEM_MAX */
	GL_POSTGREY_WIDER,    /* of a wider network than ours, so that it says nothing of ours */
	GL_POSTGREY_EXPIRED,  /* worth nothing any more; for the caller, who knows the limits */
	GL_POSTGREY_FAULTS    /* how many there are */
};

/* In words, for the report. Static. */
const char *gl_postgrey_fault_text(enum gl_postgrey_fault fault);

/* A key and its value as the database has them. Borrowed. */
struct gl_postgrey_pair {
	struct gl_span key, value;
	bool too_long; /* one of them was, and is cut */
};

/* What a pair says. Borrows from its key. */
struct gl_postgrey_entry {
	bool is_client;            /* of the auto-whitelist; otherwise a triplet */
	struct gl_address address; /* IPv4 in IPv6 form is folded */
	bool folded;               /* which it was */
	bool whole;                /* a triplet of one address: --lookup-by-host */
	bool hashed;               /* --privacy: the key is a digest, and nothing else is known */
	uint8_t digest[GL_SHA1_SIZE];
	struct gl_span sender, recipient;
	int64_t first; /* of a triplet */
	int64_t last;
	uint32_t count; /* of a client */
};

/* Reads a pair; anything but GL_POSTGREY_GOOD leaves *entry undefined. */
enum gl_postgrey_fault gl_postgrey_entry_read(
    struct gl_postgrey_entry *entry, const struct gl_postgrey_pair *pair);

/* How Postgrey cut addresses down to networks: --ipv4cidr and --ipv6cidr, 24 and 64. */
struct gl_postgrey_cut {
	uint8_t v4, v6;
};

/*
 * The network of `prefix` bits that a triplet counts for with us. A key
 * does not say how long Postgrey's own network was; bits behind the cut
 * tell that it was longer.
 *
 * GL_POSTGREY_WIDER where Postgrey's network is the larger one.
 */
enum gl_postgrey_fault gl_postgrey_network(struct gl_network *network,
    const struct gl_postgrey_entry *entry, struct gl_postgrey_cut cut, uint8_t prefix);

/*
 * The text that db5.3_dump writes, with -p or without; one dump or
 * several behind one another. Lines are handed in one by one.
 */
struct gl_postgrey_dump {
	int state;  /* private, as all below */
	bool print; /* format=print: with -p */
	bool has_key;
	bool too_long;
	size_t dumps;
	size_t key_len, value_len;
	char key[GL_POSTGREY_ITEM_MAX];
	char value[GL_POSTGREY_ITEM_MAX];
};

void gl_postgrey_dump_init(struct gl_postgrey_dump *dump);

/*
 * Takes a line, without its newline.
 *
 *   GL_OK         *pair is complete; borrowed from the dump until the next line
 *   GL_MORE       go on
 *   GL_MALFORMED  no line of a dump; *why says it, static
 */
GL_CHECKED enum gl_status gl_postgrey_dump_line(struct gl_postgrey_dump *dump, struct gl_span line,
    struct gl_postgrey_pair *pair, const char **why);

/* No line follows. GL_MALFORMED: there was no dump, or it was cut short. */
GL_CHECKED enum gl_status gl_postgrey_dump_end(
    const struct gl_postgrey_dump *dump, const char **why);

/* The same text, written: what stands in front of the pairs, a pair, and what stands behind. */
void gl_postgrey_out_head(struct gl_out *out);
void gl_postgrey_out_pair(struct gl_out *out, struct gl_span key, struct gl_span value);
void gl_postgrey_out_tail(struct gl_out *out);

/* Whether this program was built with libdb. */
bool gl_postgrey_db_there(void);

/* Return false to end the reading: then it comes back with GL_FAILED. */
typedef bool gl_postgrey_fn(void *context, struct gl_span key, struct gl_span value);

/*
 * Hands out every pair of both databases in a Postgrey directory, given
 * by descriptor. The directory may be in use, copied, or left behind by
 * a Postgrey that was killed: databases and logs are copied to a new
 * directory below `scratch` and recovered there, so nothing of
 * Postgrey's is locked, mapped or changed. The copy is removed.
 *
 *   GL_NOT_FOUND    no postgrey.db in it
 *   GL_UNSUPPORTED  built without libdb
 *   GL_NO_ACCESS, GL_FULL, GL_CORRUPT, GL_FAILED  `why` says it
 */
GL_CHECKED enum gl_status gl_postgrey_db_read(int directory, const char *scratch,
    gl_postgrey_fn *each, void *context, struct gl_complaint *why);

#endif
