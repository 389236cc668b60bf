/*
 * exported - a line of `export`, which is what `import` reads.
 *
 * One JSON object a line: a header first, then triplets and clients as
 * `list --json` has them, and what was said by hand as `allow --json` and
 * `deny-auto-whitelist --json` have it, with what an exact copy needs beside that:
 * `origin` of a pool's triplet, sender_hex and recipient_hex where JSON cannot hold the address,
 * who_hex and reason_hex likewise, sender and recipient of a triplet that
 * may pass, `digest` where the table has no text, `hash` where the entry was a
 * hash of Postgrey's already (greylist-admin(8), OUTPUT). A later version may have
 * more types and more members; members that nobody knows are passed over.
 */
#ifndef GREYLIST_EXPORTED_H
#define GREYLIST_EXPORTED_H

#include "entry.h"
#include "import_batch.h"
#include "said.h"
#include "said_batch.h"
#include "said_key.h"

enum {
	GL_EXPORT_VERSION = 1,
	/* Two addresses of GL_VALUE_MAX, six characters an octet at the worst, and the rest. */
	GL_EXPORT_LINE_MAX = 131072
};

/* New references, or NULL where memory is out. */
json_t *gl_exported_header(const struct gl_admin *admin);
json_t *gl_exported_entry(const struct gl_admin *admin, const struct gl_entry *entry);

/* The secret is the table's: it tells sender and recipient of a triplet apart. */
json_t *gl_exported_said(const struct gl_secret *secret, const struct gl_said *said);

enum gl_exported_kind {
	GL_EXPORTED_HEADER,
	GL_EXPORTED_TRIPLET,
	GL_EXPORTED_CLIENT,
	GL_EXPORTED_SAID
};

/* Why a line is dropped. The last two are for who knows the table. */
enum gl_exported_fault {
	GL_EXPORTED_GOOD,
	GL_EXPORTED_LENGTH,  /* over GL_EXPORT_LINE_MAX; for the caller, who read it */
	GL_EXPORTED_JSON,    /* no JSON object */
	GL_EXPORTED_TYPE,    /* of a type that this version does not have */
	GL_EXPORTED_MEMBER,  /* a member is missing or wrong */
	GL_EXPORTED_SECRET,  /* a digest under another table's secret, or nobody said which */
	GL_EXPORTED_EXPIRED, /* worth nothing any more */
	GL_EXPORTED_FAULTS   /* how many there are */
};

/* For a report, in the plural: what is wrong, and what to do. A gl_import_fault_fn. */
const char *gl_exported_fault_text(unsigned fault);

/* What a line says. About 20 KiB; borrows nothing. */
struct gl_exported {
	enum gl_exported_kind kind;

	/* of a header */
	int64_t version;
	bool has_fingerprint;
	uint8_t fingerprint[GL_DIGEST_SIZE]; /* of the secret that digests were made with */

	/* of an entry */
	bool inherited; /* it has a hash instead of a client */
	uint8_t hash[GL_SHA1_SIZE];
	struct gl_identity client; /* its pool stands in pool_text */
	char pool_text[GL_POOL_MAX];
	bool has_origin; /* of a pool's triplet: */
	struct gl_network origin;
	bool textless; /* of a triplet: it has a digest instead of sender and recipient */
	uint8_t digest[GL_DIGEST_SIZE];
	size_t sender_len, recipient_len;
	char sender[GL_VALUE_MAX], recipient[GL_VALUE_MAX];
	struct gl_record record; /* without text and rest */
	struct gl_client memory; /* without message and rest */

	/* of what was said by hand, beside client, sender and recipient or digest of a triplet */
	struct gl_said_key said; /* of a triplet only its kind, and `who` where it has a digest */
	int64_t made, until;
	size_t reason_len;
	char reason[GL_OVERRIDE_TEXT_MAX];
};

/*
 * Reads a line without its newline. Anything but GL_EXPORTED_GOOD leaves
 * *exported undefined, and *why then says what is wrong in a few words,
 * which may have the line's own bytes in them.
 */
enum gl_exported_fault gl_exported_read(
    struct gl_exported *exported, struct gl_span line, struct gl_complaint *why);

/*
 * The change to the table that an entry comes to: sender and recipient
 * are normalised, and the key is made with the table's own secret.
 * Times in the future become now. `same_secret` says that digests are
 * under that secret.
 */
enum gl_exported_fault gl_exported_change(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_exported *exported, bool same_secret);

/*
 * The same for what was said by hand: the override, its key under
 * `secret`. `made` in the future becomes now; what is past its time is
 * GL_EXPORTED_EXPIRED.
 */
enum gl_exported_fault gl_exported_say(struct gl_said_change *change,
    const struct gl_exported *exported, int64_t now, const struct gl_secret *secret,
    bool same_secret);

#endif
