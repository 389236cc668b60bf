/*
 * A writer that is killed between being woken and taking LMDB's mutex.
 *
 * LMDB's mutex is a robust futex, and its owner's death wakes the next.
 * But one who was woken and dies before he could say that others wait
 * too takes the call with him: where somebody else got the mutex
 * meanwhile, nobody is told when it is free again, and the others sleep
 * for ever. Writers wait in a queue of the kernel's, so one at the most
 * waits for the mutex.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "store_fixture.h"
#include "tmpdir.h"

enum { ROUNDS = 10, PATIENCE = 30 /* seconds until a waiter counts as forgotten */ };

static void pause_for(int milliseconds)
{
	struct timespec pause = { .tv_nsec = milliseconds * 1000000L };
	nanosleep(&pause, NULL);
}

static char state_of(pid_t pid)
{
	char name[64], state = '?';
	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(name, "r");
	if (file == NULL)
		return state;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = '?';
	fclose(file);
	return state;
}

/* Tells that it is about to write, and writes; ends itself where it waits too long. */
static void write_one(const struct store_fixture *fixture, int tell, const char *sender)
{
	struct gl_store *store = store_fixture_open(fixture);
	struct gl_triplet triplet;
	store_fixture_triplet(store, &triplet, "192.0.2.0/24", sender, "r@example.org");
	alarm(PATIENCE);
	if (write(tell, "", 1) == 1)
		store_fixture_remember(store, &triplet, (struct gl_record){ .first_seen = 1 }, 1);
	gl_store_close(store);
}

/* A process that waits for the mutex when this returns. */
static pid_t start_waiter(const struct store_fixture *fixture, const char *sender)
{
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		write_one(fixture, ends[1], sender);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	for (int quiet = 0; quiet < 20; quiet++) {
		pause_for(1);
		if (state_of(pid) != 'S')
			quiet = 0;
	}
	return pid;
}

/* What is woken on our processor does not run before we sleep. */
static void let_us_go_first(pid_t pid)
{
	cpu_set_t one;
	struct sched_param idle = { .sched_priority = 0 };
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(sched_setaffinity(pid, sizeof one, &one), 0);
	assert_int_equal(sched_setscheduler(pid, SCHED_IDLE, &idle), 0);
}

static void kill_a_woken_waiter(const struct store_fixture *fixture, MDB_env *env)
{
	MDB_txn *txn;
	cpu_set_t all;
	int status;
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), MDB_SUCCESS);
	pid_t first = start_waiter(fixture, "first@example.com");
	pid_t second = start_waiter(fixture, "second@example.com");
	let_us_go_first(first);
	mdb_txn_abort(txn);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), MDB_SUCCESS);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
	mdb_txn_abort(txn);
	assert_int_equal(waitpid(second, &status, 0), second);
	assert_int_equal(status, 0);
}

static void a_woken_waiter_that_dies_takes_nobody_along(void **state)
{
	struct store_fixture *fixture = *state;
	MDB_env *env;
	gl_store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(mdb_env_create(&env), MDB_SUCCESS);
	assert_int_equal(
	    mdb_env_open(env, tmpdir_path(fixture->database, "table.1"), 0, 0640), MDB_SUCCESS);
	for (int round = 0; round < ROUNDS; round++)
		kill_a_woken_waiter(fixture, env);
	mdb_env_close(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_woken_waiter_that_dies_takes_nobody_along,
		    store_fixture_setup, store_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
