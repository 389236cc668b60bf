#include "store_room.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	BATCH = 5000, /* entries of one transaction */
	DATABASES_MAX = 8
};

struct restoring {
	struct gl_store *store; /* what is merged into */
	const char *backup;
	MDB_env *env; /* of the backup */
	MDB_txn *reader;
	bool same_secret, privacy;
	struct gl_replaced *result;
	struct gl_complaint *why;
};

static enum gl_status no_backup(struct restoring *run, const char *what)
{
	snprintf(run->why->text, sizeof run->why->text, "%s: %s", run->backup, what);
	return GL_MALFORMED;
}

static enum gl_status lmdb_failed(struct restoring *run, int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		return no_backup(run, "is not there, or has no data.mdb");
	case EACCES:
	case EPERM:
		return no_backup(run, "may not be read by the owner of the table: chown it");
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_NOTFOUND:
	case MDB_VERSION_MISMATCH:
		return no_backup(run, "is no backup of a table, or a damaged one");
	default:
		snprintf(run->why->text, sizeof run->why->text, "%s: %s", run->backup,
		    mdb_strerror(code));
		return run->store == NULL ? GL_FAILED : store_status(run->store, code);
	}
}

/* Pages that the file does not have would be SIGBUS. */
static bool is_whole(const struct restoring *run)
{
	mdb_filehandle_t fd;
	MDB_envinfo info;
	MDB_stat stat;
	struct stat file;
	return mdb_env_get_fd(run->env, &fd) == MDB_SUCCESS && fstat(fd, &file) == 0 &&
	       mdb_env_info(run->env, &info) == MDB_SUCCESS &&
	       mdb_env_stat(run->env, &stat) == MDB_SUCCESS &&
	       (uint64_t)file.st_size >= ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

static enum gl_status open_backup(struct restoring *run)
{
	int code = mdb_env_create(&run->env);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_maxdbs(run->env, DATABASES_MAX);
	/* Nobody writes to a backup, so it needs no lock file. */
	if (code == MDB_SUCCESS)
		code = mdb_env_open(run->env, run->backup, MDB_RDONLY | MDB_NOLOCK, 0);
	if (code != MDB_SUCCESS)
		return lmdb_failed(run, code);
	if (!is_whole(run))
		return no_backup(run, "is cut short");
	code = mdb_txn_begin(run->env, NULL, MDB_RDONLY, &run->reader);
	return code == MDB_SUCCESS ? GL_OK : lmdb_failed(run, code);
}

static void close_backup(struct restoring *run)
{
	if (run->reader != NULL)
		mdb_txn_abort(run->reader);
	if (run->env != NULL)
		mdb_env_close(run->env);
}

static int get(const struct restoring *run, MDB_dbi dbi, const char *name, MDB_val *value)
{
	char copy[16];
	snprintf(copy, sizeof copy, "%s", name);
	MDB_val key = { strlen(copy), copy };
	return mdb_get(run->reader, dbi, &key, value);
}

static enum gl_status read_meta(struct restoring *run)
{
	uint8_t digest[GL_DIGEST_SIZE];
	MDB_dbi meta;
	MDB_val format, secret;
	int code = mdb_dbi_open(run->reader, "meta", 0, &meta);
	if (code == MDB_SUCCESS)
		code = get(run, meta, "format", &format);
	if (code == MDB_SUCCESS)
		code = get(run, meta, "secret", &secret);
	if (code != MDB_SUCCESS)
		return lmdb_failed(run, code);
	if (format.mv_size != 1 || *(const uint8_t *)format.mv_data != STORE_FORMAT) {
		no_backup(run, "was made by another version of greylist, which has to restore it");
		return GL_VERSION;
	}
	gl_store_fingerprint(run->store, digest);
	run->same_secret = secret.mv_size == sizeof digest &&
			   memcmp(secret.mv_data, digest, sizeof digest) == 0;
	return GL_OK;
}

/* An op borrows its key; `key` is filled in. False: there is no use for the entry here. */
typedef bool make_op_fn(
    struct restoring *run, struct gl_op *op, struct gl_key *key, const MDB_val at[2]);

static bool copy_key(struct gl_key *key, const MDB_val *from)
{
	if (from->mv_size > sizeof key->bytes)
		return false;
	key->len = (uint16_t)from->mv_size;
	memcpy(key->bytes, from->mv_data, from->mv_size);
	return true;
}

static struct gl_span span_of(const MDB_val *value)
{
	return (struct gl_span){ value->mv_data, value->mv_size };
}

/* Under another secret the text gives the key; it is stored as it is digested. */
static bool make_triplet(
    struct restoring *run, struct gl_op *op, struct gl_key *key, const MDB_val at[2])
{
	struct gl_identity identity;
	op->kind = GL_OP_TRIPLET;
	if (gl_record_decode(&op->record, span_of(&at[1])) != GL_OK || !copy_key(key, &at[0]))
		return false;
	struct gl_span text = op->record.text;
	op->record.rest = (struct gl_span){ NULL, 0 };
	op->keep_text = !run->privacy && text.len == 0;
	if (run->privacy)
		op->record.text = (struct gl_span){ NULL, 0 };
	if (run->same_secret || gl_key_inherited(span_of(&at[0])))
		return true;
	if (text.len == 0 || gl_key_identity(&identity, span_of(&at[0])) != GL_OK ||
	    key->len < GL_DIGEST_SIZE)
		return false;
	gl_digest(key->bytes + key->len - GL_DIGEST_SIZE, text, &run->store->secret);
	return true;
}

static bool make_client(
    struct restoring *run, struct gl_op *op, struct gl_key *key, const MDB_val at[2])
{
	(void)run;
	op->kind = GL_OP_CLIENT_MEMORY;
	op->forget = INT64_MIN;
	return gl_client_decode(&op->client, span_of(&at[1])) == GL_OK && copy_key(key, &at[0]);
}

static enum gl_status merge_one(
    struct restoring *run, MDB_txn *txn, make_op_fn *make, const MDB_val at[2])
{
	struct gl_key key;
	struct gl_op op = { .key = &key };
	if (!make(run, &op, &key, at)) {
		run->result->unusable++;
		return GL_OK;
	}
	run->result->merged++;
	enum gl_status status = store_apply_one(run->store, txn, &op);
	/* What a later version wrote into the table stays as it is. */
	return status == GL_VERSION ? GL_OK : status;
}

/* One transaction; *more is false behind the last entry. */
static enum gl_status merge_batch(
    struct restoring *run, MDB_cursor *cursor, make_op_fn *make, bool *more)
{
	MDB_txn *txn;
	MDB_val at[2];
	enum gl_status status = store_write_begin(run->store, &txn);
	for (size_t i = 0; status == GL_OK && *more && i < BATCH; i++) {
		int code = mdb_cursor_get(cursor, &at[0], &at[1], MDB_NEXT);
		*more = code == MDB_SUCCESS;
		if (*more)
			status = merge_one(run, txn, make, at);
		else if (code != MDB_NOTFOUND)
			status = lmdb_failed(run, code);
	}
	if (status == GL_OK)
		status = store_write_commit(run->store, &txn);
	store_write_abort(run->store, &txn);
	return status;
}

static enum gl_status merge_all(struct restoring *run, const char *name, make_op_fn *make)
{
	MDB_dbi dbi;
	MDB_cursor *cursor = NULL;
	bool more = true;
	int code = mdb_dbi_open(run->reader, name, 0, &dbi);
	if (code == MDB_SUCCESS)
		code = mdb_cursor_open(run->reader, dbi, &cursor);
	if (code != MDB_SUCCESS)
		return lmdb_failed(run, code);
	enum gl_status status = GL_OK;
	while (status == GL_OK && more)
		status = merge_batch(run, cursor, make, &more);
	mdb_cursor_close(cursor);
	return status;
}

/* What was said by hand comes back where nothing was said since; one of a triplet only under the
 * secret that made its key. */
static enum gl_status merge_override(struct restoring *run, MDB_txn *txn, const MDB_val at[2])
{
	enum gl_override_kind kind;
	struct gl_span stored;
	if (gl_override_kind_of(&kind, span_of(&at[0])) != GL_OK ||
	    (kind == GL_OVERRIDE_TRIPLET && !run->same_secret))
		return GL_OK;
	enum gl_status status = store_get(
	    run->store, txn, run->store->override, span_of(&at[0]), &stored);
	if (status != GL_NOT_FOUND)
		return status;
	return store_put(run->store, txn, run->store->override, span_of(&at[0]), span_of(&at[1]));
}

static enum gl_status merge_overrides(struct restoring *run, int64_t now)
{
	MDB_dbi dbi;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn;
	MDB_val at[2];
	if (mdb_dbi_open(run->reader, "override", 0, &dbi) != MDB_SUCCESS)
		return GL_OK;
	int code = mdb_cursor_open(run->reader, dbi, &cursor);
	if (code != MDB_SUCCESS)
		return lmdb_failed(run, code);
	enum gl_status status = store_write_begin(run->store, &txn);
	while (status == GL_OK &&
	       (code = mdb_cursor_get(cursor, &at[0], &at[1], MDB_NEXT)) == MDB_SUCCESS)
		status = merge_override(run, txn, at);
	if (status == GL_OK)
		status = store_override_renew(run->store, txn, now);
	if (status == GL_OK)
		status = store_write_commit(run->store, &txn);
	store_write_abort(run->store, &txn);
	mdb_cursor_close(cursor);
	return status;
}

enum gl_status store_merge_backup(struct gl_store *store, const struct gl_replacing *how,
    struct gl_replaced *result, struct gl_complaint *why)
{
	struct restoring *run = calloc(1, sizeof *run);
	if (run == NULL) {
		snprintf(why->text, sizeof why->text, "%s: out of memory", how->backup);
		return GL_FAILED;
	}
	run->store = store;
	run->backup = how->backup;
	run->privacy = how->privacy;
	run->result = result;
	run->why = why;
	enum gl_status status = open_backup(run);
	if (status == GL_OK)
		status = read_meta(run);
	if (status == GL_OK)
		status = merge_all(run, "triplet", make_triplet);
	if (status == GL_OK)
		status = merge_all(run, "client", make_client);
	if (status == GL_OK)
		status = merge_overrides(run, how->now);
	if (status == GL_TOO_LONG)
		snprintf(why->text, sizeof why->text,
		    "%s: with the table's own there would be more than %d allowed or denied by "
		    "hand; take some back",
		    how->backup, GL_OVERRIDES_MAX);
	else if (status != GL_OK && status != GL_MALFORMED && status != GL_VERSION)
		snprintf(why->text, sizeof why->text, "%s: cannot be merged: %s", how->backup,
		    gl_store_trouble(store));
	close_backup(run);
	free(run);
	return status;
}

static int touch_all(struct restoring *run, const char *name)
{
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val at[2];
	volatile char last = 0;
	int code = mdb_dbi_open(run->reader, name, 0, &dbi);
	if (code == MDB_SUCCESS)
		code = mdb_cursor_open(run->reader, dbi, &cursor);
	if (code != MDB_SUCCESS)
		return code;
	while ((code = mdb_cursor_get(cursor, &at[0], &at[1], MDB_NEXT)) == MDB_SUCCESS)
		if (at[1].mv_size > 0)
			last = ((const char *)at[1].mv_data)[at[1].mv_size - 1];
	(void)last;
	mdb_cursor_close(cursor);
	return code;
}

enum gl_status gl_store_read_backup(const char *backup, struct gl_complaint *why)
{
	static const char *const names[] = { "meta", "triplet", "client" };
	struct restoring run = { .backup = backup, .why = why };
	enum gl_status status = open_backup(&run);
	for (size_t i = 0; status == GL_OK && i < sizeof names / sizeof *names; i++) {
		int code = touch_all(&run, names[i]);
		if (code != MDB_NOTFOUND)
			status = lmdb_failed(&run, code);
	}
	close_backup(&run);
	return status;
}
