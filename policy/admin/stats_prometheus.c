#include "stats.h"

#include <inttypes.h>

/* prometheus.io/docs/instrumenting/exposition_formats: a backslash, a quote and a newline. */
void gl_stats_label(FILE *to, const char *value)
{
	for (; *value != 0; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', to);
		if (*value == '\n')
			fputs("\\n", to);
		else
			fputc(*value, to);
	}
}

static void head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Whether the helper can give this verdict for this reason: what did not happen yet is 0. */
static bool can_be(enum gl_action action, enum gl_reason reason)
{
	bool deferred = reason == GL_REASON_NEW || reason == GL_REASON_EARLY;
	if (action == GL_ACTION_GREYLIST && reason == GL_REASON_STORE)
		return true;
	return reason != GL_REASON_STATE && deferred == (action != GL_ACTION_PASS);
}

static void print_requests(FILE *to, const struct gl_totals *totals)
{
	head(to, "greylist_requests_total", "counter",
	    "Policy requests that were answered, by verdict and reason.");
	for (enum gl_action action = GL_ACTION_PASS; action < GL_ACTIONS; action++)
		for (enum gl_reason reason = GL_REASON_CONFIG; reason < GL_REASONS; reason++) {
			uint64_t verdicts = totals->verdicts[action][reason];
			if (verdicts == 0 && !can_be(action, reason))
				continue;
			fputs("greylist_requests_total{verdict=\"", to);
			gl_stats_label(to, gl_action_text(action));
			fputs("\",reason=\"", to);
			gl_stats_label(to, gl_reason_text(reason));
			fprintf(to, "\"} %" PRIu64 "\n", verdicts);
		}
}

static void print_waits(FILE *to, const struct gl_totals *totals)
{
	uint64_t sum = 0;
	head(to, "greylist_first_passes_total", "counter", "Attempts that ended a wait.");
	fprintf(to, "greylist_first_passes_total %" PRIu64 "\n", totals->first_passes);
	head(to, "greylist_wait_seconds", "histogram",
	    "How long they had waited since the first attempt.");
	for (size_t i = 0; i < GL_WAITS - 1; i++) {
		sum += totals->waits[i];
		fprintf(to, "greylist_wait_seconds_bucket{le=\"%" PRId64 "\"} %" PRIu64 "\n",
		    gl_wait_bounds[i], sum);
	}
	fprintf(
	    to, "greylist_wait_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", totals->first_passes);
	fprintf(to, "greylist_wait_seconds_sum %" PRIu64 "\n", totals->waited);
	fprintf(to, "greylist_wait_seconds_count %" PRIu64 "\n", totals->first_passes);
}

static void print_states(FILE *to, const struct gl_figures *figures)
{
	head(to, "greylist_triplets", "gauge", "Triplets in the table, by state.");
	for (enum gl_state state = GL_STATE_WAITING; state <= GL_STATE_EXPIRED; state++) {
		fputs("greylist_triplets{state=\"", to);
		gl_stats_label(to, gl_state_text(state));
		fprintf(to, "\"} %" PRIu64 "\n", figures->states[state]);
	}
}

static void print_gauge(FILE *to, const char *name, const char *help, uint64_t value)
{
	head(to, name, "gauge", help);
	fprintf(to, "%s %" PRIu64 "\n", name, value);
}

static void print_pushed_out(FILE *to, const struct gl_totals *totals)
{
	static const char name[] = "greylist_pushed_out_total";
	head(to, name, "counter", "Triplets that had to go for a newcomer, by the limit.");
	fprintf(to, "%s{limit=\"max_pending_per_client\"} %" PRIu64 "\n", name, totals->displaced);
	fprintf(to, "%s{limit=\"max_entries\"} %" PRIu64 "\n", name, totals->evicted);
}

bool gl_stats_prometheus(FILE *to, const struct gl_figures *figures)
{
	print_requests(to, &figures->all);
	print_waits(to, &figures->all);
	print_states(to, figures);
	print_gauge(to, "greylist_clients", "Clients that the auto-whitelist remembers.",
	    figures->table.clients);
	print_gauge(to, "greylist_table_bytes", "Bytes that the table takes on disk.",
	    figures->table.bytes);
	print_gauge(to, "greylist_table_limit_bytes",
	    "Bytes that the table may grow to, map_limit.", figures->table.map_limit);
	print_pushed_out(to, &figures->all);
	return !ferror(to);
}
