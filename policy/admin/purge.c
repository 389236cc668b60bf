#include <inttypes.h>
#include <unistd.h>

#include "walk.h"

enum { SLICE = 1000 }; /* entries looked at in one transaction: some milliseconds */

struct tally {
	const struct gl_admin *admin;
	uint64_t expired;
};

static bool tally_one(void *context, const struct gl_entry *entry)
{
	struct tally *tally = context;
	const struct gl_timing *timing = &tally->admin->world.config.timing;
	int64_t now = tally->admin->now;
	if (entry->table == GL_TABLE_CLIENT
		? gl_client_expired(timing, &entry->memory, now)
		: gl_record_state(timing, &entry->record, now) == GL_STATE_EXPIRED)
		tally->expired++;
	return true;
}

static enum gl_exit dry_run(struct gl_admin *admin)
{
	struct tally tally = { .admin = admin };
	enum gl_status status = gl_walk(admin, GL_TABLE_TRIPLET, tally_one, &tally);
	if (status == GL_OK)
		status = gl_walk(admin, GL_TABLE_CLIENT, tally_one, &tally);
	fprintf(admin->out, "%" PRIu64 " expired entries would be deleted\n", tally.expired);
	return gl_admin_fail(admin, status);
}

/* From the beginning of the table to its end, each slice a transaction of its own. */
static enum gl_status sweep_all(struct gl_admin *admin, uint64_t *deleted)
{
	struct gl_sweep sweep = { .timing = admin->world.config.timing, .now = admin->now };
	bool progress = isatty(fileno(admin->err)) == 1;
	uint64_t looked_at = 0;
	enum gl_status status = GL_OK;
	while (status == GL_OK && !sweep.wrapped) {
		sweep.budget = SLICE;
		do
			status = gl_store_sweep(admin->world.store, &sweep);
		while (gl_admin_again(admin, status));
		looked_at += sweep.looked_at;
		*deleted += sweep.deleted;
		if (progress)
			fprintf(admin->err, "\r%" PRIu64 " looked at, %" PRIu64 " deleted ",
			    looked_at, *deleted);
	}
	if (progress)
		fputc('\n', admin->err);
	return status;
}

static enum gl_exit purge(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	if (admin->dry_run)
		return dry_run(admin);
	uint64_t deleted = 0;
	enum gl_status status = sweep_all(admin, &deleted);
	fprintf(admin->out, "%" PRIu64 " expired entries deleted\n", deleted);
	return gl_admin_fail(admin, status);
}

const struct gl_command gl_command_purge = {
	.name = "purge",
	.arguments = "",
	.summary = "delete what has expired",
	.need = GL_NEED_WRITE,
	.takes = GL_TAKES_DRY_RUN,
	.run = purge,
};
