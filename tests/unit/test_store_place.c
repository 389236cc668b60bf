#include "greylist/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

static enum gl_status reopen(struct store_fixture *fixture, struct gl_complaint *why)
{
	struct gl_store_options options = store_fixture_options(fixture->database);
	gl_store_close(fixture->store);
	return gl_store_open(&fixture->store, &options, why);
}

static void the_directory_has_the_files_it_should(void **state)
{
	struct store_fixture *fixture = *state;
	struct stat info;
	char link[32];
	ssize_t len = readlink(tmpdir_path(fixture->database, "table"), link, sizeof link - 1);
	assert_int_equal(len, 7);
	assert_memory_equal(link, "table.1", 7);
	assert_int_equal(stat(tmpdir_path(fixture->database, "secret"), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(info.st_size, GL_SECRET_SIZE);
	assert_int_equal(stat(tmpdir_path(fixture->database, "table.1"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0750);
	assert_int_equal(stat(tmpdir_path(fixture->database, "gate"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(stat(tmpdir_path(fixture->database, "table.1/data.mdb"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(stat(tmpdir_path(fixture->database, "table.1/lock.mdb"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	/* No hole: on a full disk the first touch of one would be a SIGBUS. */
	assert_true((uint64_t)info.st_blocks * 512 >= (uint64_t)info.st_size);
}

static void many_first_openers_make_one_table(void **state)
{
	(void)state;
	enum { OPENERS = 20 };
	char *database = tmpdir_make();
	struct gl_store_options options = store_fixture_options(database);
	pid_t pids[OPENERS];
	for (int i = 0; i < OPENERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct gl_store *store;
			struct gl_complaint why;
			_exit(gl_store_open(&store, &options, &why) == GL_OK ? 0 : 1);
		}
	}
	for (int i = 0; i < OPENERS; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	struct stat info;
	assert_int_equal(stat(tmpdir_path(database, "table.1"), &info), 0);
	assert_int_equal(stat(tmpdir_path(database, "table.2"), &info), -1);
	tmpdir_remove(database);
}

static void another_secret_is_refused_by_name(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	tmpdir_write(fixture->database, "secret", "0123456789abcdef", GL_SECRET_SIZE);
	assert_int_equal(reopen(fixture, &why), GL_WRONG_SECRET);
	assert_non_null(strstr(why.text, "secret"));
}

static void a_missing_secret_is_not_made_anew(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	assert_int_equal(unlink(tmpdir_path(fixture->database, "secret")), 0);
	assert_int_equal(reopen(fixture, &why), GL_WRONG_SECRET);
	assert_non_null(strstr(why.text, "bring it back"));
}

static void a_file_that_is_no_table_is_corrupt(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	static const char junk[16384] = "junk";
	gl_store_close(fixture->store);
	fixture->store = NULL;
	tmpdir_write(fixture->database, "table.1/data.mdb", junk, sizeof junk);
	assert_int_equal(reopen(fixture, &why), GL_CORRUPT);
	assert_non_null(strstr(why.text, "table.1"));
}

static void a_link_to_elsewhere_is_corrupt(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	assert_int_equal(unlink(tmpdir_path(fixture->database, "table")), 0);
	assert_int_equal(symlink("/etc", tmpdir_path(fixture->database, "table")), 0);
	assert_int_equal(reopen(fixture, &why), GL_CORRUPT);
}

/* As a copy leaves it that followed the link. */
static void a_directory_in_place_of_the_link_is_named(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	assert_int_equal(unlink(tmpdir_path(fixture->database, "table")), 0);
	assert_int_equal(mkdir(tmpdir_path(fixture->database, "table"), 0750), 0);
	assert_int_equal(reopen(fixture, &why), GL_CORRUPT);
	assert_non_null(strstr(why.text, "/table: is no link"));
}

static void a_missing_directory_is_named(void **state)
{
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_options options = store_fixture_options("/nonexistent/greylist");
	(void)state;
	assert_int_equal(gl_store_open(&store, &options, &why), GL_NO_ACCESS);
	assert_null(store);
	assert_non_null(strstr(why.text, "/nonexistent/greylist"));
}

static void a_missing_table_is_not_made_without_leave(void **state)
{
	char *database = tmpdir_make();
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_options options = store_fixture_options(database);
	struct stat info;
	(void)state;
	options.create = false;
	assert_int_equal(gl_store_open(&store, &options, &why), GL_NOT_FOUND);
	assert_int_equal(stat(tmpdir_path(database, "secret"), &info), -1);
	tmpdir_remove(database);
}

static void a_replaced_table_is_noticed_before_a_write(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	assert_true(gl_store_current(fixture->store));
	assert_int_equal(unlink(tmpdir_path(fixture->database, "table")), 0);
	struct gl_store *other = store_fixture_open(fixture);
	assert_false(gl_store_current(fixture->store));
	store_fixture_triplet(other, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = &triplet.key,
		.record = { .first_seen = 1, .last_seen = 1 } };
	op.record.text = gl_triplet_text(&triplet);
	assert_int_equal(gl_store_apply(fixture->store, &op, 1, NULL), GL_REPLACED);
	assert_int_equal(gl_store_apply(other, &op, 1, NULL), GL_OK);
	gl_store_close(other);
}

static void somebody_elses_directory_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_complaint why;
	if (geteuid() != 0)
		fail_msg("this test gives a directory away and so has to run as root");
	assert_int_equal(chown(fixture->database, 65534, 65534), 0);
	assert_int_equal(reopen(fixture, &why), GL_NO_ACCESS);
	assert_non_null(strstr(why.text, "uid 65534"));
}

static void a_reader_killed_inside_is_reaped(void **state)
{
	struct store_fixture *fixture = *state;
	pid_t pid = fork();
	if (pid == 0) {
		struct gl_store *store = store_fixture_open(fixture);
		struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET, .key = gl_span_of("x") };
		/* Dies with its slot taken: no close, no exit handler. */
		_exit(gl_store_lookup(store, &lookup, 1) == GL_OK ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(gl_store_reap(fixture->store), 1);
	assert_int_equal(gl_store_reap(fixture->store), 0);
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(the_directory_has_the_files_it_should),
		cmocka_unit_test(many_first_openers_make_one_table),
		WITH_TABLE(another_secret_is_refused_by_name),
		WITH_TABLE(a_missing_secret_is_not_made_anew),
		WITH_TABLE(a_file_that_is_no_table_is_corrupt),
		WITH_TABLE(a_link_to_elsewhere_is_corrupt),
		WITH_TABLE(a_directory_in_place_of_the_link_is_named),
		cmocka_unit_test(a_missing_directory_is_named),
		cmocka_unit_test(a_missing_table_is_not_made_without_leave),
		WITH_TABLE(a_replaced_table_is_noticed_before_a_write),
		WITH_TABLE(somebody_elses_directory_is_refused),
		WITH_TABLE(a_reader_killed_inside_is_reaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
