#include "store_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum gl_status store_check_triplet(
    const struct gl_secret *secret, struct gl_span key, struct gl_span value)
{
	struct gl_identity identity;
	struct gl_record record;
	uint8_t digest[GL_DIGEST_SIZE];
	enum gl_status status = gl_record_decode(&record, value);
	if (status != GL_OK || gl_key_inherited(key))
		return status;
	status = gl_key_identity(&identity, key);
	if (status != GL_OK || record.text.len == 0)
		return status;
	if (key.len < GL_DIGEST_SIZE)
		return GL_CORRUPT;
	gl_digest(digest, record.text, secret);
	return memcmp(digest, key.at + key.len - GL_DIGEST_SIZE, sizeof digest) == 0
		   ? GL_OK
		   : GL_WRONG_SECRET;
}

enum gl_status store_check_client(struct gl_span key, struct gl_span value)
{
	struct gl_network network;
	struct gl_client client;
	enum gl_status status = gl_client_decode(&client, value);
	if (status != GL_OK || gl_key_inherited(key))
		return status;
	return gl_key_network(&network, key);
}

static enum gl_status check_rule(struct gl_span key, struct gl_span value)
{
	struct gl_key head_key;
	struct gl_rules_head head;
	struct gl_rule_source rule;
	gl_rules_head_key(&head_key);
	if (gl_span_equal(key, gl_key_span(&head_key)))
		return gl_rules_head_decode(&head, value);
	return gl_rule_value_decode(&rule, value);
}

static enum gl_status check_override(struct gl_span key, struct gl_span value)
{
	struct gl_key head_key;
	struct gl_rules_head head;
	struct gl_override override;
	enum gl_override_kind kind;
	gl_rules_head_key(&head_key);
	if (gl_span_equal(key, gl_key_span(&head_key)))
		return gl_rules_head_decode(&head, value);
	enum gl_status status = gl_override_kind_of(&kind, key);
	return status == GL_OK ? gl_override_decode(&override, value) : status;
}

enum gl_status gl_store_check_entry(
    const struct gl_store *store, enum gl_table table, struct gl_span key, struct gl_span value)
{
	switch (table) {
	case GL_TABLE_TRIPLET:
		return store_check_triplet(&store->secret, key, value);
	case GL_TABLE_CLIENT:
		return store_check_client(key, value);
	case GL_TABLE_RULES:
		return check_rule(key, value);
	case GL_TABLE_OVERRIDE:
		break;
	}
	return check_override(key, value);
}

/* Of one database; number 0 is LMDB's own of the free pages, 1 that of the names. */
static int add_used(const struct gl_store *store, MDB_dbi dbi, struct gl_pages *pages)
{
	MDB_stat stat;
	int code = mdb_stat(store->reader, dbi, &stat);
	if (code == MDB_SUCCESS)
		pages->used += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
	return code;
}

static int count_used(const struct gl_store *store, struct gl_pages *pages)
{
	enum { FREE, NAMES, HEADS };
	const MDB_dbi all[] = { FREE, NAMES, store->triplet, store->client, store->rules,
		store->meta, store->override };
	size_t count = sizeof all / sizeof *all - !store->has_override;
	int code = MDB_SUCCESS;
	pages->used = HEADS;
	for (size_t i = 0; code == MDB_SUCCESS && i < count; i++)
		code = add_used(store, all[i], pages);
	return code;
}

/* A value there is a count and so many page numbers. One bit a page, to see the second mention. */
static void mark(struct gl_pages *pages, uint8_t *seen, const MDB_val *value)
{
	size_t count = 0, number;
	const char *at = value->mv_data;
	if (value->mv_size >= sizeof count)
		memcpy(&count, at, sizeof count);
	if (count > value->mv_size / sizeof count - 1)
		count = value->mv_size / sizeof count - 1;
	for (size_t i = 1; i <= count; i++) {
		memcpy(&number, at + i * sizeof number, sizeof number);
		if (number >= pages->all || (seen[number / 8] & 1u << number % 8) != 0) {
			pages->twice++;
			continue;
		}
		seen[number / 8] = (uint8_t)(seen[number / 8] | 1u << number % 8);
		pages->free++;
	}
}

static int count_free(const struct gl_store *store, struct gl_pages *pages)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uint8_t *seen = calloc(pages->all / 8 + 1, 1);
	int code = seen == NULL ? ENOMEM : mdb_cursor_open(store->reader, 0, &cursor);
	if (code == MDB_SUCCESS) {
		while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS)
			mark(pages, seen, &value);
		mdb_cursor_close(cursor);
	}
	free(seen);
	return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

enum gl_status gl_store_count_pages(struct gl_store *store, struct gl_pages *pages)
{
	MDB_envinfo info;
	*pages = (struct gl_pages){ .all = 0 };
	enum gl_status status = store_read_begin(store);
	if (status == GL_OK) {
		int code = mdb_env_info(store->env, &info);
		/* The size of the file belongs to the newest state; is it the one that is read? */
		if (code == MDB_SUCCESS && info.me_last_txnid != mdb_txn_id(store->reader)) {
			store_read_end(store);
			return GL_MORE;
		}
		pages->all = info.me_last_pgno + 1;
		if (code == MDB_SUCCESS)
			code = count_used(store, pages);
		if (code == MDB_SUCCESS)
			code = count_free(store, pages);
		status = store_status(store, code);
	}
	store_read_end(store);
	return status;
}
