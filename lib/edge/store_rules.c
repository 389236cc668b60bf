#include "store_room.h"

#include <string.h>

static enum gl_status same_head(
    struct gl_store *store, MDB_txn *txn, const struct gl_ruleset *rules, bool *same)
{
	struct gl_key key;
	struct gl_span stored;
	uint8_t head[GL_RULES_HEAD_SIZE];
	gl_rules_head_key(&key);
	gl_rules_head_encode(head, &rules->head);
	enum gl_status status = store_get(store, txn, store->rules, gl_key_span(&key), &stored);
	*same = status == GL_OK &&
		gl_span_equal(stored, (struct gl_span){ (const char *)head, sizeof head });
	return status == GL_NOT_FOUND ? GL_OK : status;
}

enum gl_status gl_store_replace_rules(struct gl_store *store, const struct gl_ruleset *rules)
{
	MDB_txn *txn;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	bool same;
	status = same_head(store, txn, rules, &same);
	if (status != GL_OK || same)
		goto out;
	status = store_status(store, mdb_drop(txn, store->rules, 0));
	for (size_t i = 0; status == GL_OK && i < rules->count; i++)
		status = store_put(
		    store, txn, store->rules, rules->items[i].key, rules->items[i].value);
	if (status == GL_OK)
		status = store_write_commit(store, &txn);
out:
	store_write_abort(store, &txn);
	return status;
}
