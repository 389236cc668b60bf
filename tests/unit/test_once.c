/* A thing that came up once is known ever after, and no other is. */
#include "once.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 5000 };

/* Digests that differ late only crowd the same places. */
static void digest_of(uint8_t digest[GL_DIGEST_SIZE], uint32_t number)
{
	memset(digest, 7, GL_DIGEST_SIZE);
	memcpy(digest + (number % 2 == 0 ? 0 : 8), &number, sizeof number);
}

static void each_is_fresh_once(void **state)
{
	struct gl_once once = { 0 };
	uint8_t digest[GL_DIGEST_SIZE];
	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			bool fresh = round == 1;
			digest_of(digest, i);
			assert_int_equal(gl_once_add(&once, digest, &fresh), GL_OK);
			assert_int_equal(fresh, round == 0);
		}
		assert_int_equal(once.count, MANY);
	}
	gl_once_clear(&once);
	assert_int_equal(once.count, 0);
	gl_once_clear(&once);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_fresh_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
