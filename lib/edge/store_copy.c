#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PARTS = 4, DATABASES_MAX = 8 };

/* What is copied, in this order. */
static const struct part {
	enum gl_table table;
	const char *name;
} parts[PARTS] = { { GL_TABLE_TRIPLET, "triplet" }, { GL_TABLE_CLIENT, "client" },
	{ GL_TABLE_OVERRIDE, "override" }, { GL_TABLE_RULES, "rules" } };

struct gl_copy {
	int dir;
	char *name;
	char path[64]; /* of the file, through the descriptor of its directory */
	MDB_env *env;
	MDB_dbi dbi[PARTS];
	size_t part; /* at which it is */
	struct gl_cursor cursor;
	uint64_t written[PARTS];
	struct gl_secret secret;
	MDB_txn *txn; /* within a slice */
	int code;     /* LMDB's or errno's, of writing the last slice */
};

static enum gl_status status_of(int code)
{
	if (code == MDB_SUCCESS)
		return GL_OK;
	if (code == MDB_MAP_FULL)
		return GL_FULL;
	return code > 0 ? place_status(code) : GL_FAILED;
}

static enum gl_status failed(const struct gl_copy *copy, int code, struct gl_complaint *why)
{
	snprintf(why->text, sizeof why->text, "%s: cannot be written: %s", copy->name,
	    mdb_strerror(code));
	return status_of(code);
}

static int open_env(struct gl_copy *copy, unsigned flags, size_t map_size)
{
	int code = mdb_env_create(&copy->env);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_maxdbs(copy->env, DATABASES_MAX);
	if (code == MDB_SUCCESS && map_size > 0)
		code = mdb_env_set_mapsize(copy->env, map_size);
	/* Nobody else has it open: no lock file. */
	if (code == MDB_SUCCESS)
		code = mdb_env_open(copy->env, copy->path, flags | MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	return code;
}

static int put_meta(MDB_txn *txn, MDB_dbi dbi, const char *name, size_t len, const void *bytes)
{
	char key[16], value[GL_DIGEST_SIZE];
	snprintf(key, sizeof key, "%s", name);
	memcpy(value, bytes, len);
	MDB_val at = { strlen(key), key }, what = { len, value };
	return mdb_put(txn, dbi, &at, &what, 0);
}

static int make_databases(struct gl_copy *copy, const struct gl_store *store)
{
	static const uint8_t format[] = { STORE_FORMAT };
	uint8_t digest[GL_DIGEST_SIZE];
	MDB_txn *txn;
	MDB_dbi meta;
	gl_store_fingerprint(store, digest);
	int code = mdb_txn_begin(copy->env, NULL, 0, &txn);
	if (code != MDB_SUCCESS)
		return code;
	for (size_t i = 0; code == MDB_SUCCESS && i < PARTS; i++)
		code = mdb_dbi_open(txn, parts[i].name, MDB_CREATE, &copy->dbi[i]);
	if (code == MDB_SUCCESS)
		code = mdb_dbi_open(txn, "meta", MDB_CREATE, &meta);
	if (code == MDB_SUCCESS)
		code = put_meta(txn, meta, "format", sizeof format, format);
	if (code == MDB_SUCCESS)
		code = put_meta(txn, meta, "secret", sizeof digest, digest);
	if (code == MDB_SUCCESS)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return code;
}

enum gl_status gl_store_copy_begin(struct gl_copy **copy, struct gl_store *store, int dir,
    const char *name, struct gl_complaint *why)
{
	struct gl_copy *made = calloc(1, sizeof *made);
	MDB_envinfo info;
	*copy = NULL;
	if (made == NULL || (made->name = strdup(name)) == NULL) {
		free(made);
		snprintf(why->text, sizeof why->text, "%s: out of memory", name);
		return GL_FAILED;
	}
	made->dir = dir;
	made->cursor.table = parts[0].table;
	made->secret = store->secret;
	snprintf(made->path, sizeof made->path, "/proc/self/fd/%d/%s", dir, name);
	int code = unlinkat(dir, name, 0) != 0 && errno != ENOENT ? errno : MDB_SUCCESS;
	if (code == MDB_SUCCESS)
		code = mdb_env_info(store->env, &info);
	if (code == MDB_SUCCESS)
		code = open_env(made, MDB_NOSYNC, info.me_mapsize);
	if (code == MDB_SUCCESS)
		code = make_databases(made, store);
	*copy = made;
	if (code == MDB_SUCCESS)
		return GL_OK;
	enum gl_status status = failed(made, code, why);
	gl_store_copy_drop(made);
	*copy = NULL;
	return status;
}

static bool put(void *context, struct gl_span key, struct gl_span value)
{
	struct gl_copy *copy = context;
	MDB_val at = store_value(key), what = store_value(value);
	copy->code = mdb_put(copy->txn, copy->dbi[copy->part], &at, &what, MDB_APPEND);
	return copy->code == MDB_SUCCESS;
}

/* LMDB says EIO where the disk took only a part, as a full one does. */
static int cause(const struct gl_copy *copy, int code)
{
	struct statvfs disk;
	bool full = code == EIO && fstatvfs(copy->dir, &disk) == 0 && disk.f_bavail == 0;
	return full ? ENOSPC : code;
}

static enum gl_status copy_part(
    struct gl_copy *copy, struct gl_store *store, size_t slice, size_t *copied)
{
	MDB_stat before, after;
	struct gl_cursor from = copy->cursor;
	MDB_dbi dbi = copy->dbi[copy->part];
	copy->code = mdb_txn_begin(copy->env, NULL, 0, &copy->txn);
	if (copy->code != MDB_SUCCESS)
		return status_of(copy->code);
	copy->code = mdb_stat(copy->txn, dbi, &before);
	enum gl_status status = gl_store_scan(store, &copy->cursor, slice, put, copy);
	if (status == GL_OK && copy->code == MDB_SUCCESS)
		copy->code = mdb_stat(copy->txn, dbi, &after);
	if (status != GL_OK || copy->code != MDB_SUCCESS) {
		mdb_txn_abort(copy->txn);
		copy->cursor = from;
		return status != GL_OK ? status : status_of(copy->code);
	}
	*copied = after.ms_entries - before.ms_entries;
	copy->written[copy->part] += *copied;
	copy->code = cause(copy, mdb_txn_commit(copy->txn));
	return status_of(copy->code);
}

int store_copy_trouble(const struct gl_copy *copy)
{
	return copy->code;
}

enum gl_status gl_store_copy_slice(
    struct gl_copy *copy, struct gl_store *store, size_t slice, size_t *copied)
{
	enum gl_status status = GL_OK;
	*copied = 0;
	while (status == GL_OK && *copied == 0 && copy->part < PARTS) {
		status = copy_part(copy, store, slice, copied);
		if (status != GL_OK || !copy->cursor.done)
			continue;
		copy->part++;
		copy->cursor = (struct gl_cursor){ .table = GL_TABLE_TRIPLET };
		if (copy->part < PARTS)
			copy->cursor.table = parts[copy->part].table;
	}
	return status;
}

/* The digest at the end of a triplet's key is that of the text. */
static bool is_right(
    const struct gl_copy *copy, size_t part, const MDB_val *at, const MDB_val *what)
{
	struct gl_span key = { at->mv_data, at->mv_size };
	struct gl_span value = { what->mv_data, what->mv_size };
	enum gl_status status = GL_OK;
	if (parts[part].table == GL_TABLE_TRIPLET)
		status = store_check_triplet(&copy->secret, key, value);
	else if (parts[part].table == GL_TABLE_CLIENT)
		status = store_check_client(key, value);
	/* What cannot be read in the table cannot be read in its copy either. */
	return status != GL_WRONG_SECRET;
}

static int verify_part(const struct gl_copy *copy, MDB_txn *txn, size_t part)
{
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val at, what;
	uint64_t count = 0;
	int code = mdb_dbi_open(txn, parts[part].name, 0, &dbi);
	if (code == MDB_SUCCESS)
		code = mdb_cursor_open(txn, dbi, &cursor);
	if (code != MDB_SUCCESS)
		return code;
	while ((code = mdb_cursor_get(cursor, &at, &what, MDB_NEXT)) == MDB_SUCCESS &&
	       is_right(copy, part, &at, &what))
		count++;
	mdb_cursor_close(cursor);
	return code == MDB_NOTFOUND && count == copy->written[part] ? MDB_SUCCESS : MDB_CORRUPTED;
}

static int verify(struct gl_copy *copy, struct gl_copied *result)
{
	MDB_txn *txn;
	MDB_envinfo info;
	MDB_stat stat;
	int code = open_env(copy, MDB_RDONLY, 0);
	if (code == MDB_SUCCESS)
		code = mdb_txn_begin(copy->env, NULL, MDB_RDONLY, &txn);
	if (code != MDB_SUCCESS)
		return code;
	for (size_t i = 0; code == MDB_SUCCESS && i < PARTS; i++)
		code = verify_part(copy, txn, i);
	mdb_txn_abort(txn);
	if (code == MDB_SUCCESS)
		code = mdb_env_info(copy->env, &info);
	if (code == MDB_SUCCESS)
		code = mdb_env_stat(copy->env, &stat);
	if (code == MDB_SUCCESS)
		*result = (struct gl_copied){ copy->written[0], copy->written[1],
			copy->written[2] > 0 ? copy->written[2] - 1 : 0, /* the head is none */
			((uint64_t)info.me_last_pgno + 1) * stat.ms_psize };
	return code;
}

static void free_copy(struct gl_copy *copy)
{
	if (copy->env != NULL)
		mdb_env_close(copy->env);
	free(copy->name);
	free(copy);
}

static int finish(struct gl_copy *copy)
{
	int code = mdb_env_sync(copy->env, 1);
	mdb_env_close(copy->env);
	copy->env = NULL;
	return code;
}

enum gl_status gl_store_copy_sync(struct gl_copy *copy)
{
	return status_of(mdb_env_sync(copy->env, 1));
}

enum gl_status store_copy_finish(struct gl_copy *copy, struct gl_complaint *why)
{
	int code = finish(copy);
	enum gl_status status = code == MDB_SUCCESS ? GL_OK : failed(copy, code, why);
	free_copy(copy);
	return status;
}

enum gl_status gl_store_copy_end(
    struct gl_copy *copy, struct gl_copied *result, struct gl_complaint *why)
{
	enum gl_status status = GL_OK;
	int code = finish(copy);
	if (code == MDB_SUCCESS)
		code = verify(copy, result);
	if (code == MDB_CORRUPTED) {
		snprintf(why->text, sizeof why->text,
		    "%s: is not what was written to it: do not trust this disk", copy->name);
		status = GL_CORRUPT;
	} else if (code != MDB_SUCCESS) {
		status = failed(copy, code, why);
	}
	free_copy(copy);
	return status;
}

void gl_store_copy_drop(struct gl_copy *copy)
{
	if (copy == NULL)
		return;
	unlinkat(copy->dir, copy->name, 0);
	free_copy(copy);
}
