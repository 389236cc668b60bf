#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_world.h"
#include "greylist/log.h"
#include "tmpdir.h"

struct good {
	const char *name;
	const char *text;
	size_t at; /* of an int64_t */
	int64_t wanted;
};

#define TIME(field) offsetof(struct gl_config, field)

static const struct good good_times[] = {
	{ "a bare number is seconds", "delay = 90", TIME(timing.delay), 90 },
	{ "quotes do not matter", "delay = \"90\"", TIME(timing.delay), 90 },
	{ "nor which", "delay = '90'", TIME(timing.delay), 90 },
	{ "seconds", "delay = 90s", TIME(timing.delay), 90 },
	{ "minutes", "delay = 5m", TIME(timing.delay), 300 },
	{ "hours", "delay = 1h", TIME(timing.delay), 3600 },
	{ "days", "delay = 1d", TIME(timing.delay), 86400 },
	{ "weeks", "max_age = 2w", TIME(timing.max_age), 1209600 },
	{ "the shortest delay", "delay = 1s", TIME(timing.delay), 1 },
	{ "the longest delay", "delay = 7d retry_window = 60d", TIME(timing.delay), 604800 },
	{ "the longest memory", "max_age = 3650d", TIME(timing.max_age), 315360000 },
	{ "the shortest memory", "max_age = 1h", TIME(timing.max_age), 3600 },
	{ "the longest request", "request_timeout = 60s", TIME(request_timeout), 60 },
	{ "a request by the minute", "request_timeout = 1m", TIME(request_timeout), 60 },
	{ "the shortest idleness", "idle_timeout = 1m", TIME(idle_timeout), 60 },
	{ "the longest idleness", "idle_timeout = 24h", TIME(idle_timeout), 86400 },
	{ "a comment behind the value", "delay = 5m # slow", TIME(timing.delay), 300 },
	{ "a comment before the value", "delay = /* slow */ 5m", TIME(timing.delay), 300 },
	{ "lines that end in CR LF", "delay = 5m\r\nidle_timeout = 1h\r\n", TIME(timing.delay),
	    300 },
	{ "a delay just shorter than the window", "delay = 59s retry_window = 1m",
	    TIME(timing.delay), 59 },
};

static void times_are_read(void **state)
{
	struct config_world *world = *state;

	for (size_t i = 0; i < sizeof good_times / sizeof *good_times; i++) {
		const struct good *good = &good_times[i];
		int64_t got = 0;

		if (config_world_load(world, good->text) != GL_OK)
			fail_msg("%s: %s", good->name, world->said);
		memcpy(&got, (const char *)&world->config + good->at, sizeof got);
		if (got != good->wanted)
			fail_msg("%s: %lld", good->name, (long long)got);
	}
}

static void words_and_numbers_are_read(void **state)
{
	struct config_world *world = *state;
	struct gl_config *config = &world->config;

	assert_int_equal(
	    config_world_load(world,
		"ipv4_prefix = 8 ipv6_prefix = '128' auto_whitelist = 1000\n"
		"mode = dry-run on_error = defer sync = none map_limit = 1T\n"
		"requests_per_connection = 1 recipient_delimiter = \"\"\n"
		"hostname = mx.example.com action = 451 text = '4.7.0 %r: 100%%'\n"
		"header = '' log_ident = postfix/grey log_facility = local0\n"
		"log_target = /var/log/grey database = \"/srv/a b\"\n"
		"auto_whitelist_per = network privacy = true postgrey_hashes = true\n"),
	    GL_OK);
	assert_int_equal(config->ipv4_prefix, 8);
	assert_int_equal(config->ipv6_prefix, 128);
	assert_int_equal(config->auto_whitelist, 1000);
	assert_int_equal(config->auto_whitelist_per, GL_PER_NETWORK);
	assert_true(config->privacy);
	assert_true(config->postgrey_hashes);
	assert_int_equal(config->mode, GL_MODE_DRY_RUN);
	assert_int_equal(config->on_error, GL_ON_ERROR_DEFER);
	assert_int_equal(config->sync, GL_SYNC_NONE);
	assert_int_equal(config->map_limit, UINT64_C(1) << 40);
	assert_int_equal(config->requests_per_connection, 1);
	assert_int_equal(config->recipient_delimiter, 0);
	assert_string_equal(config->hostname, "mx.example.com");
	assert_string_equal(config->action, "451");
	assert_string_equal(config->text, "4.7.0 %r: 100%%");
	assert_string_equal(config->header, "");
	assert_string_equal(config->log_ident, "postfix/grey");
	assert_string_equal(config->log_facility, "local0");
	assert_string_equal(config->log_target, "/var/log/grey");
	assert_string_equal(config->database, "/srv/a b");
}

static void escapes_give_quotes_and_backslashes(void **state)
{
	struct config_world *world = *state;

	assert_int_equal(config_world_load(world, "text = \"say \\\"x\\\" \\\\\""), GL_OK);
	assert_string_equal(world->config.text, "say \"x\" \\");
	assert_int_equal(config_world_load(world, "text = 'don\\'t'"), GL_OK);
	assert_string_equal(world->config.text, "don't");
}

static void a_list_replaces_the_default(void **state)
{
	struct config_world *world = *state;
	struct gl_strings *relays = &world->config.relays;

	assert_int_equal(config_world_load(world,
			     "# first\nclient_lists = {}\nsender_lists = { \"/a\", } relays =\n"
			     "{ 192.0.2.1, # the backup\n 'backup.example.com' }\n"),
	    GL_OK);
	assert_int_equal(world->config.client_lists.count, 0);
	assert_int_equal(world->config.client_lists.line, 2);
	assert_int_equal(world->config.sender_lists.count, 1);
	assert_string_equal(world->config.sender_lists.at[0], "/a");
	assert_int_equal(relays->count, 2);
	assert_int_equal(relays->line, 3);
	assert_string_equal(relays->at[0], "192.0.2.1");
	assert_string_equal(relays->at[1], "backup.example.com");
	assert_int_equal(world->config.recipient_lists.count, 2);
	assert_int_equal(world->config.recipient_lists.line, 0);
}

static void plus_equal_adds_to_the_list(void **state)
{
	struct config_world *world = *state;
	const struct gl_strings *lists = &world->config.client_lists;

	assert_int_equal(
	    config_world_load(world, "client_lists += { /a }\nclient_lists += { /b, /c }\n"),
	    GL_OK);
	assert_int_equal(lists->count, 5);
	assert_string_equal(lists->at[0], "/etc/greylist/clients");
	assert_string_equal(lists->at[4], "/c");
	assert_int_equal(lists->line, 2);
}

static void a_stamp_tells_a_changed_file(void **state)
{
	struct config_world *world = *state;
	struct gl_config_stamp read;
	struct gl_config_stamp now;
	char path[512];

	tmpdir_write(world->dir, "c", "delay = 4m", 10);
	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "c"));
	assert_int_equal(gl_config_load(&world->config, path, NULL, NULL, &read), GL_OK);
	gl_config_look(&now, path);
	assert_true(gl_config_same(&read, &now));
	tmpdir_write(world->dir, "c", "delay = 40m", 11);
	gl_config_look(&now, path);
	assert_false(gl_config_same(&read, &now));
	assert_int_equal(unlink(path), 0);
	gl_config_look(&now, path);
	assert_int_equal(now.inode, 0);
	assert_false(gl_config_same(&read, &now));
}

struct time_case {
	const char *text;
	enum gl_status status;
	int64_t seconds;
};

static const struct time_case time_cases[] = {
	{ "0", GL_OK, 0 },
	{ "90", GL_OK, 90 },
	{ "90s", GL_OK, 90 },
	{ "2w", GL_OK, 1209600 },
	{ "9223372036854775807", GL_OK, INT64_MAX },
	{ "9223372036854775808", GL_TOO_LONG, 0 },
	{ "153722867280912930m", GL_OK, INT64_C(9223372036854775800) },
	{ "153722867280912931m", GL_TOO_LONG, 0 },
	{ "", GL_MALFORMED, 0 },
	{ "s", GL_MALFORMED, 0 },
	{ "5M", GL_MALFORMED, 0 },
	{ "5ms", GL_MALFORMED, 0 },
	{ "5 m", GL_MALFORMED, 0 },
	{ "-5m", GL_MALFORMED, 0 },
	{ "1.5h", GL_MALFORMED, 0 },
	{ "1y", GL_MALFORMED, 0 },
};

static void times_have_one_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof time_cases / sizeof *time_cases; i++) {
		int64_t seconds = 0;
		enum gl_status status = gl_time_parse(&seconds, gl_span_of(time_cases[i].text));

		if (status != time_cases[i].status || seconds != time_cases[i].seconds)
			fail_msg(
			    "%s: %d, %lld", time_cases[i].text, (int)status, (long long)seconds);
	}
}

/* Two rooms that may not know each other keep one list each. */
static void the_log_room_knows_the_same_facilities(void **state)
{
	static const char *const names[] = { "auth", "authpriv", "cron", "daemon", "ftp", "kern",
		"lpr", "mail", "news", "security", "syslog", "user", "uucp", "local0", "local1",
		"local2", "local3", "local4", "local5", "local6", "local7", "local8", "Mail" };
	struct config_world *world = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char text[64];

		snprintf(text, sizeof text, "log_facility = %s", names[i]);
		if ((config_world_load(world, text) == GL_OK) != gl_log_facility_known(names[i]))
			fail_msg("%s", names[i]);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, config_world_enter, config_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(times_are_read),
		CASE(words_and_numbers_are_read),
		CASE(escapes_give_quotes_and_backslashes),
		CASE(a_list_replaces_the_default),
		CASE(plus_equal_adds_to_the_list),
		CASE(a_stamp_tells_a_changed_file),
		CASE(times_have_one_grammar),
		CASE(the_log_room_knows_the_same_facilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
