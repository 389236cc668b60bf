#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "greylist/sha1.h"

enum { BATCH = 500, TEXTS = 1 << 20 };

/* Keys and texts stand beside the ops, which borrow them. */
struct gl_import_batch {
	struct gl_admin *admin;
	const struct gl_import_terms *terms;
	struct gl_import_report *report;
	size_t count;
	struct gl_op ops[BATCH];
	struct gl_key keys[BATCH];
	struct gl_lookup lookups[BATCH];
	size_t used;
	char texts[TEXTS];
	struct gl_triplet triplet;
};

struct gl_import_batch *gl_import_batch_new(
    struct gl_admin *admin, const struct gl_import_terms *terms, struct gl_import_report *report)
{
	struct gl_import_batch *batch = malloc(sizeof *batch);
	if (batch != NULL) {
		batch->admin = admin;
		batch->terms = terms;
		batch->report = report;
		batch->count = batch->used = 0;
	}
	return batch;
}

void gl_import_batch_free(struct gl_import_batch *batch)
{
	free(batch);
}

/*
 * Postgrey does not store that a triplet passed; it infers it from the
 * time between the first and the last attempt. The first second at which
 * it can have passed stands for the one at which it did.
 */
static struct gl_record record_of(
    const struct gl_postgrey_entry *entry, const struct gl_import_terms *terms, int64_t now)
{
	struct gl_record record = { .first_seen = entry->first, .last_seen = entry->last };
	if (record.first_seen > now)
		record.first_seen = record.last_seen = now;
	if (record.last_seen > now)
		record.last_seen = now;
	if (record.last_seen < record.first_seen)
		record.last_seen = record.first_seen;
	bool passed = entry->first <= now && entry->last - entry->first >= terms->delay;
	record.passed_at = passed ? record.first_seen + terms->delay : 0;
	record.attempts = record.last_seen > record.first_seen ? 2 : 1;
	record.passes = passed ? 1 : 0;
	return record;
}

static uint8_t prefix_of(const struct gl_config *config, const struct gl_address *address)
{
	return address->family == GL_V4 ? config->ipv4_prefix : config->ipv6_prefix;
}

/* A hash stays one: it is asked about by the same recipe. */
static enum gl_postgrey_fault inherit(
    struct gl_import_batch *batch, const struct gl_postgrey_entry *entry)
{
	uint8_t probe[GL_SHA1_SIZE];
	if (gl_sha1(probe, gl_span_of("")) != GL_OK)
		return GL_POSTGREY_HASHED;
	gl_inherited_key(&batch->keys[batch->count], entry->digest);
	batch->report->hashed++;
	return GL_POSTGREY_GOOD;
}

static enum gl_postgrey_fault add_triplet(
    struct gl_import_batch *batch, const struct gl_postgrey_entry *entry)
{
	const struct gl_config *config = &batch->admin->world.config;
	struct gl_op *op = &batch->ops[batch->count];
	struct gl_network network;
	*op = (struct gl_op){ .kind = GL_OP_TRIPLET,
		.key = &batch->keys[batch->count],
		.record = record_of(entry, batch->terms, batch->admin->now) };
	if (gl_record_state(&config->timing, &op->record, batch->admin->now) == GL_STATE_EXPIRED)
		return GL_POSTGREY_EXPIRED;
	if (entry->hashed)
		return inherit(batch, entry);
	enum gl_postgrey_fault fault = gl_postgrey_network(
	    &network, entry, batch->terms->cut, prefix_of(config, &entry->address));
	if (fault != GL_POSTGREY_GOOD)
		return fault;
	if (gl_triplet_make(&batch->triplet, &network, entry->sender, entry->recipient,
		gl_store_secret(batch->admin->world.store)) != GL_OK)
		return GL_POSTGREY_LENGTH;
	batch->keys[batch->count] = batch->triplet.key;
	if (!config->privacy) {
		op->record.text = (struct gl_span){ batch->texts + batch->used,
			batch->triplet.text_len };
		memcpy(batch->texts + batch->used, batch->triplet.text, batch->triplet.text_len);
		batch->used += batch->triplet.text_len;
	}
	return GL_POSTGREY_GOOD;
}

static enum gl_postgrey_fault add_client(
    struct gl_import_batch *batch, const struct gl_postgrey_entry *entry)
{
	const struct gl_config *config = &batch->admin->world.config;
	int64_t now = batch->admin->now;
	int64_t last = entry->last < now ? entry->last : now;
	struct gl_op *op = &batch->ops[batch->count];
	*op = (struct gl_op){ .kind = GL_OP_CLIENT_MEMORY,
		.key = &batch->keys[batch->count],
		.forget = now - config->timing.max_age,
		.client = { .last_counted = last, .last_seen = last, .count = entry->count } };
	if (gl_client_expired(&config->timing, &op->client, now))
		return GL_POSTGREY_EXPIRED;
	if (entry->hashed)
		return inherit(batch, entry);
	struct gl_network network = gl_network_of(&entry->address,
	    config->auto_whitelist_per == GL_PER_NETWORK ? prefix_of(config, &entry->address)
							 : gl_family_bits(entry->address.family));
	gl_network_key(&batch->keys[batch->count], &network);
	return GL_POSTGREY_GOOD;
}

static bool same_record(const struct gl_record *a, const struct gl_record *b)
{
	return a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	       a->passed_at == b->passed_at && a->attempts == b->attempts &&
	       a->passes == b->passes && gl_span_equal(a->text, b->text);
}

/* Whether the op would change what is stored. A memory that expired is worth nothing: what is
 * imported takes its place, as the base says. */
static bool changes_triplet(const struct gl_admin *admin, struct gl_op *op, struct gl_span value)
{
	struct gl_record before;
	if (gl_record_decode(&before, value) != GL_OK)
		return true;
	if (gl_record_state(&admin->world.config.timing, &before, admin->now) == GL_STATE_EXPIRED)
		op->base = before.first_seen;
	struct gl_record after = gl_record_merge(&before, op);
	return !same_record(&before, &after);
}

static bool changes_client(const struct gl_op *op, struct gl_span value)
{
	struct gl_client before;
	if (gl_client_decode(&before, value) != GL_OK)
		return true;
	struct gl_client after = gl_client_merge(&before, op);
	return before.count != after.count || before.last_counted != after.last_counted ||
	       before.last_seen != after.last_seen;
}

/* Two of Postgrey's networks may be one of ours. */
static bool is_in_batch(const struct gl_import_batch *batch, size_t before)
{
	struct gl_span key = gl_key_span(&batch->keys[before]);
	for (size_t i = 0; i < before; i++)
		if (batch->ops[i].kind == batch->ops[before].kind &&
		    gl_span_equal(gl_key_span(&batch->keys[i]), key))
			return true;
	return false;
}

static void tally(struct gl_import_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct gl_op *op = &batch->ops[i];
		const struct gl_lookup *stored = &batch->lookups[i];
		bool is_triplet = op->kind == GL_OP_TRIPLET;
		struct gl_import_tally *sum = is_triplet ? &batch->report->triplets
							 : &batch->report->clients;
		if (!stored->found)
			*(is_in_batch(batch, i) ? &sum->merged : &sum->taken) += 1;
		else if (is_triplet ? changes_triplet(batch->admin, op, stored->value)
				    : changes_client(op, stored->value))
			sum->merged++;
		else
			sum->unchanged++;
	}
}

static enum gl_status write_batch(struct gl_import_batch *batch)
{
	struct gl_store *store = batch->admin->world.store;
	for (size_t i = 0; i < batch->count; i++)
		batch->lookups[i] = (struct gl_lookup){
			.table = batch->ops[i].kind == GL_OP_TRIPLET ? GL_TABLE_TRIPLET
								     : GL_TABLE_CLIENT,
			.key = gl_key_span(&batch->keys[i]),
		};
	struct gl_import_report before = *batch->report;
	enum gl_status status = gl_store_lookup(store, batch->lookups, batch->count);
	if (status == GL_OK)
		tally(batch);
	if (status == GL_OK && !batch->admin->dry_run)
		status = gl_store_apply(store, batch->ops, batch->count, NULL);
	if (status != GL_OK)
		*batch->report = before;
	return status;
}

enum gl_status gl_import_batch_flush(struct gl_import_batch *batch)
{
	enum gl_status status = GL_OK;
	if (batch->count == 0)
		return status;
	do
		status = write_batch(batch);
	while (gl_admin_again(batch->admin, status));
	batch->count = batch->used = 0;
	return status;
}

enum gl_status gl_import_batch_add(struct gl_import_batch *batch,
    const struct gl_postgrey_entry *entry, enum gl_postgrey_fault *fault)
{
	*fault = entry->is_client ? add_client(batch, entry) : add_triplet(batch, entry);
	if (*fault != GL_POSTGREY_GOOD)
		return GL_OK;
	batch->count++;
	if (batch->count < BATCH && TEXTS - batch->used >= GL_TEXT_MAX)
		return GL_OK;
	return gl_import_batch_flush(batch);
}
