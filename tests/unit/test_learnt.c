/* What deliveries come to in the table: whatever their order, however little room, and twice. */
#include "learnt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "keyset.h"
#include "store_fixture.h"
#include "tmpdir.h"

enum { NOW = 1767225600, HOUR = GL_HOUR, DAY = 86400, ROOM = 1000 };

static const struct gl_interrupt never = { .fd = -1 };

struct scene {
	struct gl_admin admin;
	struct gl_import_report report;
	struct gl_import_batch *batch;
	struct gl_learnt *learnt;
	struct gl_ruleset *rules; /* NULL: no public suffixes are known */
};

static void begin(struct scene *scene, void **state, size_t room)
{
	struct store_fixture *fixture = *state;
	memset(scene, 0, sizeof *scene);
	scene->admin.world.store = fixture->store;
	scene->admin.world.config.timing = (struct gl_timing){ 180, 2 * DAY, 35 * DAY };
	scene->admin.world.config.ipv4_prefix = 24;
	scene->admin.world.config.ipv6_prefix = 64;
	scene->admin.now = NOW;
	scene->admin.err = stderr;
	scene->batch = gl_import_batch_new(&scene->admin, &scene->report);
	assert_non_null(scene->batch);
	scene->learnt = gl_learnt_new(&scene->admin, scene->batch, room);
	assert_non_null(scene->learnt);
}

static void end(struct scene *scene)
{
	gl_rules_free(scene->rules);
	gl_learnt_free(scene->learnt);
	gl_import_batch_free(scene->batch);
}

static void write_all(struct scene *scene)
{
	assert_int_equal(gl_learnt_write(scene->learnt, &never, NULL), GL_OK);
}

static void deliver(
    struct scene *scene, uint64_t mail, int64_t time, const char *client, const char *sender)
{
	struct gl_address address;
	assert_int_equal(gl_address_parse(&address, gl_span_of(client)), GL_OK);
	struct gl_delivery delivery = { .mail = mail,
		.time = time,
		.client = &address,
		.sender = gl_span_of(sender),
		.recipient = gl_span_of("c@d.test") };
	assert_int_equal(gl_learnt_add(scene->learnt, &delivery, &never), GL_OK);
}

/* From now on by names, with a list of one public suffix. */
static void go_by_names(struct scene *scene)
{
	static const char suffixes[] = "co.test\n";
	struct gl_rules_hooks hooks = { .mistake = NULL };
	char *dir = tmpdir_make();
	tmpdir_write(dir, "suffixes", suffixes, sizeof suffixes - 1);
	struct gl_rules_input input = { .list = GL_LIST_SUFFIXES,
		.path = tmpdir_path(dir, "suffixes") };
	assert_int_equal(gl_rules_compile(&scene->rules, &input, 1, &hooks), GL_OK);
	scene->admin.world.rules = scene->rules;
	scene->admin.world.head = scene->rules->head;
	scene->admin.world.config.identity = GL_IDENTITY_NAME;
	tmpdir_remove(dir);
}

static void deliver_by(struct scene *scene, int64_t time, const char *client, const char *name)
{
	struct gl_address address;
	assert_int_equal(gl_address_parse(&address, gl_span_of(client)), GL_OK);
	struct gl_delivery delivery = { .mail = (uint64_t)time,
		.time = time,
		.client = &address,
		.name = gl_span_of(name),
		.sender = gl_span_of("a@b.test"),
		.recipient = gl_span_of("c@d.test") };
	assert_int_equal(gl_learnt_add(scene->learnt, &delivery, &never), GL_OK);
}

/* first_seen is -1 where it is not there; *origin is in words then. */
static struct gl_record recall_pool(struct scene *scene, const char *pool, char origin[64])
{
	static struct gl_triplet triplet;
	struct gl_identity identity = { .kind = GL_BY_POOL, .pool = gl_span_of(pool) };
	struct gl_record record = { .first_seen = -1 };
	struct gl_network network;
	struct gl_out out = gl_out_into(origin, 63);
	store_fixture_triplet(
	    scene->admin.world.store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	gl_triplet_key_of(&triplet.key, &triplet, &identity);
	if (store_fixture_recall(scene->admin.world.store, &triplet, &record) &&
	    gl_key_network(&network, record.origin) == GL_OK)
		gl_out_network(&out, &network);
	origin[out.len] = '\0';
	return record;
}

static struct gl_record recall(struct scene *scene, const char *network, const char *sender)
{
	static struct gl_triplet triplet;
	struct gl_record record = { .first_seen = 0 };
	store_fixture_triplet(scene->admin.world.store, &triplet, network, sender, "c@d.test");
	if (!store_fixture_recall(scene->admin.world.store, &triplet, &record))
		record.first_seen = -1;
	return record;
}

static struct gl_client client_of(struct scene *scene, const char *text)
{
	struct gl_address address;
	struct gl_key key;
	struct gl_client client = { .count = 0 };
	assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
	gl_client_key(&key, &address);
	struct gl_lookup lookup = { .table = GL_TABLE_CLIENT, .key = gl_key_span(&key) };
	assert_int_equal(gl_store_lookup(scene->admin.world.store, &lookup, 1), GL_OK);
	if (lookup.found)
		assert_int_equal(gl_client_decode(&client, lookup.value), GL_OK);
	return client;
}

static void a_triplet_passed_with_its_first_delivery(void **state)
{
	struct scene scene;
	begin(&scene, state, ROOM);
	deliver(&scene, 1, NOW - 2 * DAY, "192.0.2.7", "a@b.test");
	deliver(&scene, 2, NOW - 3 * DAY, "192.0.2.9", "A@b.test");
	deliver(&scene, 3, NOW - 1 * DAY, "192.0.2.7", "a@b.test");
	/* several lines of one mail: an alias that leads to many */
	deliver(&scene, 3, NOW - 1 * DAY, "192.0.2.7", "a@b.test");
	write_all(&scene);
	struct gl_record record = recall(&scene, "192.0.2.0/24", "a@b.test");
	assert_int_equal(record.first_seen, NOW - 3 * DAY);
	assert_int_equal(record.passed_at, NOW - 3 * DAY);
	assert_int_equal(record.last_seen, NOW - 1 * DAY);
	assert_int_equal(record.passes, 3);
	assert_int_equal(scene.report.triplets.taken, 1);
	assert_int_equal(scene.report.clients.taken, 2);
	end(&scene);
}

static void a_client_counts_once_an_hour(void **state)
{
	struct scene scene;
	begin(&scene, state, ROOM);
	deliver(&scene, 1, NOW - 9 * HOUR, "192.0.2.7", "a@b.test");
	deliver(&scene, 2, NOW - 8 * HOUR - 1, "192.0.2.7", "b@b.test");
	assert_int_equal(gl_learnt_count(scene.learnt), 3);
	deliver(&scene, 3, NOW - 8 * HOUR, "192.0.2.7", "c@b.test");
	deliver(&scene, 4, NOW - 7 * HOUR - 1, "192.0.2.7", "d@b.test");
	/* an older file, read later */
	deliver(&scene, 5, NOW - 10 * HOUR + 1, "192.0.2.7", "e@b.test");
	deliver(&scene, 6, NOW - 10 * HOUR, "192.0.2.7", "f@b.test");
	write_all(&scene);
	struct gl_client client = client_of(&scene, "192.0.2.7");
	assert_int_equal(client.count, 3);
	assert_int_equal(client.last_counted, NOW - 8 * HOUR);
	assert_int_equal(client.last_seen, NOW - 7 * HOUR - 1);
	end(&scene);
}

static void who_is_not_counted_is_learnt_all_the_same(void **state)
{
	struct scene scene;
	struct gl_address address;
	begin(&scene, state, ROOM);
	assert_int_equal(gl_address_parse(&address, gl_span_of("192.0.2.7")), GL_OK);
	struct gl_delivery delivery = { .mail = 1,
		.time = NOW,
		.client = &address,
		.uncounted = true,
		.sender = gl_span_of(""),
		.recipient = gl_span_of("c@d.test") };
	assert_int_equal(gl_learnt_add(scene.learnt, &delivery, &never), GL_OK);
	write_all(&scene);
	assert_int_equal(recall(&scene, "192.0.2.0/24", "").passes, 1);
	assert_int_equal(client_of(&scene, "192.0.2.7").count, 0);
	assert_int_equal(scene.report.clients.taken, 0);
	end(&scene);
}

static void what_max_age_has_forgotten_is_not_written(void **state)
{
	struct scene scene;
	begin(&scene, state, ROOM);
	deliver(&scene, 1, NOW - 35 * DAY, "192.0.2.7", "kept@b.test");
	deliver(&scene, 2, NOW - 35 * DAY - 1, "198.51.100.7", "gone@b.test");
	write_all(&scene);
	assert_int_equal(recall(&scene, "192.0.2.0/24", "kept@b.test").passes, 1);
	assert_int_equal(recall(&scene, "198.51.100.0/24", "gone@b.test").first_seen, -1);
	assert_int_equal(gl_learnt_unwritten(scene.learnt).triplets, 1);
	assert_int_equal(gl_learnt_unwritten(scene.learnt).clients, 1);
	end(&scene);
}

static void privacy_keeps_the_text_out(void **state)
{
	struct scene scene;
	begin(&scene, state, ROOM);
	scene.admin.world.config.privacy = true;
	deliver(&scene, 1, NOW, "192.0.2.7", "a@b.test");
	write_all(&scene);
	struct gl_record record = recall(&scene, "192.0.2.0/24", "a@b.test");
	assert_int_equal(record.passes, 1);
	assert_int_equal(record.text.len, 0);
	end(&scene);
}

static void a_pool_is_learnt_with_the_network_that_came_first(void **state)
{
	static const char longest[] =
	    "mx.a-name-that-is-longer-than-what-a-set-of-keys-has-room-for.test";
	struct scene scene;
	char origin[64];
	begin(&scene, state, ROOM);
	go_by_names(&scene);
	deliver_by(&scene, NOW - 2 * DAY, "192.0.2.7", "mx1.Pool.test");
	deliver_by(&scene, NOW - 3 * DAY, "198.51.100.7", "mx2.pool.test");
	deliver_by(&scene, NOW - 1 * DAY, "203.0.113.7", "mx3.pool.test.");
	deliver_by(&scene, NOW - 1 * DAY, "203.0.113.9", longest);
	deliver_by(&scene, NOW - 2 * DAY, "203.0.113.9", longest);
	/* names that say nothing */
	deliver_by(&scene, NOW, "192.0.2.7", "unknown");
	deliver_by(&scene, NOW, "192.0.2.7", "192-0-2-7.line.test");
	deliver_by(&scene, NOW, "192.0.2.7", "");
	write_all(&scene);
	struct gl_record record = recall_pool(&scene, "pool.test", origin);
	assert_int_equal(record.first_seen, NOW - 3 * DAY);
	assert_int_equal(record.passed_at, NOW - 3 * DAY);
	assert_int_equal(record.last_seen, NOW - 1 * DAY);
	assert_int_equal(record.passes, 3);
	assert_string_equal(origin, "198.51.100.0/24");
	assert_int_equal(recall_pool(&scene, longest + 3, origin).passes, 2);
	assert_string_equal(origin, "203.0.113.0/24");
	assert_int_equal(recall_pool(&scene, "line.test", origin).first_seen, -1);
	assert_int_equal(scene.report.triplets.taken, 3 + 2);
	end(&scene);
}

static void no_pool_is_learnt_where_networks_count(void **state)
{
	struct scene scene;
	char origin[64];
	begin(&scene, state, ROOM);
	go_by_names(&scene);
	scene.admin.world.config.identity = GL_IDENTITY_NETWORK;
	deliver_by(&scene, NOW, "192.0.2.7", "mx1.pool.test");
	write_all(&scene);
	assert_int_equal(recall_pool(&scene, "pool.test", origin).first_seen, -1);
	assert_int_equal(scene.report.triplets.taken, 1);
	end(&scene);
}

static void what_is_too_long_is_said(void **state)
{
	static char sender[GL_VALUE_MAX + 2];
	struct scene scene;
	struct gl_address address;
	begin(&scene, state, ROOM);
	memset(sender, 'x', sizeof sender);
	assert_int_equal(gl_address_parse(&address, gl_span_of("192.0.2.7")), GL_OK);
	struct gl_delivery delivery = { .time = NOW,
		.client = &address,
		.sender = { sender, GL_VALUE_MAX + 1 },
		.recipient = gl_span_of("c@d.test") };
	assert_int_equal(gl_learnt_add(scene.learnt, &delivery, &never), GL_TOO_LONG);
	assert_int_equal(gl_learnt_count(scene.learnt), 0);
	end(&scene);
}

/* The same deliveries, shuffled, in one portion or in many, once or again. */
static void some_deliveries(struct scene *scene, uint64_t seed)
{
	enum { DELIVERIES = 300 };
	struct dice dice = { seed };
	int first = (int)dice_between(&dice, 0, DELIVERIES - 1);
	for (int i = 0; i < DELIVERIES; i++) {
		int n = (first + 7 * i) % DELIVERIES;
		char client[32], sender[32];
		snprintf(client, sizeof client, "10.0.%d.7", n % 11);
		snprintf(sender, sizeof sender, "%c@b.test", 'a' + n % 13);
		deliver(scene, (uint64_t)n + 1, NOW - DAY + n * 600, client, sender);
	}
	write_all(scene);
}

static void again_and_in_another_order_changes_no_triplet(void **state)
{
	struct scene scene;
	begin(&scene, state, ROOM);
	some_deliveries(&scene, 1);
	uint64_t taken = scene.report.triplets.taken, clients = scene.report.clients.taken;
	assert_int_equal(taken, 11 * 13);
	assert_int_equal(clients, 11);
	some_deliveries(&scene, 2);
	assert_int_equal(scene.report.triplets.taken, taken);
	assert_int_equal(scene.report.triplets.merged, 0);
	assert_int_equal(scene.report.triplets.unchanged, taken);
	end(&scene);
	/* Little room makes many portions: what they come to may be less, and never more. */
	begin(&scene, state, 10);
	some_deliveries(&scene, 1);
	assert_int_equal(scene.report.triplets.taken, 0);
	assert_int_equal(scene.report.triplets.merged, 0);
	end(&scene);
}

static void little_room_learns_them_all(void **state)
{
	struct scene scene;
	begin(&scene, state, 10);
	some_deliveries(&scene, 1);
	assert_int_equal(scene.report.triplets.taken, 11 * 13);
	assert_int_equal(scene.report.clients.taken, 11);
	end(&scene);
}

static void keys_have_numbers_in_their_order(void **state)
{
	enum { KEYS = 500 };
	struct store_fixture *fixture = *state;
	struct gl_keyset set;
	bool fresh;
	assert_true(gl_keyset_init(&set, KEYS, gl_store_secret(fixture->store)));
	for (int round = 0; round < 2; round++)
		for (long n = 0; n < KEYS; n++) {
			struct gl_span key = { (const char *)&n, sizeof n };
			assert_int_equal(gl_keyset_number(&set, key, &fresh), n);
			assert_int_equal(fresh, round == 0);
		}
	assert_int_equal(gl_keyset_number(&set, gl_span_of("one more"), &fresh), GL_KEYSET_FULL);
	gl_keyset_empty(&set);
	assert_int_equal(gl_keyset_number(&set, gl_span_of("one more"), &fresh), 0);
	assert_true(fresh);
	char longest[GL_KEYSET_KEY_MAX + 1] = { 0 };
	struct gl_span key = { longest, sizeof longest };
	assert_int_equal(gl_keyset_number(&set, key, &fresh), GL_KEYSET_FULL);
	key.len--;
	assert_int_equal(gl_keyset_number(&set, key, &fresh), 1);
	gl_keyset_clear(&set);
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(a_triplet_passed_with_its_first_delivery),
		WITH_TABLE(a_client_counts_once_an_hour),
		WITH_TABLE(who_is_not_counted_is_learnt_all_the_same),
		WITH_TABLE(what_max_age_has_forgotten_is_not_written),
		WITH_TABLE(privacy_keeps_the_text_out),
		WITH_TABLE(a_pool_is_learnt_with_the_network_that_came_first),
		WITH_TABLE(no_pool_is_learnt_where_networks_count),
		WITH_TABLE(what_is_too_long_is_said),
		WITH_TABLE(again_and_in_another_order_changes_no_triplet),
		WITH_TABLE(little_room_learns_them_all),
		WITH_TABLE(keys_have_numbers_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
