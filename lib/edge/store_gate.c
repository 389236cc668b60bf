#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

/*
 * Two locks on one file. The gate itself is flock's: writers hold it
 * shared, whoever replaces the table alone. In front of it stands a
 * turnstile, a lock of the open file description on the first octet: a
 * writer passes it in a moment, and whoever replaces the table stands in
 * it from the time he begins to wait, so that newcomers cannot overtake
 * him for ever. Both locks end with the process, however it ends.
 */
static int turnstile(const struct gl_store *store, short how)
{
	struct flock lock = { .l_type = how, .l_whence = SEEK_SET, .l_len = 1 };
	int done;
	do
		done = fcntl(store->gate, F_OFD_SETLKW, &lock);
	while (done != 0 && errno == EINTR);
	return done;
}

static int gate(const struct gl_store *store, int how)
{
	int done;
	do
		done = flock(store->gate, how);
	while (done != 0 && errno == EINTR);
	return done;
}

static enum gl_status open_gate(struct gl_store *store)
{
	if (store->gate < 0)
		store->gate = openat(store->dir, "gate", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	return store->gate < 0 ? store_status(store, errno) : GL_OK;
}

enum gl_status place_gate_close(struct gl_store *store)
{
	enum gl_status status = open_gate(store);
	if (status != GL_OK)
		return status;
	store->in_turnstile = true;
	if (turnstile(store, F_WRLCK) == 0 && gate(store, LOCK_EX) == 0)
		return GL_OK;
	status = store_status(store, errno);
	place_gate_leave(store);
	return status;
}

enum gl_status place_gate_share(struct gl_store *store)
{
	enum gl_status status = open_gate(store);
	if (status != GL_OK)
		return status;
	if (turnstile(store, F_RDLCK) != 0)
		return store_status(store, errno);
	if (gate(store, LOCK_SH) != 0)
		status = store_status(store, errno);
	turnstile(store, F_UNLCK);
	return status;
}

void place_gate_leave(struct gl_store *store)
{
	if (store->gate < 0)
		return;
	gate(store, LOCK_UN);
	if (store->in_turnstile)
		turnstile(store, F_UNLCK);
	store->in_turnstile = false;
}
