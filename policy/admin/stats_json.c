#include "stats.h"

#include "output.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *requests(const struct gl_totals *totals)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "pass",
	    number(gl_figures_verdicts(totals, GL_ACTION_PASS)), "greylist",
	    number(gl_figures_verdicts(totals, GL_ACTION_GREYLIST)), "would_greylist",
	    number(gl_figures_verdicts(totals, GL_ACTION_WOULD_GREYLIST)), "error",
	    number(gl_figures_errors(totals)));
}

static json_t *triplets(const struct gl_figures *figures)
{
	return json_pack("{s:o, s:o, s:o}", "waiting", number(figures->states[GL_STATE_WAITING]),
	    "passed", number(figures->states[GL_STATE_PASSED]), "expired",
	    number(figures->states[GL_STATE_EXPIRED]));
}

static json_t *day(const struct gl_totals *totals)
{
	char date[32];
	json_t *object = json_pack("{s:s}", "date", gl_stats_date(date, totals->day));
	if (json_object_update_new(object, requests(totals)) != 0 ||
	    json_object_set_new(object, "strangers", number(gl_figures_strangers(totals))) != 0 ||
	    json_object_set_new(object, "first_passes", number(totals->first_passes)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *days(const struct gl_figures *figures)
{
	json_t *array = json_array();
	for (unsigned i = 0; i < figures->days; i++)
		if (json_array_append_new(array, day(&figures->each[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *never_retried(const struct gl_figures *figures)
{
	struct gl_never never = gl_figures_never(figures);
	if (never.strangers == 0)
		return json_null();
	return json_real((double)never.retried_never / (double)never.strangers);
}

static json_t *within(const struct gl_durations *waits, unsigned percent)
{
	int64_t seconds = gl_durations_within(waits, percent);
	return seconds < 0 ? json_null() : json_integer(seconds);
}

static json_t *top(const struct gl_ranking *ranking)
{
	json_t *array = json_array();
	for (size_t i = 0; i < ranking->count; i++) {
		char client[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(client, sizeof client);
		gl_out_network(&out, &ranking->at[i].client);
		if (json_array_append_new(
			array, json_pack("{s:s, s:o}", "client", gl_out_string(&out), "waiting",
				   number(ranking->at[i].waiting))) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *pushed_out(const struct gl_totals *totals)
{
	return json_pack("{s:o, s:o}", "max_pending_per_client", number(totals->displaced),
	    "max_entries", number(totals->evicted));
}

bool gl_stats_json(FILE *to, const struct gl_figures *figures)
{
	enum { DIGITS = 4 /* of a share */ };
	json_t *object = json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o}", "requests",
	    requests(&figures->all), "today", requests(&figures->today), "triplets",
	    triplets(figures), "clients", number(figures->table.clients), "table_bytes",
	    number(figures->table.bytes), "days", days(figures), "first_passes",
	    number(figures->all.first_passes), "never_retried", never_retried(figures), "wait",
	    "median", within(&figures->waits, 50), "p95", within(&figures->waits, 95), "top",
	    top(&figures->top), "map_limit", number(figures->table.map_limit), "pushed_out",
	    pushed_out(&figures->all));
	bool written = object != NULL &&
		       json_dumpf(object, to,
			   JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(DIGITS)) == 0;
	json_decref(object);
	return written && fputc('\n', to) != EOF;
}
