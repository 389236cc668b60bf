#include "store_room.h"

#include <string.h>

/* What is past its time; its keys go first, since a deletion moves what a cursor stands on. */
struct outdated {
	size_t count;
	struct gl_key keys[64];
};

struct renewal {
	struct gl_store *store;
	MDB_txn *txn;
	int64_t now;
	struct gl_rules_head head;
	struct outdated outdated;
	size_t left; /* overrides in force */
};

static void look_at(struct renewal *renewal, struct gl_span key, struct gl_span value)
{
	enum { SLOTS = sizeof renewal->outdated.keys / sizeof *renewal->outdated.keys };
	struct outdated *outdated = &renewal->outdated;
	struct gl_override override;
	enum gl_status status = gl_override_decode(&override, value);
	/* One of a later version is not ours to touch. */
	if (status == GL_VERSION ||
	    (status == GL_OK && gl_override_in_force(&override, renewal->now))) {
		gl_override_head_add(&renewal->head, key);
		renewal->left++;
	} else if (outdated->count < SLOTS && key.len <= GL_KEY_MAX) {
		outdated->keys[outdated->count].len = (uint16_t)key.len;
		memcpy(outdated->keys[outdated->count++].bytes, key.at, key.len);
	}
}

/* Reads all of them: there are few. */
static enum gl_status look_at_all(struct renewal *renewal)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	struct gl_store *store = renewal->store;
	int code = mdb_cursor_open(renewal->txn, store->override, &cursor);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
		enum gl_override_kind kind;
		struct gl_span at = { key.mv_data, key.mv_size };
		if (gl_override_kind_of(&kind, at) == GL_OK)
			look_at(renewal, at, (struct gl_span){ value.mv_data, value.mv_size });
	}
	mdb_cursor_close(cursor);
	return code == MDB_NOTFOUND ? GL_OK : store_status(store, code);
}

/* The stamp counts the changes: no two heads of one table are alike. */
static enum gl_status write_head(struct renewal *renewal)
{
	struct gl_key key;
	struct gl_span stored;
	struct gl_rules_head before = { .stamp = { 0 } };
	uint8_t bytes[GL_RULES_HEAD_SIZE];
	struct gl_store *store = renewal->store;
	gl_rules_head_key(&key);
	enum gl_status status = store_get(
	    store, renewal->txn, store->override, gl_key_span(&key), &stored);
	if (status != GL_OK && status != GL_NOT_FOUND)
		return status;
	if (status == GL_OK && gl_rules_head_decode(&before, stored) != GL_OK)
		before = (struct gl_rules_head){ .stamp = { 0 } };
	memcpy(renewal->head.stamp, before.stamp, GL_STAMP_SIZE);
	for (size_t i = GL_STAMP_SIZE; i > 0 && ++renewal->head.stamp[i - 1] == 0; i--)
		continue;
	gl_rules_head_encode(bytes, &renewal->head);
	return store_put(store, renewal->txn, store->override, gl_key_span(&key),
	    (struct gl_span){ (const char *)bytes, sizeof bytes });
}

static enum gl_status renew(struct renewal *renewal)
{
	struct gl_store *store = renewal->store;
	enum gl_status status = look_at_all(renewal);
	if (status == GL_OK && renewal->left > GL_OVERRIDES_MAX)
		status = GL_TOO_LONG;
	for (size_t i = 0; status == GL_OK && i < renewal->outdated.count; i++)
		status = store_del(
		    store, renewal->txn, store->override, gl_key_span(&renewal->outdated.keys[i]));
	return status == GL_OK ? write_head(renewal) : status;
}

enum gl_status store_override_renew(struct gl_store *store, MDB_txn *txn, int64_t now)
{
	struct renewal renewal = { .store = store, .txn = txn, .now = now };
	return renew(&renewal);
}

static enum gl_status change_one(
    struct gl_store *store, MDB_txn *txn, const struct gl_override_change *change, size_t *changed)
{
	enum gl_status status = change->value.len > 0
				    ? store_put(
					  store, txn, store->override, change->key, change->value)
				    : store_del(store, txn, store->override, change->key);
	if (status == GL_OK)
		++*changed;
	return status == GL_NOT_FOUND ? GL_OK : status;
}

enum gl_status gl_store_override(struct gl_store *store, const struct gl_override_change *changes,
    size_t count, int64_t now, size_t *changed)
{
	MDB_txn *txn;
	size_t done = 0;
	*changed = 0;
	if (!store->has_override)
		return GL_FULL;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	for (size_t i = 0; status == GL_OK && i < count; i++)
		status = change_one(store, txn, &changes[i], &done);
	if (status == GL_OK)
		status = store_override_renew(store, txn, now);
	if (status == GL_OK)
		status = store_write_commit(store, &txn);
	store_write_abort(store, &txn);
	if (status == GL_OK)
		*changed = done;
	return status;
}
