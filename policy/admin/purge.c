#include <stdlib.h>

#include "erase.h"
#include "interrupt.h"
#include "pace.h"
#include "progress.h"

enum {
	SLICE_MAX = 2000, /* entries looked at in one transaction */
	SLICE_MIN = 100
};

#define EXPIRED "expired entries"

struct purge {
	struct gl_admin *admin;
	struct gl_sweep sweep;
	struct gl_interrupt interrupt;
	struct gl_progress progress;
	struct gl_pace pace;
	uint64_t deleted;
};

static enum gl_status sweep_slice(struct purge *purge)
{
	enum gl_status status;
	purge->sweep.budget = (unsigned)purge->pace.size;
	gl_pace_begin(&purge->pace);
	do
		status = gl_store_sweep(purge->admin->world.store, &purge->sweep);
	while (gl_admin_again(purge->admin, status));
	if (status != GL_OK)
		return status;
	purge->deleted += purge->sweep.deleted;
	gl_progress_add(&purge->progress, purge->sweep.looked_at);
	gl_pace_end(&purge->pace);
	return GL_OK;
}

/* From the beginning of the table to its end, each slice a transaction of its own. Unlike an
 * erasure this deletes also what cannot be read, since it can let nobody pass. */
static enum gl_status sweep_all(struct gl_admin *admin)
{
	struct purge purge = { .admin = admin,
		.sweep = { .timing = admin->world.config.timing,
		    .sections = &admin->world.config.sections,
		    .now = admin->now },
		.pace = gl_pace_of(SLICE_MIN, SLICE_MAX) };
	struct gl_store_figures figures = { .triplets = 0 };
	enum gl_status status = gl_store_measure(admin->world.store, &figures);
	struct gl_erased erased = { .together = EXPIRED };
	gl_interrupt_begin(&purge.interrupt);
	gl_progress_begin(&purge.progress, admin, "entries", figures.triplets + figures.clients);
	while (status == GL_OK && !purge.sweep.wrapped && !erased.interrupted) {
		status = sweep_slice(&purge);
		erased.interrupted = gl_interrupt_came(&purge.interrupt);
	}
	gl_progress_end(&purge.progress);
	erased.triplets = purge.deleted;
	gl_erased_print(admin, &erased);
	gl_interrupt_end(&purge.interrupt);
	return status;
}

static bool nothing_given(const struct gl_admin *admin)
{
	return admin->client == NULL && admin->sender == NULL && admin->recipient == NULL &&
	       admin->state == NULL && admin->since == NULL && admin->before == NULL &&
	       !admin->never_retried;
}

static enum gl_exit purge(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct gl_erased erased = { .together = nothing_given(admin) ? EXPIRED : NULL };
	if (nothing_given(admin) && !admin->dry_run)
		return gl_admin_fail(admin, sweep_all(admin));
	struct gl_filter *filter = malloc(sizeof *filter);
	if (filter == NULL)
		return GL_EXIT_IO;
	if (admin->state == NULL)
		admin->state = gl_state_text(GL_STATE_EXPIRED);
	enum gl_exit code = gl_filter_read(filter, admin);
	if (code == GL_EXIT_OK)
		code = gl_admin_fail(admin, gl_erase(admin, filter, &erased));
	free(filter);
	return code;
}

const struct gl_command gl_command_purge = {
	.name = "purge",
	.arguments = "[--client CLIENT] [--sender SENDER] [--recipient RECIPIENT]",
	.summary = "delete what has expired, or in the --state that is given",
	.need = GL_NEED_WRITE,
	.takes = GL_TAKES_DRY_RUN | GL_TAKES_WHO | GL_TAKES_FILTER,
	.run = purge,
};
