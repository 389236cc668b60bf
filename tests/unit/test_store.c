#include "greylist/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"

static struct gl_record first_seen_at(int64_t now)
{
	return (struct gl_record){ .first_seen = now, .last_seen = now, .attempts = 1 };
}

static void a_stranger_is_not_there(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	struct gl_record record;
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	assert_false(store_fixture_recall(fixture->store, &triplet, &record));
}

static void what_is_applied_is_there_for_the_next_process(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	struct gl_record record;
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	store_fixture_remember(fixture->store, &triplet, first_seen_at(1000), 0);
	gl_store_close(fixture->store);
	fixture->store = store_fixture_open(fixture);
	assert_true(store_fixture_recall(fixture->store, &triplet, &record));
	assert_int_equal(record.first_seen, 1000);
	assert_true(gl_span_equal(gl_record_sender(&record), gl_span_of("a@b.test")));
	assert_true(gl_span_equal(gl_record_recipient(&record), gl_span_of("c@d.test")));
}

static void two_strangers_at_once_keep_the_earlier_second(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	struct gl_record record;
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	store_fixture_remember(fixture->store, &triplet, first_seen_at(1005), 0);
	store_fixture_remember(fixture->store, &triplet, first_seen_at(1000), 0);
	assert_true(store_fixture_recall(fixture->store, &triplet, &record));
	assert_int_equal(record.first_seen, 1000);
}

static void a_pass_survives_a_late_writer(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	struct gl_record record = first_seen_at(1000);
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "", "c@d.test");
	record.passed_at = 1300;
	record.passes = 1;
	store_fixture_remember(fixture->store, &triplet, record, 1000);
	store_fixture_remember(fixture->store, &triplet, first_seen_at(1000), 1000);
	assert_true(store_fixture_recall(fixture->store, &triplet, &record));
	assert_int_equal(record.passed_at, 1300);
	assert_int_equal(record.passes, 1);
}

static void a_client_and_a_triplet_are_written_together(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	struct gl_address address;
	struct gl_key key;
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	assert_int_equal(gl_address_parse(&address, gl_span_of("192.0.2.7")), GL_OK);
	gl_client_key(&key, &address);
	struct gl_op ops[2] = {
		{ .kind = GL_OP_TRIPLET, .key = &triplet.key, .record = first_seen_at(1000) },
		{ .kind = GL_OP_CLIENT, .key = &key, .now = 1000, .forget = 0 },
	};
	ops[0].record.text = gl_triplet_text(&triplet);
	assert_int_equal(gl_store_apply(fixture->store, ops, 2, NULL), GL_OK);

	struct gl_lookup lookups[2] = {
		{ .table = GL_TABLE_TRIPLET, .key = gl_key_span(&triplet.key) },
		{ .table = GL_TABLE_CLIENT, .key = gl_key_span(&key) },
	};
	struct gl_client client;
	assert_int_equal(gl_store_lookup(fixture->store, lookups, 2), GL_OK);
	assert_true(lookups[0].found && lookups[1].found);
	assert_int_equal(gl_client_decode(&client, lookups[1].value), GL_OK);
	assert_int_equal(client.count, 1);
}

static void write_fifty(const struct store_fixture *fixture)
{
	struct gl_store *store = store_fixture_open(fixture);
	for (int i = 0; i < 50; i++) {
		struct gl_triplet triplet;
		char sender[64];
		snprintf(sender, sizeof sender, "sender-x%d@b.test", i);
		store_fixture_triplet(store, &triplet, "192.0.2.0/24", sender, "c@d.test");
		store_fixture_remember(store, &triplet, first_seen_at(2000), 0);
	}
	gl_store_close(store);
}

static void a_found_value_outlives_a_writer(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet triplet;
	store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	store_fixture_remember(fixture->store, &triplet, first_seen_at(1000), 0);
	struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET, .key = gl_key_span(&triplet.key) };
	assert_int_equal(gl_store_lookup(fixture->store, &lookup, 1), GL_OK);
	pid_t pid = fork();
	if (pid == 0) {
		write_fifty(fixture);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	struct gl_record record;
	assert_int_equal(gl_record_decode(&record, lookup.value), GL_OK);
	assert_int_equal(record.first_seen, 1000);
}

static void deleting_counts_what_was_there(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_triplet there, absent;
	size_t deleted;
	store_fixture_triplet(fixture->store, &there, "192.0.2.0/24", "a@b.test", "c@d.test");
	store_fixture_triplet(fixture->store, &absent, "192.0.2.0/24", "x@b.test", "c@d.test");
	store_fixture_remember(fixture->store, &there, first_seen_at(1000), 0);
	struct gl_key both[2] = { there.key, absent.key };
	struct gl_keys keys = { both, 2 };
	assert_int_equal(
	    gl_store_delete(fixture->store, GL_TABLE_TRIPLET, &keys, NULL, NULL, &deleted), GL_OK);
	assert_int_equal(deleted, 1);
	struct gl_record record;
	assert_false(store_fixture_recall(fixture->store, &there, &record));
}

static bool count_one(void *context, struct gl_span key, struct gl_span value)
{
	size_t *count = context;
	(void)key;
	(void)value;
	++*count;
	return true;
}

static void fill(struct store_fixture *fixture, const char *network, int from, int to)
{
	for (int i = from; i < to; i++) {
		struct gl_triplet triplet;
		char sender[64];
		snprintf(sender, sizeof sender, "sender-x%d@b.test", i);
		store_fixture_triplet(fixture->store, &triplet, network, sender, "c@d.test");
		store_fixture_remember(fixture->store, &triplet, first_seen_at(1000), 0);
	}
}

static void a_scan_in_slices_sees_everything_once(void **state)
{
	struct store_fixture *fixture = *state;
	fill(fixture, "192.0.2.0/24", 0, 25);
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	size_t count = 0, slices = 0;
	while (!cursor.done) {
		size_t before = count;
		assert_int_equal(
		    gl_store_scan(fixture->store, &cursor, 10, count_one, &count), GL_OK);
		assert_true(count - before <= 10);
		slices++;
	}
	assert_int_equal(count, 25);
	assert_int_equal(slices, 3);
}

static void a_scan_keeps_to_its_prefix(void **state)
{
	struct store_fixture *fixture = *state;
	fill(fixture, "192.0.1.0/24", 0, 3);
	fill(fixture, "192.0.2.0/24", 3, 7);
	fill(fixture, "192.0.3.0/24", 7, 9);
	struct gl_network network;
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	size_t count = 0;
	assert_int_equal(gl_network_parse(&network, gl_span_of("192.0.2.0/24")), GL_OK);
	gl_network_key(&cursor.prefix, &network);
	while (!cursor.done)
		assert_int_equal(
		    gl_store_scan(fixture->store, &cursor, 2, count_one, &count), GL_OK);
	assert_int_equal(count, 4);
}

static void a_read_only_store_writes_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_store *reader;
	struct gl_complaint why;
	struct gl_triplet triplet;
	options.readonly = true;
	assert_int_equal(gl_store_open(&reader, &options, &why), GL_OK);
	store_fixture_triplet(reader, &triplet, "192.0.2.0/24", "a@b.test", "c@d.test");
	struct gl_op op = {
		.kind = GL_OP_TRIPLET, .key = &triplet.key, .record = first_seen_at(1)
	};
	op.record.text = gl_triplet_text(&triplet);
	assert_int_equal(gl_store_apply(reader, &op, 1, NULL), GL_NO_ACCESS);
	gl_store_close(reader);
}

static void figures_count_what_is_there(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_store_figures figures;
	fill(fixture, "192.0.2.0/24", 0, 5);
	assert_int_equal(gl_store_measure(fixture->store, &figures), GL_OK);
	assert_int_equal(figures.triplets, 5);
	assert_int_equal(figures.clients, 0);
	assert_string_equal(figures.table, "table.1");
	assert_true(figures.bytes >= 4096 && figures.bytes < (1 << 20));
	assert_int_equal(figures.map_limit, 256 << 20);
}

static void a_full_map_is_a_status_and_loses_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_complaint why;
	struct gl_triplet triplet;
	enum gl_status status = GL_OK;
	int written = 0;
	gl_store_close(fixture->store);
	options.map_limit = 128 << 10;
	assert_int_equal(gl_store_open(&fixture->store, &options, &why), GL_OK);
	for (; written < 5000; written++) {
		char sender[64];
		snprintf(sender, sizeof sender, "sender-x%d@b.test", written);
		store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", sender, "c@d.test");
		struct gl_op op = {
			.kind = GL_OP_TRIPLET, .key = &triplet.key, .record = first_seen_at(1000)
		};
		op.record.text = gl_triplet_text(&triplet);
		status = gl_store_apply(fixture->store, &op, 1, NULL);
		if (status != GL_OK)
			break;
	}
	assert_int_equal(status, GL_FULL);
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(fixture->store, &figures), GL_OK);
	assert_int_equal(figures.triplets, written);
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(a_stranger_is_not_there),
		WITH_TABLE(what_is_applied_is_there_for_the_next_process),
		WITH_TABLE(two_strangers_at_once_keep_the_earlier_second),
		WITH_TABLE(a_pass_survives_a_late_writer),
		WITH_TABLE(a_client_and_a_triplet_are_written_together),
		WITH_TABLE(a_found_value_outlives_a_writer),
		WITH_TABLE(deleting_counts_what_was_there),
		WITH_TABLE(a_scan_in_slices_sees_everything_once),
		WITH_TABLE(a_scan_keeps_to_its_prefix),
		WITH_TABLE(a_read_only_store_writes_nothing),
		WITH_TABLE(figures_count_what_is_there),
		WITH_TABLE(a_full_map_is_a_status_and_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
