/*
 * store_room - what the files of the LMDB room share among themselves.
 *
 * Nobody outside lib/edge/store*.c includes this. A transaction is
 * begun and ended inside one function of the contract; it never
 * outlives the call.
 */
#ifndef GREYLIST_STORE_ROOM_H
#define GREYLIST_STORE_ROOM_H

#include <lmdb.h>
#include <sys/stat.h>

#include "greylist/crowd.h"
#include "greylist/inherited.h"
#include "greylist/store_caps.h"
#include "greylist/store_damage.h"

enum {
	STORE_READERS = 4096, /* the first opener decides for all: one constant for every program */
	STORE_FORMAT = 1,
	STORE_NAME_MAX = 32 /* "table." and a number */
};

struct gl_store {
	char *directory;
	int dir;                   /* descriptor of the directory */
	int gate;                  /* descriptor of the gate's file */
	char name[STORE_NAME_MAX]; /* of the table that is open */
	MDB_env *env;
	MDB_txn *reader; /* reset between two calls; NULL before the first */
	MDB_dbi triplet, client, rules, meta, override;
	bool has_override; /* false: a table of before there were any, opened for reading */
	bool readonly;
	bool alone;  /* the gate is closed, or nobody else can have the table open yet: no gate */
	bool closed; /* the gate, by this store */
	struct stat lock; /* the lock.mdb that is open: while it is, nobody else has its number */
	bool lock_made;
	bool damaged; /* LMDB said so, or it is shorter than it says itself */
	struct gl_store_map map;
	int trouble; /* LMDB's or errno's code of the last failure */
	struct gl_secret secret;
	char *values; /* copies of what the last look-up found */
	size_t values_size;
	char record[GL_RECORD_MAX]; /* a record being encoded */
};

/* store_lmdb.c: the one place where LMDB's codes become ours. */
enum gl_status store_status(struct gl_store *store, int code);

/* Begins *txn, or renews it where it is not NULL; makes room in a full reader table. */
GL_CHECKED enum gl_status store_reader_begin(struct gl_store *store, MDB_txn **txn);

/* Begins reading in the newest state. End it with store_read_end whatever happened in between. */
GL_CHECKED enum gl_status store_read_begin(struct gl_store *store);
void store_read_end(struct gl_store *store);

/*
 * Begins writing: passes the gate, makes sure that the table is still
 * the one in use, and waits for the writer before. Either commit or
 * abort follows; both leave the gate and set *txn to NULL.
 */
GL_CHECKED enum gl_status store_write_begin(struct gl_store *store, MDB_txn **txn);
GL_CHECKED enum gl_status store_write_commit(struct gl_store *store, MDB_txn **txn);
void store_write_abort(struct gl_store *store, MDB_txn **txn);

MDB_val store_value(struct gl_span span);
/* The value is good until the transaction changes something or ends. GL_NOT_FOUND is no failure. */
GL_CHECKED enum gl_status store_get(
    struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key, struct gl_span *value);
GL_CHECKED enum gl_status store_put(
    struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key, struct gl_span value);
GL_CHECKED enum gl_status store_del(
    struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key);

/* False: this table has no such database. */
bool store_dbi(const struct gl_store *store, enum gl_table table, MDB_dbi *dbi);

/* store_sweep.c: the sweep's share inside a transaction of somebody else's. */
GL_CHECKED enum gl_status store_sweep_within(
    struct gl_store *store, MDB_txn *txn, struct gl_sweep *sweep);

/* The times by which a record counts in a sweep. */
struct gl_timing store_sweep_timing(const struct gl_sweep *sweep, const struct gl_record *record);
/* The first entry behind the hand, in LMDB's codes; and the hand to a key, or to a table's
 * beginning. */
int store_behind_hand(
    MDB_cursor *cursor, const struct gl_sweep *sweep, MDB_val *key, MDB_val *value);
void store_point_hand(struct gl_sweep *sweep, char table, const MDB_val *key);

/* Keys to delete: collected first, since a deletion moves what a cursor stands on. */
enum { STORE_CONDEMNED_MAX = 64 };
struct store_condemned {
	size_t count;
	struct gl_key keys[STORE_CONDEMNED_MAX];
};
/* False: there is no room for another one. */
bool store_condemn(struct store_condemned *condemned, struct gl_span key);
/* Adds to *deleted how many were there. */
GL_CHECKED enum gl_status store_delete_condemned(struct gl_store *store, MDB_txn *txn, MDB_dbi dbi,
    const struct store_condemned *condemned, unsigned *deleted);

/*
 * store_space.c: how hard the map's end presses, 1 to GL_PRESS_MAX in its
 * last tenth (where `early` asks for that), STORE_FULL: so many ops
 * would take what deletions need, or STORE_SPENT: half of that is gone.
 */
enum { STORE_FULL = GL_PRESS_MAX + 1, STORE_SPENT };
unsigned store_pressure(struct gl_store *store, size_t ops, bool early);

/*
 * store_caps.c: a newcomer's op was applied in this transaction, and
 * whoever has to go for it goes: of its own client, and then of the
 * whole table, which takes the place of the sweep. Their numbers are
 * added to those in `sweep`. `press` is the map's.
 */
GL_CHECKED enum gl_status store_cap_client(
    struct gl_store *store, MDB_txn *txn, const struct gl_key *newcomer, struct gl_sweep *sweep);
GL_CHECKED enum gl_status store_cap_entries(struct gl_store *store, MDB_txn *txn,
    const struct gl_key *newcomer, struct gl_sweep *sweep, unsigned press);
/* 1 to GL_PRESS_MAX: the quarter of the band that was taken. */
unsigned store_press(size_t taken, size_t band);
/* Lets `many` go, whatever they are, or as many as are found. STORE_CONDEMNED_MAX: all that stand
 * there together, so that whole pages come free. */
GL_CHECKED enum gl_status store_evict(struct gl_store *store, MDB_txn *txn,
    const struct gl_key *newcomer, struct gl_sweep *sweep, size_t many);

/*
 * store_open.c: a store with its directory open and no table yet; to be
 * closed with gl_store_close whatever the status.
 */
GL_CHECKED enum gl_status store_prepare(
    struct gl_store **store, const struct gl_store_options *options, struct gl_complaint *why);
/* The name of the table in use goes to store->name. GL_NOT_FOUND: there is none, and no complaint.
 */
GL_CHECKED enum gl_status store_find(struct gl_store *store, struct gl_complaint *why);
/* Opens the table store->name, which has to be one of ours. */
GL_CHECKED enum gl_status store_open_found(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why);
/* Makes the databases of an empty environment in the directory store->name; leaves it open. */
GL_CHECKED enum gl_status store_make_databases(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why);
/* store_env.c: opens store->name and nothing in it: LMDB's code. */
GL_CHECKED int store_open_env(struct gl_store *store, const struct gl_store_options *options);
/* The same where others may have it open; lock.mdb is made where it has to be. */
GL_CHECKED enum gl_status store_open_locked(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why);
/* Closes the table and keeps the directory; fine where none is open. */
void store_close_env(struct gl_store *store);

/* store.c: one op inside a transaction of somebody else's. */
GL_CHECKED enum gl_status store_apply_one(
    struct gl_store *store, MDB_txn *txn, const struct gl_op *op);

/* store_quarantine.c: whether three processes died of this table within a minute. */
bool store_has_killed(const struct gl_store *store);

/*
 * store_replace.c: an empty table takes the place of the one that the
 * link names, where `confirm` gives GL_OK; asked with the gate closed, the
 * store's directory open and its name filled in. What it gives otherwise is the
 * status. The old one is put aside under its name and the suffix.
 */
typedef enum gl_status store_confirm_fn(
    struct gl_store *old, void *context, struct gl_complaint *why);
struct store_afresh {
	store_confirm_fn *confirm;
	void *context;
	const char *suffix;
};
GL_CHECKED enum gl_status store_replace_afresh(const struct gl_store_options *options,
    const struct gl_replacing *how, const struct store_afresh *afresh, struct gl_replaced *result,
    struct gl_complaint *why);

/* store_copy.c: LMDB's or errno's code with which writing the last slice failed; 0: it did not. */
int store_copy_trouble(const struct gl_copy *copy);
/* Ends a copy that will be a table: synced, and not read again. Frees it. */
GL_CHECKED enum gl_status store_copy_finish(struct gl_copy *copy, struct gl_complaint *why);

/*
 * store_check.c: whether an entry is what its key says. GL_CORRUPT and
 * GL_VERSION: it cannot be read; GL_WRONG_SECRET: it can, and its key is
 * not the digest of its text.
 */
GL_CHECKED enum gl_status store_check_triplet(
    const struct gl_secret *secret, struct gl_span key, struct gl_span value);
GL_CHECKED enum gl_status store_check_client(struct gl_span key, struct gl_span value);

/* store_override.c: renews the head inside a transaction of somebody else's. */
GL_CHECKED enum gl_status store_override_renew(struct gl_store *store, MDB_txn *txn, int64_t now);

/*
 * store_restore.c: merges the backup into a table that nobody else has
 * open yet.
 */
GL_CHECKED enum gl_status store_merge_backup(struct gl_store *store, const struct gl_replacing *how,
    struct gl_replaced *result, struct gl_complaint *why);

/*
 * store_lmdb.c: commits, whatever the gate. LMDB's or errno's code: that
 * of a full disk or quota where LMDB itself calls a write cut short EIO.
 */
int store_commit(const struct gl_store *store, MDB_txn *txn);

/* store_place.c: the directory and its files; `why` is filled in on failure. */
GL_CHECKED enum gl_status place_open(
    struct gl_store *store, const char *directory, struct gl_complaint *why);
/* The name that the link `table` gives; GL_NOT_FOUND where there is no link, GL_CORRUPT where it
 * is none of ours. Sets errno otherwise. */
GL_CHECKED enum gl_status place_link(int dir, char name[STORE_NAME_MAX]);
/* store_gate.c. Exclusive lock of the gate, for whoever makes or replaces a table; or a share of
 * it and the turn to write. Either is given up with place_gate_leave. */
GL_CHECKED enum gl_status place_gate_close(struct gl_store *store);
GL_CHECKED enum gl_status place_gate_share(struct gl_store *store);
void place_gate_leave(struct gl_store *store);
/* A new directory table.N with a whole lock.mdb in it; its name goes to store->name. */
GL_CHECKED enum gl_status place_make_table(struct gl_store *store, struct gl_complaint *why);
/* Removes a table that could not be finished: or every request would leave another one behind.
 * One that the link names stays, since others may have written to it. */
void place_discard(const struct gl_store *store);
/* Links to a table that is about to come into use, and to one that is about to go: whoever dies on
 * the way leaves them behind, and so the name of a table that nobody uses. The first one becomes
 * the link `table`. */
#define PLACE_COMING ".table.coming"
#define PLACE_GOING  ".table.going"
/* 0 where the file system would take more than any request writes, or cannot tell; otherwise the
 * errno that says what is full. Leaves nothing behind. */
int place_room(int dir);
/* 0, or -1 with errno. */
int place_announce(const struct gl_store *store, const char *marker, const char *name);
/* Removes what the markers name and nobody uses, and the markers. */
void place_clear(const struct gl_store *store);
/* Removes the directory of a table with its files; one that is not there is removed already. */
int place_remove(int dir, const char *name);
/*
 * store_trust.c: whether a file or directory of the state directory, or
 * the files of the table that is open as `table`, are this user's alone
 * to change, and no symbolic links. What is missing is trusted.
 *
 *   GL_NO_ACCESS  they are not; `why` says it
 */
GL_CHECKED enum gl_status place_trust(
    const struct gl_store *store, const char *name, struct gl_complaint *why);
GL_CHECKED enum gl_status place_trust_table(
    const struct gl_store *store, int table, struct gl_complaint *why);
/* A file nobody has seen yet: its descriptor, or -1 with errno. To be linked to its name when it
 * is whole, unless somebody was there first: then theirs is the one. */
#define PLACE_TEMPORARY_MAX 64
int place_temporary(int dir, const char *stem, char name[PLACE_TEMPORARY_MAX]);
int place_settle(int dir, const char *from, const char *name);

/*
 * store_lock.c: whoever opens a lock.mdb that nobody else has open makes
 * it a fresh one, whatever was in it; he alone learns from the table which
 * commit was the last, and all others learn it from the file. So two files
 * under one name, or one that was written over, would let a writer begin
 * on a commit that is not the last. Against that:
 *
 *   - a lock.mdb is made and taken away with the gate closed, when nobody
 *     writes;
 *   - a store whose lock.mdb has no longer that name is not current;
 *   - whoever begins compares with the table itself.
 *
 * Where they differ the file is retired, everybody opens the table again,
 * and the first one makes a fresh lock.mdb.
 */

/* Makes lock.mdb where it is missing or too short, in a table whose files are this user's alone. */
GL_CHECKED enum gl_status place_lock_file(struct gl_store *store, struct gl_complaint *why);
/* Notes which file lock.mdb of store->name is, and tells whether it still is that one. */
void store_lock_note(struct gl_store *store);
bool store_lock_is(const struct gl_store *store);
/* Takes the noted lock.mdb its name, unless it has none any more. */
void store_lock_retire(struct gl_store *store);
/* Whether the table could be opened with another lock.mdb, where opening it gave LMDB's `code`. */
bool store_lock_to_blame(const struct gl_store *store, int code);
/* Whether a transaction that has begun is on the last commit. */
bool store_lock_knows_writer(const struct gl_store *store, MDB_txn *txn);
bool store_lock_knows_reader(const struct gl_store *store, MDB_txn *txn);
/* Lets the link name store->name, durably. */
GL_CHECKED enum gl_status place_publish(struct gl_store *store, struct gl_complaint *why);
/* Reads the secret, making one first where there is none and `create` is set. */
GL_CHECKED enum gl_status place_secret(
    struct gl_store *store, bool create, struct gl_complaint *why);
/* errno as a status, with a sentence: "DIR/FILE: cannot be opened: reason". */
enum gl_status place_failed(
    const struct gl_store *store, const char *file, const char *what, struct gl_complaint *why);
enum gl_status place_status(int error);

#endif
