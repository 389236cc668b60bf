#include "said_batch.h"

#include <stdlib.h>

#include "pace.h"

enum { BATCH_MAX = 512 };

struct gl_said_batch {
	struct gl_admin *admin;
	struct gl_import_report *report;
	size_t count;
	struct gl_said_change changes[BATCH_MAX];
	struct gl_lookup lookups[BATCH_MAX];
	size_t due_count;
	struct gl_override_change due[BATCH_MAX]; /* what is to be said; borrows from `changes` */
};

struct gl_said_batch *gl_said_batch_new(struct gl_admin *admin, struct gl_import_report *report)
{
	struct gl_said_batch *batch = malloc(sizeof *batch);
	if (batch != NULL) {
		batch->admin = admin;
		batch->report = report;
		batch->count = 0;
	}
	return batch;
}

void gl_said_batch_free(struct gl_said_batch *batch)
{
	free(batch);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Whether `value` is to take the place of `known`. Where all else is the same the bytes decide. */
static bool wins(struct gl_span value, const struct gl_override *known, struct gl_span known_value)
{
	struct gl_override said;
	if (gl_override_decode(&said, value) != GL_OK)
		return false;
	int by = order(said.made, known->made);
	if (by == 0)
		by = order(said.until == 0 ? INT64_MAX : said.until,
		    known->until == 0 ? INT64_MAX : known->until);
	if (by == 0)
		by = gl_span_compare(value, known_value);
	return by > 0;
}

/* What the batch is about to say under that key; NULL: nothing. */
static struct gl_override_change *find_due(struct gl_said_batch *batch, struct gl_span key)
{
	for (size_t i = 0; i < batch->due_count; i++)
		if (gl_span_equal(batch->due[i].key, key))
			return &batch->due[i];
	return NULL;
}

/* Counts the change; true where it is to be said. `known` may be empty: nothing is. */
static bool count_change(
    const struct gl_said_batch *batch, struct gl_span value, struct gl_span known)
{
	struct gl_import_tally *sum = &batch->report->overrides;
	struct gl_override before;
	enum gl_status status = gl_override_decode(&before, known);
	/* One of a later version is not ours to touch. */
	bool stands = status == GL_VERSION ||
		      (status == GL_OK && gl_override_in_force(&before, batch->admin->now));
	if (!stands) {
		sum->taken++;
		return true;
	}
	if (batch->report->leaves) {
		sum->known++;
		return false;
	}
	bool won = status == GL_OK && wins(value, &before, known);
	*(won ? &sum->merged : &sum->unchanged) += 1;
	return won;
}

static void choose_due(struct gl_said_batch *batch)
{
	batch->due_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct gl_said_change *change = &batch->changes[i];
		const struct gl_lookup *stored = &batch->lookups[i];
		struct gl_span value = { change->value, change->value_len };
		struct gl_span known = { NULL, 0 };
		struct gl_override_change *due = find_due(batch, stored->key);
		if (due != NULL)
			known = due->value;
		else if (stored->found)
			known = stored->value;
		if (!count_change(batch, value, known))
			continue;
		if (due == NULL)
			due = &batch->due[batch->due_count++];
		*due = (struct gl_override_change){ stored->key, value };
	}
}

static enum gl_status say_due(struct gl_said_batch *batch)
{
	struct gl_admin *admin = batch->admin;
	size_t changed;
	struct gl_pace pace = gl_pace_of(1, 1);
	gl_pace_begin(&pace);
	enum gl_status status = gl_store_override(
	    admin->world.store, batch->due, batch->due_count, admin->now, &changed);
	gl_pace_end(&pace);
	return status;
}

static enum gl_status write_batch(struct gl_said_batch *batch)
{
	struct gl_import_tally before = batch->report->overrides;
	for (size_t i = 0; i < batch->count; i++)
		batch->lookups[i] = (struct gl_lookup){ .table = GL_TABLE_OVERRIDE,
			.key = gl_key_span(&batch->changes[i].key) };
	enum gl_status status = gl_store_lookup(
	    batch->admin->world.store, batch->lookups, batch->count);
	if (status != GL_OK)
		return status;
	choose_due(batch);
	if (!batch->admin->dry_run && batch->due_count > 0)
		status = say_due(batch);
	if (status != GL_OK)
		batch->report->overrides = before;
	return status;
}

enum gl_status gl_said_batch_flush(struct gl_said_batch *batch)
{
	enum gl_status status = GL_OK;
	if (batch->count == 0)
		return status;
	do
		status = write_batch(batch);
	while (gl_admin_again(batch->admin, status));
	batch->count = 0;
	return status;
}

enum gl_status gl_said_batch_add(struct gl_said_batch *batch, const struct gl_said_change *change)
{
	batch->changes[batch->count++] = *change;
	return batch->count < BATCH_MAX ? GL_OK : gl_said_batch_flush(batch);
}
