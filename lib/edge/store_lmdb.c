#include "store_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum gl_status store_status(struct gl_store *store, int code)
{
	if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
		store->trouble = code;
	if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND)
		store->damaged = true;
	switch (code) {
	case MDB_SUCCESS:
		return GL_OK;
	case MDB_NOTFOUND:
		return GL_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_READERS_FULL:
	case MDB_TXN_FULL:
		return GL_FULL;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return GL_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return GL_VERSION;
	case MDB_PANIC: /* lasts until the environment is closed: open it again and redo */
		return GL_REPLACED;
	default:
		return code > 0 ? place_status(code) : GL_FAILED;
	}
}

const char *gl_store_trouble(const struct gl_store *store)
{
	return mdb_strerror(store->trouble);
}

bool store_dbi(const struct gl_store *store, enum gl_table table, MDB_dbi *dbi)
{
	switch (table) {
	case GL_TABLE_TRIPLET:
		*dbi = store->triplet;
		return true;
	case GL_TABLE_CLIENT:
		*dbi = store->client;
		return true;
	case GL_TABLE_OVERRIDE:
		*dbi = store->override;
		return store->has_override;
	case GL_TABLE_RULES:
		break;
	}
	*dbi = store->rules;
	return true;
}

unsigned gl_store_reap(struct gl_store *store)
{
	int dead = 0;
	if (mdb_reader_check(store->env, &dead) != MDB_SUCCESS || dead < 0)
		return 0;
	return (unsigned)dead;
}

static int try_read(struct gl_store *store, MDB_txn **txn)
{
	if (*txn != NULL)
		return mdb_txn_renew(*txn);
	return mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);
}

/* Another process let the map grow; it may lie elsewhere then. */
static int take_size(struct gl_store *store)
{
	store->map.at = NULL;
	return mdb_env_set_mapsize(store->env, 0);
}

/* By its lock file the last commit is another one than by the table. */
static enum gl_status out_of_step(struct gl_store *store)
{
	store_lock_retire(store);
	store->trouble = EAGAIN;
	return GL_REPLACED;
}

static int begin_reading(struct gl_store *store, MDB_txn **txn)
{
	int code = try_read(store, txn);
	if (code == MDB_READERS_FULL && gl_store_reap(store) > 0)
		code = try_read(store, txn);
	if (code == MDB_MAP_RESIZED && (code = take_size(store)) == MDB_SUCCESS)
		code = try_read(store, txn);
	return code;
}

enum gl_status store_reader_begin(struct gl_store *store, MDB_txn **txn)
{
	enum { TRIES = 10 }; /* more often than two writers commit between two lines of ours */
	for (int tries = 0; tries < TRIES; tries++) {
		int code = begin_reading(store, txn);
		if (code != MDB_SUCCESS || store_lock_knows_reader(store, *txn))
			return store_status(store, code);
		mdb_txn_reset(*txn);
	}
	mdb_txn_abort(*txn);
	*txn = NULL;
	return out_of_step(store);
}

enum gl_status store_read_begin(struct gl_store *store)
{
	return store_reader_begin(store, &store->reader);
}

void store_read_end(struct gl_store *store)
{
	if (store->reader != NULL)
		mdb_txn_reset(store->reader);
}

/* Who writes alone took nothing of the gate; whoever closed it opens it again. */
static void leave_gate(struct gl_store *store)
{
	if (!store->alone)
		place_gate_leave(store);
}

enum gl_status store_write_begin(struct gl_store *store, MDB_txn **txn)
{
	*txn = NULL;
	if (store->readonly)
		return GL_NO_ACCESS;
	enum gl_status status = store->alone ? GL_OK : place_gate_share(store);
	if (status != GL_OK)
		return status;
	if (!store->alone && !gl_store_current(store)) {
		leave_gate(store);
		return GL_REPLACED;
	}
	int code = mdb_txn_begin(store->env, NULL, 0, txn);
	if (code == MDB_MAP_RESIZED && (code = take_size(store)) == MDB_SUCCESS)
		code = mdb_txn_begin(store->env, NULL, 0, txn);
	if (code != MDB_SUCCESS) {
		*txn = NULL;
		leave_gate(store);
	} else if (!store_lock_knows_writer(store, *txn)) {
		store_write_abort(store, txn);
		return out_of_step(store);
	}
	return store_status(store, code);
}

int store_commit(const struct gl_store *store, MDB_txn *txn)
{
	int code = mdb_txn_commit(txn);
	int full = code == EIO ? place_room(store->dir) : 0;
	return full != 0 ? full : code;
}

enum gl_status store_write_commit(struct gl_store *store, MDB_txn **txn)
{
	enum { REAP_EVERY = 256 };
	MDB_txn *ending = *txn;
	bool reap = mdb_txn_id(ending) % REAP_EVERY == 0;
	*txn = NULL;
	int code = store_commit(store, ending);
	leave_gate(store);
	if (reap)
		gl_store_reap(store);
	return store_status(store, code);
}

void store_write_abort(struct gl_store *store, MDB_txn **txn)
{
	if (*txn == NULL)
		return;
	mdb_txn_abort(*txn);
	*txn = NULL;
	leave_gate(store);
}

/* LMDB's values are not const, though it only reads them. */
MDB_val store_value(struct gl_span span)
{
	union {
		const char *in;
		void *out;
	} at = { .in = span.at };
	return (MDB_val){ .mv_size = span.len, .mv_data = at.out };
}

enum gl_status store_get(
    struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key, struct gl_span *value)
{
	MDB_val wanted = store_value(key);
	MDB_val found = { 0, NULL };
	enum gl_status status = store_status(store, mdb_get(txn, dbi, &wanted, &found));
	*value = (struct gl_span){ found.mv_data, found.mv_size };
	return status;
}

enum gl_status store_put(
    struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key, struct gl_span value)
{
	MDB_val where = store_value(key);
	MDB_val what = store_value(value);
	return store_status(store, mdb_put(txn, dbi, &where, &what, 0));
}

enum gl_status store_del(struct gl_store *store, MDB_txn *txn, MDB_dbi dbi, struct gl_span key)
{
	MDB_val which = store_value(key);
	return store_status(store, mdb_del(txn, dbi, &which, NULL));
}
