/* The limits of the table: how far it grows, who goes, and how much of it is looked at for that. */
#include "greylist/store_caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "store_fixture.h"
#include "tmpdir.h"

static const struct gl_timing timing = { .delay = 180, .retry_window = 86400, .max_age = 900000 };

enum { NOW = 10000000, MAP = 8 << 20 };

struct table {
	struct store_fixture fixture;
	struct gl_caps caps;
	struct gl_sweep sweep;
	unsigned displaced, evicted, deleted, looked_at_most;
};

static struct gl_store_options options_of(const struct table *table, uint64_t map)
{
	struct gl_store_options options = store_fixture_options(table->fixture.database);
	options.map_limit = map;
	options.sync_meta = options.sync_data = false;
	return options;
}

static int setup(void **state)
{
	struct table *table = calloc(1, sizeof *table);
	struct gl_complaint why;
	if (table == NULL)
		return -1;
	table->fixture.database = tmpdir_make();
	struct gl_store_options options = options_of(table, (uint64_t)256 << 20);
	if (gl_store_open(&table->fixture.store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	table->sweep.timing = timing;
	table->sweep.caps = &table->caps;
	table->sweep.now = NOW;
	*state = table;
	return 0;
}

static int teardown(void **state)
{
	struct table *table = *state;
	gl_store_close(table->fixture.store);
	tmpdir_remove(table->fixture.database);
	free(table);
	return 0;
}

struct stranger {
	const char *client; /* a network, or a pool's name */
	int64_t first_seen, last_seen, passed_at;
};

/* The triplet of the stranger's n-th sender, and the key to keep it under. */
static void make(const struct table *table, const struct stranger *stranger, int n,
    struct gl_triplet *triplet, struct gl_key *key)
{
	bool pool = strchr(stranger->client, '/') == NULL;
	const struct gl_identity identity = { .kind = GL_BY_POOL,
		.pool = gl_span_of(stranger->client) };
	char sender[64];
	snprintf(sender, sizeof sender, "%c%c%c%cx@b.test", 'a' + n % 26, 'a' + n / 26 % 26,
	    'a' + n / 676 % 26, 'a' + n / 17576 % 26);
	store_fixture_triplet(table->fixture.store, triplet,
	    pool ? "192.0.2.0/24" : stranger->client, sender, "c@d.test");
	*key = triplet->key;
	if (pool)
		gl_triplet_key_of(key, triplet, &identity);
}

static enum gl_status apply(
    struct table *table, const struct stranger *stranger, int n, struct gl_sweep *sweep)
{
	static struct gl_triplet triplet;
	struct gl_key key;
	make(table, stranger, n, &triplet, &key);
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = &key,
		.record = { .first_seen = stranger->first_seen,
		    .last_seen = stranger->last_seen,
		    .passed_at = stranger->passed_at } };
	op.record.text = gl_triplet_text(&triplet);
	return gl_store_apply(table->fixture.store, &op, 1, sweep);
}

/* As an import does: nobody has to go for it. */
static void bring(struct table *table, const struct stranger *stranger, int from, int count)
{
	for (int n = from; n < from + count; n++)
		assert_int_equal(apply(table, stranger, n, NULL), GL_OK);
}

static void meet(struct table *table, const struct stranger *stranger, int n)
{
	table->sweep.budget = 8;
	assert_int_equal(apply(table, stranger, n, &table->sweep), GL_OK);
	table->displaced += table->sweep.displaced;
	table->evicted += table->sweep.evicted;
	table->deleted += table->sweep.deleted;
	if (table->sweep.looked_at > table->looked_at_most)
		table->looked_at_most = table->sweep.looked_at;
}

static uint64_t triplets(const struct table *table)
{
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(table->fixture.store, &figures), GL_OK);
	return figures.triplets;
}

static bool count_waiting(void *context, struct gl_span key, struct gl_span value)
{
	struct gl_record record;
	(void)key;
	assert_int_equal(gl_record_decode(&record, value), GL_OK);
	*(unsigned *)context += record.passed_at == 0;
	return true;
}

static unsigned waiting(const struct table *table, const char *network)
{
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	struct gl_network client;
	unsigned count = 0;
	assert_int_equal(gl_network_parse(&client, gl_span_of(network)), GL_OK);
	gl_network_key(&cursor.prefix, &client);
	while (!cursor.done)
		assert_int_equal(
		    gl_store_scan(table->fixture.store, &cursor, 1000, count_waiting, &count),
		    GL_OK);
	return count;
}

static bool is_there(const struct table *table, const struct stranger *stranger, int n)
{
	static struct gl_triplet triplet;
	struct gl_key key;
	make(table, stranger, n, &triplet, &key);
	struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET, .key = gl_key_span(&key) };
	assert_int_equal(gl_store_lookup(table->fixture.store, &lookup, 1), GL_OK);
	return lookup.found;
}

#define NETWORK(text)                                                                              \
	{                                                                                          \
		text, NOW, NOW, 0                                                                  \
	}
static const struct stranger flood = NETWORK("192.0.2.0/24");
static const struct stranger other = NETWORK("192.0.3.0/24");
static const struct stranger passed = { "192.0.2.0/24", NOW - 900, NOW, NOW - 600 };

static void a_client_has_no_more_that_wait(void **state)
{
	struct table *table = *state;
	table->caps.pending = 60;
	bring(table, &other, 0, 100);
	bring(table, &passed, 0, 150);
	for (int n = 1000; n < 1300; n++) {
		meet(table, &flood, n);
		assert_in_range(waiting(table, flood.client), n < 1060 ? n - 999 : 60, 60);
	}
	assert_int_equal(table->displaced, 240);
	assert_int_equal(table->evicted, 0);
	assert_int_equal(triplets(table), 100 + 150 + 60);
}

static void a_pool_is_a_client_of_its_own(void **state)
{
	struct table *table = *state;
	const struct stranger pool = NETWORK("pool.test");
	table->caps.pending = 20;
	for (int n = 0; n < 100; n++)
		meet(table, &pool, n);
	assert_int_equal(triplets(table), 20);
	for (int n = 0; n < 20; n++)
		meet(table, &flood, n);
	assert_int_equal(triplets(table), 40);
	assert_int_equal(table->displaced, 80);
}

/* One in sixteen looks: it takes a while until one does. */
static void a_large_limit_is_looked_after_now_and_then(void **state)
{
	struct table *table = *state;
	unsigned most = 0;
	table->caps.pending = 1000;
	bring(table, &flood, 0, 1000);
	for (int n = 1000; n < 3000; n++) {
		meet(table, &flood, n);
		unsigned now = waiting(table, flood.client);
		most = now > most ? now : most;
	}
	assert_in_range(most, 1005, 1150);
	assert_in_range(triplets(table), 950, 1150);
}

/* More than a look takes in: the share of the limit that they have is estimated. */
static void a_client_of_very_many_is_held_back_as_well(void **state)
{
	struct table *table = *state;
	table->caps.pending = 500;
	bring(table, &passed, 0, 9000);
	bring(table, &flood, 10000, 300);
	for (int n = 11000; n < 11100; n++)
		meet(table, &flood, n);
	assert_int_equal(table->displaced, 0);
	for (int n = 20000; n < 23000; n++)
		meet(table, &flood, n);
	assert_in_range(waiting(table, flood.client), 400, 800);
	assert_int_equal(triplets(table) - waiting(table, flood.client), 9000);
}

static void without_limits_nobody_goes(void **state)
{
	struct table *table = *state;
	for (int n = 0; n < 2000; n++)
		meet(table, &flood, n);
	assert_int_equal(triplets(table), 2000);
	assert_int_equal(table->displaced + table->evicted, 0);
	assert_int_equal(table->looked_at_most, 8);
}

/* Never more, whoever they are: all wait, all passed, or both. */
static void the_table_has_no_more_entries(void **state)
{
	struct table *table = *state;
	struct dice dice = { 7 };
	char network[32];
	table->caps.entries = 640;
	for (int n = 0; n < 6000; n++) {
		bool pass = n / 2000 == 1 || (n / 2000 == 2 && dice_one_in(&dice, 2));
		struct stranger stranger = { network, NOW + n, NOW + n, pass ? NOW + n : 0 };
		snprintf(network, sizeof network, "10.0.%d.0/24",
		    (int)dice_between(&dice, 0, 40) * (int)dice_between(&dice, 0, 6));
		table->sweep.now = NOW + n;
		meet(table, &stranger, n);
		assert_in_range(triplets(table), n < 600 ? n + 1 : 600, 640);
	}
	assert_in_range(table->looked_at_most, 64, 4 * 64);
}

static void a_flood_pushes_out_itself(void **state)
{
	struct table *table = *state;
	const struct stranger friend = { "198.51.100.0/24", NOW - 99, NOW - 99, 0 };
	const struct stranger regular = { "198.51.101.0/24", NOW - 99999, NOW - 9999, NOW - 9999 };
	table->caps.entries = 1000;
	bring(table, &friend, 0, 3);
	bring(table, &regular, 0, 300);
	for (int n = 0; n < 3000; n++)
		meet(table, &flood, n);
	assert_in_range(triplets(table), 960, 1000);
	for (int n = 0; n < 3; n++)
		assert_true(is_there(table, &friend, n));
	for (int n = 0; n < 300; n++)
		assert_true(is_there(table, &regular, n));
}

static void the_expired_go_first(void **state)
{
	struct table *table = *state;
	const struct stranger old = { "192.0.3.0/24", NOW - 90000, NOW - 90000, 0 };
	table->caps.entries = 1000;
	bring(table, &other, 0, 500);
	bring(table, &old, 500, 500);
	for (int n = 0; n < 450; n++)
		meet(table, &flood, n);
	assert_int_equal(table->evicted, 0);
	assert_in_range(table->deleted, 450, 500);
}

static void those_who_passed_go_by_when_they_were_seen(void **state)
{
	struct table *table = *state;
	table->caps.entries = 200;
	for (int n = 0; n < 400; n++) {
		const struct stranger one = { "192.0.2.0/24", NOW + n, NOW + n, NOW + n };
		table->sweep.now = NOW + n;
		meet(table, &one, n);
	}
	const struct stranger any = NETWORK("192.0.2.0/24");
	unsigned late = 0;
	for (int n = 300; n < 400; n++)
		late += is_there(table, &any, n);
	assert_in_range(late, 95, 100);
}

static void a_limit_that_was_lowered_is_met_step_by_step(void **state)
{
	struct table *table = *state;
	bring(table, &flood, 0, 3000);
	table->caps.entries = 1000;
	for (int n = 3000; n < 3100; n++)
		meet(table, &flood, n);
	assert_int_equal(triplets(table), 3100 - 100 * 8);
	for (int n = 3100; n < 3500; n++)
		meet(table, &flood, n);
	assert_in_range(triplets(table), 960, 1000);
}

/* The sweep is among many clients for long: room is made all the same. */
static void the_hand_may_be_among_the_clients(void **state)
{
	struct table *table = *state;
	for (int i = 0; i < 2000; i++) {
		struct gl_address address;
		struct gl_key key;
		char text[32];
		snprintf(text, sizeof text, "10.1.%d.%d", i / 250, i % 250);
		assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
		gl_client_key(&key, &address);
		struct gl_op op = { .kind = GL_OP_CLIENT, .key = &key, .now = NOW };
		assert_int_equal(gl_store_apply(table->fixture.store, &op, 1, NULL), GL_OK);
	}
	table->caps.entries = 300;
	table->sweep.hand[0] = 'c';
	for (int n = 0; n < 500; n++)
		meet(table, n % 2 == 0 ? &flood : &other, n);
	assert_int_equal(table->sweep.hand[0], 'c');
	assert_in_range(triplets(table), 290, 300);
	assert_in_range(waiting(table, flood.client), 100, 200);
}

static void strangers_do_not_fill_the_map(void **state)
{
	struct table *table = *state;
	struct gl_complaint why;
	struct gl_store_figures figures;
	gl_store_close(table->fixture.store);
	tmpdir_remove(table->fixture.database);
	table->fixture.database = tmpdir_make();
	struct gl_store_options options = options_of(table, MAP);
	assert_int_equal(gl_store_open(&table->fixture.store, &options, &why), GL_OK);
	/* those who passed fill it to the brim, where nobody is asked */
	int n = 0;
	while (
	    apply(table, &passed, n, &(struct gl_sweep){ .timing = timing, .now = NOW }) == GL_OK)
		n++;
	assert_in_range(n, 10000, 100000);
	for (int i = 0; i < 2000; i++)
		meet(table, i % 2 == 0 ? &flood : &other, i);
	assert_true(table->evicted > 2000);
	assert_int_equal(gl_store_measure(table->fixture.store, &figures), GL_OK);
	assert_true(figures.bytes <= MAP);
}

int main(void)
{
#define CAPS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CAPS(a_client_has_no_more_that_wait),
		CAPS(a_pool_is_a_client_of_its_own),
		CAPS(a_large_limit_is_looked_after_now_and_then),
		CAPS(a_client_of_very_many_is_held_back_as_well),
		CAPS(without_limits_nobody_goes),
		CAPS(the_table_has_no_more_entries),
		CAPS(a_flood_pushes_out_itself),
		CAPS(the_expired_go_first),
		CAPS(those_who_passed_go_by_when_they_were_seen),
		CAPS(a_limit_that_was_lowered_is_met_step_by_step),
		CAPS(the_hand_may_be_among_the_clients),
		CAPS(strangers_do_not_fill_the_map),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
