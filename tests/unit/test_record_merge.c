/*
 * Two memories of one thing become one: gl_record_merge and
 * gl_client_merge as tables of accidents that concurrent and repeated
 * writes have, then as laws on random ops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/decision.h"

enum { ROWS = 20000 };

#define OURS                                                                                       \
	{                                                                                          \
		"a@b\0c@d", 7                                                                      \
	}
#define OTHER                                                                                      \
	{                                                                                          \
		"x@y\0c@d", 7                                                                      \
	}
#define REST                                                                                       \
	{                                                                                          \
		"later", 5                                                                         \
	}
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* Text, origin, fields of later versions, and that it is not unchecked. */
#define PLAIN OURS, NONE, NONE, false
#define LATER OURS, NONE, REST, false

/* first_seen, last_seen, passed_at, attempts, passes, and the others */
struct row {
	const char *name;
	const struct gl_record *stored; /* NULL: absent */
	int64_t base;
	struct gl_record next, merged;
};

static const struct gl_record waits = { 1000, 1060, 0, 2, 0, PLAIN };
static const struct gl_record passed = { 1000, 1300, 1300, 3, 1, PLAIN };
static const struct gl_record clash = { 1000, 1300, 1300, 3, 1, OTHER, NONE, REST, false };
static const struct gl_record newer = { 1000, 1060, 0, 2, 0, LATER };
static const struct gl_record restarted = { 9000, 9000, 0, 1, 0, PLAIN };

static const struct row rows[] = {
	{ "a stranger is stored", NULL, 0, { 1000, 1000, 0, 1, 0, PLAIN },
	    { 1000, 1000, 0, 1, 0, PLAIN } },
	{ "a pass whose record was deleted meanwhile is stored", NULL, 1000,
	    { 1000, 1300, 1300, 2, 1, PLAIN }, { 1000, 1300, 1300, 2, 1, PLAIN } },
	{ "a stranger takes the place of another text under the same key", &clash, 0,
	    { 2000, 2000, 0, 1, 0, PLAIN }, { 2000, 2000, 0, 1, 0, PLAIN } },
	{ "another text with the same first_seen lends nothing", &clash, 1000,
	    { 1000, 1060, 0, 2, 0, PLAIN }, { 1000, 1060, 0, 2, 0, PLAIN } },
	{ "an early retry is joined", &waits, 1000, { 1000, 1120, 0, 3, 0, PLAIN },
	    { 1000, 1120, 0, 3, 0, PLAIN } },
	{ "a first pass is joined", &waits, 1000, { 1000, 1300, 1300, 3, 1, PLAIN },
	    { 1000, 1300, 1300, 3, 1, PLAIN } },
	{ "an early retry that comes in behind the pass takes nothing back", &passed, 1000,
	    { 1000, 1299, 0, 3, 0, PLAIN }, { 1000, 1300, 1300, 3, 1, PLAIN } },
	{ "of two first passes the earlier counts", &passed, 1000,
	    { 1000, 1290, 1290, 3, 1, PLAIN }, { 1000, 1300, 1290, 3, 1, PLAIN } },
	{ "of two first passes the earlier counts, the other way round", &passed, 1000,
	    { 1000, 1310, 1310, 3, 1, PLAIN }, { 1000, 1310, 1300, 3, 1, PLAIN } },
	{ "a later message moves last_seen and counts", &passed, 1000,
	    { 1000, 9000, 1300, 4, 2, PLAIN }, { 1000, 9000, 1300, 4, 2, PLAIN } },
	{ "a retry after the window starts anew", &waits, 1000, { 9000, 9000, 0, 1, 0, PLAIN },
	    { 9000, 9000, 0, 1, 0, PLAIN } },
	{ "a pass unseen for max_age starts anew", &passed, 1000, { 9000, 9000, 0, 1, 0, PLAIN },
	    { 9000, 9000, 0, 1, 0, PLAIN } },
	{ "a wait from the future starts anew when the clock went back", &waits, 1000,
	    { 500, 500, 0, 1, 0, PLAIN }, { 500, 500, 0, 1, 0, PLAIN } },
	{ "of two that start anew at once the earlier counts", &restarted, 1000,
	    { 9001, 9001, 0, 1, 0, PLAIN }, { 9000, 9001, 0, 1, 0, PLAIN } },
	{ "of two strangers at once the earlier counts", &waits, 0, { 999, 999, 0, 1, 0, PLAIN },
	    { 999, 1060, 0, 2, 0, PLAIN } },
	{ "of two strangers at once the earlier counts, the other way round", &waits, 0,
	    { 1001, 1001, 0, 1, 0, PLAIN }, { 1000, 1060, 0, 2, 0, PLAIN } },
	{ "a pass that was decided before others started anew is kept", &restarted, 1000,
	    { 1000, 1300, 1300, 2, 1, PLAIN }, { 1000, 9000, 1300, 2, 1, PLAIN } },
	{ "fields of later versions survive a join", &newer, 1000, { 1000, 1120, 0, 3, 0, PLAIN },
	    { 1000, 1120, 0, 3, 0, LATER } },
	{ "fields of later versions survive a new start", &newer, 1000,
	    { 9000, 9000, 0, 1, 0, PLAIN }, { 9000, 9000, 0, 1, 0, LATER } },
	{ "fields of later versions are not taken from the op twice", &newer, 1000,
	    { 1000, 1120, 0, 3, 0, LATER }, { 1000, 1120, 0, 3, 0, LATER } },
};

static void assert_same_record(const struct gl_record *a, const struct gl_record *b)
{
	assert_int_equal(a->first_seen, b->first_seen);
	assert_int_equal(a->last_seen, b->last_seen);
	assert_int_equal(a->passed_at, b->passed_at);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->passes, b->passes);
	assert_true(gl_span_equal(a->text, b->text));
	assert_true(gl_span_equal(a->rest, b->rest));
}

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	struct gl_op op = { .base = row->base, .record = row->next };
	struct gl_record merged = gl_record_merge(row->stored, &op);
	assert_same_record(&merged, &row->merged);
	struct gl_record again = gl_record_merge(&merged, &op);
	assert_same_record(&again, &merged);
}

static const struct gl_client known = { 10000, 12000, 3, { 7 }, REST, false };
static const struct gl_client full = { 10000, 10000, UINT32_MAX, { 7 }, NONE, false };

/* last_counted, last_seen, count, message */
struct client_row {
	const char *name;
	const struct gl_client *stored; /* NULL: absent */
	int64_t now, forget;
	uint8_t message;
	struct gl_client merged;
};

static const struct client_row client_rows[] = {
	{ "a first success counts one", NULL, 10000, 0, 9,
	    { 10000, 10000, 1, { 9 }, NONE, false } },
	{ "a success one second before the hour does not count", &known, 13599, 0, 9,
	    { 10000, 13599, 3, { 9 }, REST, false } },
	{ "a success at the very hour counts", &known, 13600, 0, 9,
	    { 13600, 13600, 4, { 9 }, REST, false } },
	{ "a success one second after the hour counts", &known, 13601, 0, 9,
	    { 13601, 13601, 4, { 9 }, REST, false } },
	{ "a success before last_seen does not move it back", &known, 11000, 0, 9,
	    { 10000, 12000, 3, { 9 }, REST, false } },
	{ "counted in the future: only last_counted moves", &known, 9999, 0, 9,
	    { 9999, 12000, 3, { 9 }, REST, false } },
	{ "counted in the far future: only last_counted moves", &known, 10, 0, 9,
	    { 10, 12000, 3, { 9 }, REST, false } },
	{ "a pass without a message keeps the last one", &known, 13600, 0, 0,
	    { 13600, 13600, 4, { 7 }, REST, false } },
	{ "a client last seen at the very limit is remembered", &known, 20000, 12000, 9,
	    { 20000, 20000, 4, { 9 }, REST, false } },
	{ "a client last seen a second before the limit starts at one", &known, 20000, 12001, 9,
	    { 20000, 20000, 1, { 9 }, REST, false } },
	{ "a forgotten client's last message is forgotten too", &known, 20000, 12001, 0,
	    { 20000, 20000, 1, { 0 }, REST, false } },
	{ "a full count stays full", &full, 13600, 0, 9,
	    { 13600, 13600, UINT32_MAX, { 9 }, NONE, false } },
};

static const struct client_row uncounted_rows[] = {
	{ "an uncounted first success leaves its message only", NULL, 10000, 0, 9,
	    { 0, 10000, 0, { 9 }, NONE, false } },
	{ "an uncounted success leaves count and hour alone", &known, 20000, 0, 9,
	    { 10000, 20000, 3, { 9 }, REST, false } },
	{ "an uncounted success of a forgotten client forgets the count", &known, 20000, 12001, 9,
	    { 0, 20000, 0, { 9 }, REST, false } },
};

static void assert_same_client(const struct gl_client *a, const struct gl_client *b)
{
	assert_int_equal(a->last_counted, b->last_counted);
	assert_int_equal(a->last_seen, b->last_seen);
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->message, b->message, GL_DIGEST_SIZE);
	assert_true(gl_span_equal(a->rest, b->rest));
}

static void client_row_holds(void **state)
{
	const struct client_row *row = *(const struct client_row **)*state;
	struct gl_op op = { .kind = GL_OP_CLIENT, .now = row->now, .forget = row->forget };
	op.message[0] = row->message;
	struct gl_client merged = gl_client_merge(row->stored, &op);
	assert_same_client(&merged, &row->merged);
	struct gl_client again = gl_client_merge(&merged, &op);
	assert_same_client(&again, &merged);
}

static void uncounted_successes_leave_the_count_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof uncounted_rows / sizeof *uncounted_rows; i++) {
		const struct client_row *row = &uncounted_rows[i];
		struct gl_op op = { .kind = GL_OP_CLIENT,
			.now = row->now,
			.forget = row->forget,
			.message = { row->message },
			.uncounted = true };
		struct gl_client merged = gl_client_merge(row->stored, &op);
		assert_same_client(&merged, &row->merged);
		struct gl_client again = gl_client_merge(&merged, &op);
		assert_same_client(&again, &merged);
	}
}

/* Few different numbers, so that they often meet. */
static int64_t few(struct dice *dice)
{
	return dice_between(dice, 1, 6);
}

static struct gl_record some_record(struct dice *dice)
{
	static const struct gl_span texts[] = { OURS, OTHER }, rests[] = { NONE, REST };
	return (struct gl_record){
		.first_seen = few(dice),
		.last_seen = few(dice),
		.passed_at = dice_one_in(dice, 2) ? few(dice) : 0,
		.attempts = (uint32_t)few(dice),
		.passes = (uint32_t)few(dice),
		.text = texts[dice_one_in(dice, 4)],
		.rest = rests[dice_one_in(dice, 4)],
	};
}

static struct gl_op some_op(struct dice *dice)
{
	int64_t base = dice_one_in(dice, 3) ? 0 : few(dice);
	return (struct gl_op){ .base = base, .record = some_record(dice) };
}

static void applying_twice_is_applying_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_record stored = some_record(&dice);
		struct gl_op op = some_op(&dice);
		struct gl_record once = gl_record_merge(
		    dice_one_in(&dice, 8) ? NULL : &stored, &op);
		struct gl_record twice = gl_record_merge(&once, &op);
		assert_same_record(&twice, &once);
	}
}

static void the_order_of_two_strangers_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_op a = some_op(&dice), b = some_op(&dice);
		a.base = b.base = 0;
		b.record.text = a.record.text;
		struct gl_record a_first = gl_record_merge(NULL, &a);
		struct gl_record b_first = gl_record_merge(NULL, &b);
		struct gl_record ab = gl_record_merge(&a_first, &b);
		struct gl_record ba = gl_record_merge(&b_first, &a);
		assert_same_record(&ab, &ba);
	}
}

/* Of one wait, in whatever order its requests are written. */
static void the_order_of_three_retries_does_not_matter(void **state)
{
	(void)state;
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_record stored = some_record(&dice), results[6];
		struct gl_op ops[3];
		for (int i = 0; i < 3; i++) {
			ops[i] = some_op(&dice);
			ops[i].base = ops[i].record.first_seen = stored.first_seen;
			ops[i].record.text = stored.text;
		}
		for (int order = 0; order < 6; order++) {
			results[order] = stored;
			for (int i = 0; i < 3; i++)
				results[order] = gl_record_merge(
				    &results[order], &ops[orders[order][i]]);
			assert_same_record(&results[order], &results[0]);
		}
	}
}

static void a_pass_is_lost_only_by_who_knew_of_it(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_record stored = some_record(&dice);
		struct gl_op op = some_op(&dice);
		op.record.text = stored.text;
		struct gl_record merged = gl_record_merge(&stored, &op);
		bool decided_on_it = op.base == stored.first_seen &&
				     op.record.first_seen != stored.first_seen;
		if (stored.passed_at != 0 && !decided_on_it)
			assert_in_range(merged.passed_at, 1, stored.passed_at);
		if (op.record.passed_at != 0)
			assert_in_range(merged.passed_at, 1, op.record.passed_at);
		if (stored.passed_at == 0 && op.record.passed_at == 0)
			assert_int_equal(merged.passed_at, 0);
		if (!decided_on_it)
			assert_true(merged.first_seen <= stored.first_seen);
		assert_true(merged.first_seen <= op.record.first_seen);
	}
}

static void another_text_never_lends_its_pass(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_record stored = some_record(&dice);
		struct gl_op op = some_op(&dice);
		if (gl_span_equal(stored.text, op.record.text))
			continue;
		op.record.rest = (struct gl_span)NONE;
		struct gl_record merged = gl_record_merge(&stored, &op);
		assert_same_record(&merged, &op.record);
	}
}

/* A memory whose text nobody knows takes nothing away, and learns the text where there is one. */
static void a_text_that_is_to_be_kept_stays(void **state)
{
	(void)state;
	static const struct gl_span none = NONE;
	struct gl_op op = { .record = { 900, 1400, 0, 2, 0, NONE, NONE, NONE, false },
		.keep_text = true };
	struct gl_record merged = gl_record_merge(&passed, &op);
	assert_same_record(&merged, &(struct gl_record){ 900, 1400, 1300, 3, 1, PLAIN });
	op.base = passed.first_seen;
	merged = gl_record_merge(&passed, &op);
	assert_same_record(&merged, &(struct gl_record){ 900, 1400, 0, 2, 0, PLAIN });
	merged = gl_record_merge(NULL, &op);
	assert_true(gl_span_equal(merged.text, none));
	op.keep_text = false;
	merged = gl_record_merge(&passed, &op);
	assert_true(gl_span_equal(merged.text, none));
}

/* The auto-whitelist asks gl_client_counts whether a write is due; the merge has to agree. */
static void a_client_counts_when_it_is_said_to_and_once_an_hour(void **state)
{
	(void)state;
	const struct gl_timing timing = { 180, 7200, 40000 };
	for (uint64_t seed = 1; seed <= ROWS / 20; seed++) {
		struct dice dice = { seed };
		struct gl_client client = gl_client_merge(NULL, &(struct gl_op){ .now = 100000 });
		int64_t now = 100000, risen = now;
		for (int i = 0; i < 20; i++) {
			now += dice_between(&dice, 0, dice_one_in(&dice, 8) ? 50000 : 4000);
			struct gl_op op = { .now = now, .forget = now - timing.max_age };
			struct gl_client next = gl_client_merge(&client, &op);
			assert_int_equal(gl_client_counts(&timing, &client, now),
			    next.last_counted != client.last_counted);
			if (gl_client_expired(&timing, &client, now))
				assert_int_equal(next.count, 1);
			else if (next.count != client.count)
				assert_true(
				    next.count == client.count + 1 && now - risen >= GL_HOUR);
			if (next.last_counted != client.last_counted)
				risen = now;
			assert_true(next.last_seen >= client.last_seen);
			client = next;
		}
	}
}

enum { TRIPLETS = sizeof rows / sizeof *rows, CLIENTS = sizeof client_rows / sizeof *client_rows };

static int run_tables(void)
{
	struct CMUnitTest tests[TRIPLETS + CLIENTS];
	const struct row *at[TRIPLETS];
	const struct client_row *client_at[CLIENTS];
	for (size_t i = 0; i < TRIPLETS; i++) {
		at[i] = &rows[i];
		tests[i] = (struct CMUnitTest){ rows[i].name, row_holds, NULL, NULL, &at[i] };
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		client_at[i] = &client_rows[i];
		tests[TRIPLETS + i] = (struct CMUnitTest){ client_rows[i].name, client_row_holds,
			NULL, NULL, &client_at[i] };
	}
	return cmocka_run_group_tests_name("merge, as a table", tests, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest laws[] = {
		cmocka_unit_test(uncounted_successes_leave_the_count_alone),
		cmocka_unit_test(applying_twice_is_applying_once),
		cmocka_unit_test(the_order_of_two_strangers_does_not_matter),
		cmocka_unit_test(the_order_of_three_retries_does_not_matter),
		cmocka_unit_test(a_pass_is_lost_only_by_who_knew_of_it),
		cmocka_unit_test(another_text_never_lends_its_pass),
		cmocka_unit_test(a_text_that_is_to_be_kept_stays),
		cmocka_unit_test(a_client_counts_when_it_is_said_to_and_once_an_hour),
	};
	return run_tables() + cmocka_run_group_tests_name("laws of the merge", laws, NULL, NULL);
}
