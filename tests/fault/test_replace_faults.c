/* The table replaced and backed up while each call fails once: nothing that was there is lost. */
#include "greylist/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "extent.h"
#include "fault.h"
#include "store_fixture.h"
#include "tmpdir.h"

enum { CALLS_MAX = 400, ENTRIES = 30 };

static const struct failure {
	enum fault_kind kind;
	int code;
	const char *name;
} failures[] = {
	{ FAULT_LMDB, ENOSPC, "LMDB: disk full" },
	{ FAULT_SYSTEM, EIO, "I/O error" },
	{ FAULT_LMDB, MDB_CORRUPTED, "corrupted" },
	{ FAULT_SYSTEM, EACCES, "no access" },
	{ FAULT_MEMORY, ENOMEM, "out of memory" },
};

/* The first ones only, unless the full counts are wanted. */
static size_t kinds(void)
{
	return extent_full() ? sizeof failures / sizeof failures[0] : 2;
}

/* A table with entries, and a backup of it with some that the table has lost since. */
struct world {
	char *database, *backup;
};

static int64_t ticks(void)
{
	return 0;
}

static void triplet_of(struct gl_store *store, struct gl_triplet *triplet, int n)
{
	char sender[32];
	snprintf(sender, sizeof sender, "%c%c@b.test", 'a' + n / 26, 'a' + n % 26);
	store_fixture_triplet(store, triplet, "192.0.2.0/24", sender, "c@d.test");
}

static struct gl_store *open_store(const struct world *world, const char *where)
{
	struct gl_store_options options = store_fixture_options(world->database);
	struct gl_complaint why;
	struct gl_store *store;
	if (gl_store_open(&store, &options, &why) != GL_OK)
		fail_msg("after %s: %s", where, why.text);
	return store;
}

static void fill(struct gl_store *store, int from, int to)
{
	static struct gl_triplet triplets[ENTRIES];
	struct gl_op ops[ENTRIES];
	for (int n = from; n < to; n++) {
		triplet_of(store, &triplets[n], n);
		ops[n] = (struct gl_op){ .kind = GL_OP_TRIPLET,
			.key = &triplets[n].key,
			.record = { .first_seen = 1000 + n,
			    .last_seen = 1000 + n,
			    .text = gl_triplet_text(&triplets[n]) } };
	}
	assert_int_equal(gl_store_apply(store, ops + from, (size_t)(to - from), NULL), GL_OK);
}

static enum gl_status back_up(struct gl_store *store, const char *directory)
{
	struct gl_complaint why = { "" };
	struct gl_copied result;
	struct gl_copy *copy = NULL;
	size_t copied = 1;
	int dir = open(directory, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return GL_FAILED;
	enum gl_status status = gl_store_copy_begin(&copy, store, dir, "data.mdb", &why);
	if (status != GL_OK)
		goto out;
	while (status == GL_OK && copied > 0)
		status = gl_store_copy_slice(copy, store, 7, &copied);
	if (status == GL_OK)
		status = gl_store_copy_end(copy, &result, &why);
	else
		gl_store_copy_drop(copy);
out:
	close(dir);
	return status;
}

static void make_world(struct world *world)
{
	world->database = tmpdir_make();
	world->backup = tmpdir_make();
	struct gl_store *store = open_store(world, "nothing");
	fill(store, 0, ENTRIES / 2);
	assert_int_equal(back_up(store, world->backup), GL_OK);
	fill(store, ENTRIES / 2, ENTRIES);
	gl_store_close(store);
}

static void remove_world(struct world *world)
{
	tmpdir_remove(world->database);
	tmpdir_remove(world->backup);
}

/* What could not be used is kept beside the new table, and is no loss. */
static enum gl_status replace(const struct world *world, const char *backup, bool *aside)
{
	struct gl_store_options options = store_fixture_options(world->database);
	struct gl_replacing how = { .backup = backup, .now = 5000, .clock = ticks };
	struct gl_replaced result;
	struct gl_complaint why = { "" };
	enum gl_status status = gl_store_replace(&options, &how, &result, &why);
	if (status != GL_OK && why.text[0] == '\0')
		return GL_MORE; /* which it never says: a failure without a word */
	*aside = result.aside[0] != '\0';
	return status;
}

static void check_entries(const struct world *world, const char *where)
{
	struct gl_store *store = open_store(world, where);
	struct gl_triplet triplet;
	struct gl_record record;
	for (int n = 0; n < ENTRIES; n++) {
		triplet_of(store, &triplet, n);
		if (!store_fixture_recall(store, &triplet, &record) ||
		    record.first_seen != 1000 + n)
			fail_msg("after %s: entry %d is gone", where, n);
	}
	gl_store_close(store);
}

/* The link and the table that it names. */
static void check_place(const struct world *world, const char *where)
{
	struct dirent *entry;
	int tables = 0;
	DIR *directory = opendir(world->database);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		tables += strstr(entry->d_name, "table") != NULL;
	closedir(directory);
	if (tables != 2)
		fail_msg("after %s, and one more: %d names with \"table\"", where, tables);
}

/* Everything is there, the next one works, and clears up. */
static void check_rest(const struct world *world, const char *where)
{
	bool aside = false;
	check_entries(world, where);
	assert_int_equal(replace(world, NULL, &aside), GL_OK);
	check_entries(world, where);
	check_place(world, where);
}

static void fail_every_call(const struct failure *failure, bool with_backup)
{
	for (unsigned n = 1; n < CALLS_MAX; n++) {
		struct world world;
		bool aside = false;
		make_world(&world);
		fault_arm(failure->kind, n, failure->code);
		enum gl_status status = replace(&world, with_backup ? world.backup : NULL, &aside);
		bool failed = fault_disarm();
		if (status == GL_MORE)
			fail_msg("after %s: nothing was said", fault_where());
		if (!failed)
			assert_int_equal(status, GL_OK);
		assert_true(!aside || failure->code == MDB_CORRUPTED);
		if (!aside)
			check_rest(&world, fault_where());
		remove_world(&world);
		if (!failed)
			return;
	}
	fail_msg("%s: never a run without a failure", failure->name);
}

static void a_failed_compact_harms_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds(); i++)
		fail_every_call(&failures[i], false);
}

static void a_failed_restore_harms_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds(); i++)
		fail_every_call(&failures[i], true);
}

/* Either it says that it failed, or the backup restores everything. */
static void a_backup_that_failed_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds(); i++) {
		bool failed = true;
		for (unsigned n = 1; failed && n < CALLS_MAX; n++) {
			struct world world;
			make_world(&world);
			struct gl_store *store = open_store(&world, "nothing");
			fault_arm(failures[i].kind, n, failures[i].code);
			enum gl_status status = back_up(store, world.backup);
			failed = fault_disarm();
			gl_store_close(store);
			if (!failed)
				assert_int_equal(status, GL_OK);
			assert_int_equal(unlink(tmpdir_path(world.database, "table")), 0);
			if (status == GL_OK) {
				bool aside = false;
				assert_int_equal(replace(&world, world.backup, &aside), GL_OK);
				check_entries(&world, fault_where());
			}
			remove_world(&world);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_compact_harms_nothing),
		cmocka_unit_test(a_failed_restore_harms_nothing),
		cmocka_unit_test(a_backup_that_failed_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
