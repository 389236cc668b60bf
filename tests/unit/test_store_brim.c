/* A map that strangers fill to the brim: none of them is refused, wherever the sweep's hand stands,
 * however large they are, and though a reader died. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dice.h"
#include "extent.h"
#include "greylist/store_caps.h"
#include "store_fixture.h"
#include "tmpdir.h"

enum { NOW = 10000000, MAP = 4 << 20, NETWORKS = 500, NEVER_FULL = 1000000, IMPORTED = 9000 };

struct brim {
	struct store_fixture fixture;
	struct gl_caps caps; /* none: the map alone is the limit */
	struct gl_sweep sweep;
	struct dice dice;
	unsigned long deleted, evicted;
	int met;
};

static struct gl_store_options options_of(const struct brim *brim)
{
	struct gl_store_options options = store_fixture_options(brim->fixture.database);
	options.map_limit = MAP;
	options.sync_meta = options.sync_data = false;
	return options;
}

static int setup(void **state)
{
	struct brim *brim = calloc(1, sizeof *brim);
	struct gl_complaint why;
	if (brim == NULL)
		return -1;
	brim->fixture.database = tmpdir_make();
	struct gl_store_options options = options_of(brim);
	if (gl_store_open(&brim->fixture.store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	brim->dice.state = 20261125;
	brim->sweep = (struct gl_sweep){
		.timing = { .delay = 180, .retry_window = 86400, .max_age = 900000 },
		.now = NOW,
		.caps = &brim->caps,
	};
	*state = brim;
	return 0;
}

static int teardown(void **state)
{
	struct brim *brim = *state;
	gl_store_close(brim->fixture.store);
	tmpdir_remove(brim->fixture.database);
	free(brim);
	return 0;
}

/* Under its network and under a pool's name, as the helper does. `padding` makes the text long. */
static enum gl_status come(struct brim *brim, struct gl_sweep *sweep, int64_t passed_at,
    const char *network, size_t padding)
{
	static struct gl_triplet triplet;
	const struct gl_identity identity = { .kind = GL_BY_POOL,
		.pool = gl_span_of("flood.test") };
	struct gl_key pool;
	char sender[400];
	memset(sender, 'x', sizeof sender);
	int len = snprintf(sender, sizeof sender, "%08x.", (unsigned)dice_roll(&brim->dice));
	sender[len] = 'x';
	sender[(size_t)len + padding] = '\0';
	store_fixture_triplet(brim->fixture.store, &triplet, network, sender, "c@d.test");
	gl_triplet_key_of(&pool, &triplet, &identity);
	struct gl_op ops[2] = { { .kind = GL_OP_TRIPLET, .key = &triplet.key } };
	ops[0].record = (struct gl_record){ .first_seen = NOW - (passed_at != 0 ? 900 : 0),
		.last_seen = NOW,
		.passed_at = passed_at };
	ops[0].record.text = gl_triplet_text(&triplet);
	ops[1] = ops[0];
	ops[1].key = &pool;
	return gl_store_apply(brim->fixture.store, ops, 2, sweep);
}

static void network_of(struct brim *brim, char text[32])
{
	int number = (int)dice_between(&brim->dice, 0, NETWORKS - 1);
	snprintf(text, 32, "10.%d.%d.0/24", number / 250, number % 250);
}

/* Those who passed, while there is room for newcomers. */
static void fill(struct brim *brim)
{
	char network[32];
	enum gl_status status = GL_OK;
	struct gl_sweep sweep = brim->sweep;
	sweep.caps = NULL;
	sweep.budget = 8;
	int count = 0;
	while (status == GL_OK && count++ < NEVER_FULL) {
		network_of(brim, network);
		status = come(brim, &sweep, NOW - 600, network, 0);
	}
	assert_int_equal(status, GL_FULL);
}

static void meet(struct brim *brim, const char *network, size_t padding)
{
	brim->sweep.budget = 8;
	enum gl_status status = come(brim, &brim->sweep, 0, network, padding);
	if (status != GL_OK)
		fail_msg("newcomer %d: %s (%s)", brim->met, gl_status_text(status),
		    gl_store_trouble(brim->fixture.store));
	brim->met++;
	brim->deleted += brim->sweep.deleted;
	brim->evicted += brim->sweep.evicted;
}

static struct gl_store_figures measure(const struct brim *brim)
{
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(brim->fixture.store, &figures), GL_OK);
	return figures;
}

static void pour(struct brim *brim, int networks, size_t padding)
{
	int count = extent_of(100000, 2000);
	char network[32];
	for (int i = 0; i < count; i++) {
		network_of(brim, network);
		meet(brim, networks == 1 ? "192.0.2.0/24" : network, padding);
	}
	struct gl_store_figures figures = measure(brim);
	print_message("%d newcomers: %lu evicted; %lu triplets, %lu of %lu bytes\n", brim->met,
	    brim->evicted, (unsigned long)figures.triplets, (unsigned long)figures.bytes,
	    (unsigned long)MAP);
	assert_true(brim->evicted > 0);
	assert_true(figures.bytes <= MAP);
	assert_in_range(figures.triplets, 1000, NEVER_FULL);
}

static void strangers_of_many_networks(void **state)
{
	fill(*state);
	pour(*state, NETWORKS, 0);
}

static void strangers_of_one_network(void **state)
{
	fill(*state);
	pour(*state, 1, 0);
}

/* What goes for one of these is smaller than what comes. */
static void large_strangers_among_small_ones(void **state)
{
	fill(*state);
	pour(*state, NETWORKS, 300);
}

static void large_strangers_of_one_network(void **state)
{
	fill(*state);
	pour(*state, 1, 300);
}

/* From the empty table on. */
static void nobody_but_strangers(void **state)
{
	struct brim *brim = *state;
	char network[32];
	for (int i = 0; brim->evicted == 0 && i < NEVER_FULL; i++) {
		network_of(brim, network);
		meet(brim, network, 250);
	}
	pour(brim, NETWORKS, 250);
}

enum { LAST = 80 };

struct tail {
	uint64_t count;
	struct gl_key keys[LAST];
};

static bool keep_key(void *context, struct gl_span key, struct gl_span value)
{
	struct tail *tail = context;
	struct gl_key *kept = &tail->keys[tail->count++ % LAST];
	(void)value;
	kept->len = (uint16_t)key.len;
	memcpy(kept->bytes, key.at, key.len);
	return true;
}

static void point(struct brim *brim, const struct gl_key *key)
{
	memset(brim->sweep.hand, 0, sizeof brim->sweep.hand);
	brim->sweep.hand[0] = 't';
	brim->sweep.hand[2] = (uint8_t)key->len;
	memcpy(brim->sweep.hand + 3, key->bytes, key->len);
}

static void the_hand_comes_to_the_end(void **state)
{
	struct brim *brim = *state;
	static struct tail tail;
	for (unsigned back = 1; back <= LAST; back++) {
		struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
		fill(brim);
		tail.count = 0;
		while (!cursor.done)
			assert_int_equal(
			    gl_store_scan(brim->fixture.store, &cursor, 1000, keep_key, &tail),
			    GL_OK);
		point(brim, &tail.keys[(tail.count - back) % LAST]);
		meet(brim, "192.0.2.0/24", 0);
		assert_true(brim->sweep.evicted >= 2);
	}
}

static enum gl_status remember_client(struct brim *brim, int number, struct gl_sweep *sweep)
{
	struct gl_address address;
	struct gl_key key;
	char text[32];
	snprintf(
	    text, sizeof text, "10.%d.%d.%d", number / 62500, number / 250 % 250, number % 250);
	assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
	gl_client_key(&key, &address);
	struct gl_op op = { .kind = GL_OP_CLIENT, .key = &key, .now = NOW };
	return gl_store_apply(brim->fixture.store, &op, 1, sweep);
}

/* Each retry that passes leaves a client's record, and no newcomer pays for that. */
static void those_who_are_known_leave_room(void **state)
{
	struct brim *brim = *state;
	fill(brim);
	for (int i = 0; i < 20000; i++) {
		struct gl_sweep sweep = brim->sweep;
		sweep.known = true;
		assert_int_equal(remember_client(brim, i, &sweep), GL_OK);
		brim->evicted += sweep.evicted;
		memcpy(brim->sweep.hand, sweep.hand, sizeof sweep.hand);
		if (i % 2000 == 0)
			meet(brim, "192.0.2.0/24", 300);
	}
	assert_in_range(brim->evicted, 1000, NEVER_FULL);
}

/* An import asks nobody, and leaves little of what deletions need. */
static void what_an_import_took_is_restored(void **state)
{
	struct brim *brim = *state;
	fill(brim);
	for (int i = 0; i < IMPORTED; i++)
		assert_int_equal(remember_client(brim, i, NULL), GL_OK);
	pour(brim, 1, 300);
	/* half of it, which is more than a tenth of this map */
	assert_true(measure(brim).bytes <= MAP / 10 * 9);
}

static bool die(void *context, struct gl_span key, struct gl_span value)
{
	(void)context;
	(void)key;
	(void)value;
	return raise(SIGKILL) != 0;
}

/* Inside a look at the table, and so every page that is left from now on is kept for it. */
static void leave_a_dead_reader(const struct brim *brim)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct gl_store_options options = options_of(brim);
		struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
		struct gl_store *store;
		struct gl_complaint why;
		if (gl_store_open(&store, &options, &why) == GL_OK &&
		    gl_store_scan(store, &cursor, 10, die, NULL) == GL_OK)
			_exit(0);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void a_reader_died(void **state)
{
	struct brim *brim = *state;
	char network[32];
	fill(brim);
	for (int i = 0; i < 4; i++) {
		leave_a_dead_reader(brim);
		for (int n = 0; n < 100; n++) {
			network_of(brim, network);
			meet(brim, network, 0);
		}
	}
}

/* There is nobody whose going would make room. */
static void full_for_another_reason_is_full(void **state)
{
	struct brim *brim = *state;
	enum gl_status status = GL_OK;
	for (int i = 0; status == GL_OK && i < NEVER_FULL; i++)
		status = remember_client(brim, i, NULL);
	assert_int_equal(status, GL_FULL);
	for (int i = 0; i < 20; i++) {
		brim->sweep.budget = 8;
		assert_int_equal(come(brim, &brim->sweep, 0, "192.0.2.0/24", 0), GL_FULL);
		assert_int_equal(brim->sweep.evicted, 0);
	}
}

int main(void)
{
#define BRIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		BRIM(strangers_of_many_networks),
		BRIM(strangers_of_one_network),
		BRIM(large_strangers_among_small_ones),
		BRIM(large_strangers_of_one_network),
		BRIM(nobody_but_strangers),
		BRIM(the_hand_comes_to_the_end),
		BRIM(those_who_are_known_leave_room),
		BRIM(what_an_import_took_is_restored),
		BRIM(a_reader_died),
		BRIM(full_for_another_reason_is_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
