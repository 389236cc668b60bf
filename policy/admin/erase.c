#include "erase.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "pace.h"
#include "progress.h"
#include "walk.h"

enum {
	BATCH_MAX = 512,
	BATCH_MIN = 16,
	LOOK_EVERY = 16 /* entries: whether a signal came */
};

struct erasure {
	struct gl_admin *admin;
	const struct gl_filter *filter;
	struct gl_erased *erased;
	struct gl_interrupt interrupt;
	struct gl_progress progress;
	enum gl_status status; /* of the last batch */
	enum gl_table table;   /* that the batch is of */
	struct gl_pace pace;   /* in keys of one transaction */
	size_t batched;
	struct gl_key batch[BATCH_MAX];
};

static bool still_fits(void *context, struct gl_span key, struct gl_span value)
{
	const struct erasure *erasure = context;
	struct gl_entry entry;
	return gl_entry_read(&entry, erasure->table, key, value) == GL_OK &&
	       gl_filter_fits(erasure->filter, erasure->admin, &entry);
}

static void flush(struct erasure *erasure)
{
	struct gl_admin *admin = erasure->admin;
	struct gl_keys keys = { erasure->batch, erasure->batched };
	size_t deleted = erasure->batched;
	erasure->batched = 0;
	if (!admin->dry_run && deleted > 0) {
		gl_pace_begin(&erasure->pace);
		do
			erasure->status = gl_store_delete(admin->world.store, erasure->table, &keys,
			    still_fits, erasure, &deleted);
		while (gl_admin_again(admin, erasure->status));
		gl_pace_end(&erasure->pace);
	}
	if (erasure->status == GL_OK)
		*(erasure->table == GL_TABLE_CLIENT ? &erasure->erased->clients
						    : &erasure->erased->triplets) += deleted;
}

static bool look_at(void *context, const struct gl_entry *entry)
{
	struct erasure *erasure = context;
	gl_progress_add(&erasure->progress, 1);
	if (erasure->progress.done % LOOK_EVERY == 0 && gl_interrupt_came(&erasure->interrupt)) {
		erasure->erased->interrupted = true;
		return false;
	}
	if (!gl_filter_fits(erasure->filter, erasure->admin, entry))
		return true;
	struct gl_key *slot = &erasure->batch[erasure->batched++];
	slot->len = (uint16_t)entry->key.len;
	memcpy(slot->bytes, entry->key.at, entry->key.len);
	if (erasure->batched >= erasure->pace.size)
		flush(erasure);
	return erasure->status == GL_OK;
}

static enum gl_status erase_table(struct erasure *erasure, enum gl_table table)
{
	if (erasure->erased->interrupted)
		return GL_OK;
	erasure->table = table;
	enum gl_status status = gl_walk_filter(
	    erasure->admin, erasure->filter, table, look_at, erasure);
	if (erasure->status == GL_OK && !erasure->erased->interrupted)
		flush(erasure);
	erasure->batched = 0;
	return erasure->status != GL_OK ? erasure->status : status;
}

/* "1 triplet", "2 triplets" */
static void out_count(struct gl_out *out, uint64_t count, const char *noun)
{
	gl_out_decimal(out, (int64_t)count);
	gl_out_byte(out, ' ');
	gl_out_text(out, noun);
	gl_out_text(out, count == 1 ? "" : "s");
}

void gl_erased_print(const struct gl_admin *admin, const struct gl_erased *erased)
{
	char text[160];
	struct gl_out out = gl_out_into(text, sizeof text);
	gl_out_text(&out, erased->interrupted ? "interrupted: " : "");
	if (erased->together != NULL) {
		gl_out_decimal(&out, (int64_t)(erased->triplets + erased->clients));
		gl_out_byte(&out, ' ');
		gl_out_text(&out, erased->together);
	} else {
		out_count(&out, erased->triplets, "triplet");
	}
	if (erased->together == NULL && erased->clients_too) {
		gl_out_text(&out, " and ");
		out_count(&out, erased->clients, "client");
	}
	gl_out_text(&out, admin->dry_run ? " would be deleted" : " deleted");
	fprintf(admin->out, "%s\n", gl_out_string(&out));
	if (fflush(admin->out) != 0)
		gl_admin_say(admin, "%s", text);
}

static uint64_t count_entries(struct gl_admin *admin)
{
	struct gl_store_figures figures;
	return gl_store_measure(admin->world.store, &figures) == GL_OK
		   ? figures.triplets + figures.clients
		   : 0;
}

enum gl_status gl_erase(
    struct gl_admin *admin, const struct gl_filter *filter, struct gl_erased *erased)
{
	*erased = (struct gl_erased){ .together = erased->together,
		.clients_too = gl_filter_wants(filter, GL_TABLE_CLIENT) };
	struct erasure *erasure = calloc(1, sizeof *erasure);
	if (erasure == NULL)
		return GL_FAILED;
	erasure->admin = admin;
	erasure->filter = filter;
	erasure->erased = erased;
	erasure->pace = gl_pace_of(BATCH_MIN, BATCH_MAX);
	gl_interrupt_begin(&erasure->interrupt);
	/* How many of the table's are of one client nobody can say. */
	gl_progress_begin(
	    &erasure->progress, admin, "entries", filter->by_client ? 0 : count_entries(admin));
	enum gl_status status = erase_table(erasure, GL_TABLE_TRIPLET);
	if (status == GL_OK)
		status = erase_table(erasure, GL_TABLE_CLIENT);
	gl_progress_end(&erasure->progress);
	if (status == GL_OK || erased->triplets + erased->clients > 0)
		gl_erased_print(admin, erased);
	gl_interrupt_end(&erasure->interrupt);
	free(erasure);
	return status;
}
