/* Another table takes the open one's place while a command is at work. */
#include "command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

enum { NOW = 1767225600, TRIPLETS = 300 /* more than one slice, and than one batch */ };

struct scene {
	struct store_fixture *fixture;
	char *config;
	struct gl_admin admin;
	char *said;
	size_t said_len;
};

static void fill(struct gl_store *store, int64_t first_seen)
{
	static struct gl_triplet triplet;
	for (unsigned i = 0; i < TRIPLETS; i++) {
		char client[32];
		snprintf(client, sizeof client, "10.0.%u.0/24", i % 256);
		char sender[32];
		snprintf(sender, sizeof sender, "s%c%c@example.org", 'a' + (char)(i / 26 % 26),
		    'a' + (char)(i % 26));
		store_fixture_triplet(store, &triplet, client, sender, "r@example.com");
		struct gl_record record = {
			.first_seen = first_seen, .last_seen = first_seen, .attempts = 1
		};
		store_fixture_remember(store, &triplet, record, 0);
	}
}

/* The table is open when the command starts, and under another name a moment later. */
static void begin(struct scene *scene, void **state, int64_t first_seen)
{
	char text[1024];
	*scene = (struct scene){ .fixture = *state };
	const char *database = scene->fixture->database;
	fill(scene->fixture->store, first_seen);
	gl_store_close(scene->fixture->store);
	scene->fixture->store = NULL;
	int len = snprintf(text, sizeof text,
	    "database = \"%s\"\nlog_target = \"none\"\n"
	    "client_lists = {}\nrecipient_lists = {}\nsender_lists = {}\n"
	    "suffix_lists = {}\n",
	    database);
	tmpdir_write(database, "greylist.conf", text, (size_t)len);
	scene->config = strdup(tmpdir_path(database, "greylist.conf"));
	struct gl_admin *admin = &scene->admin;
	admin->now = NOW;
	admin->out = open_memstream(&scene->said, &scene->said_len);
	admin->err = stderr;
	gl_world_init(&admin->world, scene->config, GL_ACCESS_WRITE);
	assert_int_equal(gl_world_configure(&admin->world), GL_OK);
	assert_int_equal(gl_world_open(&admin->world), GL_OK);

	char *old = strdup(tmpdir_path(database, "table.1"));
	assert_int_equal(rename(old, tmpdir_path(database, "table.2")), 0);
	free(old);
	assert_int_equal(unlink(tmpdir_path(database, "table")), 0);
	assert_int_equal(symlink("table.2", tmpdir_path(database, "table")), 0);
}

static void end(struct scene *scene, const char *said)
{
	struct gl_store_figures figures;
	fclose(scene->admin.out);
	assert_string_equal(scene->said, said);
	assert_int_equal(gl_store_measure(scene->admin.world.store, &figures), GL_OK);
	assert_string_equal(figures.table, "table.2");
	assert_int_equal(figures.triplets, 0);
	gl_world_clear(&scene->admin.world);
	free(scene->said);
	free(scene->config);
}

static void a_deletion_goes_on_in_the_new_table(void **state)
{
	struct scene scene;
	begin(&scene, state, NOW);
	scene.admin.client = "10.0.0.0/8";
	char *none[] = { NULL };
	assert_int_equal(gl_command_delete.run(&scene.admin, 0, none), GL_EXIT_OK);
	end(&scene, "300 triplets and 0 clients deleted\n");
}

static void a_purge_goes_on_in_the_new_table(void **state)
{
	struct scene scene;
	begin(&scene, state, NOW - 90 * 86400);
	char *none[] = { NULL };
	assert_int_equal(gl_command_purge.run(&scene.admin, 0, none), GL_EXIT_OK);
	end(&scene, "300 expired entries deleted\n");
}

static void a_table_replaced_for_ever_is_given_up(void **state)
{
	(void)state;
	struct gl_admin admin = { .reopened = 100 };
	assert_false(gl_admin_again(&admin, GL_REPLACED));
	assert_false(gl_admin_again(&admin, GL_OK));
	assert_false(gl_admin_again(&admin, GL_FAILED));
}

static void every_status_has_an_exit_code(void **state)
{
	static const enum gl_exit codes[] = { [GL_OK] = GL_EXIT_OK,
		[GL_NOT_FOUND] = GL_EXIT_NOTHING,
		[GL_MORE] = GL_EXIT_INPUT,
		[GL_MALFORMED] = GL_EXIT_INPUT,
		[GL_TOO_LONG] = GL_EXIT_INPUT,
		[GL_BAD_CONFIG] = GL_EXIT_CONFIG,
		[GL_NO_ACCESS] = GL_EXIT_PERMISSION,
		[GL_FULL] = GL_EXIT_LATER,
		[GL_REPLACED] = GL_EXIT_LATER,
		[GL_CORRUPT] = GL_EXIT_IO,
		[GL_VERSION] = GL_EXIT_CONFIG,
		[GL_WRONG_SECRET] = GL_EXIT_CONFIG,
		[GL_UNSUPPORTED] = GL_EXIT_CONFIG,
		[GL_FAILED] = GL_EXIT_IO };
	(void)state;
	for (enum gl_status status = GL_OK; status <= GL_FAILED; status++)
		assert_int_equal(gl_exit_of(status), codes[status]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_deletion_goes_on_in_the_new_table,
		    store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_purge_goes_on_in_the_new_table, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test(a_table_replaced_for_ever_is_given_up),
		cmocka_unit_test(every_status_has_an_exit_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
