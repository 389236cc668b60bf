#include "store_room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { DATABASES_MAX = 8 };

void store_close_env(struct gl_store *store)
{
	if (store->reader != NULL)
		mdb_txn_abort(store->reader);
	if (store->env != NULL)
		mdb_env_close(store->env);
	store->reader = NULL;
	store->env = NULL;
	store->map.at = NULL;
}

/* LMDB's own would abort(3), for which the sandbox has no call; this ends the process anywhere. */
static void at_assertion(MDB_env *env, const char *message)
{
	(void)env;
	(void)message;
	__builtin_trap();
}

int store_open_env(struct gl_store *store, const struct gl_store_options *options)
{
	unsigned flags = MDB_NOTLS;
	if (options->readonly)
		flags |= MDB_RDONLY;
	if (!options->sync_meta)
		flags |= MDB_NOMETASYNC;
	if (!options->sync_data)
		flags |= MDB_NOSYNC;
	char *path;
	if (asprintf(&path, "%s/%s", store->directory, store->name) < 0)
		return ENOMEM;
	int code = mdb_env_create(&store->env);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_assert(store->env, at_assertion);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_maxdbs(store->env, DATABASES_MAX);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_maxreaders(store->env, STORE_READERS);
	if (code == MDB_SUCCESS)
		code = mdb_env_set_mapsize(store->env, (size_t)options->map_limit);
	if (code == MDB_SUCCESS)
		code = mdb_env_open(store->env, path, flags, 0600);
	free(path);
	return code;
}

/* The name may get another file while LMDB opens it. */
static enum gl_status open_locked(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	enum gl_status status = place_lock_file(store, why);
	if (status != GL_OK)
		return status;
	store_lock_note(store);
	int code = store_open_env(store, options);
	if (code != MDB_SUCCESS && store_lock_to_blame(store, code)) {
		store_lock_retire(store);
		code = MDB_SUCCESS;
	}
	if (code == MDB_SUCCESS && !store_lock_is(store)) {
		store->trouble = EAGAIN;
		return GL_REPLACED;
	}
	if (code == MDB_SUCCESS && options->watch != NULL)
		options->watch(store);
	store->damaged = store->damaged || code == MDB_INVALID;
	return store_status(store, code);
}

enum gl_status store_open_locked(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	enum { TRIES = 5 };
	enum gl_status status = GL_REPLACED;
	store->lock_made = false;
	for (int tries = 0; status == GL_REPLACED && tries < TRIES; tries++) {
		store_close_env(store);
		status = open_locked(store, options, why);
	}
	return status;
}
