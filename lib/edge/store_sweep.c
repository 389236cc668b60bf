#include "store_room.h"

#include <string.h>

enum { HAND_HEAD = 3 /* table letter and key length */ };

struct gl_timing store_sweep_timing(const struct gl_sweep *sweep, const struct gl_record *record)
{
	return sweep->sections == NULL || sweep->sections->count == 0
		   ? sweep->timing
		   : gl_terms_of_record(&sweep->timing, sweep->sections, record);
}

/* A record that cannot be read can let nobody pass: it is garbage too. */
static bool is_garbage(const struct gl_sweep *sweep, bool triplets, struct gl_span value)
{
	struct gl_record record;
	struct gl_client client;
	enum gl_status status = triplets ? gl_record_decode(&record, value)
					 : gl_client_decode(&client, value);
	if (status != GL_OK)
		return status == GL_CORRUPT;
	if (triplets) {
		struct gl_timing timing = store_sweep_timing(sweep, &record);
		return gl_record_state(&timing, &record, sweep->now) == GL_STATE_EXPIRED;
	}
	return gl_client_expired(&sweep->timing, &client, sweep->now);
}

static struct gl_span hand_key(const struct gl_sweep *sweep)
{
	size_t len = (size_t)sweep->hand[1] << 8 | sweep->hand[2];
	if (len > GL_KEY_MAX)
		len = 0;
	return (struct gl_span){ (const char *)sweep->hand + HAND_HEAD, len };
}

void store_point_hand(struct gl_sweep *sweep, char table, const MDB_val *key)
{
	memset(sweep->hand, 0, sizeof sweep->hand);
	sweep->hand[0] = (uint8_t)table;
	if (key == NULL)
		return;
	sweep->hand[1] = (uint8_t)(key->mv_size >> 8);
	sweep->hand[2] = (uint8_t)(key->mv_size & 0xff);
	memcpy(sweep->hand + HAND_HEAD, key->mv_data, key->mv_size);
}

int store_behind_hand(
    MDB_cursor *cursor, const struct gl_sweep *sweep, MDB_val *key, MDB_val *value)
{
	struct gl_span from = hand_key(sweep);
	if (from.len == 0)
		return mdb_cursor_get(cursor, key, value, MDB_FIRST);
	char copy[GL_KEY_MAX];
	memcpy(copy, from.at, from.len);
	*key = (MDB_val){ .mv_size = from.len, .mv_data = copy };
	int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	if (code == MDB_SUCCESS && key->mv_size == from.len &&
	    memcmp(key->mv_data, from.at, from.len) == 0)
		code = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	return code;
}

/* Looks on from the hand; at the end of the triplets it goes on to the clients, and behind them it
 * wraps. */
static int look(struct gl_sweep *sweep, MDB_cursor *cursor, struct store_condemned *condemned)
{
	bool triplets = sweep->hand[0] != 'c';
	MDB_val key, value;
	int code = store_behind_hand(cursor, sweep, &key, &value);
	while (code == MDB_SUCCESS) {
		if (key.mv_size > GL_KEY_MAX)
			return MDB_CORRUPTED;
		sweep->looked_at++;
		store_point_hand(sweep, triplets ? 't' : 'c', &key);
		if (is_garbage(sweep, triplets, (struct gl_span){ value.mv_data, value.mv_size }))
			(void)store_condemn(
			    condemned, (struct gl_span){ key.mv_data, key.mv_size });
		if (sweep->looked_at >= sweep->budget || condemned->count == STORE_CONDEMNED_MAX)
			return MDB_SUCCESS;
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (code == MDB_NOTFOUND) {
		sweep->wrapped = !triplets;
		store_point_hand(sweep, triplets ? 'c' : 't', NULL);
		code = MDB_SUCCESS;
	}
	return code;
}

bool store_condemn(struct store_condemned *condemned, struct gl_span key)
{
	if (condemned->count == STORE_CONDEMNED_MAX)
		return false;
	struct gl_key *dead = &condemned->keys[condemned->count++];
	dead->len = (uint16_t)key.len;
	memcpy(dead->bytes, key.at, key.len);
	return true;
}

enum gl_status store_delete_condemned(struct gl_store *store, MDB_txn *txn, MDB_dbi dbi,
    const struct store_condemned *condemned, unsigned *deleted)
{
	enum gl_status status = GL_OK;
	for (size_t i = 0; status == GL_OK && i < condemned->count; i++) {
		status = store_del(store, txn, dbi, gl_key_span(&condemned->keys[i]));
		if (status == GL_OK)
			++*deleted;
		else if (status == GL_NOT_FOUND)
			status = GL_OK;
	}
	return status;
}

static enum gl_status sweep_part(struct gl_store *store, MDB_txn *txn, struct gl_sweep *sweep)
{
	struct store_condemned condemned = { .count = 0 };
	MDB_dbi dbi = sweep->hand[0] == 'c' ? store->client : store->triplet;
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn, dbi, &cursor);
	if (code == MDB_SUCCESS) {
		code = look(sweep, cursor, &condemned);
		mdb_cursor_close(cursor);
	}
	enum gl_status status = store_status(store, code);
	if (status == GL_OK)
		status = store_delete_condemned(store, txn, dbi, &condemned, &sweep->deleted);
	return status;
}

enum gl_status store_sweep_within(struct gl_store *store, MDB_txn *txn, struct gl_sweep *sweep)
{
	enum gl_status status = GL_OK;
	sweep->looked_at = 0;
	sweep->deleted = 0;
	sweep->wrapped = false;
	while (status == GL_OK && sweep->looked_at < sweep->budget && !sweep->wrapped)
		status = sweep_part(store, txn, sweep);
	return status;
}
