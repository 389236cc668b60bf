#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What LMDB needs for STORE_READERS slots of 64 octets, and a page for its head. */
enum { LOCK_FILE_SIZE = STORE_READERS * 64 + 4096 };

static bool is_whole(int table)
{
	struct stat info;
	return fstatat(table, "lock.mdb", &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode) && info.st_size >= LOCK_FILE_SIZE;
}

static int make(int table)
{
	char name[PLACE_TEMPORARY_MAX];
	int fd = place_temporary(table, "lock", name);
	if (fd < 0)
		return -1;
	int error = posix_fallocate(fd, 0, LOCK_FILE_SIZE);
	close(fd);
	if (error != 0) {
		unlinkat(table, name, 0);
		errno = error;
		return -1;
	}
	return place_settle(table, name, "lock.mdb");
}

/* Nobody may be writing under the locks of another file. */
static enum gl_status make_alone(struct gl_store *store, int table, struct gl_complaint *why)
{
	bool open = !store->alone && !store->closed;
	if (open && place_gate_close(store) != GL_OK)
		return place_failed(store, "gate", "locked", why);
	enum gl_status status = GL_OK;
	if (!is_whole(table)) {
		bool gone = unlinkat(table, "lock.mdb", 0) == 0 || errno == ENOENT;
		if (!gone || make(table) != 0)
			status = place_failed(store, store->name, "given a lock.mdb", why);
		store->lock_made = status == GL_OK;
	}
	if (open)
		place_gate_leave(store);
	return status;
}

enum gl_status place_lock_file(struct gl_store *store, struct gl_complaint *why)
{
	enum gl_status status = place_trust(store, store->name, why);
	if (status != GL_OK)
		return status;
	int table = openat(store->dir, store->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (table < 0)
		return place_failed(store, store->name, "opened", why);
	status = place_trust_table(store, table, why);
	if (status == GL_OK && !is_whole(table))
		status = make_alone(store, table, why);
	close(table);
	return status;
}

static void look(const struct gl_store *store, struct stat *info)
{
	char name[STORE_NAME_MAX + 16];
	snprintf(name, sizeof name, "%s/lock.mdb", store->name);
	if (fstatat(store->dir, name, info, AT_SYMLINK_NOFOLLOW) != 0)
		*info = (struct stat){ .st_ino = 0 };
}

void store_lock_note(struct gl_store *store)
{
	look(store, &store->lock);
}

bool store_lock_is(const struct gl_store *store)
{
	struct stat now;
	look(store, &now);
	return now.st_ino == store->lock.st_ino && now.st_dev == store->lock.st_dev;
}

void store_lock_retire(struct gl_store *store)
{
	char name[STORE_NAME_MAX + 16];
	bool open = !store->alone && !store->closed;
	snprintf(name, sizeof name, "%s/lock.mdb", store->name);
	if (open && place_gate_close(store) != GL_OK)
		return;
	if (store_lock_is(store))
		unlinkat(store->dir, name, 0);
	if (open)
		place_gate_leave(store);
}

bool store_lock_to_blame(const struct gl_store *store, int code)
{
	char *path;
	MDB_env *env = NULL;
	if ((code != MDB_INVALID && code != MDB_VERSION_MISMATCH) ||
	    asprintf(&path, "%s/%s", store->directory, store->name) < 0)
		return false;
	bool good = mdb_env_create(&env) == MDB_SUCCESS &&
		    mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK, 0600) == MDB_SUCCESS;
	mdb_env_close(env);
	free(path);
	return good;
}

static size_t newest(const struct gl_store *store)
{
	MDB_envinfo info;
	mdb_env_info(store->env, &info);
	return info.me_last_txnid;
}

bool store_lock_knows_writer(const struct gl_store *store, MDB_txn *txn)
{
	return mdb_txn_id(txn) == newest(store) + 1;
}

/* One less is the moment, or the death, of a writer between his commit and telling of it. */
bool store_lock_knows_reader(const struct gl_store *store, MDB_txn *txn)
{
	size_t last = newest(store), id = mdb_txn_id(txn);
	return id == last || id + 1 == last;
}

bool gl_store_lock_made(struct gl_store *store)
{
	bool made = store->lock_made;
	store->lock_made = false;
	return made;
}
