/*
 * What holds of the decision whatever the memory, the timing and the
 * clock: laws tried on random rows. A row's seed is its number, so a
 * failure is found again by running the test again. Every request goes
 * through decode, decide, merge and encode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "dice.h"
#include "memory.h"

enum { ROWS = 4000 };

#define DAY ((int64_t)86400)
#define T0  ((int64_t)1700000000)

static const char text[] = "a@b\0c@d";

/* One random row: a memory of some age and the second at which the next attempt comes. */
struct world {
	struct dice dice;
	struct gl_timing timing;
	struct memory memory;
	int64_t now;
};

/* Mostly small, sometimes large, often at a limit: where mistakes live. */
static int64_t some_while(struct dice *dice, const struct gl_timing *timing)
{
	const int64_t limits[] = { 0, timing->delay, timing->retry_window, timing->max_age,
		GL_MINUTE, GL_HOUR, DAY };
	switch (dice_between(dice, 0, 3)) {
	case 0:
		return dice_between(dice, 0, 2 * timing->delay);
	case 1:
		return dice_between(dice, 0, 2 * timing->max_age);
	default:
		return limits[dice_between(dice, 0, 6)] + dice_between(dice, -1, 1);
	}
}

static struct world world_of(uint64_t seed)
{
	struct world world = { .dice = { seed }, .memory.text = { text, sizeof text - 1 } };
	struct dice *dice = &world.dice;
	world.timing.delay = dice_between(dice, 1, dice_one_in(dice, 4) ? 2 * GL_HOUR : 600);
	world.timing.retry_window = world.timing.delay + dice_between(dice, 1, 3 * DAY);
	world.timing.max_age = dice_between(dice, GL_HOUR, 40 * DAY);
	world.now = T0 + some_while(dice, &world.timing);
	if (dice_one_in(dice, 8))
		return world;

	struct gl_record record = { .first_seen = T0, .attempts = 1, .text = world.memory.text };
	record.last_seen = T0 + some_while(dice, &world.timing);
	if (dice_one_in(dice, 2)) {
		record.passed_at = T0 + world.timing.delay;
		record.passes = 1;
		record.attempts = 2;
	}
	if (dice_one_in(dice, 4))
		world.now = record.last_seen + some_while(dice, &world.timing);
	if (dice_one_in(dice, 4))
		world.now = T0 - some_while(dice, &world.timing);
	memory_set(&world.memory, &record);
	return world;
}

static struct gl_verdict ask(struct world *world, int64_t now)
{
	return memory_ask(&world->memory, &world->timing, now);
}

/* The part of a verdict that the sender can tell. */
static void assert_same_answer(const struct gl_verdict *a, const struct gl_verdict *b)
{
	assert_int_equal(a->pass, b->pass);
	assert_int_equal(a->wait, b->wait);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->delayed, b->delayed);
}

static void who_waits_as_long_as_told_passes(struct world *world)
{
	struct gl_verdict verdict = ask(world, world->now);
	if (verdict.pass)
		return;
	int64_t ready = world->now + verdict.wait;
	struct world late = *world;
	assert_true(ask(world, ready).pass);

	int64_t slack = world->timing.retry_window - world->timing.delay;
	assert_true(ask(&late, ready + dice_between(&late.dice, 0, slack)).pass);
}

static void who_comes_a_second_too_soon_waits_that_second(struct world *world)
{
	struct gl_verdict verdict = ask(world, world->now);
	if (verdict.pass)
		return;
	struct gl_verdict early = ask(world, world->now + verdict.wait - 1);
	assert_false(early.pass);
	assert_int_equal(early.wait, 1);
	assert_true(ask(world, world->now + verdict.wait).first_pass);
}

static void asking_twice_in_a_second_grows_no_rights(struct world *world)
{
	struct world once = *world;
	struct gl_verdict first = ask(world, world->now);
	ask(&once, world->now);
	struct gl_verdict second = ask(world, world->now);
	assert_int_equal(first.pass, second.pass);
	assert_int_equal(first.wait, second.wait);
	assert_false(second.first_pass);
	assert_false(second.remember);

	int64_t then = world->now + some_while(&world->dice, &world->timing);
	struct gl_verdict after_two = ask(world, then), after_one = ask(&once, then);
	assert_same_answer(&after_two, &after_one);
}

static void an_early_retry_changes_no_later_verdict(struct world *world)
{
	if (ask(world, world->now).pass)
		return;
	struct world patient = *world;
	int64_t then = world->now;
	for (int retries = 0; retries < 5; retries++) {
		int64_t soon = then + dice_between(&world->dice, 0, world->timing.delay / 2);
		if (soon >= world->now + world->timing.delay || ask(world, soon).pass)
			break;
		then = soon;
		int64_t later = world->now + some_while(&world->dice, &world->timing);
		struct world a = *world, b = patient;
		struct gl_verdict one = ask(&a, later), other = ask(&b, later);
		assert_same_answer(&one, &other);
	}
}

static void a_clock_set_back_costs_at_most_the_delay(struct world *world)
{
	ask(world, world->now);
	int64_t back = world->now - some_while(&world->dice, &world->timing);
	struct gl_verdict verdict = ask(world, back);
	assert_true(verdict.wait <= world->timing.delay);
	assert_true(verdict.wait >= 0);
	struct world before = *world;
	assert_true(ask(world, back + world->timing.delay).pass);
	if (verdict.pass)
		assert_true(ask(&before, back - DAY).pass);
}

static void hammering_is_written_once_a_minute(struct world *world)
{
	struct gl_verdict verdict = ask(world, world->now);
	int64_t last_write = world->now - (verdict.remember ? 0 : GL_MINUTE);
	int64_t end = world->now + verdict.wait;
	for (int64_t t = world->now + 1; t < end; t++) {
		if (!ask(world, t).remember)
			continue;
		assert_true(t - last_write >= GL_MINUTE);
		last_write = t;
	}
}

static void a_passed_triplet_is_written_once_an_hour(struct world *world)
{
	int64_t start = world->now + ask(world, world->now).wait;
	ask(world, start);
	int64_t last_write = start - GL_HOUR;
	int64_t step = dice_one_in(&world->dice, 2) ? GL_HOUR : 977;
	for (int64_t t = start; t <= start + DAY; t += step) {
		struct gl_verdict verdict = ask(world, t);
		if (world->timing.max_age > 2 * GL_HOUR)
			assert_true(verdict.pass);
		if (!verdict.remember)
			continue;
		assert_true(t - last_write >= GL_HOUR);
		last_write = t;
	}
}

static void nothing_passes_unseen_for_more_than_max_age(struct world *world)
{
	struct gl_record record;
	if (!memory_get(&record, &world->memory))
		return;
	int64_t unseen = world->timing.max_age + dice_between(&world->dice, 1, DAY);
	int64_t since = record.passed_at != 0 ? record.last_seen : record.first_seen;
	if (record.passed_at == 0 && unseen <= world->timing.retry_window)
		return;
	struct gl_verdict verdict = ask(world, since + unseen);
	assert_false(verdict.pass);
	assert_int_equal(verdict.reason, GL_REASON_NEW);
	assert_int_equal(verdict.wait, world->timing.delay);
}

static void a_raised_delay_takes_no_pass_back(struct world *world)
{
	struct gl_verdict verdict = ask(world, world->now);
	int64_t then = world->now + verdict.wait;
	ask(world, then);
	world->timing.delay = dice_between(&world->dice, 1, DAY);
	world->timing.retry_window = world->timing.delay + dice_between(&world->dice, 1, DAY);
	assert_true(ask(world, then).pass);
	assert_true(ask(world, then + dice_between(&world->dice, 0, GL_HOUR)).pass);
}

static void a_stranger_never_passes_before_the_delay(struct world *world)
{
	world->memory.len = 0;
	int64_t first = world->now;
	assert_false(ask(world, first).pass);
	for (int i = 0; i < 10; i++) {
		int64_t soon = first + dice_between(&world->dice, 0, world->timing.delay - 1);
		assert_false(ask(world, soon).pass);
	}
}

static void the_state_agrees_with_the_verdict(struct world *world)
{
	struct gl_record record;
	if (!memory_get(&record, &world->memory))
		return;
	enum gl_state state = gl_record_state(&world->timing, &record, world->now);
	int64_t retry_at = gl_record_retry_at(&world->timing, &record, world->now);
	struct gl_verdict verdict = ask(world, world->now);
	assert_int_equal(state == GL_STATE_PASSED, verdict.pass && !verdict.first_pass);
	if (state == GL_STATE_EXPIRED)
		assert_int_equal(retry_at, 0);
	if (state == GL_STATE_WAITING && verdict.pass)
		assert_true(retry_at <= world->now);
	if (state == GL_STATE_WAITING && !verdict.pass)
		assert_int_equal(retry_at, world->now + verdict.wait);
}

typedef void law_fn(struct world *world);

struct law {
	law_fn *holds;
	int rows; /* fewer where a row is thousands of requests */
};

struct trial {
	const struct law *law;
	int row; /* the one being tried */
};

static void law_holds(void **state)
{
	struct trial *trial = *state;
	for (trial->row = 1; trial->row <= trial->law->rows; trial->row++) {
		struct world world = world_of((uint64_t)trial->row);
		trial->law->holds(&world);
	}
}

static int name_the_row(void **state)
{
	const struct trial *trial = *state;
	if (trial->row <= trial->law->rows)
		print_error("broken by row %d\n", trial->row);
	return 0;
}

/* clang-format off */
#define LAW(name, rows) { #name, { name, rows } }
/* clang-format on */

static const struct {
	const char *name;
	struct law law;
} laws[] = {
	LAW(who_waits_as_long_as_told_passes, ROWS),
	LAW(who_comes_a_second_too_soon_waits_that_second, ROWS),
	LAW(asking_twice_in_a_second_grows_no_rights, ROWS),
	LAW(an_early_retry_changes_no_later_verdict, ROWS),
	LAW(a_clock_set_back_costs_at_most_the_delay, ROWS),
	LAW(hammering_is_written_once_a_minute, ROWS / 20),
	LAW(a_passed_triplet_is_written_once_an_hour, ROWS / 20),
	LAW(nothing_passes_unseen_for_more_than_max_age, ROWS),
	LAW(a_raised_delay_takes_no_pass_back, ROWS),
	LAW(a_stranger_never_passes_before_the_delay, ROWS),
	LAW(the_state_agrees_with_the_verdict, ROWS),
};

enum { LAWS = sizeof laws / sizeof *laws };

int main(void)
{
	struct CMUnitTest tests[LAWS];
	struct trial trials[LAWS];
	for (size_t i = 0; i < LAWS; i++) {
		trials[i] = (struct trial){ &laws[i].law, 0 };
		tests[i] = (struct CMUnitTest){ laws[i].name, law_holds, NULL, name_the_row,
			&trials[i] };
	}
	return cmocka_run_group_tests_name("laws of the decision", tests, NULL, NULL);
}
