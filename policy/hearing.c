#include "hearing.h"

#include <inttypes.h>
#include <stdio.h>

#include "last_words.h"
#include "quarantine.h"

enum {
	TRIES = 3, /* looks at a table that is damaged */
	REPLACED =
	    100, /* and at one that is replaced or edited meanwhile: request_timeout ends it */
	SWEEP_BUDGET = 8 /* records that each new triplet pays for: garbage stays under a seventh */
};

/* New to the table, whether it waits or passes for mode = learn. */
static bool is_stranger(const struct gl_judgement *judgement)
{
	return judgement->op_count > 0 &&
	       (judgement->reason == GL_REASON_NEW || judgement->reason == GL_REASON_MODE);
}

static enum gl_status remember(
    const struct gl_judgement *judgement, struct gl_world *world, int64_t now)
{
	if (judgement->op_count == 0)
		return GL_OK;
	struct gl_sweep sweep = {
		.timing = world->config.timing, .sections = &world->config.sections, .now = now
	};
	if (!is_stranger(judgement))
		return gl_store_apply(world->store, judgement->ops, judgement->op_count, NULL);
	gl_world_consult_some(world, SWEEP_BUDGET, (uint64_t)now);
	if (world->outside)
		return GL_NO_ACCESS;
	sweep.budget = SWEEP_BUDGET;
	gl_counters_hand_get(world->counters, sweep.hand);
	enum gl_status status = gl_store_apply(
	    world->store, judgement->ops, judgement->op_count, &sweep);
	/* whatever came of it: in a full table the hand has to get on */
	gl_counters_hand_set(world->counters, sweep.hand);
	return status;
}

/* Before anything is remembered: what the judgement borrows is good until the store's next call. */
static void warn_of_hopeless(
    const struct gl_judgement *judgement, const struct gl_world *world, int64_t now)
{
	const struct gl_rule_source *rule = &judgement->hopeless;
	if (!judgement->gave_up || world->access != GL_ACCESS_SERVE ||
	    !gl_counters_warning_due(world->counters, GL_TOO_LONG, now))
		return;
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: %.*s:%" PRIu32 ": searching for this regular expression took too long and "
	    "was given up; it matched nothing",
	    (int)rule->file.len, rule->file.at, rule->line);
}

static void warn_of_lock_file(const struct gl_world *world, int64_t now)
{
	if (!gl_store_lock_made(world->store) || world->access != GL_ACCESS_SERVE ||
	    !gl_counters_warning_due(world->counters, GL_REPLACED, now))
		return;
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: %s/table/lock.mdb was missing or not LMDB's; a new one was made, and "
	    "nothing is lost; leave that file alone while mail comes in",
	    world->config.database);
}

static enum gl_status hold_once(struct gl_judgement *judgement, struct gl_world *world,
    const struct gl_request *request, int64_t now)
{
	enum gl_status status = gl_world_open(world);
	if (status != GL_OK)
		return status;
	warn_of_lock_file(world, now);
	gl_last_words_watch(world->store);
	struct gl_bench bench = gl_world_bench(world);
	status = gl_judge(judgement, &bench, request, now);
	if (status == GL_OK) {
		warn_of_hopeless(judgement, world, now);
		status = remember(judgement, world, now);
	}
	if (status == GL_OK && judgement->opens)
		gl_world_open_message(world, gl_request_get(request, GL_ATTR_INSTANCE));
	if (status != GL_OK)
		snprintf(world->store_why.text, sizeof world->store_why.text, "%s: %s (%s)",
		    world->config.database, gl_status_text(status), gl_store_trouble(world->store));
	return status;
}

/* A table that is damaged may be found so at any of the looks at it. */
static enum gl_status hold(struct gl_judgement *judgement, struct gl_world *world,
    const struct gl_request *request, int64_t now)
{
	enum gl_status status = GL_FAILED;
	for (int tries = 0, damaged = 0; damaged < TRIES && tries < REPLACED; tries++) {
		status = hold_once(judgement, world, request, now);
		if (status != GL_REPLACED && status != GL_CORRUPT)
			break;
		damaged += status == GL_CORRUPT;
		gl_last_words_watch(NULL);
		gl_world_drop_table(world);
	}
	return status;
}

enum gl_status gl_hearing_hold(struct gl_judgement *judgement, struct gl_world *world,
    const struct gl_request *request, int64_t now)
{
	enum gl_status status = hold(judgement, world, request, now);
	if (status == GL_CORRUPT && world->access == GL_ACCESS_SERVE &&
	    gl_quarantine(world, judgement, now))
		status = hold(judgement, world, request, now);
	if (status != GL_OK && status != GL_FULL)
		gl_world_drop_table(world);
	return status;
}
