#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/counters.h"

#include "tmpdir.h"

enum { DAY = 86400, NOON = 43200, FIRST = 20000 }; /* FIRST: some day, as days since the epoch */

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

static struct gl_counters *opened(const char *directory)
{
	struct gl_counters *counters;

	assert_int_equal(gl_counters_open(&counters, directory), GL_OK);
	assert_non_null(counters);
	return counters;
}

static void count(struct gl_counters *counters, int64_t now)
{
	gl_counters_add(counters, GL_ACTION_GREYLIST, GL_REASON_NEW, now);
}

static uint64_t counted(const struct gl_counters *counters)
{
	struct gl_totals totals;

	gl_counters_totals(counters, &totals);
	return totals.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW];
}

/* What the snapshot of a day holds; -1 where there is none. */
static int64_t on_day(const struct gl_counters *counters, int64_t day)
{
	struct gl_totals totals;

	if (gl_counters_day(counters, day, &totals) != GL_OK)
		return -1;
	assert_int_equal(totals.day, day);
	return (int64_t)totals.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW];
}

static void test_every_verdict_has_its_own_place(void **state)
{
	struct gl_counters *counters = opened(*state);
	struct gl_totals totals;

	for (int action = 0; action < GL_ACTIONS; action++)
		for (int reason = 0; reason < GL_REASONS; reason++)
			for (int n = 0; n < action * 20 + reason; n++)
				gl_counters_add(
				    counters, (enum gl_action)action, (enum gl_reason)reason, NOON);
	gl_counters_totals(counters, &totals);
	assert_int_equal(totals.day, 0);
	for (unsigned action = 0; action < GL_ACTIONS; action++)
		for (unsigned reason = 0; reason < GL_REASONS; reason++)
			assert_int_equal(totals.verdicts[action][reason], action * 20 + reason);
	gl_counters_close(counters);
}

static void test_counts_outlive_the_process(void **state)
{
	struct gl_counters *counters = opened(*state);
	uint8_t hand[GL_HAND_MAX];
	uint8_t back[GL_HAND_MAX];

	memset(hand, 0, sizeof hand);
	gl_counters_hand_get(counters, back);
	assert_memory_equal(back, hand, sizeof hand);
	for (size_t i = 0; i < sizeof hand; i++)
		hand[i] = (uint8_t)(i * 7 + 1);
	gl_counters_hand_set(counters, hand);
	count(counters, NOON);
	gl_counters_close(counters);
	counters = opened(*state);
	assert_int_equal(counted(counters), 1);
	gl_counters_hand_get(counters, back);
	assert_memory_equal(back, hand, sizeof hand);
	gl_counters_close(counters);
}

static void test_without_counters(void **state)
{
	uint8_t hand[GL_HAND_MAX] = { 1 };
	struct gl_totals totals;

	(void)state;
	count(NULL, NOON);
	assert_int_equal(counted(NULL), 0);
	assert_int_equal(gl_counters_day(NULL, FIRST, &totals), GL_NOT_FOUND);
	assert_true(gl_counters_warning_due(NULL, GL_FULL, NOON));
	assert_true(gl_counters_warning_due(NULL, GL_FULL, NOON));
	gl_counters_hand_set(NULL, hand);
	gl_counters_hand_get(NULL, hand);
	assert_int_equal(hand[0], 0);
	gl_counters_close(NULL);
}

static void test_a_day_is_kept_when_the_next_one_begins(void **state)
{
	struct gl_counters *counters = opened(*state);

	count(counters, (int64_t)FIRST * DAY);
	count(counters, (int64_t)FIRST * DAY + DAY - 1);
	assert_int_equal(on_day(counters, FIRST), -1);
	count(counters, (int64_t)(FIRST + 1) * DAY);
	assert_int_equal(on_day(counters, FIRST), 2);
	assert_int_equal(on_day(counters, FIRST + 1), -1);
	count(counters, (int64_t)(FIRST + 5) * DAY);
	assert_int_equal(on_day(counters, FIRST + 1), 3);
	assert_int_equal(on_day(counters, FIRST + 2), -1);
	assert_int_equal(on_day(counters, FIRST), 2);
	assert_int_equal(counted(counters), 4);
	gl_counters_close(counters);
}

static void test_the_ring_keeps_as_many_days_as_it_says(void **state)
{
	struct gl_counters *counters = opened(*state);

	for (int64_t day = FIRST; day <= FIRST + GL_COUNTERS_DAYS; day++)
		count(counters, day * DAY);
	assert_int_equal(on_day(counters, FIRST), 1);
	assert_int_equal(on_day(counters, FIRST + GL_COUNTERS_DAYS - 1), GL_COUNTERS_DAYS);
	count(counters, (int64_t)(FIRST + GL_COUNTERS_DAYS + 1) * DAY);
	assert_int_equal(on_day(counters, FIRST), -1);
	assert_int_equal(on_day(counters, FIRST + 1), 2);
	gl_counters_close(counters);
}

static void test_a_clock_that_lags_behind_midnight(void **state)
{
	struct gl_counters *counters = opened(*state);

	count(counters, (int64_t)FIRST * DAY);
	count(counters, (int64_t)(FIRST + 1) * DAY);
	count(counters, (int64_t)(FIRST + 1) * DAY - 1);
	assert_int_equal(on_day(counters, FIRST), 1);
	assert_int_equal(on_day(counters, FIRST + 1), -1);
	assert_int_equal(counted(counters), 3);
	gl_counters_close(counters);
}

static void test_a_clock_that_was_far_ahead_does_not_end_the_days(void **state)
{
	struct gl_counters *counters = opened(*state);

	count(counters, (int64_t)FIRST * DAY);
	count(counters, (int64_t)FIRST * 3 * DAY);
	count(counters, (int64_t)(FIRST + 1) * DAY);
	count(counters, (int64_t)(FIRST + 2) * DAY);
	assert_int_equal(on_day(counters, FIRST), 1);
	assert_int_equal(on_day(counters, FIRST * 3), -1);
	assert_int_equal(on_day(counters, FIRST + 1), 3);
	count(counters, -1);
	count(counters, 0);
	assert_int_equal(counted(counters), 6);
	gl_counters_close(counters);
}

static void test_a_warning_a_minute(void **state)
{
	struct gl_counters *counters = opened(*state);
	struct gl_counters *other = opened(*state);
	int64_t now = (int64_t)FIRST * DAY;

	assert_true(gl_counters_warning_due(counters, GL_FULL, now));
	assert_false(gl_counters_warning_due(other, GL_FULL, now));
	assert_false(gl_counters_warning_due(counters, GL_FULL, now + GL_MINUTE - 1));
	assert_false(gl_counters_warning_due(counters, GL_FULL, now - GL_MINUTE + 1));
	assert_true(gl_counters_warning_due(other, GL_FULL, now + GL_MINUTE));
	assert_false(gl_counters_warning_due(counters, GL_FULL, now + GL_MINUTE));
	/* the clock is put back by a year: one warning now, the next one in a minute */
	now -= (int64_t)365 * DAY;
	assert_true(gl_counters_warning_due(counters, GL_FULL, now));
	assert_false(gl_counters_warning_due(counters, GL_FULL, now + 1));
	assert_true(gl_counters_warning_due(counters, GL_FULL, now + GL_MINUTE));
	/* another cause is news at once */
	assert_true(gl_counters_warning_due(counters, GL_CORRUPT, now + GL_MINUTE));
	assert_false(gl_counters_warning_due(other, GL_CORRUPT, now + GL_MINUTE));
	gl_counters_close(counters);
	gl_counters_close(other);
}

static void test_how_long_first_passes_waited(void **state)
{
	struct gl_counters *counters = opened(*state);
	struct gl_totals totals;
	uint64_t waited = 0;

	for (size_t i = 0; i < GL_WAITS - 1; i++) {
		gl_counters_first_pass(counters, gl_wait_bounds[i]);
		gl_counters_first_pass(counters, gl_wait_bounds[i] + 1);
		waited += 2 * (uint64_t)gl_wait_bounds[i] + 1;
	}
	gl_counters_first_pass(counters, 0);
	gl_counters_first_pass(counters, -1);
	gl_counters_first_pass(NULL, 1);
	gl_counters_totals(counters, &totals);
	for (size_t i = 0; i < GL_WAITS; i++)
		assert_int_equal(totals.waits[i], i == GL_WAITS - 1 ? 1 : 2);
	assert_int_equal(totals.first_passes, 2 * GL_WAITS - 1);
	assert_int_equal(totals.waited, waited);
	gl_counters_close(counters);
}

static void test_who_had_to_go(void **state)
{
	struct gl_counters *counters = opened(*state);
	struct gl_totals totals;

	count(counters, (int64_t)FIRST * DAY);
	gl_counters_gone(counters, 3, 0);
	count(counters, (int64_t)(FIRST + 1) * DAY);
	gl_counters_gone(counters, 1, 5);
	gl_counters_gone(counters, 0, 0);
	gl_counters_gone(NULL, 1, 1);
	gl_counters_totals(counters, &totals);
	assert_int_equal(totals.displaced, 4);
	assert_int_equal(totals.evicted, 5);
	assert_int_equal(gl_counters_of_day(counters, FIRST, &totals), GL_OK);
	assert_int_equal(totals.displaced, 3);
	assert_int_equal(totals.evicted, 0);
	assert_int_equal(gl_counters_of_day(counters, FIRST + 1, &totals), GL_OK);
	assert_int_equal(totals.displaced, 1);
	assert_int_equal(totals.evicted, 5);
	gl_counters_close(counters);
}

static struct gl_totals of_day(const struct gl_counters *counters, int64_t day)
{
	struct gl_totals totals;

	assert_int_equal(gl_counters_of_day(counters, day, &totals), GL_OK);
	return totals;
}

static void assert_nothing_of_day(const struct gl_counters *counters, int64_t day)
{
	struct gl_totals totals;
	struct gl_totals nothing;

	memset(&nothing, 0, sizeof nothing);
	assert_int_equal(gl_counters_of_day(counters, day, &totals), GL_NOT_FOUND);
	assert_memory_equal(&totals, &nothing, sizeof totals);
}

static void test_a_day_alone(void **state)
{
	struct gl_counters *counters = opened(*state);

	assert_nothing_of_day(counters, 0);
	for (int64_t day = FIRST; day < FIRST + 3; day++) {
		for (int64_t n = 0; n <= day - FIRST; n++) {
			count(counters, day * DAY);
			gl_counters_first_pass(counters, 300 + n);
		}
		assert_int_equal(of_day(counters, day).first_passes, day - FIRST + 1);
	}
	for (int64_t day = FIRST; day < FIRST + 3; day++) {
		struct gl_totals totals = of_day(counters, day);
		uint64_t n = (uint64_t)(day - FIRST);

		assert_int_equal(
		    totals.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW], day - FIRST + 1);
		assert_int_equal(totals.first_passes, n + 1);
		assert_int_equal(totals.waits[2], 1);
		assert_int_equal(totals.waits[3], n);
		assert_int_equal(totals.waited, 300 * (n + 1) + n * (n + 1) / 2);
	}
	assert_nothing_of_day(counters, FIRST - 1);
	assert_nothing_of_day(counters, FIRST + 3);
	assert_nothing_of_day(NULL, FIRST);
	gl_counters_close(counters);
}

/* Days without a request have no snapshot, and the next day still counts its own only. */
static void test_a_day_alone_behind_quiet_ones(void **state)
{
	struct gl_counters *counters = opened(*state);

	count(counters, (int64_t)FIRST * DAY);
	count(counters, (int64_t)(FIRST + 200) * DAY);
	count(counters, (int64_t)(FIRST + 200) * DAY);
	assert_int_equal(of_day(counters, FIRST + 200).verdicts[1][GL_REASON_NEW], 2);
	assert_nothing_of_day(counters, FIRST + 199);
	/* in the place of FIRST's snapshot there is another one now: nobody knows where that began
	 */
	count(counters, (int64_t)(FIRST + 256) * DAY);
	count(counters, (int64_t)(FIRST + 257) * DAY);
	assert_nothing_of_day(counters, FIRST + 200);
	assert_int_equal(of_day(counters, FIRST + 256).verdicts[1][GL_REASON_NEW], 1);
	assert_int_equal(of_day(counters, FIRST + 257).verdicts[1][GL_REASON_NEW], 1);
	gl_counters_close(counters);
}

/* A clock that went back by days: no day is ever below zero. */
static void test_a_day_alone_while_the_clock_moves(void **state)
{
	struct gl_counters *counters = opened(*state);

	for (int64_t day = FIRST; day < FIRST + 5; day++)
		count(counters, day * DAY);
	for (int64_t day = FIRST + 1; day < FIRST + 5; day++)
		count(counters, day * DAY);
	for (int64_t day = FIRST; day < FIRST + 5; day++) {
		struct gl_totals totals;

		if (gl_counters_of_day(counters, day, &totals) == GL_OK)
			assert_in_range(totals.verdicts[1][GL_REASON_NEW], 0, 2);
	}
	assert_int_equal(of_day(counters, FIRST + 4).verdicts[1][GL_REASON_NEW], 1);
	gl_counters_close(counters);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_verdict_has_its_own_place),
		TEST(test_counts_outlive_the_process),
		TEST(test_without_counters),
		TEST(test_a_day_is_kept_when_the_next_one_begins),
		TEST(test_the_ring_keeps_as_many_days_as_it_says),
		TEST(test_a_clock_that_lags_behind_midnight),
		TEST(test_a_clock_that_was_far_ahead_does_not_end_the_days),
		TEST(test_a_warning_a_minute),
		TEST(test_how_long_first_passes_waited),
		TEST(test_who_had_to_go),
		TEST(test_a_day_alone),
		TEST(test_a_day_alone_behind_quiet_ones),
		TEST(test_a_day_alone_while_the_clock_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
