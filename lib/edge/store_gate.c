#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

/*
 * Three locks on one file; all end with the process. The gate is flock's:
 * writers share it, whoever replaces the table holds it alone. He stands
 * in the turnstile from when he begins to wait, so that newcomers, who
 * have to pass it, cannot overtake him for ever. Then writers queue, so
 * that one at the most waits for LMDB's mutex: a waiter who is killed
 * just after he was woken may take the call for the others with him.
 */
enum { TURNSTILE = 0, QUEUE = 1 };

static int octet(const struct gl_store *store, int which, short how)
{
	struct flock lock = { .l_type = how, .l_whence = SEEK_SET, .l_start = which, .l_len = 1 };
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
		store->gate = openat(
		    store->dir, "gate", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return store->gate < 0 ? store_status(store, errno) : GL_OK;
}

enum gl_status place_gate_close(struct gl_store *store)
{
	enum gl_status status = open_gate(store);
	if (status != GL_OK)
		return status;
	if (octet(store, TURNSTILE, F_WRLCK) == 0 && gate(store, LOCK_EX) == 0) {
		store->closed = true;
		return GL_OK;
	}
	status = store_status(store, errno);
	place_gate_leave(store);
	return status;
}

enum gl_status place_gate_share(struct gl_store *store)
{
	enum gl_status status = open_gate(store);
	if (status != GL_OK)
		return status;
	if (octet(store, TURNSTILE, F_RDLCK) != 0)
		return store_status(store, errno);
	if (gate(store, LOCK_SH) != 0)
		status = store_status(store, errno);
	octet(store, TURNSTILE, F_UNLCK);
	if (status == GL_OK && octet(store, QUEUE, F_WRLCK) != 0) {
		status = store_status(store, errno);
		gate(store, LOCK_UN);
	}
	return status;
}

/* Both octets at once. */
static void open_octets(const struct gl_store *store)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = QUEUE + 1 };
	(void)fcntl(store->gate, F_OFD_SETLK, &lock);
}

void place_gate_leave(struct gl_store *store)
{
	if (store->gate < 0)
		return;
	store->closed = false;
	open_octets(store);
	gate(store, LOCK_UN);
}
