/* Two memories of one sender and recipient, under two identities; and who is admitted by something
 * else than either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "greylist/decision.h"

#define T0     ((int64_t)1700000000)
#define DAY    ((int64_t)86400)
#define WINDOW (2 * DAY)
#define TEXT                                                                                       \
	{                                                                                          \
		"a@b\0c@d", 7                                                                      \
	}
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}

static const struct gl_timing timing = { 180, WINDOW, 35 * DAY };

static const struct gl_record waiting = { T0, T0, 0, 1, 0, TEXT, NONE, NONE, false };
static const struct gl_record later = { T0 + 9, T0 + 9, 0, 1, 0, TEXT, NONE, NONE, false };
static const struct gl_record ahead = { T0 + 999, T0 + 999, 0, 1, 0, TEXT, NONE, NONE, false };
static const struct gl_record passed = { T0, T0 + 300, T0 + 300, 2, 1, TEXT, NONE, NONE, false };
static const struct gl_record regular = { T0, T0 + 30 * DAY, T0 + 300, 9, 8, TEXT, NONE, NONE,
	false };

static void of_two_memories_the_better_one_decides(void **state)
{
	(void)state;
	static const struct gl_record *const none = NULL;
	const struct {
		const struct gl_record *a, *b, *better;
		int64_t now;
	} cases[] = {
		{ none, none, none, T0 },
		{ none, &waiting, &waiting, T0 + 10 },
		{ &waiting, none, &waiting, T0 + 10 },
		{ &later, &waiting, &waiting, T0 + 10 },
		{ &waiting, &later, &waiting, T0 + 10 },
		{ &waiting, &passed, &passed, T0 + 400 },
		{ &passed, &regular, &passed, T0 + 400 },
		{ &waiting, &ahead, &waiting, T0 + 10 },
		{ &ahead, &waiting, &waiting, T0 + 10 },
		/* both are worth nothing: the first */
		{ &waiting, &passed, &waiting, T0 + 99 * DAY },
		{ none, &waiting, none, T0 + 99 * DAY },
		/* an expired wait and one that goes on */
		{ &waiting, &later, &later, T0 + WINDOW + 5 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (gl_decide_between(&timing, cases[i].a, cases[i].b, cases[i].now) !=
		    cases[i].better)
			fail_msg("case %zu", i);
}

static void who_is_admitted_is_remembered_as_passed(void **state)
{
	(void)state;
	struct gl_verdict verdict = gl_decide(&timing, NULL, T0);
	gl_verdict_admit(&verdict, GL_REASON_SAME_MESSAGE, T0);
	assert_true(verdict.pass && verdict.remember && !verdict.first_pass);
	assert_int_equal(verdict.reason, GL_REASON_SAME_MESSAGE);
	assert_int_equal(verdict.wait, 0);
	assert_true(gl_decide(&timing, &verdict.next, T0 + 30 * DAY).pass);
	verdict = gl_decide(&timing, &waiting, T0 + 5);
	gl_verdict_admit(&verdict, GL_REASON_ANSWERED, T0 + 5);
	assert_int_equal(verdict.next.first_seen, T0);
	assert_int_equal(verdict.next.passed_at, T0 + 5);
	assert_int_equal(verdict.next.attempts, 2);
	assert_int_equal(verdict.next.passes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_memories_the_better_one_decides),
		cmocka_unit_test(who_is_admitted_is_remembered_as_passed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
