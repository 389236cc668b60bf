#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* While the gate is closed there is one builder, so these names are enough. What is found under
 * them was left by one that was killed. */
static const char being_made[] = ".table.new", going[] = ".table.old";

struct replacement {
	const struct gl_store_options *options;
	const struct gl_replacing *how;
	const struct store_afresh *afresh; /* NULL: what the old table holds is taken over */
	struct gl_replaced *result;
	struct gl_complaint *why;
	struct gl_store *old; /* its env is NULL where there is no table to use */
	struct gl_store *fresh;
	bool found;    /* there was a table, usable or not */
	int64_t begun; /* milliseconds */
};

/* What has to be whole and what a backup may replace. */
static bool may_go_without(const struct replacement *run, enum gl_status status)
{
	return run->how->backup != NULL &&
	       (status == GL_NOT_FOUND || status == GL_CORRUPT || status == GL_WRONG_SECRET);
}

/* For reading: a writer would go through the gate that is closed here. A lock file that turns out
 * to be of no use is made anew. */
static enum gl_status open_for_reading(
    struct replacement *run, const struct gl_store_options *options)
{
	enum { TRIES = 5 };
	enum gl_status status = GL_REPLACED;
	for (int tries = 0; status == GL_REPLACED && tries < TRIES; tries++)
		status = store_open_found(run->old, options, run->why);
	return status;
}

static enum gl_status open_old(struct replacement *run)
{
	struct gl_store_options options = *run->options;
	options.readonly = run->old->readonly = true;
	enum gl_status status = store_find(run->old, run->why);
	run->found = status == GL_OK;
	if (status == GL_NOT_FOUND)
		snprintf(run->why->text, sizeof run->why->text, "%s/table: is not there yet",
		    run->options->directory);
	if (run->how->backup != NULL && run->how->unread)
		return place_secret(run->old, true, run->why);
	if (status == GL_OK)
		status = place_secret(run->old, false, run->why);
	if (status == GL_OK)
		status = open_for_reading(run, &options);
	if (status == GL_OK || !may_go_without(run, status))
		return status;
	store_close_env(run->old);
	return place_secret(run->old, true, run->why);
}

static enum gl_status failed(
    const struct replacement *run, const char *what, int error, enum gl_status status)
{
	snprintf(run->why->text, sizeof run->why->text, "%s: %s: %s", run->options->directory, what,
	    mdb_strerror(error));
	return status;
}

/* The old table is not opened. */
static enum gl_status begin_afresh(struct replacement *run)
{
	enum gl_status status = store_find(run->old, run->why);
	run->found = status == GL_OK;
	if (status == GL_OK)
		status = run->afresh->confirm(run->old, run->afresh->context, run->why);
	store_close_env(run->old);
	return status == GL_OK ? place_secret(run->old, true, run->why) : status;
}

static uint64_t size_of(struct gl_store *store)
{
	struct gl_store_figures figures;
	return store->env != NULL && gl_store_measure(store, &figures) == GL_OK ? figures.bytes : 0;
}

static enum gl_status stopped(const struct replacement *run)
{
	if (run->how->stop == NULL || !run->how->stop(run->how->context))
		return GL_OK;
	snprintf(run->why->text, sizeof run->why->text, "%s: stopped; nothing was changed",
	    run->options->directory);
	return GL_REPLACED;
}

/* Of a root that is lost LMDB tells the next call no more than that the transaction is bad. */
static enum gl_status slice_failed(
    const struct replacement *run, const struct gl_copy *copy, enum gl_status status)
{
	int writing = store_copy_trouble(copy), reading = run->old->trouble;
	if (writing != MDB_SUCCESS)
		return failed(run, "the new table cannot be written", writing, status);
	if (reading == MDB_BAD_TXN)
		status = GL_CORRUPT;
	return failed(run, "the table cannot be read", reading, status);
}

static enum gl_status copy_slices(struct replacement *run, struct gl_copy *copy)
{
	enum { SLICE = 50000 }; /* entries: nobody waits between two slices */
	enum gl_status status = GL_OK;
	for (size_t copied = 1; status == GL_OK && copied > 0;) {
		status = gl_store_copy_slice(copy, run->old, SLICE, &copied);
		status = status == GL_OK ? stopped(run) : slice_failed(run, copy, status);
	}
	return status;
}

/* In the order of the keys, and so into full pages; LMDB's own compacting copy keeps half-full
 * ones as they are. */
static enum gl_status copy_old(struct replacement *run)
{
	struct gl_copy *copy = NULL;
	int table = openat(run->fresh->dir, being_made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (table < 0)
		return failed(run, "the new table cannot be made", errno, place_status(errno));
	enum gl_status status = gl_store_copy_begin(&copy, run->old, table, "data.mdb", run->why);
	if (status == GL_OK)
		status = copy_slices(run, copy);
	if (status == GL_OK)
		status = store_copy_finish(copy, run->why);
	else
		gl_store_copy_drop(copy);
	close(table);
	return status;
}

/* An empty directory with a whole lock.mdb. */
static enum gl_status make_directory(struct replacement *run)
{
	struct gl_store *fresh = run->fresh;
	place_clear(fresh);
	if (place_remove(fresh->dir, being_made) != 0 || place_remove(fresh->dir, going) != 0 ||
	    mkdirat(fresh->dir, being_made, 0750) != 0)
		return failed(run, "the new table cannot be made", errno, place_status(errno));
	memcpy(fresh->name, being_made, sizeof being_made);
	fresh->secret = run->old->secret;
	fresh->alone = true;
	return place_lock_file(fresh, run->why);
}

/* GL_CORRUPT: the copy has another number of entries. That one of them cannot be counted now is no
 * damage. */
static enum gl_status compare_counts(const struct replacement *run)
{
	struct gl_store_figures old, fresh;
	enum gl_status status = gl_store_measure(run->old, &old);
	if (status != GL_OK)
		return failed(run, "the table cannot be read", run->old->trouble, status);
	status = gl_store_measure(run->fresh, &fresh);
	if (status != GL_OK)
		return failed(run, "the new table cannot be read", run->fresh->trouble, status);
	if (old.triplets == fresh.triplets && old.clients == fresh.clients)
		return GL_OK;
	return failed(run, "the new table is not what the old one was", MDB_CORRUPTED, GL_CORRUPT);
}

/* What the old table holds. GL_CORRUPT: it could not be read to its end. */
static enum gl_status take_over(struct replacement *run, const struct gl_store_options *options)
{
	enum gl_status status = copy_old(run);
	if (status == GL_OK)
		status = store_open_found(run->fresh, options, run->why);
	return status == GL_OK ? compare_counts(run) : status;
}

static enum gl_status build(struct replacement *run)
{
	/* Synced once, at the end. */
	struct gl_store_options options = *run->options;
	options.sync_data = options.sync_meta = false;
	options.readonly = false;
	enum gl_status status = make_directory(run);
	if (status == GL_OK && run->old->env != NULL)
		status = take_over(run, &options);
	if (may_go_without(run, status)) {
		store_close_env(run->fresh);
		store_close_env(run->old);
		run->result->before = 0;
		status = make_directory(run);
	}
	if (status == GL_OK && run->old->env == NULL)
		status = store_make_databases(run->fresh, &options, run->why);
	if (status == GL_OK && run->how->backup != NULL)
		status = store_merge_backup(run->fresh, run->how, run->result, run->why);
	if (status == GL_OK) {
		int code = mdb_env_sync(run->fresh->env, 1);
		if (code != MDB_SUCCESS)
			status = failed(run, "the new table cannot be synced", code,
			    store_status(run->fresh, code));
	}
	return status;
}

/* The next number that no directory has. */
static enum gl_status name_it(struct replacement *run)
{
	enum { TABLES_MAX = 1000000 };
	struct gl_store *fresh = run->fresh;
	unsigned long number = 0;
	if (strncmp(run->old->name, "table.", 6) == 0)
		number = strtoul(run->old->name + 6, NULL, 10);
	while (++number < TABLES_MAX) {
		char name[STORE_NAME_MAX];
		struct stat info;
		snprintf(name, sizeof name, "table.%lu", number);
		if (fstatat(fresh->dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (place_announce(fresh, PLACE_COMING, name) != 0 ||
		    renameat(fresh->dir, being_made, fresh->dir, name) != 0)
			break;
		memcpy(fresh->name, name, sizeof name);
		return GL_OK;
	}
	return failed(run, "the new table cannot be named", errno, place_status(errno));
}

/* Under another name first: whoever looks for its old one has to look at the link again. */
static void remove_old(const struct replacement *run)
{
	const struct gl_store *old = run->old;
	place_remove(old->dir, going);
	if (renameat(old->dir, old->name, old->dir, going) != 0)
		return; /* it is marked: the next one to replace the table removes it */
	place_remove(old->dir, going);
	unlinkat(old->dir, PLACE_GOING, 0);
}

static void put_aside(const struct replacement *run)
{
	const struct gl_store *old = run->old;
	char name[64];
	snprintf(name, sizeof name, "%s%s", old->name,
	    run->afresh != NULL ? run->afresh->suffix : ".aside");
	bool moved = renameat(old->dir, old->name, old->dir, name) == 0;
	snprintf(run->result->aside, sizeof run->result->aside, "%s", moved ? name : old->name);
}

static enum gl_status take_place(struct replacement *run)
{
	struct gl_replaced *result = run->result;
	bool usable = run->old->env != NULL;
	result->after = size_of(run->fresh);
	store_close_env(run->fresh);
	enum gl_status status = stopped(run);
	if (status == GL_OK)
		status = name_it(run);
	if (status == GL_OK && usable && place_announce(run->old, PLACE_GOING, run->old->name) != 0)
		status = failed(run, "the old table cannot be named", errno, place_status(errno));
	if (status == GL_OK)
		status = place_publish(run->fresh, run->why);
	if (status != GL_OK)
		return status;
	snprintf(result->table, sizeof result->table, "%s", run->fresh->name);
	if (usable)
		remove_old(run);
	else if (run->found)
		put_aside(run);
	return GL_OK;
}

/* What did not become the table in use. Where it did, and only the sync behind it failed, the old
 * one is still marked as going: the next one to replace the table removes it. */
static void discard(const struct replacement *run)
{
	const struct gl_store *fresh = run->fresh;
	char name[STORE_NAME_MAX];
	place_remove(fresh->dir, being_made);
	if (place_link(fresh->dir, name) == GL_OK && strcmp(name, fresh->name) == 0)
		return;
	unlinkat(fresh->dir, PLACE_GOING, 0);
	if (strncmp(fresh->name, "table.", 6) == 0)
		place_remove(fresh->dir, fresh->name);
}

static enum gl_status replace(struct replacement *run)
{
	enum gl_status status = place_gate_close(run->old);
	if (status != GL_OK)
		return place_failed(run->old, "gate", "locked", run->why);
	run->begun = run->how->clock();
	status = run->afresh != NULL ? begin_afresh(run) : open_old(run);
	run->result->before = status == GL_OK ? size_of(run->old) : 0;
	if (status == GL_OK)
		status = build(run);
	if (status == GL_OK)
		status = take_place(run);
	if (status != GL_OK)
		discard(run);
	place_gate_leave(run->old);
	run->result->waited = run->how->clock() - run->begun;
	return status;
}

enum gl_status store_replace_afresh(const struct gl_store_options *options,
    const struct gl_replacing *how, const struct store_afresh *afresh, struct gl_replaced *result,
    struct gl_complaint *why)
{
	struct replacement run = {
		.options = options, .how = how, .afresh = afresh, .result = result, .why = why
	};
	*result = (struct gl_replaced){ .before = 0 };
	enum gl_status status = store_prepare(&run.old, options, why);
	if (status == GL_OK)
		status = store_prepare(&run.fresh, options, why);
	if (status == GL_OK)
		status = replace(&run);
	gl_store_close(run.fresh);
	gl_store_close(run.old);
	return status;
}

enum gl_status gl_store_replace(const struct gl_store_options *options,
    const struct gl_replacing *how, struct gl_replaced *result, struct gl_complaint *why)
{
	return store_replace_afresh(options, how, NULL, result, why);
}
