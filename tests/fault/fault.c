#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct {
	bool armed, hit;
	enum fault_kind kind;
	unsigned left;
	int code;
	const char *where;
} fault;

void fault_arm(enum fault_kind kind, unsigned n, int code)
{
	fault.kind = kind;
	fault.left = n;
	fault.code = code;
	fault.hit = false;
	fault.where = "nowhere";
	fault.armed = true;
}

bool fault_disarm(void)
{
	fault.armed = false;
	return fault.hit;
}

const char *fault_where(void)
{
	return fault.where;
}

static bool now(enum fault_kind kind, const char *where)
{
	if (!fault.armed || fault.kind != kind || --fault.left > 0)
		return false;
	fault.armed = false;
	fault.hit = true;
	fault.where = where;
	errno = fault.code;
	return true;
}

/* WRAP(result, name, (parameters), (arguments), kind, what a failure returns) */
#define WRAP(type, name, parameters, arguments, kind, failed)                                      \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return now(kind, #name) ? (failed) : __real_##name arguments;                      \
	}

WRAP(int, mdb_env_create, (MDB_env * *env), (env), FAULT_LMDB, fault.code)
WRAP(int, mdb_env_open, (MDB_env * env, const char *path, unsigned flags, mdb_mode_t mode),
    (env, path, flags, mode), FAULT_LMDB, fault.code)
WRAP(int, mdb_txn_begin, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **txn),
    (env, parent, flags, txn), FAULT_LMDB, fault.code)
WRAP(int, mdb_txn_renew, (MDB_txn * txn), (txn), FAULT_LMDB, fault.code)
WRAP(int, mdb_dbi_open, (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *dbi),
    (txn, name, flags, dbi), FAULT_LMDB, fault.code)
WRAP(int, mdb_get, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data),
    FAULT_LMDB, fault.code)
WRAP(int, mdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags),
    (txn, dbi, key, data, flags), FAULT_LMDB, fault.code)
WRAP(int, mdb_del, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data),
    FAULT_LMDB, fault.code)
WRAP(int, mdb_drop, (MDB_txn * txn, MDB_dbi dbi, int del), (txn, dbi, del), FAULT_LMDB, fault.code)
WRAP(int, mdb_cursor_open, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **cursor), (txn, dbi, cursor),
    FAULT_LMDB, fault.code)
WRAP(int, mdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op),
    (cursor, key, data, op), FAULT_LMDB, fault.code)

/* LMDB frees the handle even when the commit fails, so the failing one has to end it too. */
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
	if (!now(FAULT_LMDB, "mdb_txn_commit"))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return fault.code;
}

WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), FAULT_SYSTEM, -1)
WRAP(int, posix_fallocate, (int fd, off_t at, off_t len), (fd, at, len), FAULT_SYSTEM, fault.code)
WRAP(int, linkat, (int from, const char *old, int to, const char *new, int flags),
    (from, old, to, new, flags), FAULT_SYSTEM, -1)
WRAP(int, symlinkat, (const char *to, int dir, const char *name), (to, dir, name), FAULT_SYSTEM, -1)
WRAP(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new),
    FAULT_SYSTEM, -1)
WRAP(int, fsync, (int fd), (fd), FAULT_SYSTEM, -1)
WRAP(int, flock, (int fd, int how), (fd, how), FAULT_SYSTEM, -1)
WRAP(int, fstatfs, (int fd, struct statfs *info), (fd, info), FAULT_SYSTEM, -1)
WRAP(ssize_t, getrandom, (void *bytes, size_t len, unsigned flags), (bytes, len, flags),
    FAULT_SYSTEM, -1)
WRAP(ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len), FAULT_SYSTEM, -1)

int __real_openat(int dir, const char *name, int flags, mode_t mode);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	if (now(FAULT_SYSTEM, "openat"))
		return -1;
	if ((flags & O_CREAT) != 0) {
		va_list rest;
		va_start(rest, flags);
		mode = (mode_t)va_arg(rest, int);
		va_end(rest);
	}
	return __real_openat(dir, name, flags, mode);
}

WRAP(void *, malloc, (size_t size), (size), FAULT_MEMORY, NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), FAULT_MEMORY, NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), FAULT_MEMORY, NULL)
WRAP(char *, strdup, (const char *text), (text), FAULT_MEMORY, NULL)
WRAP(char *, strndup, (const char *text, size_t len), (text, len), FAULT_MEMORY, NULL)
