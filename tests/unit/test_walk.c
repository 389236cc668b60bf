/* A client's entries are found where they stand, without reading the rest. */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "store_fixture.h"

enum {
	NOW = 1767225600,
	TRIPLETS = 2000,
	CLIENTS = 400,
	QUESTIONS = 400,
	ALL = TRIPLETS + CLIENTS
};

/* What a walk gave, in its order. */
struct found {
	const struct gl_admin *admin;
	const struct gl_filter *filter;
	size_t looked_at, count;
	struct gl_key keys[ALL];
};

/* Few different ones, and of every length. */
static struct gl_network any_network(struct dice *dice)
{
	struct gl_address address = { .family = dice_one_in(dice, 3) ? GL_V6 : GL_V4 };
	size_t octets = address.family == GL_V4 ? 4 : 16;
	for (size_t i = 0; i < octets; i++)
		address.bytes[i] = (uint8_t)(dice_one_in(dice, 4) ? dice_roll(dice) & 0x81 : 10);
	return gl_network_of(
	    &address, (uint8_t)dice_between(dice, 0, gl_family_bits(address.family)));
}

static void fill(struct gl_store *store)
{
	static struct gl_triplet triplet;
	struct dice dice = { 7 };
	for (unsigned i = 0; i < ALL; i++) {
		char sender[32];
		struct gl_network network = any_network(&dice);
		struct gl_key key;
		gl_network_key(&key, &network);
		struct gl_op op = { .kind = GL_OP_CLIENT, .key = &key, .now = NOW };
		if (i < TRIPLETS) {
			snprintf(sender, sizeof sender, "s%ux@example.org", i);
			assert_int_equal(gl_triplet_make(&triplet, &network, gl_span_of(sender),
					     gl_span_of("r@example.com"), gl_store_secret(store)),
			    GL_OK);
			op = (struct gl_op){ .kind = GL_OP_TRIPLET,
				.key = &triplet.key,
				.record = { .first_seen = NOW,
				    .last_seen = NOW,
				    .text = gl_triplet_text(&triplet) } };
		}
		assert_int_equal(gl_store_apply(store, &op, 1, NULL), GL_OK);
	}
}

static bool note(void *context, const struct gl_entry *entry)
{
	struct found *found = context;
	found->looked_at++;
	if (!gl_filter_fits(found->filter, found->admin, entry))
		return true;
	struct gl_key *key = &found->keys[found->count++];
	key->len = (uint16_t)entry->key.len;
	memcpy(key->bytes, entry->key.at, entry->key.len);
	return true;
}

static void compare(struct gl_admin *admin, const struct gl_filter *filter, enum gl_table table)
{
	static struct found all, some;
	all.admin = some.admin = admin;
	all.filter = some.filter = filter;
	all.count = all.looked_at = some.count = some.looked_at = 0;
	assert_int_equal(gl_walk(admin, table, note, &all), GL_OK);
	assert_int_equal(gl_walk_filter(admin, filter, table, note, &some), GL_OK);
	assert_int_equal(some.count, all.count);
	for (size_t i = 0; i < all.count; i++) {
		assert_int_equal(some.keys[i].len, all.keys[i].len);
		assert_memory_equal(some.keys[i].bytes, all.keys[i].bytes, all.keys[i].len);
	}
	if (filter->client.network.prefix % 8 == 0)
		assert_int_equal(some.looked_at, some.count);
}

static void a_client_is_found_where_it_stands(void **state)
{
	static struct gl_filter filter;
	struct store_fixture *fixture = *state;
	struct gl_admin admin = { .err = stderr, .now = NOW };
	struct dice dice = { 11 };
	admin.world.store = fixture->store;
	fill(fixture->store);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		char text[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(text, sizeof text);
		struct gl_network network = any_network(&dice);
		gl_out_network(&out, &network);
		admin.client = gl_out_string(&out);
		assert_int_equal(gl_filter_read(&filter, &admin), GL_EXIT_OK);
		compare(&admin, &filter, GL_TABLE_TRIPLET);
		compare(&admin, &filter, GL_TABLE_CLIENT);
	}
}

static void a_table_where_nothing_can_fit_is_not_read(void **state)
{
	static struct gl_filter filter;
	struct gl_admin admin = { .err = stderr, .now = NOW, .state = "waiting" };
	(void)state;
	assert_int_equal(gl_filter_read(&filter, &admin), GL_EXIT_OK);
	assert_int_equal(gl_walk_filter(&admin, &filter, GL_TABLE_CLIENT, note, NULL), GL_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_client_is_found_where_it_stands, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test(a_table_where_nothing_can_fit_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
