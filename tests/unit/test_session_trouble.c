#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

static void expect(const struct site *site, int64_t now, const char *answer)
{
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, &usual);
	if (!answered(&talk, answer))
		fail_msg("expected %s, got %s", answer, talk.reply);
}

static void a_broken_configuration_passes_everything(void **state)
{
	struct site *site = *state;
	site_configure(site, "delay = never");
	expect(site, START, "DUNNO\n\n");
	assert_true(site_logged(site, "greylist.conf:8: "));
	assert_true(site_logged(site, "action=pass, reason=configuration error, "));
	site_configure(site, "");
	expect(site, START, "DEFER_IF_PERMIT");
}

static void a_missing_directory_passes_or_defers_as_told(void **state)
{
	struct site *site = *state;
	assert_int_equal(rmdir(site->database), 0);
	expect(site, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=store error, "));
	assert_true(site_logged(site, "state: cannot be opened: No such file or directory"));
	site_configure(site, "on_error = defer");
	expect(site, START, "DEFER_IF_PERMIT 4.3.0 Temporary service problem\n\n");
	assert_true(site_logged(site, "action=greylist, reason=store error, "));
	assert_int_equal(mkdir(site->database, 0750), 0);
	expect(site, START, "DEFER_IF_PERMIT 4.2.0");
}

static void a_damaged_table_is_named_and_put_aside(void **state)
{
	struct site *site = *state;
	static const char junk[8192] = "junk";
	expect(site, START, "DEFER_IF_PERMIT");
	tmpdir_write(site->database, "table.1/data.mdb", junk, sizeof junk);
	expect(site, START + 1, "DEFER_IF_PERMIT 4.2.0");
	assert_true(site_logged(site, "table.1: cannot be used: "));
	assert_true(site_logged(site, "state/table.1.corrupt and an empty one, table.2, took its"));
}

static void a_table_with_another_secret_is_left_alone(void **state)
{
	struct site *site = *state;
	expect(site, START, "DEFER_IF_PERMIT");
	tmpdir_write(site->database, "secret", "0123456789abcdef", 16);
	expect(site, START + 1, "DUNNO\n\n");
	assert_true(site_logged(site, "secret: is not the secret"));
	struct stat info;
	assert_int_equal(stat(tmpdir_path(site->database, "table.1/data.mdb"), &info), 0);
}

/* One connection lives through everything that can happen to the table in between. */
static void a_table_replaced_under_a_session_is_found(void **state)
{
	struct site *site = *state;
	expect(site, START, "DEFER_IF_PERMIT");
	assert_int_equal(unlink(tmpdir_path(site->database, "table")), 0);
	expect(site, START + 200, "DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180");
	expect(site, START + 380, "PREPEND");
}

static void an_unreadable_list_keeps_the_last_good_rules(void **state)
{
	struct site *site = *state;
	site_list(site, "clients", "192.0.2.7\n");
	expect(site, START, "DUNNO");
	assert_int_equal(unlink(tmpdir_path(site->root, "clients")), 0);
	assert_int_equal(mkdir(tmpdir_path(site->root, "clients"), 0700), 0);
	expect(site, START + 1, "DUNNO");
	assert_true(site_logged(site, "the last good ones stay in force"));
	assert_true(site_logged(site, "reason=client whitelist"));
}

static unsigned lines_with(const struct site *site, const char *text)
{
	char line[4096];
	unsigned lines = 0;
	FILE *log = fopen(tmpdir_path(site->root, "log"), "r");
	assert_non_null(log);
	while (fgets(line, sizeof line, log) != NULL)
		lines += strstr(line, text) != NULL;
	fclose(log);
	return lines;
}

static size_t times_in(const char *text, const char *part)
{
	size_t times = 0;
	for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
		times++;
	return times;
}

/* So many strangers in one session, from the number on. */
static void meet_strangers(struct conversation *talk, int from, int many)
{
	static char bytes[1 << 17];
	char sender[4096];
	size_t len = 0;
	struct attempt flood = usual;
	memset(sender, 'x', sizeof sender);
	sender[3000] = '\0';
	flood.sender = sender;
	for (int i = from; i < from + many; i++) {
		/* Letters only: digits on their own would all be one sender. */
		sender[0] = (char)('a' + i % 26);
		sender[1] = (char)('a' + i / 26 % 26);
		sender[2] = (char)('a' + i / 676 % 26);
		const char *one = attempt_bytes(&flood);
		assert_true(len + strlen(one) < sizeof bytes);
		memcpy(bytes + len, one, strlen(one));
		len += strlen(one);
	}
	converse(talk, bytes, len);
}

/* Each brings 3000 bytes, so that the map would be full of a third of them. */
static void a_small_map_never_gets_full_of_strangers(void **state)
{
	enum { STRANGERS = 9000, AT_ONCE = 30 };
	struct site *site = *state;
	site_configure(site, "map_limit = 16M\nmax_entries = 0\nmax_pending_per_client = 0");
	struct conversation talk = { .config = site->config, .now = START };
	for (int met = 0; met < STRANGERS; met += AT_ONCE) {
		meet_strangers(&talk, met, AT_ONCE);
		assert_int_equal(times_in(talk.reply, "action=DEFER_IF_PERMIT"), AT_ONCE);
	}
	assert_int_equal(lines_with(site, "the table is at max_entries, or close to map_limit"), 1);
	assert_int_equal(lines_with(site, "MDB_MAP_FULL"), 0);
}

static void a_client_with_too_many_waiting_is_named_once_a_minute(void **state)
{
	enum { STRANGERS = 60, MOST = 10 };
	struct site *site = *state;
	struct gl_counters *counters;
	struct gl_totals totals;
	site_configure(site, "max_pending_per_client = 10");
	struct attempt flood = usual;
	struct conversation talk = { .config = site->config, .now = START };
	char sender[64];
	flood.sender = sender;
	for (int i = 0; i < STRANGERS; i++) {
		snprintf(sender, sizeof sender, "%c%cx@b.test", 'a' + i % 26, 'a' + i / 26);
		try_once(&talk, &flood);
		assert_true(answered(&talk, "DEFER_IF_PERMIT"));
	}
	assert_int_equal(lines_with(site, "is at max_pending_per_client"), 1);
	assert_int_equal(lines_with(site, "warning: 192.0.2.0/24, or the domain of"), 1);
	assert_int_equal(gl_counters_open_readonly(&counters, site->database), GL_OK);
	gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	assert_int_equal(totals.displaced, STRANGERS - MOST);
	assert_int_equal(totals.evicted, 0);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(a_broken_configuration_passes_everything),
		AT_SITE(a_missing_directory_passes_or_defers_as_told),
		AT_SITE(a_damaged_table_is_named_and_put_aside),
		AT_SITE(a_table_with_another_secret_is_left_alone),
		AT_SITE(a_table_replaced_under_a_session_is_found),
		AT_SITE(an_unreadable_list_keeps_the_last_good_rules),
		AT_SITE(a_small_map_never_gets_full_of_strangers),
		AT_SITE(a_client_with_too_many_waiting_is_named_once_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
