#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "config_world.h"

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
	assert_strings(&a->suffix_lists, &b->suffix_lists);
	assert_strings(&a->relays, &b->relays);
	assert_strings(&a->never_auto_whitelist, &b->never_auto_whitelist);
}

static void assert_same(const struct gl_config *a, const struct gl_config *b)
{
	assert_same_text(a, b);
	assert_memory_equal(&a->timing, &b->timing, sizeof a->timing);
	assert_int_equal(a->ipv4_prefix, b->ipv4_prefix);
	assert_int_equal(a->ipv6_prefix, b->ipv6_prefix);
	assert_int_equal(a->auto_whitelist, b->auto_whitelist);
	assert_int_equal(a->auto_whitelist_per, b->auto_whitelist_per);
	assert_int_equal(a->privacy, b->privacy);
	assert_int_equal(a->postgrey_hashes, b->postgrey_hashes);
	assert_int_equal(a->sandbox, b->sandbox);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->on_error, b->on_error);
	assert_int_equal(a->request_timeout, b->request_timeout);
	assert_int_equal(a->idle_timeout, b->idle_timeout);
	assert_int_equal(a->requests_per_connection, b->requests_per_connection);
	assert_int_equal(a->sync, b->sync);
	assert_int_equal(a->map_limit, b->map_limit);
	assert_int_equal(a->max_entries, b->max_entries);
	assert_int_equal(a->max_pending_per_client, b->max_pending_per_client);
	assert_int_equal(a->recipient_delimiter, b->recipient_delimiter);
}

/* The numbers that users, scripts and the documentation rely on, written out once more. */
static void the_defaults_are_the_promised_ones(void **state)
{
	struct config_world *world = *state;
	struct gl_config *config = &world->config;

	assert_int_equal(gl_config_defaults(config), GL_OK);
	assert_string_equal(config->database, "/var/lib/greylist");
	assert_int_equal(config->timing.delay, 180);
	assert_int_equal(config->timing.retry_window, 2 * 86400);
	assert_int_equal(config->timing.max_age, 35 * 86400);
	assert_int_equal(config->ipv4_prefix, 24);
	assert_int_equal(config->ipv6_prefix, 64);
	assert_int_equal(config->auto_whitelist, 2);
	assert_int_equal(config->auto_whitelist_per, GL_PER_ADDRESS);
	assert_false(config->privacy);
	assert_true(config->sandbox);
	assert_int_equal(config->mode, GL_MODE_ON);
	assert_int_equal(config->on_error, GL_ON_ERROR_PASS);
	assert_int_equal(config->request_timeout, 5);
	assert_int_equal(config->idle_timeout, 1200);
	assert_int_equal(config->requests_per_connection, 0);
	assert_int_equal(config->sync, GL_SYNC_FULL);
	assert_int_equal(config->map_limit, UINT64_C(2) << 30);
	assert_int_equal(config->max_entries, 1000000);
	assert_int_equal(config->max_pending_per_client, 1000);
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
	assert_int_equal(config->suffix_lists.count, 3);
	assert_string_equal(
	    config->suffix_lists.at[0], "/usr/share/publicsuffix/public_suffix_list.dat");
	assert_string_equal(config->suffix_lists.at[1], "/etc/greylist/suffixes");
	assert_string_equal(config->suffix_lists.at[2], "/etc/greylist/suffixes.local");
	assert_int_equal(config->relays.count, 0);
	assert_int_equal(config->never_auto_whitelist.count, 0);
	assert_string_equal(config->log_ident, "greylist-policy");
	assert_string_equal(config->log_facility, "mail");
	assert_string_equal(config->log_target, "syslog");
}

static void empty_means_the_defaults(void **state)
{
	static const char *const empty[] = { "", "\n", "# only\n// comments\n/* are\nhere */\n",
		" \t\r\n", "#" };
	struct config_world *world = *state;
	struct gl_config defaults;

	assert_int_equal(gl_config_defaults(&defaults), GL_OK);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		assert_int_equal(config_world_load(world, empty[i]), GL_OK);
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
	struct config_world *world = *state;
	struct gl_config defaults;
	char text[16384] = "";

	print_defaults(text, sizeof text);
	assert_int_equal(gl_config_defaults(&defaults), GL_OK);
	assert_int_equal(config_world_load(world, text), GL_OK);
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

static void options_are_listed(void **state)
{
	size_t count = 0;

	(void)state;
	while (gl_config_option(count) != NULL)
		count++;
	assert_true(count > 20);
	assert_string_equal(gl_config_option(0), "database");
	assert_string_equal(gl_config_option(count - 1), "log_target");
	assert_null(gl_config_option(count + 1));
	assert_null(gl_config_option(SIZE_MAX));
}

static void clearing_twice_is_fine(void **state)
{
	struct config_world *world = *state;

	assert_int_equal(gl_config_defaults(&world->config), GL_OK);
	gl_config_clear(&world->config);
	gl_config_clear(&world->config);
	assert_null(world->config.database);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, config_world_enter, config_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(the_defaults_are_the_promised_ones),
		CASE(empty_means_the_defaults),
		CASE(the_sample_means_the_defaults),
		CASE(the_shipped_file_is_the_sample),
		CASE(options_are_listed),
		CASE(clearing_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
