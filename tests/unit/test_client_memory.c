/* What another table remembers of a client is taken over: GL_OP_CLIENT_MEMORY in gl_client_merge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/record.h"

enum { ROWS = 20000 };

#define REST                                                                                       \
	{                                                                                          \
		"later", 5                                                                         \
	}
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}

static const struct gl_client known = { 10000, 12000, 3, { 7 }, REST, false };

/* last_counted, last_seen, count, message */
struct row {
	const char *name;
	const struct gl_client *stored; /* NULL: absent */
	struct gl_client memory;
	int64_t forget;
	struct gl_client merged;
};

static const struct row rows[] = {
	{ "an unknown client is taken over", NULL, { 5000, 5000, 9, { 0 }, NONE, false }, 0,
	    { 5000, 5000, 9, { 0 }, NONE, false } },
	{ "message and later fields of the other table do not count", NULL,
	    { 5000, 5000, 9, { 8 }, REST, false }, 0, { 5000, 5000, 9, { 0 }, NONE, false } },
	{ "a higher count is taken", &known, { 9000, 9000, 4, { 0 }, NONE, false }, 0,
	    { 10000, 12000, 4, { 7 }, REST, false } },
	{ "a lower count takes nothing away", &known, { 20000, 20000, 2, { 0 }, NONE, false }, 0,
	    { 20000, 20000, 3, { 7 }, REST, false } },
	{ "an older memory changes nothing", &known, { 100, 100, 1, { 0 }, NONE, false }, 0,
	    { 10000, 12000, 3, { 7 }, REST, false } },
	{ "last seen at the very limit is remembered", &known,
	    { 20000, 20000, 1, { 0 }, NONE, false }, 12000,
	    { 20000, 20000, 3, { 7 }, REST, false } },
	{ "what is forgotten lends no count", &known, { 20000, 20000, 1, { 0 }, NONE, false },
	    12001, { 20000, 20000, 1, { 0 }, REST, false } },
};

static void assert_same_client(const struct gl_client *a, const struct gl_client *b)
{
	assert_int_equal(a->last_counted, b->last_counted);
	assert_int_equal(a->last_seen, b->last_seen);
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->message, b->message, GL_DIGEST_SIZE);
	assert_true(gl_span_equal(a->rest, b->rest));
}

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	struct gl_op op = {
		.kind = GL_OP_CLIENT_MEMORY, .forget = row->forget, .client = row->memory
	};
	struct gl_client merged = gl_client_merge(row->stored, &op);
	assert_same_client(&merged, &row->merged);
	struct gl_client again = gl_client_merge(&merged, &op);
	assert_same_client(&again, &merged);
}

static int64_t few(struct dice *dice)
{
	return dice_between(dice, 1, 6);
}

static struct gl_client some_client(struct dice *dice)
{
	return (struct gl_client){ few(dice), few(dice), (uint32_t)few(dice),
		{ (uint8_t)few(dice) }, NONE, false };
}

static struct gl_op some_op(struct dice *dice)
{
	return (struct gl_op){
		.kind = GL_OP_CLIENT_MEMORY, .forget = few(dice), .client = some_client(dice)
	};
}

static void applying_twice_is_applying_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_client stored = some_client(&dice);
		struct gl_op op = some_op(&dice);
		struct gl_client once = gl_client_merge(
		    dice_one_in(&dice, 8) ? NULL : &stored, &op);
		struct gl_client twice = gl_client_merge(&once, &op);
		assert_same_client(&twice, &once);
	}
}

static void the_order_of_two_memories_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_op a = some_op(&dice), b = some_op(&dice);
		a.forget = b.forget = 0;
		struct gl_client a_first = gl_client_merge(NULL, &a);
		struct gl_client b_first = gl_client_merge(NULL, &b);
		struct gl_client ab = gl_client_merge(&a_first, &b);
		struct gl_client ba = gl_client_merge(&b_first, &a);
		assert_same_client(&ab, &ba);
	}
}

static int run_table(void)
{
	enum { COUNT = sizeof rows / sizeof *rows };
	struct CMUnitTest tests[COUNT];
	const struct row *at[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		at[i] = &rows[i];
		tests[i] = (struct CMUnitTest){ rows[i].name, row_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests_name("client memory, as a table", tests, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest laws[] = {
		cmocka_unit_test(applying_twice_is_applying_once),
		cmocka_unit_test(the_order_of_two_memories_does_not_matter),
	};
	return run_table() + cmocka_run_group_tests_name("laws of it", laws, NULL, NULL);
}
