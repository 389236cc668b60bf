/* A damaged table does not stand in the way of its backup. */
#include "greylist/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

enum { ALL = 500 };

static int64_t ticks(void)
{
	return 1;
}

static void triplet_of(struct gl_store *store, struct gl_triplet *triplet, unsigned n)
{
	char client[32];
	snprintf(client, sizeof client, "10.%u.%u.0/24", n / 256 % 256, n % 256);
	store_fixture_triplet(store, triplet, client, "a@b.test", "c@d.test");
}

static void fill(struct gl_store *store)
{
	static struct gl_triplet triplet;
	struct gl_record record = { .first_seen = 1000, .last_seen = 1000, .attempts = 1 };
	for (unsigned n = 0; n < ALL; n++) {
		triplet_of(store, &triplet, n);
		store_fixture_remember(store, &triplet, record, 0);
	}
}

static char *back_up(struct gl_store *store)
{
	char *directory = tmpdir_make();
	int dir = open(directory, O_RDONLY | O_DIRECTORY);
	struct gl_complaint why = { "" };
	struct gl_copied result;
	struct gl_copy *copy;
	size_t copied = 1;
	assert_int_equal(gl_store_copy_begin(&copy, store, dir, "data.mdb", &why), GL_OK);
	while (copied > 0)
		assert_int_equal(gl_store_copy_slice(copy, store, ALL, &copied), GL_OK);
	assert_int_equal(gl_store_copy_end(copy, &result, &why), GL_OK);
	close(dir);
	return directory;
}

static enum gl_status replace(
    const struct store_fixture *fixture, const char *backup, struct gl_replaced *result)
{
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_replacing how = { .backup = backup, .now = 5000, .clock = ticks };
	struct gl_complaint why = { "" };
	enum gl_status status = gl_store_replace(&options, &how, result, &why);
	assert_true(status == GL_OK || strchr(why.text, ':') != NULL);
	return status;
}

static void damage(const struct store_fixture *fixture, void (*harm)(int fd, off_t size))
{
	struct stat info;
	int fd = open(tmpdir_path(fixture->database, "table/data.mdb"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	harm(fd, info.st_size);
	close(fd);
}

/* The root of the triplets lies beyond the file: behind the name come 40 octets, then its number.
 */
static void lose_the_root(int fd, off_t size)
{
	static const char name[] = "triplet";
	enum { LEN = sizeof name - 1, TO_ROOT = LEN + 40 };
	const uint64_t nowhere = UINT64_C(1) << 40;
	char *bytes = malloc((size_t)size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	for (off_t at = 0; at + TO_ROOT < size; at++)
		if (memcmp(bytes + at, name, LEN) == 0)
			assert_int_equal(
			    pwrite(fd, &nowhere, sizeof nowhere, at + TO_ROOT), sizeof nowhere);
	free(bytes);
}

static void expect_way_for_the_backup(
    struct store_fixture *fixture, void (*harm)(int fd, off_t size))
{
	struct gl_replaced result;
	static struct gl_triplet triplet;
	struct gl_record record;
	fill(fixture->store);
	char *backup = back_up(fixture->store);
	gl_store_close(fixture->store);
	fixture->store = NULL;
	damage(fixture, harm);
	assert_int_equal(replace(fixture, NULL, &result), GL_CORRUPT);
	assert_int_equal(access(tmpdir_path(fixture->database, "table.1"), F_OK), 0);
	assert_int_equal(replace(fixture, backup, &result), GL_OK);
	assert_int_equal(result.merged, ALL);
	assert_int_equal(result.before, 0);
	assert_string_equal(result.aside, "table.1.aside");
	assert_int_equal(access(tmpdir_path(fixture->database, "table.1.aside"), F_OK), 0);
	fixture->store = store_fixture_open(fixture);
	for (unsigned n = 0; n < ALL; n++) {
		triplet_of(fixture->store, &triplet, n);
		assert_true(store_fixture_recall(fixture->store, &triplet, &record));
	}
	tmpdir_remove(backup);
}

static void lost_pages_make_way_for_a_backup(void **state)
{
	expect_way_for_the_backup(*state, lose_the_root);
}

/* Whoever knows that reading it would end the process says so. */
static void a_table_is_put_aside_unread(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	char *backup = back_up(fixture->store);
	fill(fixture->store);
	gl_store_close(fixture->store);
	fixture->store = NULL;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_replacing how = { .backup = backup, .unread = true, .now = 5000, .clock = ticks };
	struct gl_complaint why = { "" };
	assert_int_equal(gl_store_replace(&options, &how, &result, &why), GL_OK);
	assert_string_equal(result.aside, "table.1.aside");
	fixture->store = store_fixture_open(fixture);
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(fixture->store, &figures), GL_OK);
	assert_int_equal(figures.triplets, 0);
	tmpdir_remove(backup);
}

static struct gl_key stored_key;

/* The two octets in front of a key are its length. */
static void lengthen_the_key(int fd, off_t size)
{
	const uint16_t over = 2 * GL_KEY_MAX;
	char *bytes = malloc((size_t)size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	for (off_t at = 2; at + stored_key.len < size; at++)
		if (memcmp(bytes + at, stored_key.bytes, stored_key.len) == 0)
			assert_int_equal(pwrite(fd, &over, sizeof over, at - 2), sizeof over);
	free(bytes);
}

static bool go_on(void *context, struct gl_span key, struct gl_span value)
{
	(void)context, (void)key, (void)value;
	return true;
}

static void a_key_longer_than_any_is_damage(void **state)
{
	struct store_fixture *fixture = *state;
	static struct gl_triplet triplet;
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	struct gl_sweep sweep = { .now = 1000, .budget = 8 };
	triplet_of(fixture->store, &triplet, 1);
	stored_key = triplet.key;
	store_fixture_remember(fixture->store, &triplet,
	    (struct gl_record){ .first_seen = 1000, .last_seen = 1000, .attempts = 1 }, 0);
	gl_store_close(fixture->store);
	fixture->store = NULL;
	damage(fixture, lengthen_the_key);
	fixture->store = store_fixture_open(fixture);
	assert_int_equal(gl_store_scan(fixture->store, &cursor, 10, go_on, NULL), GL_CORRUPT);
	assert_int_equal(gl_store_sweep(fixture->store, &sweep), GL_CORRUPT);
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(lost_pages_make_way_for_a_backup),
		WITH_TABLE(a_table_is_put_aside_unread),
		WITH_TABLE(a_key_longer_than_any_is_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
