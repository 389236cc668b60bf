#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_world.h"
#include "tmpdir.h"

static void a_list_has_a_limit(void **state)
{
	struct config_world *world = *state;
	char text[16384] = "relays = { ";
	size_t used = strlen(text);

	for (int i = 0; i <= GL_CONFIG_RELAYS_MAX; i++)
		used += (size_t)snprintf(
		    text + used, sizeof text - used, "192.0.%d.%d, ", i / 250, i % 250 + 1);
	snprintf(text + used, sizeof text - used, "}");
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	assert_non_null(strstr(world->said, "not 192.0.1.7: the list is full\n"));
	assert_int_equal(world->config.relays.count, 0);
}

/* An option that is wrong keeps its default, and the others count: the log must find its place. */
static void a_wrong_option_keeps_its_default(void **state)
{
	struct config_world *world = *state;

	assert_int_equal(
	    config_world_load(world, "log_target = none\nclient_lists = { /good, bad }\n"
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
	struct config_world *world = *state;
	struct gl_config_stamp stamp = { .inode = 1 };
	struct gl_config_stamp zero = { .inode = 0 };
	char path[512];

	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "missing"));
	assert_int_equal(
	    gl_config_load(&world->config, path, config_world_note, world, &stamp), GL_NO_ACCESS);
	assert_string_equal(world->said, "missing: cannot be read: No such file or directory\n");
	assert_true(gl_config_same(&stamp, &zero));
	assert_int_equal(world->config.timing.delay, 180);
}

static void a_directory_is_no_configuration(void **state)
{
	struct config_world *world = *state;

	assert_int_equal(gl_config_load(&world->config, world->dir, config_world_note, world, NULL),
	    GL_NO_ACCESS);
	assert_non_null(strstr(world->said, "cannot be read: Is a directory"));
}

static void a_huge_file_is_refused(void **state)
{
	struct config_world *world = *state;
	char *text = malloc(GL_CONFIG_SIZE_MAX + 2);

	assert_non_null(text);
	memset(text, '\n', GL_CONFIG_SIZE_MAX + 1);
	text[GL_CONFIG_SIZE_MAX + 1] = '\0';
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	assert_non_null(strstr(world->said, "c: is too large"));
	text[GL_CONFIG_SIZE_MAX] = '\0';
	assert_int_equal(config_world_load(world, text), GL_OK);
	free(text);
}

static void mistakes_without_end_are_cut(void **state)
{
	struct config_world *world = *state;
	char text[4096];
	int lines = 0;

	for (size_t i = 0; i < sizeof text - 1; i += 2)
		memcpy(text + i, "x\n", 2);
	text[sizeof text - 1] = '\0';
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	for (const char *at = world->said; *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 100);
	assert_non_null(strstr(world->said, "there are more mistakes than are shown\n"));
}

static void a_nul_is_a_mistake(void **state)
{
	static const char bytes[] = "delay = 5m\0\ntext = \"a\0b\"\n";
	struct config_world *world = *state;
	char path[512];

	tmpdir_write(world->dir, "nul", bytes, sizeof bytes - 1);
	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "nul"));
	assert_int_equal(
	    gl_config_load(&world->config, path, config_world_note, world, NULL), GL_BAD_CONFIG);
	assert_string_equal(
	    world->said, "nul:1: a control character\nnul:2: a control character\n");
}

/* The very same file means the very same thing whatever the environment holds. */
static void the_environment_changes_nothing(void **state)
{
	static const char *const names[] = { "HOME", "GREYLIST", "delay", "LC_ALL", "LANGUAGE" };
	struct config_world *world = *state;
	char said[sizeof world->said];
	const char *text = "hostname = ${GREYLIST}\ntext = \"${GREYLIST:-x}\"\ndatabase = ~/x\n"
			   "database = $HOME delay = 5m # ${HOME} is fine here\nfoo = 1\n";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	memcpy(said, world->said, sizeof said);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(setenv(names[i], "/tmp", 1), 0);
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	assert_string_equal(world->said, said);
	assert_int_equal(world->config.timing.delay, 300);
	assert_string_equal(world->config.hostname, "");
}

/* After a file that ends inside a string the next one has to begin outside of it. */
static void a_broken_file_does_not_harm_the_next(void **state)
{
	static const char *const broken[] = { "text = \"a", "text = 'a", "text = \"\\", "/* a",
		"relays = { \"a", "text = \"\\777\"", "relays = {" };
	struct config_world *world = *state;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		assert_int_equal(config_world_load(world, broken[i]), GL_BAD_CONFIG);
		assert_int_equal(config_world_load(world, "delay = 4m"), GL_OK);
		assert_int_equal(world->config.timing.delay, 240);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, config_world_enter, config_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(a_list_has_a_limit),
		CASE(a_wrong_option_keeps_its_default),
		CASE(a_missing_file_is_named),
		CASE(a_directory_is_no_configuration),
		CASE(a_huge_file_is_refused),
		CASE(mistakes_without_end_are_cut),
		CASE(a_nul_is_a_mistake),
		CASE(the_environment_changes_nothing),
		CASE(a_broken_file_does_not_harm_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
