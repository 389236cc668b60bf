/* A table whose map is full: it stays whole, and gets going again once records expire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

static const struct gl_timing timing = { .delay = 180, .retry_window = 1000, .max_age = 10000 };

enum { NOW = 100000, LATER = NOW + 2000, MAP = 4 << 20, NEVER_FULL = 100000 };

struct full {
	struct store_fixture fixture;
	struct gl_sweep sweep;
	int strangers; /* that are in the table */
};

/* Strangers of a length that makes pages with few records, so that it does not take long. */
static enum gl_status meet(struct full *full, int number, int64_t now)
{
	struct gl_triplet triplet;
	char sender[600];
	memset(sender, 'x', sizeof sender);
	snprintf(sender, sizeof sender, "x%d.", number);
	sender[strlen(sender)] = 'x';
	sender[sizeof sender - 1] = '\0';
	store_fixture_triplet(full->fixture.store, &triplet, "192.0.2.0/24", sender, "c@d.test");
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = &triplet.key,
		.record = { .first_seen = now, .last_seen = now } };
	op.record.text = gl_triplet_text(&triplet);
	full->sweep.now = now;
	full->sweep.budget = 8;
	return gl_store_apply(full->fixture.store, &op, 1, &full->sweep);
}

static int setup(void **state)
{
	struct full *full = calloc(1, sizeof *full);
	struct gl_complaint why;
	if (full == NULL)
		return -1;
	full->fixture.database = tmpdir_make();
	struct gl_store_options options = store_fixture_options(full->fixture.database);
	options.map_limit = MAP;
	options.sync_meta = options.sync_data = false;
	if (gl_store_open(&full->fixture.store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	full->sweep.timing = timing;
	while (meet(full, full->strangers, NOW) == GL_OK && full->strangers < NEVER_FULL)
		full->strangers++;
	*state = full;
	return full->strangers > 100 && full->strangers < NEVER_FULL ? 0 : -1;
}

static int teardown(void **state)
{
	struct full *full = *state;
	gl_store_close(full->fixture.store);
	tmpdir_remove(full->fixture.database);
	free(full);
	return 0;
}

static uint64_t triplets(const struct full *full)
{
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(full->fixture.store, &figures), GL_OK);
	return figures.triplets;
}

static void the_living_are_not_pushed_out(void **state)
{
	struct full *full = *state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(meet(full, NEVER_FULL + i, NOW), GL_FULL);
		assert_int_equal(full->sweep.deleted, 0);
	}
	assert_int_equal(triplets(full), full->strangers);
}

static void strangers_are_met_again_once_others_expired(void **state)
{
	struct full *full = *state;
	int refused = 0;
	for (int i = 0; i < 200; i++) {
		enum gl_status status = meet(full, NEVER_FULL + i, LATER);
		refused += status != GL_OK;
	}
	assert_int_equal(refused, 0);
}

/* The expired may lie far behind the hand, with the living in between. */
static void a_hand_among_the_living_goes_on(void **state)
{
	struct full *full = *state;
	int tries = 0;
	for (int i = 0; i < full->strangers / 2; i++)
		assert_int_equal(meet(full, NEVER_FULL + i, LATER), GL_OK);
	int64_t when = LATER + timing.retry_window;
	while (meet(full, 2 * NEVER_FULL, when) != GL_OK && tries < full->strangers)
		tries++;
	assert_true(tries < full->strangers);
}

static void a_purge_in_large_slices_comes_to_its_end(void **state)
{
	struct full *full = *state;
	unsigned deleted = 0;
	memset(full->sweep.hand, 0, sizeof full->sweep.hand);
	full->sweep.now = LATER;
	full->sweep.wrapped = false;
	for (int slice = 0; slice < full->strangers && !full->sweep.wrapped; slice++) {
		full->sweep.budget = 1000;
		assert_int_equal(gl_store_sweep(full->fixture.store, &full->sweep), GL_OK);
		deleted += full->sweep.deleted;
	}
	assert_true(full->sweep.wrapped);
	assert_int_equal(deleted, full->strangers);
	assert_int_equal(triplets(full), 0);
}

enum { MORE = GL_OPS_MAX + 1, MANY = 40 /* than a sweep in a full map looks at */ };

/* More ops at once than a request has, without a share of the clean-up: an import. */
static enum gl_status bring(
    struct full *full, unsigned number, unsigned count, struct gl_sweep *sweep)
{
	static struct gl_triplet triplets_of[MANY];
	struct gl_op ops[MANY];
	for (unsigned i = 0; i < count; i++) {
		char sender[600];
		memset(sender, 'x', sizeof sender);
		snprintf(sender, sizeof sender, "i%u-%u.", number, i);
		sender[strlen(sender)] = 'x';
		sender[sizeof sender - 1] = '\0';
		store_fixture_triplet(
		    full->fixture.store, &triplets_of[i], "192.0.2.0/24", sender, "c@d.test");
		ops[i] = (struct gl_op){ .kind = GL_OP_TRIPLET,
			.key = &triplets_of[i].key,
			.record = { .first_seen = NOW, .last_seen = NOW } };
		ops[i].record.text = gl_triplet_text(&triplets_of[i]);
	}
	return gl_store_apply(full->fixture.store, ops, count, sweep);
}

static void an_import_leaves_the_room_that_deletions_need(void **state)
{
	struct full *full = *state;
	struct gl_sweep none = { .timing = timing, .now = NOW };
	unsigned batches = 0;
	a_purge_in_large_slices_comes_to_its_end(state);
	while (bring(full, batches, MORE, &none) == GL_OK && batches < NEVER_FULL)
		batches++;
	assert_in_range(batches, 10, NEVER_FULL - 1);
	assert_int_equal(bring(full, batches, MORE, &none), GL_FULL);
	/* The room is there for who does not ask. */
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(bring(full, NEVER_FULL + i, MORE, NULL), GL_OK);
	full->strangers = (int)triplets(full);
	a_purge_in_large_slices_comes_to_its_end(state);
}

/* Not more comes in than goes. */
static void a_large_import_into_a_full_map_is_refused(void **state)
{
	struct full *full = *state;
	struct gl_sweep none = { .timing = timing, .now = LATER };
	assert_int_equal(bring(full, 1, MANY, &none), GL_FULL);
	assert_in_range(none.deleted, 1, MANY - 1);
}

int main(void)
{
#define FULL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FULL(the_living_are_not_pushed_out),
		FULL(strangers_are_met_again_once_others_expired),
		FULL(a_hand_among_the_living_goes_on),
		FULL(a_purge_in_large_slices_comes_to_its_end),
		FULL(an_import_leaves_the_room_that_deletions_need),
		FULL(a_large_import_into_a_full_map_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
