/*
 * store - the table: triplets, clients and rules on disk, in LMDB.
 *
 * The contract has no transaction in it. A look-up reads everything it
 * is asked for from one consistent state; an apply makes all its ops
 * durable together, or none. Nothing stays locked or pinned between two
 * calls.
 *
 * The state directory:
 *
 *     table -> table.N     the table in use (LMDB's data.mdb and lock.mdb)
 *     gate                 lock: shared by writers, exclusive to replace the table
 *     secret               16 octets, mode 0600: the digest secret
 *     table.N.corrupt      a damaged table that was put aside; the newest two are kept
 *     counters             statistics (counters.h)
 *
 * The directory belongs to one user; everyone who opens the table has to
 * be that user. It must be on a local file system: locks on a network
 * file system do not hold, and it is refused.
 */
#ifndef GREYLIST_STORE_H
#define GREYLIST_STORE_H

#include "greylist/override.h"
#include "greylist/terms.h"

/* All borrowed during the open only. */
struct gl_store;

struct gl_store_options {
	const char *directory;
	uint64_t map_limit; /* bytes that the table may grow to */
	bool sync_meta;     /* false: a power cut may cost the last commit */
	bool sync_data;     /* false: a power cut may cost the table; for tmpfs only */
	bool create;        /* make the table where there is none */
	bool readonly;      /* never write; the table has to be there */
	/* Told of the store before anything in its map is read, when the map's place is known, and
	 * of NULL where the open fails; NULL: nobody is. See greylist/store_damage.h. */
	void (*watch)(const struct gl_store *store);
};

/*
 * Opens the table, making it first where there is none and `create` is
 * set. The store is the caller's, to be closed; NULL on failure, and
 * `why` then says where, what, and what to do.
 *
 *   GL_NOT_FOUND     no table and no `create`
 *   GL_NO_ACCESS     the directory is missing or belongs to somebody else
 *   GL_FULL          no room for the table or its lock file
 *   GL_CORRUPT       not a table, or a damaged one
 *   GL_VERSION       made by a newer greylist
 *   GL_WRONG_SECRET  `secret` is not the one this table was made with
 *   GL_UNSUPPORTED   the directory is on a network file system
 *   GL_FAILED        anything else
 */
GL_CHECKED enum gl_status gl_store_open(
    struct gl_store **store, const struct gl_store_options *options, struct gl_complaint *why);

/* NULL is fine. */
void gl_store_close(struct gl_store *store);

/*
 * Whether `table` still names the table that this store has open, and
 * its lock file is still the one in use. Two system calls.
 */
bool gl_store_current(const struct gl_store *store);

/*
 * Whether the open had to make a lock file for a table that was there
 * already: somebody removed it, or wrote over it. Says so once.
 */
bool gl_store_lock_made(struct gl_store *store);

/* The digest secret; borrowed, good until the close. */
const struct gl_secret *gl_store_secret(const struct gl_store *store);

/*
 * A digest that two tables share when they share the secret, and that
 * says nothing else about it: it may be exported.
 */
void gl_store_fingerprint(const struct gl_store *store, uint8_t digest[GL_DIGEST_SIZE]);

enum gl_table { GL_TABLE_TRIPLET, GL_TABLE_CLIENT, GL_TABLE_RULES, GL_TABLE_OVERRIDE };

/* One thing to look up. */
struct gl_lookup {
	enum gl_table table;
	struct gl_span key; /* borrowed */
	bool found;
	struct gl_span value; /* borrowed from the store: good until its next call */
};

/*
 * Looks all of them up in one state of the table. What is not there has
 * found = false; that is GL_OK too.
 *
 *   GL_REPLACED, GL_CORRUPT, GL_FULL (reader table), GL_FAILED
 */
GL_CHECKED enum gl_status gl_store_lookup(
    struct gl_store *store, struct gl_lookup *lookups, size_t count);

/*
 * The share of the clean-up that a write pays for: from the hand on,
 * look at `budget` records and delete those that are expired by every
 * section that may count them (terms.h). A zero
 * budget is no sweep. A hand of zeros is the beginning; otherwise it is
 * the last key that was looked at: one octet for the table ('t', 'c'),
 * two for the key's length, then the key.
 */
struct gl_caps;

struct gl_sweep {
	struct gl_timing timing;
	const struct gl_sections
	    *sections; /* borrowed; a triplet counts by them too; may be NULL */
	int64_t now;
	unsigned budget;             /* records to look at */
	uint8_t hand[GL_HAND_MAX];   /* in and out */
	const struct gl_caps *caps;  /* borrowed, see store_caps.h; NULL: nobody living goes */
	bool known;                  /* no newcomer's ops, see gl_store_apply */
	unsigned looked_at;          /* out */
	unsigned deleted;            /* out: expired ones */
	unsigned displaced, evicted; /* out: living ones, see store_caps.h */
	bool wrapped; /* out: the end was reached, the hand stands at the beginning */
};

/*
 * Applies the ops by gl_record_merge and gl_client_merge, sweeps, and
 * commits: after GL_OK everything is on disk (as far as the sync
 * options promise). `sweep` may be NULL. Waits for the writer before
 * it, so the caller sets a time limit around it.
 *
 * Ops with a sweep are those of a newcomer. In a full map, whose last
 * pages are kept for deletions, the sweep goes first, in transactions
 * of its own and over more than the budget. With caps some of the living
 * go as well, and where half of those pages are taken, whoever stands at
 * the hand, until they are free again: so a newcomer is refused only
 * where no triplet is left to go, or where somebody has been reading for
 * so long that nothing comes free. More than GL_OPS_MAX ops are an
 * import's: it is refused where the room for all of them would be taken
 * from there.
 *
 * With `known` they are those of somebody who is in the table already:
 * nothing is swept and he is not refused, but what he takes of those
 * pages is freed likewise. The budget does not matter.
 *
 *   GL_REPLACED  another table, or lock file, took the place of this one's: open again, read and
 *                decide again
 *   GL_FULL      map or disk full; none of the ops was written, but the sweep may have got on
 *   GL_CORRUPT, GL_FAILED
 */
GL_CHECKED enum gl_status gl_store_apply(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep);

/*
 * Sweeps without an op: one slice of a purge, one short transaction.
 * Statuses as gl_store_apply.
 */
GL_CHECKED enum gl_status gl_store_sweep(struct gl_store *store, struct gl_sweep *sweep);

struct gl_keys {
	const struct gl_key *at; /* borrowed */
	size_t count;
};

/*
 * Whether an entry that was chosen for deletion still is to go. Asked
 * inside the transaction, since it may have been written to meanwhile;
 * key and value are borrowed for the call only.
 */
typedef bool gl_still_fn(void *context, struct gl_span key, struct gl_span value);

/*
 * Deletes those of the keys that `still` agrees with (NULL: all), in
 * one transaction; *deleted says how many. Statuses as gl_store_apply.
 */
GL_CHECKED enum gl_status gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_keys *keys, gl_still_fn *still, void *context, size_t *deleted);

/*
 * Walks a table in the order of its keys, a slice a call, each slice in
 * its own state of the table: no reader pins pages while the caller
 * prints. Start with a cursor of zeros; `prefix` keeps to keys that begin
 * with it (empty: all).
 */
struct gl_cursor {
	enum gl_table table;
	struct gl_key prefix;
	struct gl_key last; /* the last key that was handed out; length 0 at the start */
	bool done;
};

/* key and value are borrowed for the call only. Return false to stop before the slice is full. */
typedef bool gl_scan_fn(void *context, struct gl_span key, struct gl_span value);

/*
 * Hands out at most `slice` entries. cursor->done is set behind the
 * last one. Statuses as gl_store_lookup.
 */
GL_CHECKED enum gl_status gl_store_scan(struct gl_store *store, struct gl_cursor *cursor,
    size_t slice, gl_scan_fn *each, void *context);

/*
 * Puts a whole set of compiled rules in the place of those stored, in
 * one transaction; does nothing where the stored head is the same.
 * Statuses as gl_store_apply.
 */
GL_CHECKED enum gl_status gl_store_replace_rules(
    struct gl_store *store, const struct gl_ruleset *rules);

/* One override to say (encoded, override.h), or with an empty value to take back. Borrowed. */
struct gl_override_change {
	struct gl_span key;
	struct gl_span value;
};

/*
 * Makes all the changes in one transaction, drops the overrides that are
 * past their time, and renews the head. *changed is how many were said,
 * and of those taken back, how many were there.
 *
 *   GL_TOO_LONG  there would be more than GL_OVERRIDES_MAX; nothing was changed
 *   and the statuses of gl_store_apply
 */
GL_CHECKED enum gl_status gl_store_override(struct gl_store *store,
    const struct gl_override_change *changes, size_t count, int64_t now, size_t *changed);

/* Figures of the table as it is now. */
struct gl_store_figures {
	uint64_t triplets; /* expired ones included */
	uint64_t clients;
	uint64_t bytes;     /* of the table's file, as it is used */
	uint64_t map_limit; /* bytes */
	unsigned readers_used;
	unsigned readers_max;
	char table[32]; /* such as "table.1" */
};

GL_CHECKED enum gl_status gl_store_measure(
    struct gl_store *store, struct gl_store_figures *figures);

/*
 * Whether an entry that a scan handed out is what its key says: it can
 * be decoded, and a triplet's key ends in the digest of its text.
 *
 *   GL_CORRUPT       it cannot be read
 *   GL_VERSION       written by a newer greylist
 *   GL_WRONG_SECRET  the key is not the text's
 */
GL_CHECKED enum gl_status gl_store_check_entry(
    const struct gl_store *store, enum gl_table table, struct gl_span key, struct gl_span value);

/* Where the pages of the table's file are, in one state of the table. */
struct gl_pages {
	uint64_t all;   /* of the file, as it is used */
	uint64_t used;  /* by the databases and the two heads */
	uint64_t free;  /* listed as free */
	uint64_t twice; /* listed as free more than once, or beyond the file */
};

/*
 * Counts them. Nothing is wrong where used and free make up all, and
 * none is there twice.
 *
 *   GL_MORE  there was no moment between two writes; try again
 *   and the statuses of gl_store_lookup
 */
GL_CHECKED enum gl_status gl_store_count_pages(struct gl_store *store, struct gl_pages *pages);

/*
 * A hot backup: a second environment, filled in slices, so that no reader
 * pins the live table's pages and the file does not grow for it. Every
 * record is whole and in the state of some moment while the backup was
 * made; what was acknowledged before it began is in it, unless it was
 * deleted since. The digest secret is not in it, only the fingerprint.
 */
struct gl_copy;

struct gl_copied {
	uint64_t triplets, clients, overrides;
	uint64_t bytes; /* of the file */
};

/*
 * Begins a copy in the file `name` of the directory `dir`, which has to
 * stay open until the end; a file of that name is replaced. *copy is the
 * caller's, to be given back with gl_store_copy_end or _drop.
 *
 *   GL_NO_ACCESS, GL_FULL, GL_FAILED; `why` says it
 */
GL_CHECKED enum gl_status gl_store_copy_begin(struct gl_copy **copy, struct gl_store *store,
    int dir, const char *name, struct gl_complaint *why);

/*
 * Copies the next entries, at most `slice`; *copied says how many, and 0
 * means that all are. After GL_REPLACED or with a store that was opened
 * again it goes on where it was. Statuses as gl_store_lookup, and GL_FULL
 * where the copy has no room.
 */
GL_CHECKED enum gl_status gl_store_copy_slice(
    struct gl_copy *copy, struct gl_store *store, size_t slice, size_t *copied);

/*
 * Syncs what is copied so far. Many small syncs keep the disk free for
 * the helpers' own, which would wait behind a single large one.
 * GL_FULL, GL_FAILED.
 */
GL_CHECKED enum gl_status gl_store_copy_sync(struct gl_copy *copy);

/*
 * Syncs the copy and frees it. Then reads it as whoever restores it
 * will: every record decoded, every key held against its text, and as
 * many of each kind as were written.
 *
 *   GL_CORRUPT  the copy is not what was written; `why` says it
 *   GL_FULL, GL_FAILED
 */
GL_CHECKED enum gl_status gl_store_copy_end(
    struct gl_copy *copy, struct gl_copied *result, struct gl_complaint *why);

/* Removes the file. NULL is fine. */
void gl_store_copy_drop(struct gl_copy *copy);

/* What replacing the table came to. */
struct gl_replaced {
	char table[32]; /* the new one, such as "table.2" */
	char aside[64]; /* where one that could not be used was put; empty: there was none */
	uint64_t before, after; /* bytes of the file; before is 0 where there was no table to use */
	uint64_t merged;        /* entries of a backup that the table took in or knew */
	uint64_t unusable;      /* entries of a backup that cannot be used: unreadable, or without
				   their text and made under another secret */
	int64_t waited;         /* milliseconds that writers had to wait */
};

struct gl_replacing {
	const char *backup; /* its directory; NULL: only to write the table anew, without gaps */
	bool unread; /* with a backup: reading the table would end the process; put it aside */
	int64_t now;
	bool privacy;                /* no text of the backup's entries comes into the table */
	int64_t (*clock)(void);      /* milliseconds of a clock that never steps */
	bool (*stop)(void *context); /* asked before the new table takes its place; NULL: never */
	void *context;
};

/*
 * Writes the table anew, merges a backup into it where one is named, and
 * lets it take the old one's place (the link `table`), while readers and
 * writers live: readers go on, writers wait at the gate, and what was
 * acknowledged before is in the new table. No power cut or SIGKILL
 * leaves anything but the old or the new table in place. This process
 * must not have the table open itself.
 *
 * A table that cannot be used (damaged, or of another secret) does not
 * stand in the way of a backup: it is put aside. But LMDB trusts its
 * file, and damage may end the process: see `unread`. Where the backup's
 * secret is another one the keys are made anew from the entries' text.
 *
 *   GL_NOT_FOUND  no table, and no backup named
 *   GL_REPLACED   stopped; nothing was changed
 *   GL_FULL       no room for both; nothing was changed
 *   GL_MALFORMED  the backup is none; `why` says it
 *   GL_TOO_LONG   with the backup's there would be more than GL_OVERRIDES_MAX overrides
 *   and those of gl_store_open
 */
GL_CHECKED enum gl_status gl_store_replace(const struct gl_store_options *options,
    const struct gl_replacing *how, struct gl_replaced *result, struct gl_complaint *why);

/*
 * Reads a backup to its end, as gl_store_replace will. Damage may end
 * the process that does it: let a child try.
 *
 *   GL_MALFORMED  no backup, or one that LMDB knows to be damaged; `why` says it
 *   GL_FAILED
 */
GL_CHECKED enum gl_status gl_store_read_backup(const char *backup, struct gl_complaint *why);

/*
 * Frees the reader slots of processes that died inside a look-up, and
 * returns how many: such a slot keeps every page freed since from being
 * used again. The store calls it by itself where it has to (reader
 * table or map full, every 256th write transaction); the admin tool
 * calls it at its open.
 */
unsigned gl_store_reap(struct gl_store *store);

/* What went wrong in the last call that failed, in LMDB's or the system's words. Never NULL. */
const char *gl_store_trouble(const struct gl_store *store);

/* "lmdb 0.9.24", for -V. Static. */
const char *gl_store_engine(void);

#endif
