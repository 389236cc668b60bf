#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/log.h"
#include "tmpdir.h"

struct world {
	char *dir;
	struct gl_config config;
	char said[16384]; /* mistakes without the directory, a line each */
};

static int enter(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->dir = tmpdir_make();
	*state = world;
	return 0;
}

static int leave(void **state)
{
	struct world *world = *state;

	gl_config_clear(&world->config);
	tmpdir_remove(world->dir);
	free(world);
	return 0;
}

static void keep_mistake(void *context, const char *mistake)
{
	struct world *world = context;
	size_t used = strlen(world->said);
	size_t dir = strlen(world->dir);

	if (strncmp(mistake, world->dir, dir) == 0)
		mistake += dir + 1;
	snprintf(world->said + used, sizeof world->said - used, "%s\n", mistake);
}

static enum gl_status load(struct world *world, const char *text)
{
	char path[512];

	tmpdir_write(world->dir, "c", text, strlen(text));
	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "c"));
	gl_config_clear(&world->config);
	world->said[0] = '\0';
	return gl_config_load(&world->config, path, keep_mistake, world, NULL);
}

static void assert_strings(const struct gl_strings *a, const struct gl_strings *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->at[i], b->at[i]);
}

static void assert_same_text(const struct gl_config *a, const struct gl_config *b)
{
	assert_string_equal(a->database, b->database);
	assert_string_equal(a->hostname, b->hostname);
	assert_string_equal(a->action, b->action);
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->header, b->header);
	assert_string_equal(a->log_ident, b->log_ident);
	assert_string_equal(a->log_facility, b->log_facility);
	assert_string_equal(a->log_target, b->log_target);
	assert_strings(&a->client_lists, &b->client_lists);
	assert_strings(&a->recipient_lists, &b->recipient_lists);
	assert_strings(&a->sender_lists, &b->sender_lists);
	assert_strings(&a->relays, &b->relays);
}

static void assert_same(const struct gl_config *a, const struct gl_config *b)
{
	assert_same_text(a, b);
	assert_memory_equal(&a->timing, &b->timing, sizeof a->timing);
	assert_int_equal(a->ipv4_prefix, b->ipv4_prefix);
	assert_int_equal(a->ipv6_prefix, b->ipv6_prefix);
	assert_int_equal(a->auto_whitelist, b->auto_whitelist);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->on_error, b->on_error);
	assert_int_equal(a->request_timeout, b->request_timeout);
	assert_int_equal(a->idle_timeout, b->idle_timeout);
	assert_int_equal(a->requests_per_connection, b->requests_per_connection);
	assert_int_equal(a->sync, b->sync);
	assert_int_equal(a->map_limit, b->map_limit);
	assert_int_equal(a->recipient_delimiter, b->recipient_delimiter);
}

/* The numbers that users, scripts and the documentation rely on, written out once more. */
static void the_defaults_are_the_promised_ones(void **state)
{
	struct world *world = *state;
	struct gl_config *config = &world->config;

	assert_int_equal(gl_config_defaults(config), GL_OK);
	assert_string_equal(config->database, "/var/lib/greylist");
	assert_int_equal(config->timing.delay, 180);
	assert_int_equal(config->timing.retry_window, 2 * 86400);
	assert_int_equal(config->timing.max_age, 35 * 86400);
	assert_int_equal(config->ipv4_prefix, 24);
	assert_int_equal(config->ipv6_prefix, 64);
	assert_int_equal(config->auto_whitelist, 2);
	assert_int_equal(config->mode, GL_MODE_ON);
	assert_int_equal(config->on_error, GL_ON_ERROR_PASS);
	assert_int_equal(config->request_timeout, 5);
	assert_int_equal(config->idle_timeout, 1200);
	assert_int_equal(config->requests_per_connection, 0);
	assert_int_equal(config->sync, GL_SYNC_FULL);
	assert_int_equal(config->map_limit, UINT64_C(2) << 30);
	assert_int_equal(config->recipient_delimiter, '+');
	assert_string_equal(config->hostname, "");
	assert_string_equal(config->action, "DEFER_IF_PERMIT");
	assert_string_equal(config->text, "Greylisted, please retry in %s seconds");
	assert_string_equal(
	    config->header, "X-Greylist: delayed %t seconds by greylist-%v at %h; %d");
	assert_int_equal(config->client_lists.count, 2);
	assert_string_equal(config->client_lists.at[1], "/etc/greylist/clients.local");
	assert_int_equal(config->client_lists.line, 0);
	assert_string_equal(config->recipient_lists.at[0], "/etc/greylist/recipients");
	assert_string_equal(config->sender_lists.at[0], "/etc/greylist/senders");
	assert_int_equal(config->relays.count, 0);
	assert_string_equal(config->log_ident, "greylist-policy");
	assert_string_equal(config->log_facility, "mail");
	assert_string_equal(config->log_target, "syslog");
}

static void empty_means_the_defaults(void **state)
{
	static const char *const empty[] = { "", "\n", "# only\n// comments\n/* are\nhere */\n",
		" \t\r\n", "#" };
	struct world *world = *state;
	struct gl_config defaults;

	assert_int_equal(gl_config_defaults(&defaults), GL_OK);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		assert_int_equal(load(world, empty[i]), GL_OK);
		assert_same(&world->config, &defaults);
	}
	gl_config_clear(&defaults);
}

static void print_defaults(char *text, size_t size)
{
	FILE *file = fmemopen(text, size, "w");

	assert_non_null(file);
	gl_config_print_defaults(file);
	assert_true(ftell(file) < (long)size - 1);
	fclose(file);
}

static void the_sample_means_the_defaults(void **state)
{
	struct world *world = *state;
	struct gl_config defaults;
	char text[16384] = "";

	print_defaults(text, sizeof text);
	assert_int_equal(gl_config_defaults(&defaults), GL_OK);
	assert_int_equal(load(world, text), GL_OK);
	assert_string_equal(world->said, "");
	assert_same(&world->config, &defaults);
	gl_config_clear(&defaults);
}

static void the_shipped_file_is_the_sample(void **state)
{
	char sample[16384] = "";
	char shipped[16384] = "";
	FILE *file = fopen(GREYLIST_SAMPLE, "rb");

	(void)state;
	assert_non_null(file);
	assert_true(fread(shipped, 1, sizeof shipped - 1, file) > 0);
	fclose(file);
	print_defaults(sample, sizeof sample);
	assert_string_equal(shipped, sample);
}

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
	struct world *world = *state;

	for (size_t i = 0; i < sizeof good_times / sizeof *good_times; i++) {
		const struct good *good = &good_times[i];
		int64_t got = 0;

		if (load(world, good->text) != GL_OK)
			fail_msg("%s: %s", good->name, world->said);
		memcpy(&got, (const char *)&world->config + good->at, sizeof got);
		if (got != good->wanted)
			fail_msg("%s: %lld", good->name, (long long)got);
	}
}

static void words_and_numbers_are_read(void **state)
{
	struct world *world = *state;
	struct gl_config *config = &world->config;

	assert_int_equal(
	    load(world, "ipv4_prefix = 8 ipv6_prefix = '128' auto_whitelist = 1000\n"
			"mode = dry-run on_error = defer sync = none map_limit = 1T\n"
			"requests_per_connection = 1 recipient_delimiter = \"\"\n"
			"hostname = mx.example.com action = 451 text = '4.7.0 %r: 100%%'\n"
			"header = '' log_ident = postfix/grey log_facility = local0\n"
			"log_target = /var/log/grey database = \"/srv/a b\"\n"),
	    GL_OK);
	assert_int_equal(config->ipv4_prefix, 8);
	assert_int_equal(config->ipv6_prefix, 128);
	assert_int_equal(config->auto_whitelist, 1000);
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
	struct world *world = *state;

	assert_int_equal(load(world, "text = \"say \\\"x\\\" \\\\\""), GL_OK);
	assert_string_equal(world->config.text, "say \"x\" \\");
	assert_int_equal(load(world, "text = 'don\\'t'"), GL_OK);
	assert_string_equal(world->config.text, "don't");
}

static void a_list_replaces_the_default(void **state)
{
	struct world *world = *state;
	struct gl_strings *relays = &world->config.relays;

	assert_int_equal(
	    load(world, "# first\nclient_lists = {}\nsender_lists = { \"/a\", } relays =\n"
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
	struct world *world = *state;
	const struct gl_strings *lists = &world->config.client_lists;

	assert_int_equal(
	    load(world, "client_lists += { /a }\nclient_lists += { /b, /c }\n"), GL_OK);
	assert_int_equal(lists->count, 5);
	assert_string_equal(lists->at[0], "/etc/greylist/clients");
	assert_string_equal(lists->at[4], "/c");
	assert_int_equal(lists->line, 2);
}

static void a_list_has_a_limit(void **state)
{
	struct world *world = *state;
	char text[16384] = "relays = { ";
	size_t used = strlen(text);

	for (int i = 0; i <= GL_CONFIG_RELAYS_MAX; i++)
		used += (size_t)snprintf(
		    text + used, sizeof text - used, "192.0.%d.%d, ", i / 250, i % 250 + 1);
	snprintf(text + used, sizeof text - used, "}");
	assert_int_equal(load(world, text), GL_BAD_CONFIG);
	assert_non_null(strstr(world->said, "not 192.0.1.7: the list is full\n"));
	assert_int_equal(world->config.relays.count, 0);
}

/* An option that is wrong keeps its default, and the others count: the log must find its place. */
static void a_wrong_option_keeps_its_default(void **state)
{
	struct world *world = *state;

	assert_int_equal(load(world, "log_target = none\nclient_lists = { /good, bad }\n"
				     "delay = 3d\nretry_window = 2d\nmode = never\nnonsense\n"
				     "log_facility = local1\n"),
	    GL_BAD_CONFIG);
	assert_string_equal(world->config.log_target, "none");
	assert_string_equal(world->config.log_facility, "local1");
	assert_int_equal(world->config.client_lists.count, 2);
	assert_string_equal(world->config.client_lists.at[0], "/etc/greylist/clients");
	assert_int_equal(world->config.timing.delay, 180);
	assert_int_equal(world->config.timing.retry_window, 172800);
	assert_int_equal(world->config.mode, GL_MODE_ON);
}

static void a_missing_file_is_named(void **state)
{
	struct world *world = *state;
	struct gl_config_stamp stamp = { .inode = 1 };
	struct gl_config_stamp zero = { .inode = 0 };
	char path[512];

	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "missing"));
	assert_int_equal(
	    gl_config_load(&world->config, path, keep_mistake, world, &stamp), GL_NO_ACCESS);
	assert_string_equal(world->said, "missing: cannot be read: No such file or directory\n");
	assert_true(gl_config_same(&stamp, &zero));
	assert_int_equal(world->config.timing.delay, 180);
}

static void a_directory_is_no_configuration(void **state)
{
	struct world *world = *state;

	assert_int_equal(
	    gl_config_load(&world->config, world->dir, keep_mistake, world, NULL), GL_NO_ACCESS);
	assert_non_null(strstr(world->said, "cannot be read: Is a directory"));
}

static void a_huge_file_is_refused(void **state)
{
	struct world *world = *state;
	char *text = malloc(GL_CONFIG_SIZE_MAX + 2);

	assert_non_null(text);
	memset(text, '\n', GL_CONFIG_SIZE_MAX + 1);
	text[GL_CONFIG_SIZE_MAX + 1] = '\0';
	assert_int_equal(load(world, text), GL_BAD_CONFIG);
	assert_non_null(strstr(world->said, "c: is too large"));
	text[GL_CONFIG_SIZE_MAX] = '\0';
	assert_int_equal(load(world, text), GL_OK);
	free(text);
}

static void mistakes_without_end_are_cut(void **state)
{
	struct world *world = *state;
	char text[4096];
	int lines = 0;

	for (size_t i = 0; i < sizeof text - 1; i += 2)
		memcpy(text + i, "x\n", 2);
	text[sizeof text - 1] = '\0';
	assert_int_equal(load(world, text), GL_BAD_CONFIG);
	for (const char *at = world->said; *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 100);
	assert_non_null(strstr(world->said, "there are more mistakes than are shown\n"));
}

static void a_nul_is_a_mistake(void **state)
{
	static const char bytes[] = "delay = 5m\0\ntext = \"a\0b\"\n";
	struct world *world = *state;
	char path[512];

	tmpdir_write(world->dir, "nul", bytes, sizeof bytes - 1);
	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "nul"));
	assert_int_equal(
	    gl_config_load(&world->config, path, keep_mistake, world, NULL), GL_BAD_CONFIG);
	assert_string_equal(
	    world->said, "nul:1: a control character\nnul:2: a control character\n");
}

/* The very same file means the very same thing whatever the environment holds. */
static void the_environment_changes_nothing(void **state)
{
	static const char *const names[] = { "HOME", "GREYLIST", "delay", "LC_ALL", "LANGUAGE" };
	struct world *world = *state;
	char said[sizeof world->said];
	const char *text = "hostname = ${GREYLIST}\ntext = \"${GREYLIST:-x}\"\ndatabase = ~/x\n"
			   "database = $HOME delay = 5m # ${HOME} is fine here\nfoo = 1\n";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	assert_int_equal(load(world, text), GL_BAD_CONFIG);
	memcpy(said, world->said, sizeof said);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(setenv(names[i], "/tmp", 1), 0);
	assert_int_equal(load(world, text), GL_BAD_CONFIG);
	assert_string_equal(world->said, said);
	assert_int_equal(world->config.timing.delay, 300);
	assert_string_equal(world->config.hostname, "");
}

/* After a file that ends inside a string the next one has to begin outside of it. */
static void a_broken_file_does_not_harm_the_next(void **state)
{
	static const char *const broken[] = { "text = \"a", "text = 'a", "text = \"\\", "/* a",
		"relays = { \"a", "text = \"\\777\"", "relays = {" };
	struct world *world = *state;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		assert_int_equal(load(world, broken[i]), GL_BAD_CONFIG);
		assert_int_equal(load(world, "delay = 4m"), GL_OK);
		assert_int_equal(world->config.timing.delay, 240);
	}
}

static void a_stamp_tells_a_changed_file(void **state)
{
	struct world *world = *state;
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
	struct world *world = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char text[64];

		snprintf(text, sizeof text, "log_facility = %s", names[i]);
		if ((load(world, text) == GL_OK) != gl_log_facility_known(names[i]))
			fail_msg("%s", names[i]);
	}
}

static void options_are_listed(void **state)
{
	size_t count = 0;

	(void)state;
	while (gl_config_option(count) != NULL)
		count++;
	assert_int_equal(count, 26);
	assert_string_equal(gl_config_option(0), "database");
	assert_string_equal(gl_config_option(count - 1), "log_target");
	assert_null(gl_config_option(count + 1));
	assert_null(gl_config_option(SIZE_MAX));
}

static void clearing_twice_is_fine(void **state)
{
	struct world *world = *state;

	assert_int_equal(gl_config_defaults(&world->config), GL_OK);
	gl_config_clear(&world->config);
	gl_config_clear(&world->config);
	assert_null(world->config.database);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_defaults_are_the_promised_ones),
		CASE(empty_means_the_defaults),
		CASE(the_sample_means_the_defaults),
		CASE(the_shipped_file_is_the_sample),
		CASE(times_are_read),
		CASE(words_and_numbers_are_read),
		CASE(escapes_give_quotes_and_backslashes),
		CASE(a_list_replaces_the_default),
		CASE(plus_equal_adds_to_the_list),
		CASE(a_list_has_a_limit),
		CASE(a_wrong_option_keeps_its_default),
		CASE(a_missing_file_is_named),
		CASE(a_directory_is_no_configuration),
		CASE(a_huge_file_is_refused),
		CASE(mistakes_without_end_are_cut),
		CASE(a_nul_is_a_mistake),
		CASE(the_environment_changes_nothing),
		CASE(a_broken_file_does_not_harm_the_next),
		CASE(a_stamp_tells_a_changed_file),
		CASE(times_have_one_grammar),
		CASE(the_log_room_knows_the_same_facilities),
		CASE(options_are_listed),
		CASE(clearing_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
