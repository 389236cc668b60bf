/* The table written anew and put in its old place, with and without a backup. */
#include "greylist/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

static int64_t ticks(void)
{
	static int64_t now;
	return ++now;
}

static struct gl_record seen_at(int64_t first)
{
	return (struct gl_record){ .first_seen = first, .last_seen = first, .attempts = 1 };
}

static void triplet_of(struct gl_store *store, struct gl_triplet *triplet, unsigned n)
{
	char client[32];
	snprintf(client, sizeof client, "10.%u.%u.0/24", n / 256 % 256, n % 256);
	store_fixture_triplet(store, triplet, client, "a@b.test", "c@d.test");
}

static void fill(struct gl_store *store, unsigned from, unsigned to)
{
	static struct gl_triplet triplet;
	for (unsigned n = from; n < to; n++) {
		triplet_of(store, &triplet, n);
		store_fixture_remember(store, &triplet, seen_at(1000 + n), 0);
	}
}

static void expect(struct gl_store *store, unsigned from, unsigned to, bool there)
{
	static struct gl_triplet triplet;
	struct gl_record record;
	for (unsigned n = from; n < to; n++) {
		triplet_of(store, &triplet, n);
		assert_int_equal(store_fixture_recall(store, &triplet, &record), there);
		if (there)
			assert_int_equal(record.first_seen, 1000 + n);
	}
}

static void close_store(struct store_fixture *fixture)
{
	gl_store_close(fixture->store);
	fixture->store = NULL;
}

static enum gl_status replace(
    struct store_fixture *fixture, const char *backup, struct gl_replaced *result)
{
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_replacing how = { .backup = backup, .now = 5000, .clock = ticks };
	struct gl_complaint why = { "" };
	enum gl_status status = gl_store_replace(&options, &how, result, &why);
	assert_true(status == GL_OK || strchr(why.text, ':') != NULL);
	return status;
}

static const char *link_of(const struct store_fixture *fixture)
{
	static char name[64];
	ssize_t len = readlink(tmpdir_path(fixture->database, "table"), name, sizeof name - 1);
	name[len > 0 ? len : 0] = '\0';
	return name;
}

static bool exists(const struct store_fixture *fixture, const char *name)
{
	struct stat info;
	return lstat(tmpdir_path(fixture->database, name), &info) == 0;
}

/* A backup in a directory of its own, which is the caller's to remove. */
static char *back_up(struct store_fixture *fixture)
{
	char *directory = tmpdir_make();
	int dir = open(directory, O_RDONLY | O_DIRECTORY);
	struct gl_complaint why = { "" };
	struct gl_copied result;
	struct gl_copy *copy;
	size_t copied = 1;
	assert_int_equal(gl_store_copy_begin(&copy, fixture->store, dir, "data.mdb", &why), GL_OK);
	while (copied > 0)
		assert_int_equal(gl_store_copy_slice(copy, fixture->store, 7, &copied), GL_OK);
	assert_int_equal(gl_store_copy_end(copy, &result, &why), GL_OK);
	close(dir);
	return directory;
}

static void a_compact_keeps_everything_and_closes_gaps(void **state)
{
	struct store_fixture *fixture = *state;
	enum { ALL = 400, GONE = 300 };
	struct gl_replaced result;
	static struct gl_triplet triplet;
	static struct gl_key keys[GONE];
	size_t deleted;
	fill(fixture->store, 0, ALL);
	for (unsigned n = 0; n < GONE; n++) {
		triplet_of(fixture->store, &triplet, n);
		keys[n] = triplet.key;
	}
	assert_int_equal(gl_store_delete(fixture->store, GL_TABLE_TRIPLET,
			     &(struct gl_keys){ keys, GONE }, NULL, NULL, &deleted),
	    GL_OK);
	assert_int_equal(deleted, GONE);
	close_store(fixture);
	assert_int_equal(replace(fixture, NULL, &result), GL_OK);
	assert_string_equal(result.table, "table.2");
	assert_true(result.after * 2 < result.before);
	assert_string_equal(link_of(fixture), "table.2");
	assert_false(exists(fixture, "table.1"));
	assert_false(exists(fixture, ".table.old"));
	assert_false(exists(fixture, ".table.new"));
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, GONE, false);
	expect(fixture->store, GONE, ALL, true);
	fill(fixture->store, 0, 10);
	expect(fixture->store, 0, 10, true);
}

/* The child holds the old table open, as a helper does. */
static void an_open_table_is_left_for_the_new_one(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	int go[2];
	char byte = 0;
	fill(fixture->store, 0, 10);
	close_store(fixture);
	assert_int_equal(pipe(go), 0);
	pid_t child = fork();
	if (child == 0) {
		static struct gl_triplet triplet;
		close(go[1]);
		struct gl_store *store = store_fixture_open(fixture);
		fill(store, 10, 20);
		kill(getppid(), SIGUSR1);
		if (read(go[0], &byte, 1) != 1)
			_exit(10);
		triplet_of(store, &triplet, 20);
		struct gl_op op = {
			.kind = GL_OP_TRIPLET, .key = &triplet.key, .record = seen_at(1020)
		};
		expect(store, 0, 20, true);
		_exit(gl_store_apply(store, &op, 1, NULL) == GL_REPLACED ? 0 : 11);
	}
	sigset_t ready;
	int signal, ended;
	sigemptyset(&ready);
	sigaddset(&ready, SIGUSR1);
	assert_int_equal(sigwait(&ready, &signal), 0);
	assert_int_equal(replace(fixture, NULL, &result), GL_OK);
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, 20, true);
	expect(fixture->store, 20, 21, false);
	close(go[0]);
	close(go[1]);
}

/* Writers that never pause: whoever wants to replace the table still gets his turn. */
static void a_crowd_of_writers_lets_the_replacer_in(void **state)
{
	enum { WRITERS = 8, REPLACEMENTS = 5 };
	struct store_fixture *fixture = *state;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_replaced result;
	pid_t pids[WRITERS];
	close_store(fixture);
	for (unsigned w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		for (unsigned n = 0; pids[w] == 0; n++) {
			static struct gl_triplet triplet;
			struct gl_complaint why;
			struct gl_store *store;
			/* without a sync, so that they press on */
			options.sync_data = options.sync_meta = false;
			enum gl_status status = gl_store_open(&store, &options, &why);
			for (; status == GL_OK; n++) {
				triplet_of(store, &triplet, w * 8192 + n % 8192);
				struct gl_op op = { .kind = GL_OP_TRIPLET,
					.key = &triplet.key,
					.record = seen_at(n) };
				status = gl_store_apply(store, &op, 1, NULL);
			}
			gl_store_close(store);
			if (status != GL_REPLACED)
				_exit(1);
		}
	}
	for (int i = 0; i < REPLACEMENTS; i++)
		assert_int_equal(replace(fixture, NULL, &result), GL_OK);
	for (unsigned w = 0; w < WRITERS; w++) {
		int ended;
		kill(pids[w], SIGKILL);
		assert_int_equal(waitpid(pids[w], &ended, 0), pids[w]);
		assert_true(WIFSIGNALED(ended));
	}
	assert_string_equal(link_of(fixture), "table.6");
	fixture->store = store_fixture_open(fixture);
}

static void a_backup_comes_back_beside_what_came_since(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	static struct gl_triplet triplet;
	size_t deleted;
	fill(fixture->store, 0, 50);
	char *backup = back_up(fixture);
	triplet_of(fixture->store, &triplet, 3);
	struct gl_keys keys = { &triplet.key, 1 };
	assert_int_equal(
	    gl_store_delete(fixture->store, GL_TABLE_TRIPLET, &keys, NULL, NULL, &deleted), GL_OK);
	fill(fixture->store, 50, 60);
	close_store(fixture);
	assert_int_equal(replace(fixture, backup, &result), GL_OK);
	assert_int_equal(result.merged, 50);
	assert_int_equal(result.unusable, 0);
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, 60, true);
	tmpdir_remove(backup);
}

static void another_secret_makes_the_keys_anew(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	fill(fixture->store, 0, 50);
	char *backup = back_up(fixture);
	close_store(fixture);
	assert_int_equal(unlink(tmpdir_path(fixture->database, "secret")), 0);
	assert_int_equal(replace(fixture, NULL, &result), GL_WRONG_SECRET);
	assert_int_equal(replace(fixture, backup, &result), GL_OK);
	assert_int_equal(result.merged, 50);
	assert_string_equal(result.aside, "table.1.aside");
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, 50, true);
	tmpdir_remove(backup);
}

static bool stop_now(void *context)
{
	++*(int *)context;
	return true;
}

static void who_stops_it_changes_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_store_options options = store_fixture_options(fixture->database);
	int asked = 0;
	struct gl_replacing how = { .clock = ticks, .stop = stop_now, .context = &asked };
	struct gl_replaced result;
	struct gl_complaint why = { "" };
	fill(fixture->store, 0, 10);
	close_store(fixture);
	assert_int_equal(gl_store_replace(&options, &how, &result, &why), GL_REPLACED);
	assert_int_equal(asked, 1);
	assert_string_equal(link_of(fixture), "table.1");
	assert_false(exists(fixture, ".table.new"));
	assert_false(exists(fixture, "table.2"));
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, 10, true);
}

static void what_a_killed_one_left_is_cleared(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	close_store(fixture);
	assert_int_equal(mkdir(tmpdir_path(fixture->database, ".table.new"), 0750), 0);
	assert_int_equal(mkdir(tmpdir_path(fixture->database, ".table.old"), 0750), 0);
	tmpdir_write(fixture->database, ".table.new/data.mdb", "half", 4);
	tmpdir_write(fixture->database, ".table.old/lock.mdb", "half", 4);
	assert_int_equal(replace(fixture, NULL, &result), GL_OK);
	assert_false(exists(fixture, ".table.new"));
	assert_false(exists(fixture, ".table.old"));
	fixture->store = store_fixture_open(fixture);
}

static void what_is_no_backup_changes_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_replaced result;
	char *empty = tmpdir_make();
	fill(fixture->store, 0, 10);
	close_store(fixture);
	assert_int_equal(replace(fixture, empty, &result), GL_MALFORMED);
	tmpdir_write(empty, "data.mdb", "not an environment", 18);
	assert_int_equal(replace(fixture, empty, &result), GL_MALFORMED);
	assert_string_equal(link_of(fixture), "table.1");
	fixture->store = store_fixture_open(fixture);
	expect(fixture->store, 0, 10, true);
	tmpdir_remove(empty);
}

/* Room for its lock.mdb, and not for its entries. */
static void a_new_table_without_room_says_so(void **state)
{
	enum { ENTRIES = 400, LOCK_AND_LITTLE = 300000, TEXT = 900 };
	struct store_fixture *fixture = *state;
	static struct gl_triplet triplet;
	char recipient[TEXT + 1];
	int ended;
	memset(recipient, 'r', TEXT);
	recipient[TEXT] = '\0';
	for (unsigned n = 0; n < ENTRIES; n++) {
		char sender[32];
		snprintf(sender, sizeof sender, "s%ux@b.test", n);
		store_fixture_triplet(fixture->store, &triplet, "192.0.2.0/24", sender, recipient);
		store_fixture_remember(fixture->store, &triplet, seen_at(1000), 0);
	}
	close_store(fixture);
	pid_t child = fork();
	if (child == 0) {
		struct rlimit limit = { LOCK_AND_LITTLE, LOCK_AND_LITTLE };
		struct gl_store_options options = store_fixture_options(fixture->database);
		struct gl_replacing how = { .clock = ticks };
		struct gl_replaced result;
		struct gl_complaint why = { "" };
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(10);
		enum gl_status status = gl_store_replace(&options, &how, &result, &why);
		if (strstr(why.text, ": the new table cannot be written: ") == NULL ||
		    strstr(why.text, "Success") != NULL)
			_exit(11);
		_exit(status == GL_FULL || status == GL_FAILED ? 0 : 12);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	assert_string_equal(link_of(fixture), "table.1");
	assert_false(exists(fixture, ".table.new"));
	fixture->store = store_fixture_open(fixture);
}

int main(void)
{
	sigset_t ready;
	sigemptyset(&ready);
	sigaddset(&ready, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ready, NULL);
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(a_compact_keeps_everything_and_closes_gaps),
		WITH_TABLE(an_open_table_is_left_for_the_new_one),
		WITH_TABLE(a_crowd_of_writers_lets_the_replacer_in),
		WITH_TABLE(a_backup_comes_back_beside_what_came_since),
		WITH_TABLE(another_secret_makes_the_keys_anew),
		WITH_TABLE(who_stops_it_changes_nothing),
		WITH_TABLE(what_a_killed_one_left_is_cleared),
		WITH_TABLE(what_is_no_backup_changes_nothing),
		WITH_TABLE(a_new_table_without_room_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
