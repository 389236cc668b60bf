#include "greylist/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

/* Each file of a table, and what a table's directory is made of. */
static const char *const parts[] = { "table.1", "table.1/data.mdb", "table.1/lock.mdb", "secret" };
enum { PARTS = sizeof parts / sizeof *parts };

static enum gl_status reopen(struct store_fixture *fixture, struct gl_complaint *why)
{
	struct gl_store_options options = store_fixture_options(fixture->database);
	gl_store_close(fixture->store);
	return gl_store_open(&fixture->store, &options, why);
}

static void expect_refused(struct store_fixture *fixture, const char *part, const char *because)
{
	struct gl_complaint why;
	struct gl_store_options options = store_fixture_options(fixture->database);
	for (int readonly = 0; readonly <= 1; readonly++) {
		options.readonly = readonly != 0;
		gl_store_close(fixture->store);
		assert_int_equal(gl_store_open(&fixture->store, &options, &why), GL_NO_ACCESS);
		assert_null(fixture->store);
		char wanted[512];
		snprintf(
		    wanted, sizeof wanted, "%s: %s", tmpdir_path(fixture->database, part), because);
		if (strncmp(why.text, wanted, strlen(wanted)) != 0)
			fail_msg("'%s', not '%s'", why.text, wanted);
	}
}

static void expect_taken(struct store_fixture *fixture)
{
	struct gl_complaint why;
	if (reopen(fixture, &why) != GL_OK)
		fail_msg("%s", why.text);
}

static void what_others_can_write_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	for (size_t i = 0; i < PARTS; i++) {
		static const mode_t bad[] = { 0020, 0002 };
		const char *path = tmpdir_path(fixture->database, parts[i]);
		struct stat info;
		assert_int_equal(stat(path, &info), 0);
		for (size_t k = 0; k < 2; k++) {
			path = tmpdir_path(fixture->database, parts[i]);
			assert_int_equal(chmod(path, (info.st_mode & 07777) | bad[k]), 0);
			expect_refused(fixture, parts[i], "others can write to it; chmod go-w");
		}
		path = tmpdir_path(fixture->database, parts[i]);
		assert_int_equal(chmod(path, info.st_mode & 07777), 0);
		expect_taken(fixture);
	}
}

/* As tables were made before: their group may read, nobody else write. */
static void what_others_can_read_is_taken(void **state)
{
	struct store_fixture *fixture = *state;
	for (size_t i = 1; i < PARTS; i++)
		assert_int_equal(chmod(tmpdir_path(fixture->database, parts[i]), 0640), 0);
	expect_taken(fixture);
}

static void a_symbolic_link_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	for (size_t i = 0; i < PARTS; i++) {
		char path[512], moved[520];
		snprintf(path, sizeof path, "%s/%s", fixture->database, parts[i]);
		snprintf(moved, sizeof moved, "%s.moved", path);
		assert_int_equal(rename(path, moved), 0);
		assert_int_equal(symlink(strrchr(moved, '/') + 1, path), 0);
		expect_refused(fixture, parts[i], "is a symbolic link; ");
		assert_int_equal(unlink(path), 0);
		assert_int_equal(rename(moved, path), 0);
		expect_taken(fixture);
	}
}

/* Only root can give a file away, or find one that was. */
static void what_belongs_to_another_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < PARTS; i++) {
		assert_int_equal(chown(tmpdir_path(fixture->database, parts[i]), 65534, 0), 0);
		expect_refused(fixture, parts[i], "belongs to another user; chown");
		assert_int_equal(chown(tmpdir_path(fixture->database, parts[i]), 0, 0), 0);
		expect_taken(fixture);
	}
}

static void a_directory_for_everybody_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	static const mode_t bad[] = { 0777, 01777, 0702 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(chmod(fixture->database, bad[i]), 0);
		assert_int_equal(reopen(fixture, &why), GL_NO_ACCESS);
		assert_non_null(strstr(why.text, "everybody on this machine can write to it"));
		assert_non_null(strstr(why.text, fixture->database));
	}
	assert_int_equal(chmod(fixture->database, 0755), 0);
	expect_taken(fixture);
}

/* In a directory that is refused nothing is made either. */
static void nothing_is_made_in_it(void **state)
{
	(void)state;
	char *database = tmpdir_make();
	struct gl_store_options options = store_fixture_options(database);
	struct gl_store *store;
	struct gl_complaint why;
	assert_int_equal(chmod(database, 0777), 0);
	assert_int_equal(gl_store_open(&store, &options, &why), GL_NO_ACCESS);
	assert_int_equal(access(tmpdir_path(database, "secret"), F_OK), -1);
	assert_int_equal(access(tmpdir_path(database, "gate"), F_OK), -1);
	tmpdir_remove(database);
}

static void a_gate_that_is_a_link_lets_no_writer_in(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	char elsewhere[512];
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", fixture->database);
	assert_int_equal(unlink(tmpdir_path(fixture->database, "gate")), 0);
	assert_int_equal(symlink("elsewhere", tmpdir_path(fixture->database, "gate")), 0);
	expect_taken(fixture);
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	struct gl_op op = {
		.kind = GL_OP_TRIPLET,
		.key = &triplet.key,
		.record = { .first_seen = 1000,
		    .last_seen = 1000,
		    .attempts = 1,
		    .text = gl_triplet_text(&triplet) },
	};
	assert_int_not_equal(gl_store_apply(fixture->store, &op, 1, NULL), GL_OK);
	assert_int_equal(access(elsewhere, F_OK), -1);
}

#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TABLE(what_others_can_write_is_refused),
		WITH_TABLE(what_others_can_read_is_taken),
		WITH_TABLE(a_symbolic_link_is_refused),
		WITH_TABLE(what_belongs_to_another_is_refused),
		WITH_TABLE(a_directory_for_everybody_is_refused),
		cmocka_unit_test(nothing_is_made_in_it),
		WITH_TABLE(a_gate_that_is_a_link_lets_no_writer_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
