#include "import_batch.h"

#include <stdlib.h>
#include <string.h>

#include "pace.h"

enum {
	BATCH_MAX = 512,
	BATCH_MIN = 64, /* on a slow disk the sync is what takes long, however few ops there are */
	TEXTS = 1 << 20
};

/* Keys and texts stand beside the ops, which borrow them. */
struct gl_import_batch {
	struct gl_admin *admin;
	struct gl_import_report *report;
	struct gl_pace pace; /* in ops of one transaction */
	size_t count;
	struct gl_op ops[BATCH_MAX];
	struct gl_key keys[BATCH_MAX];
	struct gl_lookup lookups[BATCH_MAX];
	size_t used;
	char texts[TEXTS];
	size_t due_count;
	struct gl_op due[BATCH_MAX]; /* those of the ops that are to be applied */
};

struct gl_import_batch *gl_import_batch_new(struct gl_admin *admin, struct gl_import_report *report)
{
	struct gl_import_batch *batch = malloc(sizeof *batch);
	if (batch != NULL) {
		batch->admin = admin;
		batch->report = report;
		batch->pace = gl_pace_of(BATCH_MIN, BATCH_MAX);
		batch->count = batch->used = 0;
	}
	return batch;
}

void gl_import_batch_free(struct gl_import_batch *batch)
{
	free(batch);
}

static bool same_record(const struct gl_record *a, const struct gl_record *b)
{
	return a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	       a->passed_at == b->passed_at && a->attempts == b->attempts &&
	       a->passes == b->passes && gl_span_equal(a->text, b->text) &&
	       gl_span_equal(a->origin, b->origin);
}

/* What the table has under an op's key. */
enum standing {
	STANDING_NONE,    /* nothing, or what cannot be read */
	STANDING_EXPIRED, /* worth nothing */
	STANDING_BATCHED, /* nothing yet, but the batch has it already */
	STANDING_LESS,    /* the op would change it */
	STANDING_AS_MUCH,
	STANDING_LATER /* of a later version, and so not ours to touch */
};

/* What is imported takes the place of a memory that expired, as the base says. */
static enum standing of_triplet(
    const struct gl_admin *admin, struct gl_op *op, struct gl_span value)
{
	struct gl_record before;
	enum gl_status status = gl_record_decode(&before, value);
	if (status != GL_OK)
		return status == GL_VERSION ? STANDING_LATER : STANDING_LESS;
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &before);
	bool expired = gl_record_state(&timing, &before, admin->now) == GL_STATE_EXPIRED;
	if (expired)
		op->base = before.first_seen;
	struct gl_record after = gl_record_merge(&before, op);
	if (same_record(&before, &after))
		return STANDING_AS_MUCH;
	return expired ? STANDING_EXPIRED : STANDING_LESS;
}

static enum standing of_client(
    const struct gl_admin *admin, const struct gl_op *op, struct gl_span value)
{
	struct gl_client before;
	enum gl_status status = gl_client_decode(&before, value);
	if (status != GL_OK)
		return status == GL_VERSION ? STANDING_LATER : STANDING_LESS;
	struct gl_client after = gl_client_merge(&before, op);
	if (before.count == after.count && before.last_counted == after.last_counted &&
	    before.last_seen == after.last_seen)
		return STANDING_AS_MUCH;
	return gl_client_expired(&admin->world.config.timing, &before, admin->now)
		   ? STANDING_EXPIRED
		   : STANDING_LESS;
}

/* Two of Postgrey's networks may be one of ours, and a file may say a thing twice. */
static bool is_batched(const struct gl_import_batch *batch, const struct gl_op *op)
{
	for (size_t i = 0; i < batch->due_count; i++)
		if (batch->due[i].kind == op->kind &&
		    gl_span_equal(gl_key_span(batch->due[i].key), gl_key_span(op->key)))
			return true;
	return false;
}

static enum standing standing_of(
    const struct gl_import_batch *batch, struct gl_op *op, const struct gl_lookup *stored)
{
	enum standing standing = STANDING_NONE;
	if (stored->found && op->kind == GL_OP_TRIPLET)
		standing = of_triplet(batch->admin, op, stored->value);
	else if (stored->found)
		standing = of_client(batch->admin, op, stored->value);
	if (standing == STANDING_EXPIRED && batch->report->leaves)
		standing = STANDING_NONE;
	return standing == STANDING_NONE && is_batched(batch, op) ? STANDING_BATCHED : standing;
}

/* Counts the op; true where it is to be applied. */
static bool count_op(
    struct gl_import_report *report, const struct gl_op *op, enum standing standing)
{
	struct gl_import_tally *sum = op->kind == GL_OP_TRIPLET ? &report->triplets
								: &report->clients;
	if (standing == STANDING_NONE) {
		sum->taken++;
		return true;
	}
	if (report->leaves) {
		sum->known++;
		return false;
	}
	bool as_much = standing == STANDING_AS_MUCH || standing == STANDING_LATER;
	*(as_much ? &sum->unchanged : &sum->merged) += 1;
	return !as_much;
}

static void choose_due(struct gl_import_batch *batch)
{
	batch->due_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct gl_op op = batch->ops[i];
		enum standing standing = standing_of(batch, &op, &batch->lookups[i]);
		if (count_op(batch->report, &op, standing))
			batch->due[batch->due_count++] = op;
	}
}

/* A map that is nearly full stays as it is: nothing is swept, but the store is asked to look. */
static enum gl_status apply_due(struct gl_import_batch *batch)
{
	struct gl_admin *admin = batch->admin;
	struct gl_sweep sweep = { .timing = admin->world.config.timing,
		.sections = &admin->world.config.sections,
		.now = admin->now };
	gl_pace_begin(&batch->pace);
	enum gl_status status = gl_store_apply(
	    admin->world.store, batch->due, batch->due_count, &sweep);
	gl_pace_end(&batch->pace);
	return status;
}

static enum gl_status write_batch(struct gl_import_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->lookups[i] = (struct gl_lookup){
			.table = batch->ops[i].kind == GL_OP_TRIPLET ? GL_TABLE_TRIPLET
								     : GL_TABLE_CLIENT,
			.key = gl_key_span(&batch->keys[i]),
		};
	struct gl_import_tally triplets = batch->report->triplets;
	struct gl_import_tally clients = batch->report->clients;
	enum gl_status status = gl_store_lookup(
	    batch->admin->world.store, batch->lookups, batch->count);
	if (status != GL_OK)
		return status;
	choose_due(batch);
	if (!batch->admin->dry_run && batch->due_count > 0)
		status = apply_due(batch);
	if (status != GL_OK) {
		batch->report->triplets = triplets;
		batch->report->clients = clients;
	}
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

static struct gl_span keep(struct gl_import_batch *batch, struct gl_span span)
{
	char *at = batch->texts + batch->used;
	if (span.len > 0)
		memcpy(at, span.at, span.len);
	batch->used += span.len;
	return (struct gl_span){ at, span.len };
}

enum gl_status gl_import_batch_add(struct gl_import_batch *batch, const struct gl_op *op)
{
	struct gl_op *own = &batch->ops[batch->count];
	*own = *op;
	own->key = &batch->keys[batch->count];
	batch->keys[batch->count] = *op->key;
	own->record.text = keep(batch, op->record.text);
	own->record.origin = keep(batch, op->record.origin);
	batch->count++;
	if (batch->count < batch->pace.size && TEXTS - batch->used >= GL_TEXT_MAX + GL_ORIGIN_MAX)
		return GL_OK;
	return gl_import_batch_flush(batch);
}
