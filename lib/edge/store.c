#include "store_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool gl_store_current(const struct gl_store *store)
{
	char name[STORE_NAME_MAX];
	return place_link(store->dir, name) == GL_OK && strcmp(name, store->name) == 0 &&
	       store_lock_is(store);
}

const struct gl_secret *gl_store_secret(const struct gl_store *store)
{
	return &store->secret;
}

/* A page that no reader holds may be written over: what was found is copied out before that. */
static enum gl_status keep_values(struct gl_store *store, struct gl_lookup *lookups, size_t count)
{
	size_t needed = 0;
	for (size_t i = 0; i < count; i++)
		needed += lookups[i].value.len;
	if (needed == 0)
		return GL_OK;
	if (needed > store->values_size) {
		char *larger = realloc(store->values, needed);
		if (larger == NULL)
			return store_status(store, ENOMEM);
		store->values = larger;
		store->values_size = needed;
	}
	struct gl_out out = gl_out_into(store->values, store->values_size);
	for (size_t i = 0; i < count; i++) {
		size_t at = out.len;
		gl_out_span(&out, lookups[i].value);
		lookups[i].value = (struct gl_span){ store->values + at, out.len - at };
	}
	return GL_OK;
}

static enum gl_status look_up_one(struct gl_store *store, struct gl_lookup *lookup)
{
	MDB_dbi dbi;
	enum gl_status status = GL_NOT_FOUND;
	lookup->value = (struct gl_span){ NULL, 0 };
	if (store_dbi(store, lookup->table, &dbi))
		status = store_get(store, store->reader, dbi, lookup->key, &lookup->value);
	lookup->found = status == GL_OK;
	return status == GL_NOT_FOUND ? GL_OK : status;
}

enum gl_status gl_store_lookup(struct gl_store *store, struct gl_lookup *lookups, size_t count)
{
	enum gl_status status = store_read_begin(store);
	for (size_t i = 0; status == GL_OK && i < count; i++)
		status = look_up_one(store, &lookups[i]);
	if (status == GL_OK)
		status = keep_values(store, lookups, count);
	store_read_end(store);
	return status;
}

/* A record that cannot be read is worth as much as none; one of a newer version is not ours to
 * touch. */
static enum gl_status merge_triplet(
    const struct gl_op *op, struct gl_span stored, struct gl_out *out)
{
	struct gl_record before;
	enum gl_status status = stored.len == 0 ? GL_CORRUPT : gl_record_decode(&before, stored);
	if (status == GL_VERSION)
		return status;
	struct gl_record after = gl_record_merge(status == GL_OK ? &before : NULL, op);
	gl_record_encode(out, &after);
	return out->full ? GL_TOO_LONG : GL_OK;
}

static enum gl_status merge_client(
    const struct gl_op *op, struct gl_span stored, struct gl_out *out)
{
	struct gl_client before;
	enum gl_status status = stored.len == 0 ? GL_CORRUPT : gl_client_decode(&before, stored);
	if (status == GL_VERSION)
		return status;
	struct gl_client after = gl_client_merge(status == GL_OK ? &before : NULL, op);
	gl_client_encode(out, &after);
	return out->full ? GL_TOO_LONG : GL_OK;
}

/* Writes nothing where nothing changes: a transaction without a change commits without a sync. */
enum gl_status store_apply_one(struct gl_store *store, MDB_txn *txn, const struct gl_op *op)
{
	bool is_triplet = op->kind == GL_OP_TRIPLET;
	MDB_dbi dbi = is_triplet ? store->triplet : store->client;
	struct gl_span key = gl_key_span(op->key);
	struct gl_span stored;
	enum gl_status status = store_get(store, txn, dbi, key, &stored);
	if (status != GL_OK && status != GL_NOT_FOUND)
		return status;
	struct gl_out out = gl_out_into(store->record, sizeof store->record);
	status = is_triplet ? merge_triplet(op, stored, &out) : merge_client(op, stored, &out);
	if (status != GL_OK || gl_span_equal(stored, gl_out_done(&out)))
		return status;
	return store_put(store, txn, dbi, key, gl_out_done(&out));
}

/* For what came in something may have to go. */
static enum gl_status make_room(struct gl_store *store, MDB_txn *txn, const struct gl_op *ops,
    size_t count, struct gl_sweep *sweep, unsigned press)
{
	enum gl_status status = GL_OK;
	if (sweep->caps == NULL || count == 0)
		return store_sweep_within(store, txn, sweep);
	for (size_t i = 0; status == GL_OK && i < count; i++)
		if (ops[i].kind == GL_OP_TRIPLET && ops[i].record.passed_at == 0)
			status = store_cap_client(store, txn, ops[i].key, sweep);
	if (status == GL_OK)
		status = store_cap_entries(store, txn, ops[0].key, sweep, press);
	return status;
}

/* The sweep goes on only where all of it was committed. */
static enum gl_status apply_all(struct gl_store *store, const struct gl_op *ops, size_t count,
    struct gl_sweep *sweep, unsigned press)
{
	MDB_txn *txn;
	struct gl_sweep swept = { .budget = 0 };
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	for (size_t i = 0; status == GL_OK && i < count; i++)
		status = store_apply_one(store, txn, &ops[i]);
	if (status == GL_OK && sweep != NULL) {
		swept = *sweep;
		status = make_room(store, txn, ops, count, &swept, press);
	}
	if (status == GL_OK)
		status = store_write_commit(store, &txn);
	store_write_abort(store, &txn);
	if (status == GL_OK && sweep != NULL)
		*sweep = swept;
	return status;
}

/* A full map has room for copies of few pages, so only few entries go at once. */
static enum gl_status sweep_gently(struct gl_store *store, struct gl_sweep *sweep)
{
	enum { BUDGET = 8, ROUNDS = 4 };
	struct gl_sweep part = *sweep;
	enum gl_status status = GL_OK;
	part.budget = BUDGET;
	for (int round = 0; status == GL_OK && round < ROUNDS && !part.wrapped; round++) {
		status = apply_all(store, NULL, 0, &part, 0);
		if (status == GL_OK) {
			sweep->looked_at += part.looked_at;
			sweep->deleted += part.deleted;
		}
	}
	memcpy(sweep->hand, part.hand, sizeof sweep->hand);
	sweep->wrapped = part.wrapped;
	return status;
}

static enum gl_status evict_gently(
    struct gl_store *store, const struct gl_key *newcomer, struct gl_sweep *sweep, size_t many)
{
	MDB_txn *txn;
	struct gl_sweep evicting = *sweep;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	status = store_evict(store, txn, newcomer, &evicting, many);
	if (status == GL_OK)
		status = store_write_commit(store, &txn);
	store_write_abort(store, &txn);
	if (status == GL_OK)
		*sweep = evicting;
	return status;
}

/* More go than come in: their pages are not those that the newcomers need. Where the reserve was
 * drawn on, whoever stands together goes, until the pages that he leaves are as many as are taken.
 */
static enum gl_status evict_enough(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	enum { MORE = 4, ROUNDS = 4 };
	enum gl_status status = GL_OK;
	if (sweep->deleted < count)
		status = evict_gently(store, ops[0].key, sweep, count + MORE);
	for (int round = 0; status == GL_OK && round < ROUNDS; round++) {
		if (store_pressure(store, count, false) != STORE_SPENT)
			break;
		status = evict_gently(store, ops[0].key, sweep, STORE_CONDEMNED_MAX);
	}
	return status;
}

/* Not more comes in than goes. */
static enum gl_status apply_in_full_map(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	enum gl_status status = sweep_gently(store, sweep);
	if (status == GL_OK && sweep->caps != NULL)
		status = evict_enough(store, ops, count, sweep);
	if (status != GL_OK)
		return status;
	unsigned gone = sweep->deleted + sweep->evicted;
	if (gone == 0 || (count > GL_OPS_MAX && gone < count))
		return store_status(store, MDB_MAP_FULL);
	return apply_all(store, ops, count, NULL, 0);
}

/* Whoever is in the table already is never refused for the reserve, but it is not his either: what
 * he writes would take it to the end. */
static enum gl_status apply_known(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	if (count > 0 && store_pressure(store, count, false) == STORE_SPENT) {
		enum gl_status status = evict_enough(store, ops, count, sweep);
		if (status != GL_OK && status != GL_FULL)
			return status;
	}
	return apply_all(store, ops, count, NULL, 0);
}

static enum gl_status apply_under(struct gl_store *store, const struct gl_op *ops, size_t count,
    struct gl_sweep *sweep, unsigned press)
{
	if (sweep != NULL && sweep->known)
		return apply_known(store, ops, count, sweep);
	if (press >= STORE_FULL)
		return apply_in_full_map(store, ops, count, sweep);
	return apply_all(store, ops, count, sweep, press);
}

enum gl_status gl_store_apply(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	unsigned press = 0;
	if (sweep != NULL) {
		sweep->looked_at = sweep->deleted = sweep->displaced = sweep->evicted = 0;
		sweep->wrapped = false;
		if (count > 0 && !sweep->known)
			press = store_pressure(store, count, sweep->caps != NULL);
	}
	enum gl_status status = apply_under(store, ops, count, sweep, press);
	/* A dead reader may pin the pages that a full map is short of. */
	if (status == GL_FULL && gl_store_reap(store) > 0)
		status = apply_under(store, ops, count, sweep, press);
	if (status == GL_FULL && count == 0 && sweep != NULL)
		status = sweep_gently(store, sweep);
	return status;
}

enum gl_status gl_store_sweep(struct gl_store *store, struct gl_sweep *sweep)
{
	return gl_store_apply(store, NULL, 0, sweep);
}

struct still {
	gl_still_fn *fn; /* NULL: all are to go */
	void *context;
};

/* GL_NOT_FOUND: it is gone already, or it is to stay. */
static enum gl_status delete_one(struct gl_store *store, MDB_txn *txn, MDB_dbi dbi,
    struct gl_span key, const struct still *still)
{
	struct gl_span value;
	if (still->fn != NULL) {
		enum gl_status status = store_get(store, txn, dbi, key, &value);
		if (status != GL_OK)
			return status;
		if (!still->fn(still->context, key, value))
			return GL_NOT_FOUND;
	}
	return store_del(store, txn, dbi, key);
}

enum gl_status gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_keys *keys, gl_still_fn *fn, void *context, size_t *deleted)
{
	*deleted = 0;
	MDB_txn *txn;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	struct still still = { fn, context };
	size_t gone = 0;
	MDB_dbi dbi;
	size_t count = store_dbi(store, table, &dbi) ? keys->count : 0;
	for (size_t i = 0; i < count; i++) {
		status = delete_one(store, txn, dbi, gl_key_span(&keys->at[i]), &still);
		if (status == GL_OK)
			gone++;
		else if (status != GL_NOT_FOUND)
			goto out;
	}
	status = store_write_commit(store, &txn);
	if (status == GL_OK)
		*deleted = gone;
out:
	store_write_abort(store, &txn);
	return status;
}
