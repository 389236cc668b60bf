#include "fault.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
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

WRAP(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at),
    FAULT_SYSTEM, -1)
WRAP(ssize_t, read, (int fd, void *bytes, size_t len), (fd, bytes, len), FAULT_SYSTEM, -1)
WRAP(int, stat, (const char *path, struct stat *info), (path, info), FAULT_SYSTEM, -1)
WRAP(int, fstat, (int fd, struct stat *info), (fd, info), FAULT_SYSTEM, -1)
WRAP(int, fstatat, (int dir, const char *name, struct stat *info, int flags),
    (dir, name, info, flags), FAULT_SYSTEM, -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), FAULT_SYSTEM, -1)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), FAULT_SYSTEM, -1)
WRAP(void *, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t from),
    (at, len, protection, flags, fd, from), FAULT_SYSTEM, MAP_FAILED)
WRAP(int, gethostname, (char *name, size_t size), (name, size), FAULT_SYSTEM, -1)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), FAULT_SYSTEM, -1)
WRAP(ssize_t, sendto,
    (int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t size),
    (fd, bytes, len, flags, to, size), FAULT_SYSTEM, -1)

static mode_t mode_of(int flags, va_list rest)
{
	return (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return now(FAULT_SYSTEM, "open") ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return now(FAULT_SYSTEM, "openat") ? -1 : __real_openat(dir, name, flags, mode);
}

/* What _FORTIFY_SOURCE makes of openat where the compiler does not know the flags. */
int __real___openat_2(int dir, const char *name, int flags);
int __wrap___openat_2(int dir, const char *name, int flags);
int __wrap___openat_2(int dir, const char *name, int flags)
{
	return now(FAULT_SYSTEM, "openat") ? -1 : __real___openat_2(dir, name, flags);
}

/* Like libc's own, which takes a pointer whatever the command. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list rest;
	va_start(rest, command);
	void *last = va_arg(rest, void *);
	va_end(rest);
	return now(FAULT_SYSTEM, "fcntl") ? -1 : __real_fcntl(fd, command, last);
}

WRAP(void *, malloc, (size_t size), (size), FAULT_MEMORY, NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), FAULT_MEMORY, NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), FAULT_MEMORY, NULL)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size), FAULT_MEMORY,
    NULL)
WRAP(char *, strdup, (const char *text), (text), FAULT_MEMORY, NULL)
WRAP(char *, strndup, (const char *text, size_t len), (text, len), FAULT_MEMORY, NULL)
WRAP(FILE *, fmemopen, (void *bytes, size_t size, const char *mode), (bytes, size, mode),
    FAULT_MEMORY, NULL)
WRAP(cfg_t *, cfg_init, (cfg_opt_t * options, cfg_flag_t flags), (options, flags), FAULT_MEMORY,
    NULL)
