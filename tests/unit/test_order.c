/* Keeping the best so many comes to the same as sorting everything and taking the first so many. */
#include "order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

enum { ROWS = 3000, ENTRIES_MAX = 60, NOW = 1767225600, ID = 4, BYTES = 160 };

/* An entry with bytes of its own; its number, from 0, stands in them. */
struct sample {
	struct gl_entry entry;
	struct gl_key key;
	char value[BYTES];
	char text[32];
};

struct scene {
	struct gl_admin admin;
	enum gl_table table;
	const char *field;
	size_t count;
	uint64_t limit;
	char limit_text[24];
	struct sample samples[ENTRIES_MAX];
	size_t expected[ENTRIES_MAX];
	size_t handed_out;
};

static const char *const fields[] = { "client", "sender", "recipient", "state", "first_seen",
	"last_seen", "passed_at", "retry_at", "attempts", "passes", "count", "last_counted" };
enum { FIELDS = sizeof fields / sizeof *fields };

static const struct gl_timing timing = { .delay = 180, .retry_window = 1000, .max_age = 2000 };

static void put_number(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static size_t id_of(const struct gl_entry *entry)
{
	const uint8_t *at = entry->table == GL_TABLE_CLIENT
				? entry->memory.message
				: (const uint8_t *)entry->key.at + entry->key.len - ID;
	return (size_t)(at[0] << 8 | at[1]);
}

/* From few different ones, so that many are equal. */
static int64_t any_time(struct dice *dice)
{
	return NOW - 500 * dice_between(dice, 0, 6);
}

static void make_triplet(struct sample *sample, struct dice *dice, struct gl_out *value)
{
	static const char *const people[] = { "", "a@x.test", "a@x.tesu", "b@x.test", "ba@x.test" };
	struct gl_record record = { .first_seen = any_time(dice),
		.last_seen = any_time(dice),
		.passed_at = dice_one_in(dice, 2) ? 0 : any_time(dice),
		.attempts = (uint32_t)dice_between(dice, 0, 3),
		.passes = (uint32_t)dice_between(dice, 0, 3) };
	struct gl_out text = gl_out_into(sample->text, sizeof sample->text);
	gl_out_text(&text, people[dice_between(dice, 0, 4)]);
	gl_out_byte(&text, '\0');
	gl_out_text(&text, people[dice_between(dice, 0, 4)]);
	if (!dice_one_in(dice, 6))
		record.text = gl_out_done(&text);
	gl_record_encode(value, &record);
}

static void make_client(struct dice *dice, size_t number, struct gl_out *value)
{
	struct gl_client client = { .count = (uint32_t)dice_between(dice, 0, 3),
		.last_counted = dice_one_in(dice, 4) ? 0 : any_time(dice),
		.last_seen = any_time(dice) };
	put_number(client.message, number);
	gl_client_encode(value, &client);
}

static void make_sample(
    struct sample *sample, struct dice *dice, enum gl_table table, size_t number)
{
	static const uint8_t prefixes[] = { 8, 16, 24, 32 };
	struct gl_address address = { .family = dice_one_in(dice, 3) ? GL_V6 : GL_V4 };
	for (size_t i = 0; i < 4; i++)
		address.bytes[i] = dice_one_in(dice, 2) ? 0 : 128;
	struct gl_network network = gl_network_of(&address, prefixes[dice_between(dice, 0, 3)]);
	struct gl_out value = gl_out_into(sample->value, sizeof sample->value);
	gl_network_key(&sample->key, &network);
	if (table == GL_TABLE_TRIPLET) {
		memset(sample->key.bytes + sample->key.len, 0, GL_DIGEST_SIZE);
		sample->key.len = (uint16_t)(sample->key.len + GL_DIGEST_SIZE);
		put_number(sample->key.bytes + sample->key.len - ID, number);
		make_triplet(sample, dice, &value);
	} else {
		make_client(dice, number, &value);
	}
	assert_int_equal(
	    gl_entry_read(&sample->entry, table, gl_key_span(&sample->key), gl_out_done(&value)),
	    GL_OK);
}

/* The number that a field is compared by, or -1 where it is unset or text. */
static int64_t number_of(const char *field, const struct gl_entry *entry)
{
	const struct gl_record *record = &entry->record;
	const struct gl_client *client = &entry->memory;
	const bool is_client = entry->table == GL_TABLE_CLIENT;
	const struct {
		const char *name;
		int64_t number;
		bool time;
	} numbers[] = { { "state", gl_record_state(&timing, record, NOW), false },
		{ "first_seen", record->first_seen, true },
		{ "last_seen", is_client ? client->last_seen : record->last_seen, true },
		{ "passed_at", record->passed_at, true },
		{ "retry_at", gl_record_retry_at(&timing, record, NOW), true },
		{ "attempts", record->attempts, false }, { "passes", record->passes, false },
		{ "count", client->count, false }, { "last_counted", client->last_counted, true } };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strcmp(numbers[i].name, field) == 0)
			return numbers[i].time && numbers[i].number == 0 ? -1 : numbers[i].number;
	return -1;
}

static int compare_clients(const struct gl_network *a, const struct gl_network *b)
{
	if (a->base.family != b->base.family)
		return a->base.family == GL_V4 ? -1 : 1;
	int difference = memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
	return difference != 0 ? difference : (int)a->prefix - (int)b->prefix;
}

/* Below 0: `a` is smaller. What is unset is 2 behind, whichever way round they are sorted. */
static int compare(const char *field, const struct gl_entry *a, const struct gl_entry *b)
{
	if (strcmp(field, "client") == 0)
		return compare_clients(&a->identity.network, &b->identity.network) < 0   ? -1
		       : compare_clients(&a->identity.network, &b->identity.network) > 0 ? 1
											 : 0;
	bool sender = strcmp(field, "sender") == 0;
	if (sender || strcmp(field, "recipient") == 0) {
		if (a->record.text.len == 0 || b->record.text.len == 0)
			return a->record.text.len == b->record.text.len ? 0
			       : b->record.text.len == 0                ? -2
									: 2;
		int order = sender ? gl_span_compare(
					 gl_record_sender(&a->record), gl_record_sender(&b->record))
				   : gl_span_compare(gl_record_recipient(&a->record),
					 gl_record_recipient(&b->record));
		return order < 0 ? -1 : order > 0;
	}
	int64_t first = number_of(field, a), second = number_of(field, b);
	if (first == second)
		return 0;
	if (first < 0 || second < 0)
		return second < 0 ? -2 : 2;
	return first < second ? -1 : 1;
}

/* An insertion sort: it leaves equal ones as they are. */
static void sort(struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++) {
		size_t at = i;
		for (; at > 0; at--) {
			int order = compare(scene->field,
			    &scene->samples[scene->expected[at - 1]].entry,
			    &scene->samples[i].entry);
			if (scene->admin.reverse && (order == 1 || order == -1))
				order = -order;
			if (order <= 0)
				break;
			scene->expected[at] = scene->expected[at - 1];
		}
		scene->expected[at] = i;
	}
}

static bool check_next(void *context, const struct gl_entry *entry)
{
	struct scene *scene = context;
	const struct sample *sample = &scene->samples[scene->expected[scene->handed_out]];
	assert_int_equal(id_of(entry), scene->expected[scene->handed_out]);
	assert_true(gl_span_equal(entry->key, sample->entry.key));
	assert_true(gl_span_equal(entry->value, sample->entry.value));
	scene->handed_out++;
	return true;
}

static void set_scene(struct scene *scene, struct dice *dice)
{
	memset(scene, 0, sizeof *scene);
	scene->field = fields[dice_between(dice, 0, FIELDS - 1)];
	scene->count = (size_t)dice_between(dice, 0, ENTRIES_MAX);
	scene->limit = UINT64_MAX;
	scene->admin.err = stderr;
	scene->admin.now = NOW;
	scene->admin.world.config.timing = timing;
	scene->admin.sort = scene->field;
	scene->admin.reverse = dice_one_in(dice, 2);
	if (dice_one_in(dice, 4))
		return;
	scene->limit = (uint64_t)dice_between(dice, 1, ENTRIES_MAX);
	snprintf(scene->limit_text, sizeof scene->limit_text, "%d", (int)scene->limit);
	scene->admin.limit = scene->limit_text;
}

static void a_heap_is_a_sort_and_its_head(void **state)
{
	static struct scene scene;
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		struct gl_order order;
		set_scene(&scene, &dice);
		assert_int_equal(gl_order_read(&order, &scene.admin), GL_EXIT_OK);
		enum gl_table table = gl_order_wants(&order, GL_TABLE_CLIENT) ? GL_TABLE_CLIENT
									      : GL_TABLE_TRIPLET;
		if (gl_order_wants(&order, GL_TABLE_TRIPLET) && dice_one_in(&dice, 2))
			table = GL_TABLE_TRIPLET;
		for (size_t i = 0; i < scene.count; i++) {
			make_sample(&scene.samples[i], &dice, table, i);
			assert_int_equal(
			    gl_order_add(&order, &scene.admin, &scene.samples[i].entry), GL_OK);
			assert_true(order.count <= scene.limit);
		}
		sort(&scene);
		gl_order_hand_out(&order, table, check_next, &scene);
		uint64_t due = scene.count < scene.limit ? scene.count : scene.limit;
		if (scene.handed_out != due)
			fail_msg("seed %llu: %zu of %llu", (unsigned long long)seed,
			    scene.handed_out, (unsigned long long)due);
		gl_order_clear(&order);
	}
}

static bool only_one(void *context, const struct gl_entry *entry)
{
	(void)entry;
	++*(unsigned *)context;
	return false;
}

static void who_has_enough_gets_no_more(void **state)
{
	static struct scene scene;
	struct dice dice = { 1 };
	struct gl_order order;
	unsigned given = 0;
	(void)state;
	set_scene(&scene, &dice);
	scene.admin.sort = "last_seen";
	scene.admin.limit = NULL;
	assert_int_equal(gl_order_read(&order, &scene.admin), GL_EXIT_OK);
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		make_sample(&scene.samples[i], &dice, GL_TABLE_CLIENT, i);
		assert_int_equal(
		    gl_order_add(&order, &scene.admin, &scene.samples[i].entry), GL_OK);
	}
	gl_order_hand_out(&order, GL_TABLE_CLIENT, only_one, &given);
	assert_int_equal(given, 1);
	assert_int_equal(order.count, 0);
}

static void fields_belong_to_their_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIELDS; i++) {
		struct gl_admin admin = { .err = stderr, .sort = fields[i] };
		struct gl_order order;
		bool both = strcmp(fields[i], "client") == 0 || strcmp(fields[i], "last_seen") == 0;
		bool clients = i >= FIELDS - 2;
		assert_int_equal(gl_order_read(&order, &admin), GL_EXIT_OK);
		assert_int_equal(gl_order_wants(&order, GL_TABLE_CLIENT), both || clients);
		assert_int_equal(gl_order_wants(&order, GL_TABLE_TRIPLET), both || !clients);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_is_a_sort_and_its_head),
		cmocka_unit_test(who_has_enough_gets_no_more),
		cmocka_unit_test(fields_belong_to_their_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
