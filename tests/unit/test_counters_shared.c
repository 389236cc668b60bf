/*
 * The counters under several processes at once: nothing is lost when
 * they add, when they make the file, when they repair it, and when a
 * day ends.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/counters.h"

#include "tmpdir.h"

enum { PROCESSES = 8, ADDS = 20000, TODAY = 20000, DAY = 86400, ROUNDS = 10, STEPS = 3000 };

static int set_up(void **state)
{
	*state = tmpdir_make();
	return 0;
}

static int tear_down(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

typedef int job(const char *directory);

/* A pipe that nobody writes to: all wait on it and start when its end is closed. */
static void start(pid_t *child, job *work, const char *directory, const int gate[2])
{
	char byte;

	*child = fork();
	assert_true(*child >= 0);
	if (*child != 0)
		return;
	alarm(60);
	close(gate[1]);
	_exit(read(gate[0], &byte, 1) == 0 ? work(directory) : 99);
}

/* Runs the job in all processes at once, `other` in one of them; every one has to return 0. */
static void run_all(job *work, job *other, const char *directory)
{
	pid_t children[PROCESSES];
	int gate[2];

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < PROCESSES; i++)
		start(&children[i], i == 0 ? other : work, directory, gate);
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < PROCESSES; i++) {
		int result = -1;

		assert_int_equal(waitpid(children[i], &result, 0), children[i]);
		assert_int_equal(result, 0);
	}
}

static int add_on(const char *directory, int64_t day, int adds)
{
	struct gl_counters *counters;

	if (gl_counters_open(&counters, directory) != GL_OK)
		return 1;
	for (int i = 0; i < adds; i++)
		gl_counters_add(counters, GL_ACTION_PASS, GL_REASON_FOUND, day * DAY);
	gl_counters_close(counters);
	return 0;
}

static int add_today(const char *directory)
{
	return add_on(directory, TODAY, ADDS);
}

static int add_tomorrow(const char *directory)
{
	return add_on(directory, TODAY + 1, ADDS);
}

static uint64_t sum(const struct gl_totals *totals)
{
	return totals->verdicts[GL_ACTION_PASS][GL_REASON_FOUND];
}

static uint64_t total(const char *directory)
{
	struct gl_counters *counters;
	struct gl_totals totals;

	assert_int_equal(gl_counters_open_readonly(&counters, directory), GL_OK);
	gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	return sum(&totals);
}

static void test_nothing_is_lost_when_all_add(void **state)
{
	run_all(add_today, add_today, *state);
	assert_int_equal(total(*state), PROCESSES * ADDS);
}

static int add_one(const char *directory)
{
	return add_on(directory, TODAY, 1);
}

static void test_nothing_is_lost_when_all_make_the_file(void **state)
{
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		run_all(add_one, add_one, *state);
		assert_int_equal(total(*state), PROCESSES);
		assert_int_equal(unlink(tmpdir_path(*state, "counters")), 0);
	}
}

static void test_nothing_is_lost_when_all_repair_the_file(void **state)
{
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		tmpdir_write(*state, "counters", "damaged", 7);
		run_all(add_one, add_one, *state);
		assert_int_equal(total(*state), PROCESSES);
	}
}

/* Waits for the snapshot; once it is there it must not change any more. */
static int watch(const char *directory)
{
	struct gl_counters *counters;
	struct gl_totals first;
	struct gl_totals again;
	struct gl_totals now;

	if (gl_counters_open_readonly(&counters, directory) != GL_OK)
		return 1;
	while (gl_counters_day(counters, TODAY, &first) != GL_OK)
		continue;
	do {
		if (gl_counters_day(counters, TODAY, &again) != GL_OK)
			return 2;
		if (memcmp(&first, &again, sizeof first) != 0)
			return 3;
		gl_counters_totals(counters, &now);
	} while (sum(&now) < (uint64_t)PROCESSES * ADDS + (PROCESSES - 1) * (uint64_t)ADDS);
	gl_counters_close(counters);
	return sum(&first) >= (uint64_t)PROCESSES * ADDS ? 0 : 4;
}

static void test_a_day_that_ends_under_load(void **state)
{
	struct gl_counters *counters;
	struct gl_totals snapshot;
	uint64_t before = (uint64_t)PROCESSES * ADDS;
	uint64_t after = before + (PROCESSES - 1) * (uint64_t)ADDS;

	run_all(add_today, add_today, *state);
	run_all(add_tomorrow, watch, *state);
	assert_int_equal(gl_counters_open(&counters, *state), GL_OK);
	assert_int_equal(gl_counters_day(counters, TODAY, &snapshot), GL_OK);
	assert_in_range(sum(&snapshot), before, after);
	assert_int_equal(gl_counters_day(counters, TODAY + 1, &snapshot), GL_NOT_FOUND);
	gl_counters_close(counters);
	assert_int_equal(total(*state), after);
}

/* Shared by all processes of a test: how many of them have come to the line, over all rounds. */
static atomic_uint *line;

static void wait_for_all(unsigned round)
{
	atomic_fetch_add(line, 1);
	while (atomic_load(line) < round * PROCESSES)
		sched_yield();
}

/* In step: all meet each minute at once, and whoever is told to warn counts it. */
static int warn(const char *directory)
{
	struct gl_counters *counters;
	int64_t now = TODAY * (int64_t)DAY;

	if (gl_counters_open(&counters, directory) != GL_OK)
		return 1;
	for (unsigned round = 1; round <= STEPS; round++) {
		wait_for_all(round);
		if (gl_counters_warning_due(counters, GL_FULL, now + (int64_t)round * GL_MINUTE))
			gl_counters_add(counters, GL_ACTION_PASS, GL_REASON_FOUND, now);
	}
	gl_counters_close(counters);
	return 0;
}

static void test_one_warning_a_minute_over_all_processes(void **state)
{
	atomic_store(line, 0);
	run_all(warn, warn, *state);
	assert_int_equal(total(*state), STEPS);
}

/* In step: all meet each midnight at once. The snapshot of the day before is written only once. */
static int turn(const char *directory)
{
	struct gl_counters *counters;
	struct gl_totals early;
	struct gl_totals late;
	int result = 0;

	if (gl_counters_open(&counters, directory) != GL_OK)
		return 1;
	for (unsigned round = 1; round <= STEPS; round++) {
		int64_t day = TODAY + round;

		wait_for_all(2 * round - 1);
		gl_counters_add(counters, GL_ACTION_PASS, GL_REASON_FOUND, day * DAY);
		bool there = gl_counters_day(counters, day - 1, &early) == GL_OK;

		wait_for_all(2 * round);
		if (round > 1 && gl_counters_day(counters, day - 1, &late) != GL_OK)
			result = 2;
		else if (there && memcmp(&early, &late, sizeof early) != 0)
			result = 3;
	}
	gl_counters_close(counters);
	return result;
}

static void test_one_snapshot_a_day_over_all_processes(void **state)
{
	atomic_store(line, 0);
	run_all(turn, turn, *state);
	assert_int_equal(total(*state), PROCESSES * STEPS);
}

static int map_line(void **state)
{
	void *at = mmap(
	    NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	line = at;
	return at == MAP_FAILED ? -1 : 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_lost_when_all_add),
		TEST(test_nothing_is_lost_when_all_make_the_file),
		TEST(test_nothing_is_lost_when_all_repair_the_file),
		TEST(test_a_day_that_ends_under_load),
		TEST(test_one_warning_a_minute_over_all_processes),
		TEST(test_one_snapshot_a_day_over_all_processes),
	};

	return cmocka_run_group_tests(tests, map_line, NULL);
}
