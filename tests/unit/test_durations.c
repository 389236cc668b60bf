#include "durations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/record.h"

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct gl_durations));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void none_have_no_middle(void **state)
{
	assert_int_equal(gl_durations_within(*state, 50), -1);
	assert_int_equal(gl_durations_within(*state, 100), -1);
}

static void one_is_all_of_them(void **state)
{
	gl_durations_add(*state, 300);
	assert_int_equal(gl_durations_within(*state, 1), 300);
	assert_int_equal(gl_durations_within(*state, 50), 300);
	assert_int_equal(gl_durations_within(*state, 100), 300);
}

/* The nearest rank: of 1 to n, p percent is the one at the rank n * p / 100, rounded up. */
static void short_ones_are_exact(void **state)
{
	struct gl_durations *durations = *state;
	for (int64_t count = 1; count <= 1000; count++) {
		gl_durations_add(durations, count);
		for (unsigned percent = 1; percent <= 100; percent += 7)
			assert_int_equal(
			    gl_durations_within(durations, percent), (count * percent + 99) / 100);
		assert_int_equal(gl_durations_within(durations, 100), count);
	}
}

static void long_ones_are_within_a_thousandth(void **state)
{
	struct gl_durations *durations = *state;
	struct dice dice = { 20260131 };
	for (int i = 0; i < 20000; i++) {
		int64_t seconds = (int64_t)(dice_roll(&dice) >> dice_between(&dice, 16, 63));
		memset(durations, 0, sizeof *durations);
		gl_durations_add(durations, seconds);
		int64_t back = gl_durations_within(durations, 50);
		assert_in_range(back, seconds - seconds / 1000, seconds + seconds / 1000);
	}
}

static void the_order_does_not_change(void **state)
{
	struct gl_durations *durations = *state;
	int64_t before = 0;
	for (int64_t seconds = 1; seconds < GL_TIME_MAX; seconds += seconds / 600 + 1) {
		memset(durations, 0, sizeof *durations);
		gl_durations_add(durations, seconds);
		int64_t back = gl_durations_within(durations, 50);
		assert_true(back >= before);
		before = back;
	}
}

static void nothing_is_out_of_reach(void **state)
{
	gl_durations_add(*state, -1);
	assert_int_equal(gl_durations_within(*state, 100), 0);
	gl_durations_add(*state, INT64_MAX);
	gl_durations_add(*state, GL_TIME_MAX);
	int64_t most = gl_durations_within(*state, 100);
	assert_in_range(most, GL_TIME_MAX, GL_TIME_MAX + GL_TIME_MAX / 1000);
	assert_int_equal(gl_durations_within(*state, 1), 0);
}

/* More than a product of count and percent has room for. */
static void many_are_no_more_trouble(void **state)
{
	struct gl_durations *durations = *state;
	gl_durations_add(durations, 1);
	gl_durations_add(durations, 2);
	for (size_t i = 0; i < GL_DURATION_CELLS; i++)
		durations->cells[i] *= (uint64_t)1 << 62;
	durations->count = (uint64_t)1 << 63;
	assert_int_equal(gl_durations_within(durations, 50), 1);
	assert_int_equal(gl_durations_within(durations, 51), 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(none_have_no_middle),
		CASE(one_is_all_of_them),
		CASE(short_ones_are_exact),
		CASE(long_ones_are_within_a_thousandth),
		CASE(the_order_does_not_change),
		CASE(nothing_is_out_of_reach),
		CASE(many_are_no_more_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
