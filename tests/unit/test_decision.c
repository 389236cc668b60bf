/*
 * The decision as a table: what the memory holds x when the next attempt
 * comes. Each row is a test of its own, named as a postmaster would put
 * it and with the rule that it rests on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/decision.h"

#define DELAY  180
#define DAY    ((int64_t)86400)
#define WINDOW (2 * DAY)
#define MAXAGE (35 * DAY)

static const struct gl_timing timing = { DELAY, WINDOW, MAXAGE };

/* The first attempt of every record below. */
#define T0 ((int64_t)1700000000)

/* RFC 6647 section 5, by item; "ours" is decision.h where the RFC is silent. */
#define RFC_2  "RFC 6647 section 5 item 2: defer until the delay is over"
#define RFC_2B "RFC 6647 section 5 item 2: after the range it is a new message"
#define RFC_3  "RFC 6647 section 5 item 3: unused entries time out"
#define PASSED "RFC 6647 section 5 item 1: a retry in the range has passed for good"
#define CLOCK  "ours: a clock that steps back makes nobody wait longer than the delay"
#define MINUTE "ours: an early retry is recorded once a minute"
#define HOURLY "ours: a passed triplet is touched once an hour"

static const char text[] = "a@b\0c@d";
#define TEXT                                                                                       \
	{                                                                                          \
		text, sizeof text - 1                                                              \
	}

static const struct gl_record waiting = { T0, T0, 0, 1, 0, TEXT, { NULL, 0 }, { NULL, 0 }, false };
static const struct gl_record tried_again = { T0, T0 + 60, 0, 2, 0, TEXT, { NULL, 0 }, { NULL, 0 },
	false };
static const struct gl_record passed = { T0, T0 + 300, T0 + 300, 2, 1, TEXT, { NULL, 0 },
	{ NULL, 0 }, false };
static const struct gl_record regular = { T0, T0 + 30 * DAY, T0 + 300, 9, 8, TEXT, { NULL, 0 },
	{ NULL, 0 }, false };
static const struct gl_record worn = { T0, T0, 0, UINT32_MAX, 0, TEXT, { NULL, 0 }, { NULL, 0 },
	false };

enum outcome {
	STRANGER,   /* deferred: nothing was known */
	FORGOTTEN,  /* deferred: what was known is too old */
	SET_BACK,   /* deferred: first seen in the future, so first seen now */
	AT_ONCE,    /* deferred: the second of the first attempt */
	EARLY,      /* deferred: retried before the delay was over */
	FIRST_PASS, /* passes, and is remembered for it */
	PASS        /* passes as before */
};

static const struct meaning {
	bool pass, first_pass;
	enum gl_reason reason;
	enum gl_state state;
} meanings[] = {
	[STRANGER] = { false, false, GL_REASON_NEW, GL_STATE_EXPIRED },
	[FORGOTTEN] = { false, false, GL_REASON_NEW, GL_STATE_EXPIRED },
	[SET_BACK] = { false, false, GL_REASON_NEW, GL_STATE_WAITING },
	[AT_ONCE] = { false, false, GL_REASON_NEW, GL_STATE_WAITING },
	[EARLY] = { false, false, GL_REASON_EARLY, GL_STATE_WAITING },
	[FIRST_PASS] = { true, true, GL_REASON_FOUND, GL_STATE_WAITING },
	[PASS] = { true, false, GL_REASON_FOUND, GL_STATE_PASSED },
};

/* What a row says about writing. */
enum write { KEEP, WRITE };

struct row {
	const char *name;
	const char *rule;
	const struct gl_record *seen; /* NULL: a stranger */
	int64_t now;
	enum outcome outcome;
	int64_t seconds; /* still to wait where it is deferred, delayed where it passes */
	enum write write;
};

static const struct row rows[] = {
	/* Nothing is known. */
	{ "a first attempt is deferred", RFC_2, NULL, T0, STRANGER, DELAY, WRITE },
	{ "a first attempt is deferred though the clock stands at 1970", RFC_2, NULL, 0, STRANGER,
	    DELAY, WRITE },
	{ "a first attempt is deferred in the far future", RFC_2, NULL, GL_TIME_MAX, STRANGER,
	    DELAY, WRITE },

	/* It waits. */
	{ "another attempt in the very same second is still new", RFC_2, &waiting, T0, AT_ONCE,
	    DELAY, KEEP },
	{ "a retry after one second is early", RFC_2, &waiting, T0 + 1, EARLY, DELAY - 1, KEEP },
	{ "a retry one second before the minute is not recorded", MINUTE, &waiting, T0 + 59, EARLY,
	    DELAY - 59, KEEP },
	{ "a retry at the very minute is recorded", MINUTE, &waiting, T0 + 60, EARLY, DELAY - 60,
	    WRITE },
	{ "a retry one second after the minute is recorded", MINUTE, &waiting, T0 + 61, EARLY,
	    DELAY - 61, WRITE },
	{ "a retry one second before the delay ends is early", RFC_2, &waiting, T0 + DELAY - 1,
	    EARLY, 1, WRITE },
	{ "a retry at the very second passes", RFC_2, &waiting, T0 + DELAY, FIRST_PASS, DELAY,
	    WRITE },
	{ "a retry one second after the delay passes", RFC_2, &waiting, T0 + DELAY + 1, FIRST_PASS,
	    DELAY + 1, WRITE },
	{ "a retry one second before an hour passes", RFC_2, &waiting, T0 + GL_HOUR - 1, FIRST_PASS,
	    GL_HOUR - 1, WRITE },
	{ "a retry after an hour passes", RFC_2, &waiting, T0 + GL_HOUR, FIRST_PASS, GL_HOUR,
	    WRITE },
	{ "a retry one second after an hour passes", RFC_2, &waiting, T0 + GL_HOUR + 1, FIRST_PASS,
	    GL_HOUR + 1, WRITE },
	{ "a retry one second before the window closes passes", RFC_2, &waiting, T0 + WINDOW - 1,
	    FIRST_PASS, WINDOW - 1, WRITE },
	{ "a retry at the very second that the window closes passes", RFC_2, &waiting, T0 + WINDOW,
	    FIRST_PASS, WINDOW, WRITE },
	{ "a retry one second after the window is a new message", RFC_2B, &waiting, T0 + WINDOW + 1,
	    FORGOTTEN, DELAY, WRITE },
	{ "a retry a minute after the window is a new message", RFC_2B, &waiting, T0 + WINDOW + 60,
	    FORGOTTEN, DELAY, WRITE },
	{ "a retry an hour after the window is a new message", RFC_2B, &waiting,
	    T0 + WINDOW + GL_HOUR, FORGOTTEN, DELAY, WRITE },
	{ "a retry one second before max_age is a new message", RFC_2B, &waiting, T0 + MAXAGE - 1,
	    FORGOTTEN, DELAY, WRITE },
	{ "a retry at max_age is a new message: only a pass is kept that long", RFC_2B, &waiting,
	    T0 + MAXAGE, FORGOTTEN, DELAY, WRITE },
	{ "a retry one second after max_age is a new message", RFC_2B, &waiting, T0 + MAXAGE + 1,
	    FORGOTTEN, DELAY, WRITE },
	{ "a retry in the far future is a new message", RFC_2B, &waiting, GL_TIME_MAX, FORGOTTEN,
	    DELAY, WRITE },
	{ "the clock goes back a second: the wait starts from then", CLOCK, &waiting, T0 - 1,
	    SET_BACK, DELAY, WRITE },
	{ "the clock goes back a day: the wait starts from then", CLOCK, &waiting, T0 - DAY,
	    SET_BACK, DELAY, WRITE },
	{ "the clock goes back to 1970: the wait starts from then", CLOCK, &waiting, 0, SET_BACK,
	    DELAY, WRITE },

	/* It waits, and an early retry is on record. */
	{ "hammering within a minute of the last recorded attempt costs no write", MINUTE,
	    &tried_again, T0 + 119, EARLY, DELAY - 119, KEEP },
	{ "hammering is recorded again a minute after the last record", MINUTE, &tried_again,
	    T0 + 120, EARLY, DELAY - 120, WRITE },
	{ "hammering is recorded again over a minute after the last record", MINUTE, &tried_again,
	    T0 + 121, EARLY, DELAY - 121, WRITE },
	{ "an early retry does not lengthen the wait", RFC_2, &tried_again, T0 + DELAY - 1, EARLY,
	    1, WRITE },
	{ "an early retry does not lengthen the wait: passes at the very second", RFC_2,
	    &tried_again, T0 + DELAY, FIRST_PASS, DELAY, WRITE },
	{ "an early retry does not lengthen the window", RFC_2B, &tried_again, T0 + WINDOW + 1,
	    FORGOTTEN, DELAY, WRITE },
	{ "the clock goes back behind the early retry: the first attempt still counts", CLOCK,
	    &tried_again, T0 + 30, EARLY, DELAY - 30, KEEP },
	{ "the clock goes back to the first attempt's second", CLOCK, &tried_again, T0, AT_ONCE,
	    DELAY, KEEP },
	{ "a count of attempts that is full stays full", MINUTE, &worn, T0 + 60, EARLY, DELAY - 60,
	    WRITE },

	/* It passed. */
	{ "the next message in the very second of the first pass passes", PASSED, &passed, T0 + 300,
	    PASS, 300, KEEP },
	{ "the next message a minute later passes and costs no write", HOURLY, &passed, T0 + 360,
	    PASS, 360, KEEP },
	{ "the next message one second before the hour costs no write", HOURLY, &passed,
	    T0 + 300 + GL_HOUR - 1, PASS, 300 + GL_HOUR - 1, KEEP },
	{ "the next message at the very hour is recorded", HOURLY, &passed, T0 + 300 + GL_HOUR,
	    PASS, 300 + GL_HOUR, WRITE },
	{ "the next message one second after the hour is recorded", HOURLY, &passed,
	    T0 + 300 + GL_HOUR + 1, PASS, 300 + GL_HOUR + 1, WRITE },
	{ "the window no longer counts: one second before it closes", PASSED, &passed,
	    T0 + WINDOW - 1, PASS, WINDOW - 1, WRITE },
	{ "the window no longer counts: at the second it closes", PASSED, &passed, T0 + WINDOW,
	    PASS, WINDOW, WRITE },
	{ "the window no longer counts: one second after it", PASSED, &passed, T0 + WINDOW + 1,
	    PASS, WINDOW + 1, WRITE },
	{ "a sender unseen for one second less than max_age passes", RFC_3, &passed,
	    T0 + 300 + MAXAGE - 1, PASS, 300 + MAXAGE - 1, WRITE },
	{ "a sender unseen for exactly max_age passes", RFC_3, &passed, T0 + 300 + MAXAGE, PASS,
	    300 + MAXAGE, WRITE },
	{ "a sender unseen for one second more than max_age is a stranger", RFC_3, &passed,
	    T0 + 300 + MAXAGE + 1, FORGOTTEN, DELAY, WRITE },
	{ "a sender unseen for a minute more than max_age is a stranger", RFC_3, &passed,
	    T0 + 360 + MAXAGE, FORGOTTEN, DELAY, WRITE },
	{ "a sender unseen for an hour more than max_age is a stranger", RFC_3, &passed,
	    T0 + 300 + MAXAGE + GL_HOUR, FORGOTTEN, DELAY, WRITE },
	{ "a sender unseen for a delay more than max_age has to wait again", RFC_3, &passed,
	    T0 + 300 + MAXAGE + DELAY, FORGOTTEN, DELAY, WRITE },
	{ "a sender unseen until the far future is a stranger", RFC_3, &passed, GL_TIME_MAX,
	    FORGOTTEN, DELAY, WRITE },
	{ "max_age runs from the last message, not from the first", RFC_3, &regular,
	    T0 + MAXAGE + 1, PASS, MAXAGE + 1, WRITE },
	{ "a regular sender unseen for exactly max_age passes", RFC_3, &regular,
	    T0 + 30 * DAY + MAXAGE, PASS, 30 * DAY + MAXAGE, WRITE },
	{ "a regular sender unseen for more than max_age is a stranger", RFC_3, &regular,
	    T0 + 30 * DAY + MAXAGE + 1, FORGOTTEN, DELAY, WRITE },
	{ "the clock goes back a second after a pass: it still passes", CLOCK, &passed, T0 + 299,
	    PASS, 299, KEEP },
	{ "the clock goes back into the delay after a pass: it still passes", CLOCK, &passed,
	    T0 + DELAY - 1, PASS, DELAY - 1, KEEP },
	{ "the clock goes back a day after a pass: it still passes", CLOCK, &passed, T0 - DAY, PASS,
	    0, KEEP },
	{ "the clock goes back to 1970 after a pass: it still passes", CLOCK, &passed, 0, PASS, 0,
	    KEEP },
};

static bool same_record(const struct gl_record *a, const struct gl_record *b)
{
	return a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	       a->passed_at == b->passed_at && a->attempts == b->attempts &&
	       a->passes == b->passes && gl_span_equal(a->text, b->text);
}

static uint32_t more(uint32_t count)
{
	return count == UINT32_MAX ? count : count + 1;
}

/* What the memory has to be after the row, by the row's own words. */
static struct gl_record expected_next(const struct row *row)
{
	const struct meaning *means = &meanings[row->outcome];
	struct gl_record next = { row->now, row->now, 0, 1, 0, { NULL, 0 }, { NULL, 0 },
		{ NULL, 0 }, false };
	if (row->outcome == STRANGER)
		return next;
	if (row->outcome == FORGOTTEN || row->outcome == SET_BACK) {
		next.text = row->seen->text;
		return next;
	}
	next = *row->seen;
	if (row->write == KEEP)
		return next;
	next.last_seen = row->now;
	next.attempts = more(next.attempts);
	if (means->pass)
		next.passes = more(next.passes);
	if (means->first_pass)
		next.passed_at = row->now;
	return next;
}

static int64_t expected_retry_at(const struct row *row)
{
	if (row->outcome == FORGOTTEN)
		return 0;
	if (row->outcome == PASS)
		return row->seen->passed_at;
	if (row->outcome == FIRST_PASS)
		return T0 + DELAY;
	return row->now + row->seconds;
}

/* Whoever would wait passes for the mode, and is then known; nobody else is touched. */
static void learns(const struct row *row)
{
	const struct meaning *means = &meanings[row->outcome];
	struct gl_verdict decided = gl_decide(&timing, row->seen, row->now);
	struct gl_verdict verdict = gl_learn(&timing, row->seen, row->now);
	assert_true(verdict.pass);
	assert_int_equal(verdict.wait, 0);
	assert_int_equal(verdict.reason, means->pass ? means->reason : GL_REASON_MODE);
	if (means->pass) {
		assert_true(same_record(&verdict.next, &decided.next));
		assert_int_equal(verdict.remember, decided.remember);
		assert_int_equal(verdict.first_pass, decided.first_pass);
		return;
	}
	bool waits = row->outcome == AT_ONCE || row->outcome == EARLY;
	struct gl_record next = { waits ? T0 : row->now, row->now, row->now,
		waits ? more(row->seen->attempts) : 1, 1, decided.next.text, { NULL, 0 },
		{ NULL, 0 }, false };
	assert_true(verdict.first_pass && verdict.remember);
	assert_true(same_record(&verdict.next, &next));
	/* 0 is how a record says that it has not passed. */
	if (row->now == 0)
		return;
	assert_int_equal(
	    gl_decide(&timing, &verdict.next, row->now + MAXAGE).reason, GL_REASON_FOUND);
}

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	const struct meaning *means = &meanings[row->outcome];
	struct gl_verdict verdict = gl_decide(&timing, row->seen, row->now);

	assert_int_equal(verdict.pass, means->pass);
	assert_int_equal(verdict.first_pass, means->first_pass);
	assert_int_equal(verdict.reason, means->reason);
	assert_int_equal(verdict.wait, means->pass ? 0 : row->seconds);
	assert_int_equal(verdict.delayed, means->pass ? row->seconds : 0);
	assert_int_equal(verdict.remember, row->write == WRITE);
	struct gl_record next = expected_next(row);
	assert_true(same_record(&verdict.next, &next));
	learns(row);
	if (row->seen == NULL)
		return;
	assert_int_equal(gl_record_state(&timing, row->seen, row->now), means->state);
	assert_int_equal(gl_record_retry_at(&timing, row->seen, row->now), expected_retry_at(row));
}

/* Two states that no attempt leaves behind, but that a look at the table meets. */
static void an_expired_wait_is_a_wait_again_when_the_clock_goes_back(void **state)
{
	(void)state;
	assert_int_equal(gl_record_state(&timing, &waiting, T0 + WINDOW + 1), GL_STATE_EXPIRED);
	struct gl_verdict verdict = gl_decide(&timing, &waiting, T0 + WINDOW + 1 - GL_HOUR);
	assert_true(verdict.first_pass);
}

static void a_raised_delay_takes_no_pass_back(void **state)
{
	(void)state;
	const struct gl_timing slow = { GL_HOUR, WINDOW, MAXAGE };
	assert_true(gl_decide(&slow, &passed, T0 + 301).pass);
	assert_int_equal(gl_record_state(&slow, &passed, T0 + 301), GL_STATE_PASSED);
}

static void every_reason_and_state_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < GL_REASONS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    gl_reason_text((enum gl_reason)a), gl_reason_text((enum gl_reason)b));
	assert_string_equal(gl_reason_text(GL_REASON_FOUND), "triplet found");
	assert_string_equal(gl_reason_text(GL_REASON_AUTO_WHITELIST), "client AWL");
	assert_string_equal(gl_reason_text(GL_REASON_CLIENT_LIST), "client whitelist");
	assert_string_equal(gl_reason_text(GL_REASON_RECIPIENT_LIST), "recipient whitelist");
	assert_string_equal(gl_reason_text(GL_REASON_NEW), "new");
	assert_string_equal(gl_reason_text(GL_REASON_EARLY), "early-retry");
	assert_string_equal(gl_state_text(GL_STATE_WAITING), "waiting");
	assert_string_equal(gl_state_text(GL_STATE_PASSED), "passed");
	assert_string_equal(gl_state_text(GL_STATE_EXPIRED), "expired");
}

enum { ROWS = sizeof rows / sizeof *rows, NAME = 192 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expired_wait_is_a_wait_again_when_the_clock_goes_back),
		cmocka_unit_test(a_raised_delay_takes_no_pass_back),
		cmocka_unit_test(every_reason_and_state_has_a_text_of_its_own),
	};
	struct CMUnitTest table[ROWS];
	const struct row *at[ROWS];
	char names[ROWS][NAME];
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(names[i], NAME, "%s [%s]", rows[i].name, rows[i].rule);
		at[i] = &rows[i];
		table[i] = (struct CMUnitTest){ names[i], row_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests(table, NULL, NULL);
}
