/* `stats --watch`: what it draws, when it walks, and how it ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "conversation.h"
#include "site.h"
#include "stats.h"

enum { NOW = 1767225600, PAUSE = 20 /* milliseconds */, TEXT = 65536 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

struct show {
	const struct site *site;
	bool terminal;
	int out; /* what it draws is to be read here */
	pid_t pid;
	size_t len;
	char text[TEXT];
};

/* Ends the process, as main would. */
static void watch(const struct show *show, int to)
{
	struct gl_figures *figures = calloc(1, sizeof *figures);
	struct gl_admin admin = { .now = NOW, .err = stderr, .terminal = show->terminal };
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	alarm(60);
	admin.out = fdopen(to, "w");
	gl_world_init(&admin.world, show->site->config, GL_ACCESS_READ);
	if (figures == NULL || admin.out == NULL || gl_world_configure(&admin.world) != GL_OK ||
	    gl_world_open(&admin.world) != GL_OK)
		_exit(99);
	figures->days = 1;
	_exit((int)gl_stats_watch(&admin, figures, PAUSE));
}

static void begin(struct show *show)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	show->pid = fork();
	assert_true(show->pid >= 0);
	if (show->pid == 0) {
		close(ends[0]);
		watch(show, ends[1]);
	}
	close(ends[1]);
	show->out = ends[0];
}

static struct show *shown(void **state, bool terminal)
{
	static struct show show;
	show = (struct show){ .site = *state, .terminal = terminal };
	struct conversation talk = { .config = show.site->config, .now = NOW };
	try_once(&talk, &usual);
	begin(&show);
	return &show;
}

static unsigned looks(const struct show *show)
{
	unsigned count = 0;
	for (const char *at = show->text; (at = strstr(at, "map_limit")) != NULL; at++)
		count++;
	return count;
}

/* Until so many looks were drawn, or (0) to the end. */
static void read_looks(struct show *show, unsigned wanted)
{
	ssize_t got = 1;
	while (got > 0 && show->len < TEXT - 1 && (wanted == 0 || looks(show) < wanted)) {
		got = read(show->out, show->text + show->len, TEXT - 1 - show->len);
		show->len += got > 0 ? (size_t)got : 0;
		show->text[show->len] = 0;
	}
	assert_true(wanted == 0 || looks(show) >= wanted);
}

/* The signal that it died of; 0: none. */
static int ended_by(const struct show *show)
{
	int result;
	assert_int_equal(waitpid(show->pid, &result, 0), show->pid);
	return WIFSIGNALED(result) ? WTERMSIG(result) : 0;
}

static void interrupt(struct show *show, int number)
{
	assert_int_equal(kill(show->pid, number), 0);
	read_looks(show, 0);
	assert_int_equal(ended_by(show), number);
	close(show->out);
}

static void a_pipe_gets_one_block_behind_another(void **state)
{
	static const char first[] = "2026-01-01 00:00:00  pass -/s  greylist -/s\n\nrequests";
	struct show *show = shown(state, false);
	read_looks(show, 3);
	interrupt(show, SIGINT);
	assert_memory_equal(show->text, first, sizeof first - 1);
	assert_null(strchr(show->text, '\033'));
	assert_non_null(strstr(show->text, "map_limit"));
	assert_non_null(
	    strstr(show->text, "\n\n2026-01-01 00:00:00  pass 0.0/s  greylist 0.0/s\n"));
	/* nothing half: the last look is whole, or was not begun */
	assert_int_equal(show->text[show->len - 1], '\n');
	assert_non_null(strstr(show->text, "192.0.2.0/24                        1\n"));
}

static void a_terminal_is_drawn_over(void **state)
{
	struct show *show = shown(state, true);
	read_looks(show, 2);
	interrupt(show, SIGTERM);
	assert_memory_equal(show->text, "\033[H2026-", 8);
	/* every line wipes what stood there before, and the last one what is below */
	for (const char *at = show->text; (at = strchr(at, '\n')) != NULL; at++)
		assert_memory_equal(at - 3, "\033[K", 3);
	assert_memory_equal(show->text + show->len - 4, "\n\033[J", 4);
	/* no state that would have to be taken back */
	assert_null(strstr(show->text, "\033[?"));
}

static void new_requests_are_seen(void **state)
{
	struct show *show = shown(state, false);
	struct conversation talk = { .config = show->site->config, .now = NOW };
	read_looks(show, 1);
	assert_null(strstr(show->text, "greylist                              2"));
	try_once(&talk, &usual);
	while (strstr(show->text, "greylist                              2") == NULL)
		read_looks(show, looks(show) + 1);
	interrupt(show, SIGINT);
	char *rate = strstr(show->text, "pass 0.0/s  greylist ");
	while (rate != NULL && strncmp(rate + 21, "0.0/s", 5) == 0)
		rate = strstr(rate + 1, "pass 0.0/s  greylist ");
	assert_non_null(rate);
}

static void a_closed_pipe_ends_it(void **state)
{
	struct show *show = shown(state, false);
	read_looks(show, 1);
	close(show->out);
	assert_int_equal(ended_by(show), SIGPIPE);
}

static void a_large_table_is_walked_seldom(void **state)
{
	(void)state;
	assert_true(gl_stats_affords_walk(0, 0));
	assert_true(gl_stats_affords_walk(100, 2000));
	assert_false(gl_stats_affords_walk(101, 2000));
	assert_false(gl_stats_affords_walk(3000000, 59999999));
	assert_true(gl_stats_affords_walk(3000000, 60000000));
}

static char *rates(const struct gl_figures *figures, const struct gl_totals *before, int64_t passed)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	gl_stats_rates(to, figures, before, passed);
	fclose(to);
	return text;
}

static void rates_are_those_since_the_last_look(void **state)
{
	struct gl_figures *figures = calloc(1, sizeof *figures);
	struct gl_totals before = { 0 };
	(void)state;
	assert_non_null(figures);
	figures->now = NOW;
	before.verdicts[GL_ACTION_PASS][GL_REASON_FOUND] = 1000;
	before.verdicts[GL_ACTION_PASS][GL_REASON_STORE] = 7;
	figures->all = before;
	figures->all.verdicts[GL_ACTION_PASS][GL_REASON_FOUND] += 3;
	figures->all.verdicts[GL_ACTION_PASS][GL_REASON_RELAY] += 2;
	figures->all.verdicts[GL_ACTION_PASS][GL_REASON_STORE] += 100;
	figures->all.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW] = 1;
	char *text = rates(figures, &before, 2000);
	assert_string_equal(text, "2026-01-01 00:00:00  pass 2.5/s  greylist 0.5/s\n\n");
	free(text);
	figures->all.verdicts[GL_ACTION_WOULD_GREYLIST][GL_REASON_NEW] = 40;
	text = rates(figures, &before, 4000);
	assert_string_equal(
	    text, "2026-01-01 00:00:00  pass 1.2/s  greylist 0.2/s  would-greylist 10.0/s\n\n");
	free(text);
	/* the counters were made anew, and no time has passed */
	text = rates(&(struct gl_figures){ .now = NOW }, &before, 2000);
	assert_string_equal(text, "2026-01-01 00:00:00  pass -/s  greylist 0.0/s\n\n");
	free(text);
	text = rates(figures, &figures->all, 0);
	assert_string_equal(
	    text, "2026-01-01 00:00:00  pass -/s  greylist -/s  would-greylist -/s\n\n");
	free(text);
	free(figures);
}

static int in_utc(void **state)
{
	(void)state;
	return setenv("TZ", "UTC0", 1);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(a_pipe_gets_one_block_behind_another),
		AT_SITE(a_terminal_is_drawn_over),
		AT_SITE(new_requests_are_seen),
		AT_SITE(a_closed_pipe_ends_it),
		cmocka_unit_test(a_large_table_is_walked_seldom),
		cmocka_unit_test(rates_are_those_since_the_last_look),
	};
	return cmocka_run_group_tests(tests, in_utc, NULL);
}
