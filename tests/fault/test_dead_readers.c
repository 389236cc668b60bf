/* A reader table full of dead processes' slots: whoever comes next clears it, at the open too. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "store_fixture.h"
#include "tmpdir.h"

/* Opens the table, takes every slot that is left, and dies without giving one back. */
static void fill_and_die(const char *table)
{
	MDB_env *env;
	MDB_txn *reader;
	int code = mdb_env_create(&env);
	if (code == MDB_SUCCESS)
		code = mdb_env_open(env, table, MDB_NOTLS, 0640);
	while (code == MDB_SUCCESS)
		code = mdb_txn_begin(env, NULL, MDB_RDONLY, &reader);
	kill(getpid(), code == MDB_READERS_FULL ? SIGKILL : SIGTERM);
}

static void fill_reader_table(const struct store_fixture *fixture)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		fill_and_die(tmpdir_path(fixture->database, "table.1"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* The last one to close a table empties its reader table: here somebody keeps it open. */
static pid_t keep_open(const struct store_fixture *fixture, int *leash)
{
	int ends[2], ready[2];
	char byte = 0;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		struct gl_store *store = store_fixture_open(fixture);
		if (write(ready[1], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0)
			gl_store_close(store);
		_exit(0);
	}
	close(ends[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*leash = ends[1];
	return pid;
}

static void an_opener_clears_dead_readers(void **state)
{
	struct store_fixture *fixture = *state;
	int leash;
	gl_store_close(fixture->store);
	fixture->store = NULL;
	pid_t keeper = keep_open(fixture, &leash);
	fill_reader_table(fixture);
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_complaint why;
	if (gl_store_open(&fixture->store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	close(leash);
	assert_int_equal(waitpid(keeper, NULL, 0), keeper);
}

static void a_look_up_clears_dead_readers(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_lookup lookup = { .table = GL_TABLE_CLIENT, .key = gl_span_of("x") };
	fill_reader_table(fixture);
	assert_int_equal(gl_store_lookup(fixture->store, &lookup, 1), GL_OK);
}

enum {
	DEAD = 500,
	WRITES = 3000,
	GROWTH =
	    12 << 20 /* what 256 writes may take before the dead are looked for, and not 3000 */
};

/* Begins to read the newest state, and dies of it. */
static void read_and_die(const char *table)
{
	MDB_env *env;
	MDB_txn *reader;
	int code = mdb_env_create(&env);
	if (code == MDB_SUCCESS)
		code = mdb_env_open(env, table, MDB_NOTLS, 0640);
	if (code == MDB_SUCCESS)
		code = mdb_txn_begin(env, NULL, MDB_RDONLY, &reader);
	kill(getpid(), code == MDB_SUCCESS ? SIGKILL : SIGTERM);
}

static void lose_a_reader(const struct store_fixture *fixture)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		read_and_die(tmpdir_path(fixture->database, "table.1"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void write_once(struct store_fixture *fixture, int64_t time)
{
	static struct gl_triplet triplet;
	struct gl_record record = { .first_seen = 1, .last_seen = time, .attempts = 1 };
	store_fixture_triplet(
	    fixture->store, &triplet, "192.0.2.0/24", "s@example.com", "r@example.org");
	store_fixture_remember(fixture->store, &triplet, record, 1);
}

/* Syncing thousands of writes is not what is tried here. */
static void open_unsynced(struct store_fixture *fixture)
{
	struct gl_complaint why;
	struct gl_store_options options = store_fixture_options(fixture->database);
	gl_store_close(fixture->store);
	options.sync_meta = options.sync_data = false;
	if (gl_store_open(&fixture->store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
}

/* The newest snapshot of each keeps what was freed later from being used again. */
static void hundreds_of_dead_readers_pin_no_pages(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_store_figures before, after;
	open_unsynced(fixture);
	write_once(fixture, 1);
	for (int i = 0; i < DEAD; i++) {
		lose_a_reader(fixture);
		if (i % 50 == 0)
			write_once(fixture, i + 2);
	}
	assert_int_equal(gl_store_measure(fixture->store, &before), GL_OK);
	assert_true(before.readers_used >= DEAD);
	for (int i = 0; i < WRITES; i++)
		write_once(fixture, DEAD + i + 2);
	assert_int_equal(gl_store_measure(fixture->store, &after), GL_OK);
	assert_in_range(after.bytes, before.bytes, before.bytes + GROWTH);
	assert_int_equal(gl_store_reap(fixture->store), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    an_opener_clears_dead_readers, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_look_up_clears_dead_readers, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(hundreds_of_dead_readers_pin_no_pages,
		    store_fixture_setup, store_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
