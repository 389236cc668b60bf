#include <inttypes.h>

#include "output.h"
#include "walk.h"

enum { DAY_SECONDS = 86400 };

/* What `stats` prints. */
struct figures {
	struct gl_totals all;   /* since the counters were made */
	struct gl_totals today; /* of this day, UTC */
	uint64_t states[3];     /* by enum gl_state */
	struct gl_store_figures table;
	const struct gl_admin *admin;
};

static bool count_one(void *context, const struct gl_entry *entry)
{
	struct figures *figures = context;
	const struct gl_admin *admin = figures->admin;
	if (entry->table == GL_TABLE_TRIPLET)
		figures->states[gl_record_state(
		    &admin->world.config.timing, &entry->record, admin->now)]++;
	return true;
}

/* Today's are the running totals less those at the end of the last day before today with any. */
static void count_today(struct figures *figures)
{
	const struct gl_counters *counters = figures->admin->world.counters;
	int64_t today = figures->admin->now / DAY_SECONDS;
	struct gl_totals before;
	enum gl_status status = GL_NOT_FOUND;
	figures->today = (struct gl_totals){ .day = today };
	if (figures->all.day != today)
		return;
	for (int64_t day = today - 1; status != GL_OK && day >= today - GL_COUNTERS_DAYS; day--)
		status = gl_counters_day(counters, day, &before);
	for (size_t action = 0; action < GL_ACTIONS; action++)
		for (size_t reason = 0; reason < GL_REASONS; reason++)
			figures->today.verdicts[action][reason] =
			    figures->all.verdicts[action][reason] -
			    (status == GL_OK ? before.verdicts[action][reason] : 0);
}

static bool is_error(size_t reason)
{
	return reason == GL_REASON_CONFIG || reason == GL_REASON_STORE;
}

static uint64_t sum(const struct gl_totals *totals, enum gl_action action)
{
	uint64_t verdicts = 0;
	for (size_t reason = 0; reason < GL_REASONS; reason++)
		if (!is_error(reason))
			verdicts += totals->verdicts[action][reason];
	return verdicts;
}

static uint64_t sum_errors(const struct gl_totals *totals)
{
	uint64_t verdicts = 0;
	for (size_t action = 0; action < GL_ACTIONS; action++)
		verdicts += totals->verdicts[action][GL_REASON_CONFIG] +
			    totals->verdicts[action][GL_REASON_STORE];
	return verdicts;
}

static json_t *requests_json(const struct gl_totals *totals)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "pass", (json_int_t)sum(totals, GL_ACTION_PASS),
	    "greylist", (json_int_t)sum(totals, GL_ACTION_GREYLIST), "would_greylist",
	    (json_int_t)sum(totals, GL_ACTION_WOULD_GREYLIST), "error",
	    (json_int_t)sum_errors(totals));
}

static bool print_json(const struct figures *figures)
{
	return gl_json_line(figures->admin->out,
	    json_pack("{s:o, s:o, s:{s:I, s:I, s:I}, s:I, s:I}", "requests",
		requests_json(&figures->all), "today", requests_json(&figures->today), "triplets",
		"waiting", (json_int_t)figures->states[GL_STATE_WAITING], "passed",
		(json_int_t)figures->states[GL_STATE_PASSED], "expired",
		(json_int_t)figures->states[GL_STATE_EXPIRED], "clients",
		(json_int_t)figures->table.clients, "table_bytes",
		(json_int_t)figures->table.bytes));
}

static void print_row(const struct figures *figures, const char *name, uint64_t all, uint64_t today)
{
	fprintf(figures->admin->out, "%-26s %12" PRIu64 " %12" PRIu64 "\n", name, all, today);
}

static void print_reasons(const struct figures *figures, enum gl_action action)
{
	for (size_t reason = 0; reason < GL_REASONS; reason++) {
		uint64_t all = figures->all.verdicts[action][reason];
		char name[64];
		struct gl_out out = gl_out_into(name, sizeof name);
		gl_out_text(&out, "  ");
		gl_out_text(&out, gl_reason_text((enum gl_reason)reason));
		if (all > 0 && !is_error(reason))
			print_row(figures, gl_out_string(&out), all,
			    figures->today.verdicts[action][reason]);
	}
}

static void print_table(const struct figures *figures)
{
	FILE *to = figures->admin->out;
	const struct gl_store_figures *table = &figures->table;
	fputs("\ntriplets\n", to);
	for (size_t state = GL_STATE_WAITING; state <= GL_STATE_EXPIRED; state++)
		fprintf(to, "  %-24s %12" PRIu64 "\n", gl_state_text((enum gl_state)state),
		    figures->states[state]);
	fprintf(to, "%-26s %12" PRIu64 "\n", "clients", table->clients);
	fprintf(to, "%-26s %12" PRIu64 "\n", "table bytes", table->bytes);
	fprintf(to, "%-26s %12" PRIu64 "\n", "  of map_limit", table->map_limit);
}

static bool print_text(const struct figures *figures)
{
	fprintf(figures->admin->out, "%-26s %12s %12s\n", "requests", "in all", "today (UTC)");
	for (enum gl_action action = GL_ACTION_PASS; action < GL_ACTIONS; action++) {
		print_row(figures, gl_action_text(action), sum(&figures->all, action),
		    sum(&figures->today, action));
		print_reasons(figures, action);
	}
	print_row(figures, "error", sum_errors(&figures->all), sum_errors(&figures->today));
	print_table(figures);
	return !ferror(figures->admin->out);
}

static enum gl_exit stats(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct figures figures = { .admin = admin };
	enum gl_status status = gl_walk(admin, GL_TABLE_TRIPLET, count_one, &figures);
	if (status == GL_OK)
		do
			status = gl_store_measure(admin->world.store, &figures.table);
		while (gl_admin_again(admin, status));
	if (status != GL_OK)
		return gl_admin_fail(admin, status);
	gl_counters_totals(admin->world.counters, &figures.all);
	count_today(&figures);
	bool printed = admin->json ? print_json(&figures) : print_text(&figures);
	return printed ? GL_EXIT_OK : GL_EXIT_IO;
}

const struct gl_command gl_command_stats = {
	.name = "stats",
	.arguments = "",
	.summary = "count requests, triplets and clients",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON,
	.run = stats,
};
