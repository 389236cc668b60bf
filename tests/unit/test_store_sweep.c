#include "greylist/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

static const struct gl_timing timing = { .delay = 180, .retry_window = 1000, .max_age = 10000 };

enum { NOW = 100000 };

/* Every `every`-th of `count` triplets is fresh; the others are long expired. */
static void fill(struct gl_store *store, int count, int every)
{
	for (int i = 0; i < count; i++) {
		struct gl_triplet triplet;
		char sender[64];
		int64_t seen = i % every == 0 ? NOW : NOW - timing.retry_window - 1;
		struct gl_record record = { .first_seen = seen, .last_seen = seen };
		snprintf(sender, sizeof sender, "sender-x%d@b.test", i);
		store_fixture_triplet(store, &triplet, "192.0.2.0/24", sender, "c@d.test");
		store_fixture_remember(store, &triplet, record, 0);
	}
}

static void fill_clients(struct gl_store *store, int count, int64_t seen)
{
	for (int i = 0; i < count; i++) {
		char text[32];
		struct gl_address address;
		struct gl_key key;
		snprintf(text, sizeof text, "192.0.2.%d", i);
		assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
		gl_client_key(&key, &address);
		struct gl_op op = { .kind = GL_OP_CLIENT, .key = &key, .now = seen };
		assert_int_equal(gl_store_apply(store, &op, 1, NULL), GL_OK);
	}
}

static uint64_t triplets(struct gl_store *store)
{
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(store, &figures), GL_OK);
	return figures.triplets;
}

static void a_whole_sweep_leaves_the_living(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .now = NOW, .budget = 1000 };
	fill(fixture->store, 300, 3);
	fill_clients(fixture->store, 5, NOW - timing.max_age - 1);
	fill_clients(fixture->store, 2, NOW);
	unsigned deleted = 0;
	for (int slice = 0; slice < 10 && !sweep.wrapped; slice++) {
		assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_OK);
		deleted += sweep.deleted;
	}
	assert_true(sweep.wrapped);
	assert_int_equal(deleted, 200 + 3);
	assert_int_equal(triplets(fixture->store), 100);
}

static void a_budget_is_kept(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .now = NOW, .budget = 8 };
	fill(fixture->store, 40, 1000);
	assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_OK);
	assert_int_equal(sweep.looked_at, 8);
	assert_true(sweep.deleted == 8 || sweep.deleted == 7);
	assert_int_equal(triplets(fixture->store), 40 - sweep.deleted);
}

static void the_hand_comes_round_to_every_record(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .now = NOW, .budget = 3 };
	fill(fixture->store, 50, 2);
	unsigned looked_at = 0;
	for (int round = 0; round < 100 && !sweep.wrapped; round++) {
		assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_OK);
		looked_at += sweep.looked_at;
	}
	assert_true(sweep.wrapped);
	assert_int_equal(looked_at, 50);
	assert_int_equal(triplets(fixture->store), 25);
}

static void a_torn_hand_does_no_harm(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .now = NOW, .budget = 8 };
	fill(fixture->store, 20, 1);
	memset(sweep.hand, 0xff, sizeof sweep.hand);
	assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_OK);
	assert_int_equal(triplets(fixture->store), 20);
}

static void an_empty_table_is_swept_at_once(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .now = NOW, .budget = 8 };
	assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_OK);
	assert_true(sweep.wrapped);
	assert_int_equal(sweep.looked_at, 0);
}

/* Strangers who never return keep coming; each pays for a look at 8: garbage stays a small share.
 */
static void steady_state_keeps_garbage_under_a_seventh(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_sweep sweep = { .timing = timing, .budget = 8 };
	for (int second = 0; second < 6000; second++) {
		struct gl_triplet triplet;
		char sender[64];
		snprintf(sender, sizeof sender, "sender-x%d@b.test", second);
		store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", sender, "c@d.test");
		struct gl_op op = { .kind = GL_OP_TRIPLET,
			.key = &triplet.key,
			.record = { .first_seen = second, .last_seen = second } };
		op.record.text = gl_triplet_text(&triplet);
		sweep.now = second;
		assert_int_equal(gl_store_apply(fixture->store, &op, 1, &sweep), GL_OK);
	}
	uint64_t living = (uint64_t)timing.retry_window + 1;
	assert_true(triplets(fixture->store) <= living + living / 7 + 8);
}

static int setup_unsynced(void **state)
{
	if (store_fixture_setup(state) != 0)
		return -1;
	struct store_fixture *fixture = *state;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_complaint why;
	options.sync_meta = options.sync_data = false;
	gl_store_close(fixture->store);
	return gl_store_open(&fixture->store, &options, &why) == GL_OK ? 0 : -1;
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, setup_unsynced, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(a_whole_sweep_leaves_the_living),
		WITH_TABLE(a_budget_is_kept),
		WITH_TABLE(the_hand_comes_round_to_every_record),
		WITH_TABLE(a_torn_hand_does_no_harm),
		WITH_TABLE(an_empty_table_is_swept_at_once),
		WITH_TABLE(steady_state_keeps_garbage_under_a_seventh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
