#include "hearing.h"

#include <inttypes.h>
#include <stdio.h>

#include "greylist/store_caps.h"
#include "last_words.h"
#include "quarantine.h"

enum {
	TRIES = 3,       /* looks at a table that is damaged, */
	REPLACED = 100,  /* or replaced and edited meanwhile: request_timeout ends it before */
	SWEEP_BUDGET = 8 /* records that each new triplet pays for: garbage stays under a seventh */
};

/* Whoever brings a triplet that nobody knew pays for it, whatever let him pass. */
static bool is_newcomer(const struct gl_judgement *judgement)
{
	return judgement->op_count > 0 && judgement->ops[0].kind == GL_OP_TRIPLET &&
	       (judgement->ops[0].base == 0 || judgement->reason == GL_REASON_NEW ||
		   judgement->reason == GL_REASON_MODE);
}

/* Living ones were let go for this newcomer. */
static void tell_of_limit(const struct gl_judgement *judgement, const struct gl_world *world,
    const struct gl_sweep *sweep, int64_t now)
{
	char client[GL_NETWORK_TEXT];
	struct gl_out out = gl_out_into(client, sizeof client);
	gl_counters_gone(world->counters, sweep->displaced, sweep->evicted);
	if (sweep->displaced + sweep->evicted == 0 || world->access != GL_ACCESS_SERVE ||
	    !gl_counters_warning_due(world->counters, GL_FULL, now))
		return;
	if (sweep->evicted > 0) {
		gl_log_printf(world->log, GL_LOG_WARNING,
		    "warning: %s: the table is at max_entries, or close to map_limit; each "
		    "stranger now pushes out an older entry",
		    world->config.database);
		return;
	}
	gl_out_network(&out, &judgement->triplet.client);
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: %s, or the domain of its name, is at max_pending_per_client; its "
	    "strangers now push out one another",
	    gl_out_string(&out));
}

static enum gl_status remember(
    const struct gl_judgement *judgement, struct gl_world *world, int64_t now)
{
	if (judgement->op_count == 0)
		return GL_OK;
	const struct gl_caps caps = { world->config.max_pending_per_client,
		world->config.max_entries };
	struct gl_sweep sweep = { .timing = world->config.timing,
		.sections = &world->config.sections,
		.now = now,
		.budget = SWEEP_BUDGET,
		.caps = &caps,
		.known = !is_newcomer(judgement) };
	if (!sweep.known)
		gl_world_consult_some(world, SWEEP_BUDGET, (uint64_t)now);
	if (!sweep.known && world->outside)
		return GL_NO_ACCESS;
	gl_counters_hand_get(world->counters, sweep.hand);
	enum gl_status status = gl_store_apply(
	    world->store, judgement->ops, judgement->op_count, &sweep);
	/* whatever came of it: in a full table the hand has to get on */
	if (!sweep.known || sweep.looked_at > 0)
		gl_counters_hand_set(world->counters, sweep.hand);
	tell_of_limit(judgement, world, &sweep, now);
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
