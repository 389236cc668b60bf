#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "journal.h"

/* What libc has under a second name where offsets may be of two sizes, and what
 * _FORTIFY_SOURCE makes of some calls. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);

static ssize_t written(int fd, uint64_t at, const void *bytes, ssize_t done)
{
	int error = errno;
	int file = done > 0 ? journal_of_descriptor(fd) : -1;
	if (file >= 0)
		journal_wrote(fd, file, at, bytes, (size_t)done);
	errno = error;
	return done;
}

static uint64_t place_of(int fd)
{
	off_t at = journal_of_descriptor(fd) >= 0 ? lseek(fd, 0, SEEK_CUR) : 0;
	return at < 0 ? 0 : (uint64_t)at;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	uint64_t at = place_of(fd);
	return written(fd, at, bytes, syscall(SYS_write, fd, bytes, len));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return written(fd, (uint64_t)at, bytes, syscall(SYS_pwrite64, fd, bytes, len, at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
	return pwrite(fd, bytes, len, at);
}

static ssize_t gathered(int fd, uint64_t at, const struct iovec *parts, int count, ssize_t done)
{
	ssize_t left = done;
	for (int i = 0; i < count && left > 0; i++) {
		ssize_t part = (ssize_t)parts[i].iov_len < left ? (ssize_t)parts[i].iov_len : left;
		written(fd, at, parts[i].iov_base, part);
		at += (uint64_t)part;
		left -= part;
	}
	return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	uint64_t at = place_of(fd);
	return gathered(fd, at, parts, count, syscall(SYS_writev, fd, parts, count));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	ssize_t done = syscall(SYS_pwritev, fd, parts, count, at, 0);
	return gathered(fd, (uint64_t)at, parts, count, done);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
	return pwritev(fd, parts, count, at);
}

static int synced(int fd, long done)
{
	if (done == 0)
		journal_synced(fd);
	return (int)done;
}

int fsync(int fd)
{
	return synced(fd, syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	return synced(fd, syscall(SYS_fdatasync, fd));
}

static int sized(int fd, long done)
{
	struct stat info;
	int file = done == 0 ? journal_of_descriptor(fd) : -1;
	if (file >= 0 && fstat(fd, &info) == 0)
		journal_sized(file, (uint64_t)info.st_size);
	return (int)done;
}

int ftruncate(int fd, off_t size)
{
	return sized(fd, syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
	int kept = errno;
	int done = sized(fd, syscall(SYS_fallocate, fd, 0, at, len));
	int error = done == 0 ? 0 : errno;
	errno = kept;
	return error;
}

int posix_fallocate64(int fd, off64_t at, off64_t len)
{
	return posix_fallocate(fd, at, len);
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
	const char *name;
	struct stat info;
	int dir = (flags & O_CREAT) != 0 ? journal_of_path(at, path, &name) : -1;
	bool fresh = dir >= 0 && fstatat(at, path, &info, AT_SYMLINK_NOFOLLOW) != 0;
	int fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd >= 0 && fresh)
		journal_entered(dir, at, path, true);
	return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
	return (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
}

int openat(int at, const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return opened(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return opened(at, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return opened(AT_FDCWD, path, flags, mode);
}

int __open_2(const char *path, int flags)
{
	return opened(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return opened(AT_FDCWD, path, flags, 0);
}

int __openat_2(int at, const char *path, int flags)
{
	return opened(at, path, flags, 0);
}

int __openat64_2(int at, const char *path, int flags)
{
	return opened(at, path, flags, 0);
}

static int entered(int at, const char *path, bool fresh, long done)
{
	const char *name;
	if (done == 0)
		journal_entered(journal_of_path(at, path, &name), at, path, fresh);
	return (int)done;
}

int mkdirat(int at, const char *path, mode_t mode)
{
	return entered(at, path, true, syscall(SYS_mkdirat, at, path, mode));
}

int symlinkat(const char *target, int at, const char *path)
{
	return entered(at, path, true, syscall(SYS_symlinkat, target, at, path));
}

int linkat(int from_at, const char *from, int at, const char *path, int flags)
{
	return entered(at, path, false, syscall(SYS_linkat, from_at, from, at, path, flags));
}

int unlinkat(int at, const char *path, int flags)
{
	const char *name;
	long done = syscall(SYS_unlinkat, at, path, flags);
	int dir = done == 0 ? journal_of_path(at, path, &name) : -1;
	if (dir >= 0)
		journal_left(dir, name);
	return (int)done;
}

int renameat(int from_at, const char *from, int at, const char *path)
{
	const char *name, *old;
	long done = syscall(SYS_renameat2, from_at, from, at, path, 0);
	int dir = done == 0 ? journal_of_path(at, path, &name) : -1;
	if (dir >= 0 && journal_of_path(from_at, from, &old) == dir)
		journal_moved(dir, old, name);
	return (int)done;
}
