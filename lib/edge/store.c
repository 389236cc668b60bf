#include "store_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool gl_store_current(const struct gl_store *store)
{
	char name[STORE_NAME_MAX];
	return place_link(store->dir, name) == GL_OK && strcmp(name, store->name) == 0;
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

enum gl_status gl_store_lookup(struct gl_store *store, struct gl_lookup *lookups, size_t count)
{
	enum gl_status status = store_read_begin(store);
	for (size_t i = 0; status == GL_OK && i < count; i++) {
		struct gl_lookup *lookup = &lookups[i];
		status = store_get(store, store->reader, store_dbi(store, lookup->table),
		    lookup->key, &lookup->value);
		lookup->found = status == GL_OK;
		if (status == GL_NOT_FOUND)
			status = GL_OK;
	}
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
static enum gl_status apply_one(struct gl_store *store, MDB_txn *txn, const struct gl_op *op)
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

static enum gl_status apply_all(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	MDB_txn *txn;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	for (size_t i = 0; status == GL_OK && i < count; i++)
		status = apply_one(store, txn, &ops[i]);
	if (status == GL_OK && sweep != NULL)
		status = store_sweep_within(store, txn, sweep);
	if (status == GL_OK)
		return store_write_commit(store, &txn);
	store_write_abort(store, &txn);
	return status;
}

enum gl_status gl_store_apply(
    struct gl_store *store, const struct gl_op *ops, size_t count, struct gl_sweep *sweep)
{
	enum gl_status status = apply_all(store, ops, count, sweep);
	/* A dead reader may pin the pages that a full map is short of. */
	if (status == GL_FULL && gl_store_reap(store) > 0)
		status = apply_all(store, ops, count, sweep);
	return status;
}

enum gl_status gl_store_sweep(struct gl_store *store, struct gl_sweep *sweep)
{
	return gl_store_apply(store, NULL, 0, sweep);
}

enum gl_status gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_key *keys, size_t count, size_t *deleted)
{
	*deleted = 0;
	MDB_txn *txn;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	size_t gone = 0;
	for (size_t i = 0; i < count; i++) {
		status = store_del(store, txn, store_dbi(store, table), gl_key_span(&keys[i]));
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
