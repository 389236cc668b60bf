#include "greylist/store.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <lmdb.h>

#include "fault.h"
#include "store_fixture.h"
#include "tmpdir.h"

enum { CALLS_MAX = 400 };

static const struct failure {
	enum fault_kind kind;
	int code;
	const char *name;
} failures[] = {
	{ FAULT_LMDB, MDB_MAP_FULL, "map full" },
	{ FAULT_LMDB, MDB_CORRUPTED, "corrupted" },
	{ FAULT_LMDB, MDB_PANIC, "panic" },
	{ FAULT_LMDB, MDB_READERS_FULL, "readers full" },
	{ FAULT_LMDB, ENOSPC, "LMDB: disk full" },
	{ FAULT_LMDB, EIO, "LMDB: I/O error" },
	{ FAULT_LMDB, ENOMEM, "LMDB: out of memory" },
	{ FAULT_LMDB, EDQUOT, "LMDB: over quota" },
	{ FAULT_SYSTEM, ENOSPC, "disk full" },
	{ FAULT_SYSTEM, EDQUOT, "over quota" },
	{ FAULT_SYSTEM, EIO, "I/O error" },
	{ FAULT_SYSTEM, EACCES, "no access" },
	{ FAULT_SYSTEM, EMFILE, "no descriptors" },
	{ FAULT_MEMORY, ENOMEM, "out of memory" },
};

static bool ignore(void *context, struct gl_span key, struct gl_span value)
{
	(void)context;
	(void)key;
	(void)value;
	return true;
}

/* A triplet and its client, written together; `second` is the time of both. */
static enum gl_status write_both(struct gl_store *store, const char *sender, int64_t second)
{
	struct gl_triplet triplet;
	struct gl_address address;
	struct gl_key key;
	store_fixture_triplet(store, &triplet, "192.0.2.0/24", sender, "c@d.test");
	assert_int_equal(gl_address_parse(&address, gl_span_of("192.0.2.7")), GL_OK);
	gl_client_key(&key, &address);
	struct gl_op ops[2] = {
		{ .kind = GL_OP_TRIPLET,
		    .key = &triplet.key,
		    .record = { .first_seen = second, .last_seen = second } },
		{ .kind = GL_OP_CLIENT, .key = &key, .now = second },
	};
	struct gl_sweep sweep = { .timing = { 1, 2, 1 << 30 }, .now = 1, .budget = 8 };
	ops[0].record.text = gl_triplet_text(&triplet);
	return gl_store_apply(store, ops, 2, &sweep);
}

/* Everything that a store is asked for; *acknowledged says whether the write was. */
static enum gl_status use(const char *database, bool *acknowledged)
{
	struct gl_store_options options = store_fixture_options(database);
	struct gl_store *store;
	struct gl_complaint why;
	*acknowledged = false;
	enum gl_status status = gl_store_open(&store, &options, &why);
	if (status != GL_OK) {
		assert_true(strlen(why.text) > 0);
		return status;
	}
	struct gl_lookup lookup = { .table = GL_TABLE_CLIENT, .key = gl_span_of("x") };
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	struct gl_key key = { .len = 1, .bytes = "x" };
	struct gl_keys keys = { &key, 1 };
	static const struct gl_ruleset no_rules;
	size_t deleted;
	status = gl_store_lookup(store, &lookup, 1);
	if (status == GL_OK) {
		status = write_both(store, "a@b.test", 5000);
		*acknowledged = status == GL_OK;
	}
	if (status == GL_OK)
		status = gl_store_scan(store, &cursor, 10, ignore, NULL);
	if (status == GL_OK)
		status = gl_store_delete(store, GL_TABLE_CLIENT, &keys, NULL, NULL, &deleted);
	if (status == GL_OK)
		status = gl_store_replace_rules(store, &no_rules);
	gl_store_close(store);
	return status;
}

/* What could not be finished is gone again: it would come anew with every request. */
static void check_leftovers(const char *database, const char *where)
{
	struct dirent *entry;
	DIR *directory = opendir(database);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		bool temporary = entry->d_name[0] == '.' && strlen(entry->d_name) > 2;
		bool unused = strncmp(entry->d_name, "table.", 6) == 0 &&
			      strcmp(entry->d_name, "table.1") != 0;
		if (temporary || unused)
			fail_msg("after %s: %s is left over", where, entry->d_name);
	}
	closedir(directory);
}

/* With nothing failing any more: the table opens, and holds both records or none. */
static void check_after(const char *database, bool acknowledged, const char *where)
{
	struct gl_store_options options = store_fixture_options(database);
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_figures figures;
	if (gl_store_open(&store, &options, &why) != GL_OK)
		fail_msg("after %s: %s", where, why.text);
	assert_int_equal(gl_store_measure(store, &figures), GL_OK);
	if (figures.triplets != figures.clients)
		fail_msg("after %s: half of a write", where);
	if (acknowledged && figures.triplets != 1)
		fail_msg("after %s: an acknowledged write is gone", where);
	assert_int_equal(write_both(store, "z@b.test", 9000), GL_OK);
	gl_store_close(store);
}

static void fail_every_call(const struct failure *failure)
{
	for (unsigned n = 1; n < CALLS_MAX; n++) {
		char *database = tmpdir_make();
		bool acknowledged;
		fault_arm(failure->kind, n, failure->code);
		enum gl_status status = use(database, &acknowledged);
		bool failed = fault_disarm();
		/* A freeing of slots or a second attempt may well make good what failed. */
		if (!failed && status != GL_OK)
			fail_msg("%s: status %d without a failure", failure->name, (int)status);
		check_after(database, acknowledged, fault_where());
		if (strcmp(fault_where(), "unlinkat") != 0)
			check_leftovers(database, fault_where());
		tmpdir_remove(database);
		if (!failed)
			return;
	}
	fail_msg("%s: never a run without a failure", failure->name);
}

static void every_failure_has_a_status_and_harms_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
		fail_every_call(&failures[i]);
}

static void expect_full(struct gl_store *store, int code)
{
	for (unsigned n = 1;; n++) {
		fault_arm(FAULT_LMDB, n, code);
		enum gl_status status = write_both(store, "n@b.test", 2);
		assert_true(fault_disarm());
		assert_int_equal(status, GL_FULL);
		assert_string_equal(gl_store_trouble(store), strerror(code));
		if (strcmp(fault_where(), "mdb_txn_commit") == 0)
			break;
	}
}

static void a_failed_commit_says_so(void **state)
{
	struct store_fixture *fixture = *state;
	assert_int_equal(write_both(fixture->store, "a@b.test", 1), GL_OK);
	expect_full(fixture->store, ENOSPC);
	expect_full(fixture->store, EDQUOT);
}

/* First the turnstile in front of it, then the gate itself. */
static void a_gate_that_cannot_be_locked_says_so(void **state)
{
	static const char *const calls[] = { "fcntl", "flock" };
	struct store_fixture *fixture = *state;
	assert_int_equal(write_both(fixture->store, "a@b.test", 1), GL_OK);
	for (unsigned n = 1; n <= 2; n++) {
		fault_arm(FAULT_SYSTEM, n, EIO);
		enum gl_status status = write_both(fixture->store, "n@b.test", 2);
		assert_true(fault_disarm());
		assert_string_equal(fault_where(), calls[n - 1]);
		assert_int_equal(status, GL_FAILED);
		assert_string_equal(gl_store_trouble(fixture->store), strerror(EIO));
	}
}

/* A disk that has no room for all of a write takes its beginning. So does a limit on files. */
static enum gl_status write_until_cut_short(const struct store_fixture *fixture)
{
	struct stat file;
	struct rlimit limit, was;
	enum gl_status status = GL_OK;
	assert_int_equal(stat(tmpdir_path(fixture->database, "table/data.mdb"), &file), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = (struct rlimit){ (rlim_t)file.st_size + 100, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned n = 0; n < 1000 && status == GL_OK; n++) {
		char sender[32];
		snprintf(sender, sizeof sender, "%u@b.test", n);
		status = write_both(fixture->store, sender, 5000);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	return status;
}

static void a_write_cut_short_is_one_without_room(void **state)
{
	struct store_fixture *fixture = *state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(write_until_cut_short(fixture), GL_FULL);
	assert_string_equal(gl_store_trouble(fixture->store), strerror(EFBIG));
	assert_int_equal(write_both(fixture->store, "z@b.test", 9000), GL_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_a_status_and_harms_nothing),
		cmocka_unit_test_setup_teardown(
		    a_failed_commit_says_so, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_gate_that_cannot_be_locked_says_so,
		    store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_write_cut_short_is_one_without_room,
		    store_fixture_setup, store_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
