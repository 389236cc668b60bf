#include "store_room.h"

#include <string.h>

static bool begins_with(const MDB_val *key, const struct gl_key *prefix)
{
	return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->bytes, prefix->len) == 0;
}

static bool is_last(const MDB_val *key, const struct gl_key *last)
{
	return last->len != 0 && key->mv_size == last->len &&
	       memcmp(key->mv_data, last->bytes, last->len) == 0;
}

static int go_to(MDB_cursor *at, struct gl_key *from, MDB_val *key, MDB_val *value)
{
	if (from->len == 0)
		return mdb_cursor_get(at, key, value, MDB_FIRST);
	*key = (MDB_val){ .mv_size = from->len, .mv_data = from->bytes };
	return mdb_cursor_get(at, key, value, MDB_SET_RANGE);
}

static int hand_out(
    struct gl_cursor *cursor, MDB_cursor *at, size_t slice, gl_scan_fn *each, void *context)
{
	MDB_val key, value;
	int code = go_to(at, cursor->last.len != 0 ? &cursor->last : &cursor->prefix, &key, &value);
	if (code == MDB_SUCCESS && is_last(&key, &cursor->last))
		code = mdb_cursor_get(at, &key, &value, MDB_NEXT);
	for (size_t given = 0; code == MDB_SUCCESS && begins_with(&key, &cursor->prefix); given++) {
		if (given == slice)
			return MDB_SUCCESS;
		if (key.mv_size > sizeof cursor->last.bytes)
			return MDB_CORRUPTED;
		cursor->last.len = (uint16_t)key.mv_size;
		memcpy(cursor->last.bytes, key.mv_data, key.mv_size);
		if (!each(context, (struct gl_span){ key.mv_data, key.mv_size },
			(struct gl_span){ value.mv_data, value.mv_size }))
			return MDB_SUCCESS;
		code = mdb_cursor_get(at, &key, &value, MDB_NEXT);
	}
	if (code == MDB_SUCCESS || code == MDB_NOTFOUND)
		cursor->done = true;
	return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

static enum gl_status scan(struct gl_store *store, MDB_dbi dbi, struct gl_cursor *cursor,
    size_t slice, gl_scan_fn *each, void *context)
{
	MDB_cursor *at;
	int code = mdb_cursor_open(store->reader, dbi, &at);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	code = hand_out(cursor, at, slice, each, context);
	mdb_cursor_close(at);
	return store_status(store, code);
}

enum gl_status gl_store_scan(
    struct gl_store *store, struct gl_cursor *cursor, size_t slice, gl_scan_fn *each, void *context)
{
	MDB_dbi dbi;
	cursor->done = !store_dbi(store, cursor->table, &dbi);
	if (cursor->done)
		return GL_OK;
	enum gl_status status = store_read_begin(store);
	if (status == GL_OK)
		status = scan(store, dbi, cursor, slice, each, context);
	store_read_end(store);
	return status;
}

static enum gl_status entries(struct gl_store *store, MDB_dbi dbi, uint64_t *count)
{
	MDB_stat stat;
	int code = mdb_stat(store->reader, dbi, &stat);
	if (code == MDB_SUCCESS)
		*count = stat.ms_entries;
	return store_status(store, code);
}

enum gl_status gl_store_measure(struct gl_store *store, struct gl_store_figures *figures)
{
	*figures = (struct gl_store_figures){ .readers_max = STORE_READERS };
	memcpy(figures->table, store->name, sizeof store->name);
	enum gl_status status = store_read_begin(store);
	if (status == GL_OK)
		status = entries(store, store->triplet, &figures->triplets);
	if (status == GL_OK)
		status = entries(store, store->client, &figures->clients);
	store_read_end(store);
	if (status != GL_OK)
		return status;

	MDB_envinfo info;
	MDB_stat stat;
	int code = mdb_env_info(store->env, &info);
	if (code == MDB_SUCCESS)
		code = mdb_env_stat(store->env, &stat);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	figures->bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	figures->map_limit = info.me_mapsize;
	figures->readers_used = info.me_numreaders;
	return GL_OK;
}
