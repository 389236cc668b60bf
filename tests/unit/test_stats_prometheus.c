/* What node_exporter is given is what Prometheus reads, whatever the figures are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "metrics.h"
#include "stats.h"

#define HEAD      "# HELP a_total Text.\n# TYPE a_total counter\n"
#define HISTOGRAM "# HELP h Text.\n# TYPE h histogram\n"

static void what_is_good_is_not_complained_about(void **state)
{
	static const char *const good[] = { "", HEAD "a_total 1\n",
		HEAD "a_total{b=\"c\",d=\"e\"} 1\na_total{b=\"c\",d=\"\"} 1\n",
		HEAD "a_total{b=\"q\\\"b\\\\n\\n{},\"} 1\n",
		HEAD "a_total 1\n# HELP b Text.\n# TYPE b gauge\nb 18446744073709551615\n",
		HISTOGRAM "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n" };
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (metrics_wrong(good[i]) != NULL)
			fail_msg("%s in: %s", metrics_wrong(good[i]), good[i]);
}

static void what_is_wrong_is_found(void **state)
{
	static const char *const bad[] = { HEAD "a_total 1", "a_total 1\n", "\n", HEAD,
		"# HELP a_total Text.\na_total 1\n", "# TYPE a_total counter\na_total 1\n",
		HEAD "a_total  1\n", HEAD "a_total 1 \n", HEAD "a_total x\n", HEAD "a_total -1\n",
		HEAD "a_total{b=\"c\" 1\n", HEAD "a_total{b=c} 1\n", HEAD "a_total{b=\"\\c\"} 1\n",
		HEAD "a_total{b=\"c\"d\"} 1\n", HEAD "a_total{b=\"c\"d=\"e\"} 1\n",
		HEAD "a_total{1=\"c\"} 1\n", HEAD "a_total{b=\"c\"} 1\na_total{b=\"c\"} 2\n",
		HEAD "a_total 1\n" HEAD "a_total{b=\"c\"} 1\n", HEAD "b_total 1\n",
		HEAD "a_total_b 1\n", HEAD HEAD "a_total 1\n", HEAD "a_total 1\n\n",
		"# HELP a Text.\n# TYPE a counter\na 1\n",
		"# HELP a_total Text.\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a Text.\n# TYPE a number\na 1\n", "# HELP a \n# TYPE a gauge\na 1\n",
		HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n",
		HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_count 1\n",
		HISTOGRAM "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
		HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
		HISTOGRAM
		"h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n"
		"h_count 1\n",
		HISTOGRAM "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
		HISTOGRAM "h_bucket{a=\"1\"} 1\nh_sum 1\nh_count 1\n", HISTOGRAM "h 1\n" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (metrics_wrong(bad[i]) == NULL)
			fail_msg("nothing wrong is seen in: %s", bad[i]);
}

static char *printed(const struct gl_figures *figures)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_true(gl_stats_prometheus(to, figures));
	fclose(to);
	return text;
}

/* Numbers of every length, most of them 0. */
static uint64_t any(struct dice *dice)
{
	return dice_one_in(dice, 2) ? 0 : dice_roll(dice) >> dice_between(dice, 8, 63);
}

static void roll(struct gl_figures *figures, struct dice *dice)
{
	struct gl_totals *all = &figures->all;
	for (size_t i = 0; i < GL_ACTIONS; i++)
		for (size_t j = 0; j < GL_REASONS; j++)
			all->verdicts[i][j] = any(dice);
	all->first_passes = 0;
	for (size_t i = 0; i < GL_WAITS; i++) {
		all->waits[i] = any(dice);
		all->first_passes += all->waits[i];
	}
	all->waited = any(dice);
	all->displaced = any(dice);
	all->evicted = any(dice);
	for (size_t i = 0; i < 3; i++)
		figures->states[i] = any(dice);
	figures->table.clients = any(dice);
	figures->table.bytes = any(dice);
	figures->table.map_limit = any(dice);
}

static void whatever_the_figures_are(void **state)
{
	struct gl_figures *figures = calloc(1, sizeof *figures);
	struct dice dice = { 20260131 };
	(void)state;
	assert_non_null(figures);
	for (int round = 0; round < 40; round++) {
		char *text = printed(figures);
		if (metrics_wrong(text) != NULL)
			fail_msg("round %d: %s in: %s", round, metrics_wrong(text), text);
		free(text);
		roll(figures, &dice);
	}
	free(figures);
}

static void who_was_pushed_out_is_told_in_each_form(void **state)
{
	struct gl_figures *figures = calloc(1, sizeof *figures);
	char *text = NULL;
	size_t size = 0;
	(void)state;
	assert_non_null(figures);
	FILE *to = open_memstream(&text, &size);
	assert_true(gl_stats_text(to, figures));
	fflush(to);
	assert_null(strstr(text, "pushed out"));
	figures->all.displaced = 12;
	figures->all.evicted = 3456;
	figures->today.evicted = 78;
	assert_true(gl_stats_text(to, figures));
	assert_true(gl_stats_json(to, figures));
	assert_true(gl_stats_prometheus(to, figures));
	fclose(to);
	assert_non_null(strstr(text, "\npushed out                       in all  today (UTC)\n"
				     "  max_pending_per_client             12            0\n"
				     "  max_entries                      3456           78\n"));
	assert_non_null(
	    strstr(text, "\"pushed_out\":{\"max_pending_per_client\":12,\"max_entries\":3456}"));
	assert_non_null(strstr(text, "\ngreylist_pushed_out_total{limit=\"max_entries\"} 3456\n"));
	free(text);
	free(figures);
}

static void labels_are_escaped(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	(void)state;
	fputs(HEAD "a_total{b=\"", to);
	gl_stats_label(to, "a \"quoted\" \\ and\nanother line \xc3\xa9");
	fputs("\"} 1\n", to);
	fclose(to);
	assert_null(metrics_wrong(text));
	assert_non_null(strstr(text, "\"a \\\"quoted\\\" \\\\ and\\nanother line \xc3\xa9\""));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_good_is_not_complained_about),
		cmocka_unit_test(what_is_wrong_is_found),
		cmocka_unit_test(whatever_the_figures_are),
		cmocka_unit_test(who_was_pushed_out_is_told_in_each_form),
		cmocka_unit_test(labels_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
