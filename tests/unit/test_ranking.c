#include "ranking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

static struct gl_network network(unsigned n)
{
	struct gl_network made = { .base = { .family = GL_V4 }, .prefix = 24 };
	made.base.bytes[0] = 10;
	made.base.bytes[1] = (uint8_t)(n >> 8);
	made.base.bytes[2] = (uint8_t)n;
	return made;
}

static void wait_for(struct gl_ranking *ranking, unsigned n, uint64_t times)
{
	struct gl_network client = network(n);
	for (uint64_t i = 0; i < times; i++)
		gl_ranking_add(ranking, &client);
}

static void nobody_waits(void **state)
{
	struct gl_ranking ranking = { 0 };
	(void)state;
	gl_ranking_end(&ranking);
	assert_int_equal(ranking.count, 0);
}

static void networks_differ_in_all_their_parts(void **state)
{
	struct gl_ranking ranking = { 0 };
	struct gl_network client = network(7);
	(void)state;
	gl_ranking_add(&ranking, &client);
	gl_ranking_add(&ranking, &client);
	client.prefix = 23;
	gl_ranking_add(&ranking, &client);
	client.base.family = GL_V6;
	gl_ranking_add(&ranking, &client);
	client.base.bytes[15] = 1;
	gl_ranking_add(&ranking, &client);
	gl_ranking_end(&ranking);
	assert_int_equal(ranking.count, 4);
	assert_int_equal(ranking.at[0].waiting, 2);
	assert_int_equal(ranking.at[3].client.base.bytes[15], 1);
}

struct waiting {
	unsigned n;
	uint64_t times;
};

static int by_times(const void *a, const void *b)
{
	const struct waiting *left = a, *right = b;
	if (left->times != right->times)
		return left->times < right->times ? 1 : -1;
	return left->n < right->n ? -1 : 1;
}

static void as_if_all_had_been_sorted(void **state)
{
	enum { NETWORKS = 40 };
	struct dice dice = { 5 };
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct waiting all[NETWORKS];
		struct gl_ranking ranking = { 0 };
		unsigned count = (unsigned)dice_between(&dice, 1, NETWORKS);
		for (unsigned n = 0; n < count; n++) {
			all[n] = (struct waiting){ n, (uint64_t)dice_between(&dice, 1, 12) };
			wait_for(&ranking, n, all[n].times);
		}
		gl_ranking_end(&ranking);
		qsort(all, count, sizeof *all, by_times);
		assert_int_equal(ranking.count, count < GL_RANKING_MAX ? count : GL_RANKING_MAX);
		for (size_t i = 0; i < ranking.count; i++) {
			struct gl_network client = network(all[i].n);
			assert_int_equal(ranking.at[i].waiting, all[i].times);
			assert_memory_equal(ranking.at[i].client.base.bytes, client.base.bytes,
			    sizeof client.base.bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(networks_differ_in_all_their_parts),
		cmocka_unit_test(as_if_all_had_been_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
