#include "figures.h"

#include <string.h>

#include "progress.h"
#include "walk.h"

enum {
	DAY_SECONDS = 86400,
	LOOK_UP = 1024 /* from the entries for a signal, and to say how far it is */
};

enum gl_status gl_figures_look(struct gl_figures *figures, struct gl_admin *admin)
{
	const struct gl_counters *counters = gl_world_counters(&admin->world);
	int64_t today = admin->now / DAY_SECONDS;
	enum gl_status status;
	do
		status = gl_store_measure(admin->world.store, &figures->table);
	while (gl_admin_again(admin, status));
	if (status != GL_OK)
		return status;
	figures->now = admin->now;
	gl_counters_totals(counters, &figures->all);
	for (unsigned i = 0; i < figures->days; i++) {
		struct gl_totals *of_day = &figures->each[i];
		int64_t day = today - (int64_t)(figures->days - 1 - i);
		if (gl_counters_of_day(counters, day, of_day) != GL_OK)
			memset(of_day, 0, sizeof *of_day);
		of_day->day = day;
	}
	figures->today = figures->each[figures->days - 1];
	return GL_OK;
}

struct walking {
	struct gl_figures *figures;
	const struct gl_admin *admin;
	const struct gl_interrupt *interrupt;
	struct gl_progress progress;
	uint64_t entries;
};

static bool count_one(void *context, const struct gl_entry *entry)
{
	struct walking *walking = context;
	struct gl_figures *figures = walking->figures;
	const struct gl_record *record = &entry->record;
	struct gl_timing timing = gl_config_timing_of(&walking->admin->world.config, record);
	enum gl_state state = gl_record_state(&timing, record, walking->admin->now);
	figures->states[state]++;
	if (state == GL_STATE_PASSED)
		gl_durations_add(&figures->waits, record->passed_at - record->first_seen);
	if (state == GL_STATE_WAITING && !entry->inherited && entry->identity.kind == GL_BY_NETWORK)
		gl_ranking_add(&figures->top, &entry->identity.network);
	if (++walking->entries % LOOK_UP != 0)
		return true;
	gl_progress_add(&walking->progress, LOOK_UP);
	return walking->interrupt == NULL || !gl_interrupt_came(walking->interrupt);
}

enum gl_status gl_figures_walk(
    struct gl_figures *figures, struct gl_admin *admin, const struct gl_interrupt *interrupt)
{
	struct walking walking = { figures, admin, interrupt, .entries = 0 };
	memset(figures->states, 0, sizeof figures->states);
	memset(&figures->waits, 0, sizeof figures->waits);
	memset(&figures->top, 0, sizeof figures->top);
	gl_progress_begin(&walking.progress, admin, "triplets", figures->table.triplets);
	enum gl_status status = gl_walk(admin, GL_TABLE_TRIPLET, count_one, &walking);
	gl_progress_end(&walking.progress);
	gl_ranking_end(&figures->top);
	figures->walked = admin->now;
	return status;
}

bool gl_figures_is_error(enum gl_reason reason)
{
	return reason == GL_REASON_CONFIG || reason == GL_REASON_STORE;
}

uint64_t gl_figures_verdicts(const struct gl_totals *totals, enum gl_action action)
{
	uint64_t verdicts = 0;
	for (enum gl_reason reason = GL_REASON_CONFIG; reason < GL_REASONS; reason++)
		if (!gl_figures_is_error(reason))
			verdicts += totals->verdicts[action][reason];
	return verdicts;
}

uint64_t gl_figures_errors(const struct gl_totals *totals)
{
	uint64_t verdicts = 0;
	for (size_t action = 0; action < GL_ACTIONS; action++)
		verdicts += totals->verdicts[action][GL_REASON_CONFIG] +
			    totals->verdicts[action][GL_REASON_STORE];
	return verdicts;
}

uint64_t gl_figures_strangers(const struct gl_totals *totals)
{
	return totals->verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW] +
	       totals->verdicts[GL_ACTION_WOULD_GREYLIST][GL_REASON_NEW];
}

struct gl_never gl_figures_never(const struct gl_figures *figures)
{
	struct gl_never never = { 0 };
	uint64_t first_passes = 0;
	for (unsigned i = 0; i < figures->days; i++) {
		const struct gl_totals *day = &figures->each[i];
		never.strangers += day->verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW];
		first_passes += day->first_passes;
	}
	/* Those who were strangers before the days, or in a dry run, may be among the passes. */
	if (first_passes < never.strangers)
		never.retried_never = never.strangers - first_passes;
	return never;
}
