#include "stats.h"

#include <inttypes.h>

#include "output.h"

static void print_row(FILE *to, const char *name, uint64_t all, uint64_t today)
{
	fprintf(to, "%-26s %12" PRIu64 " %12" PRIu64 "\n", name, all, today);
}

static void print_number(FILE *to, const char *name, uint64_t number)
{
	fprintf(to, "%-26s %12" PRIu64 "\n", name, number);
}

static void print_reasons(FILE *to, const struct gl_figures *figures, enum gl_action action)
{
	for (enum gl_reason reason = GL_REASON_CONFIG; reason < GL_REASONS; reason++) {
		uint64_t all = figures->all.verdicts[action][reason];
		char name[64];
		struct gl_out out = gl_out_into(name, sizeof name);
		gl_out_text(&out, "  ");
		gl_out_text(&out, gl_reason_text(reason));
		if (all > 0 && !gl_figures_is_error(reason))
			print_row(
			    to, gl_out_string(&out), all, figures->today.verdicts[action][reason]);
	}
}

static void print_requests(FILE *to, const struct gl_figures *figures)
{
	fprintf(to, "%-26s %12s %12s\n", "requests", "in all", "today (UTC)");
	for (enum gl_action action = GL_ACTION_PASS; action < GL_ACTIONS; action++) {
		print_row(to, gl_action_text(action), gl_figures_verdicts(&figures->all, action),
		    gl_figures_verdicts(&figures->today, action));
		print_reasons(to, figures, action);
	}
	print_row(
	    to, "error", gl_figures_errors(&figures->all), gl_figures_errors(&figures->today));
}

/* Without a dry run on these days there is no column for it. */
static void print_days(FILE *to, const struct gl_figures *figures)
{
	bool dry_run = false;
	for (unsigned i = 0; i < figures->days; i++)
		dry_run = dry_run ||
			  gl_figures_verdicts(&figures->each[i], GL_ACTION_WOULD_GREYLIST) > 0;
	fprintf(to, "\n%-10s %10s %10s", "day (UTC)", "pass", "greylist");
	if (dry_run)
		fprintf(to, " %15s", "would-greylist");
	fprintf(to, " %10s %13s %8s\n", "strangers", "first passes", "error");
	for (unsigned i = 0; i < figures->days; i++) {
		const struct gl_totals *day = &figures->each[i];
		char date[32];
		fprintf(to, "%-10s %10" PRIu64 " %10" PRIu64, gl_stats_date(date, day->day),
		    gl_figures_verdicts(day, GL_ACTION_PASS),
		    gl_figures_verdicts(day, GL_ACTION_GREYLIST));
		if (dry_run)
			fprintf(
			    to, " %15" PRIu64, gl_figures_verdicts(day, GL_ACTION_WOULD_GREYLIST));
		fprintf(to, " %10" PRIu64 " %13" PRIu64 " %8" PRIu64 "\n",
		    gl_figures_strangers(day), day->first_passes, gl_figures_errors(day));
	}
}

static void print_never(FILE *to, const struct gl_figures *figures)
{
	struct gl_never never = gl_figures_never(figures);
	char text[64] = "-";
	if (never.strangers > 0)
		snprintf(text, sizeof text, "%.1f %% of %" PRIu64 " stranger%s",
		    100.0 * (double)never.retried_never / (double)never.strangers, never.strangers,
		    never.strangers == 1 ? "" : "s");
	fprintf(to, "%-26s %12s\n\n", "never retried", text);
}

static void print_wait(FILE *to, const char *name, const struct gl_figures *figures, unsigned part)
{
	int64_t seconds = gl_durations_within(&figures->waits, part);
	char text[GL_TIME_TEXT];
	fprintf(to, "%-26s %12s\n", name, seconds < 0 ? "-" : gl_duration_text(text, seconds));
}

/* Where a watch has not walked the table just now, the states are older than the rest. */
static void print_triplets(FILE *to, const struct gl_figures *figures)
{
	int64_t age = figures->now - figures->walked;
	char text[GL_TIME_TEXT];
	fputs("\ntriplets", to);
	if (age > 0)
		fprintf(to, ", by state %s ago", gl_duration_text(text, age));
	fputc('\n', to);
	for (enum gl_state state = GL_STATE_WAITING; state <= GL_STATE_EXPIRED; state++)
		fprintf(
		    to, "  %-24s %12" PRIu64 "\n", gl_state_text(state), figures->states[state]);
	if (age > 0)
		print_number(to, "  in all, now", figures->table.triplets);
}

static void print_size(FILE *to, const struct gl_store_figures *table)
{
	double share = table->map_limit == 0
			   ? 0
			   : 100.0 * (double)table->bytes / (double)table->map_limit;
	print_number(to, "clients", table->clients);
	print_number(to, "table bytes", table->bytes);
	fprintf(to, "%-26s %12" PRIu64 " %10.1f %%\n", "  of map_limit", table->map_limit, share);
}

/* Hardly ever, so without them there are no lines for it. */
static void print_pushed_out(FILE *to, const struct gl_figures *figures)
{
	const struct gl_totals *all = &figures->all, *today = &figures->today;
	if (all->displaced + all->evicted == 0)
		return;
	fprintf(to, "\n%-26s %12s %12s\n", "pushed out", "in all", "today (UTC)");
	print_row(to, "  max_pending_per_client", all->displaced, today->displaced);
	print_row(to, "  max_entries", all->evicted, today->evicted);
}

static void print_top(FILE *to, const struct gl_ranking *ranking)
{
	if (ranking->count > 0)
		fprintf(to, "\n%-26s %12s\n", "clients that wait", "triplets");
	for (size_t i = 0; i < ranking->count; i++) {
		char client[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(client, sizeof client);
		gl_out_network(&out, &ranking->at[i].client);
		fprintf(to, "  %-24s %12" PRIu64 "\n", gl_out_string(&out), ranking->at[i].waiting);
	}
}

bool gl_stats_text(FILE *to, const struct gl_figures *figures)
{
	print_requests(to, figures);
	print_days(to, figures);
	print_never(to, figures);
	print_wait(to, "waited, half up to", figures, 50);
	print_wait(to, "waited, 95 % up to", figures, 95);
	print_triplets(to, figures);
	print_size(to, &figures->table);
	print_pushed_out(to, figures);
	print_top(to, &figures->top);
	return !ferror(to);
}
