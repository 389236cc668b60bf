#include "store_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HOUR = 3600,
	ENOUGH = 3, /* deaths of as many processes */
	SPAN = 60,  /* within so many seconds */
	KEPT = 2,
	DEATHS_SIZE_MAX = 65536
};

static const char suffix[] = ".corrupt";

/* One in table.N/deaths. */
struct death {
	int64_t when;
	int64_t pid;
};

struct gl_store_map gl_store_map(const struct gl_store *store)
{
	struct gl_store_map map = { .at = NULL, .dir = -1 };
	if (store == NULL)
		return map;
	map = store->map;
	map.dir = store->dir;
	snprintf(map.deaths, sizeof map.deaths, "%s/deaths", store->name);
	return map;
}

void gl_store_note_death(const struct gl_store_map *map, const void *address, int64_t now)
{
	struct stat info;
	const struct death death = { .when = now, .pid = getpid() };
	uintptr_t at = (uintptr_t)address, begin = (uintptr_t)map->at;
	if (map->dir < 0 || (map->at != NULL && (at < begin || at - begin >= map->len)))
		return;
	int fd = openat(map->dir, map->deaths, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && info.st_size < DEATHS_SIZE_MAX) {
		ssize_t written = write(fd, &death, sizeof death);
		(void)written; /* then the next one counts */
	}
	close(fd);
}

/* The last ones, of a file that few tables have. */
bool store_has_killed(const struct gl_store *store)
{
	struct death last[ENOUGH];
	struct stat info;
	struct gl_store_map map = gl_store_map(store);
	int fd = openat(map.dir, map.deaths, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	bool whole = fstat(fd, &info) == 0 && info.st_size >= (off_t)sizeof last &&
		     info.st_size % (off_t)sizeof *last == 0 &&
		     pread(fd, last, sizeof last, info.st_size - (off_t)sizeof last) ==
			 (ssize_t)sizeof last;
	close(fd);
	if (!whole)
		return false;
	int64_t span = last[ENOUGH - 1].when - last[0].when;
	return last[0].pid != last[1].pid && last[1].pid != last[2].pid &&
	       last[0].pid != last[2].pid && span >= 0 && span <= SPAN;
}

/* A table that was put aside: its number in the order of time. */
struct aside {
	char name[64];
	int64_t when;
};

static bool is_aside(const char *name)
{
	size_t len = strlen(name);
	return strncmp(name, "table.", 6) == 0 && len > sizeof suffix &&
	       len < sizeof((struct aside *)NULL)->name &&
	       strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

/* Keeps the newest of them in `kept`, the newest first, and hands the others to `remove`. */
static void look_at_aside(int dir, struct aside kept[KEPT], bool remove)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;
	struct stat info;
	memset(kept, 0, KEPT * sizeof *kept);
	if (listing == NULL) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((item = readdir(listing)) != NULL) {
		if (!is_aside(item->d_name) ||
		    fstatat(dir, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		struct aside one = { .when = info.st_ctime };
		snprintf(one.name, sizeof one.name, "%s", item->d_name);
		for (int i = 0; i < KEPT; i++) {
			struct aside older = kept[i];
			if (one.when < older.when)
				continue;
			kept[i] = one;
			one = older;
		}
		if (remove && one.name[0] != '\0')
			place_remove(dir, one.name);
	}
	closedir(listing);
}

struct symptom {
	const struct gl_store_options *options;
	const struct gl_op *ops;
	size_t count;
	int64_t now;
};

static void try_reading(struct gl_store *old, const struct symptom *symptom)
{
	for (size_t i = 0; i < symptom->count; i++) {
		bool triplet = symptom->ops[i].kind == GL_OP_TRIPLET;
		struct gl_lookup lookup = { .table = triplet ? GL_TABLE_TRIPLET : GL_TABLE_CLIENT,
			.key = gl_key_span(symptom->ops[i].key) };
		enum gl_status status = gl_store_lookup(old, &lookup, 1);
		(void)status; /* old->damaged says what matters */
	}
}

static void try_writing(struct gl_store *old, const struct symptom *symptom)
{
	MDB_txn *txn;
	enum gl_status status = store_write_begin(old, &txn);
	for (size_t i = 0; status == GL_OK && i < symptom->count; i++)
		status = store_apply_one(old, txn, &symptom->ops[i]);
	store_write_abort(old, &txn);
}

/* Whether the damage shows again. */
static enum gl_status look_again(
    struct gl_store *old, const struct symptom *symptom, struct gl_complaint *why)
{
	if (store_has_killed(old))
		return GL_OK;
	old->alone = true;
	old->damaged = false;
	enum gl_status status = place_secret(old, false, why);
	if (status == GL_OK)
		status = store_open_found(old, symptom->options, why);
	if (status == GL_OK) {
		try_reading(old, symptom);
		try_writing(old, symptom);
		status = GL_NOT_FOUND;
	}
	if (old->damaged)
		return GL_OK;
	return status == GL_CORRUPT ? GL_FAILED : status;
}

static enum gl_status confirm(struct gl_store *old, void *context, struct gl_complaint *why)
{
	const struct symptom *symptom = context;
	struct aside kept[KEPT];
	enum gl_status status = look_again(old, symptom, why);
	if (status != GL_OK)
		return status;
	look_at_aside(old->dir, kept, false);
	if (kept[0].name[0] == '\0' || symptom->now - kept[0].when >= HOUR)
		return GL_OK;
	snprintf(why->text, sizeof why->text,
	    "%s/%s: is damaged, less than an hour after %s was put aside, so it stays; "
	    "greylist-admin restore brings a backup back",
	    old->directory, old->name, kept[0].name);
	return GL_MORE;
}

enum gl_status gl_store_quarantine(const struct gl_store_options *options, const struct gl_op *ops,
    size_t count, const struct gl_replacing *how, struct gl_replaced *result,
    struct gl_complaint *why)
{
	struct symptom symptom = { options, ops, count, how->now };
	struct store_afresh afresh = { confirm, &symptom, suffix };
	struct gl_store *place;
	struct aside kept[KEPT];
	why->text[0] = '\0';
	enum gl_status status = store_replace_afresh(options, how, &afresh, result, why);
	if (status != GL_OK)
		return status;
	if (store_prepare(&place, options, why) == GL_OK)
		look_at_aside(place->dir, kept, true);
	gl_store_close(place);
	return GL_OK;
}
