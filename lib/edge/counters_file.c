#include "counters_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 8 /* to open a file that others are making at the same time */ };

#define MAGIC   UINT64_C(0x67726579636e7472) /* "greycntr" */
#define VERSION UINT64_C(2)                  /* of the layout in counters_room.h */

static enum gl_status from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case EACCES:
	case EPERM:
	case EROFS:
		return GL_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return GL_FULL;
	default:
		return GL_FAILED;
	}
}

/* Whole on the disk before anybody maps it: a hole would be SIGBUS on a full disk. */
static enum gl_status fill(int fd)
{
	const uint64_t head[] = { MAGIC, VERSION };
	int error;

	do
		error = posix_fallocate(fd, 0, COUNTERS_SIZE);
	while (error == EINTR);
	if (error != 0)
		return from_errno(error);
	/* despite a umask of 077, which spawn(8) sets */
	if (fchmod(fd, 0640) != 0)
		return from_errno(errno);
	ssize_t done = pwrite(fd, head, sizeof head, 0);

	if (done < 0)
		return from_errno(errno);
	return done == (ssize_t)sizeof head ? GL_OK : GL_FAILED;
}

/* Puts a new file of zeros in the place of the damaged one, or where there is none. */
static enum gl_status make(int directory, bool replace)
{
	enum gl_status status = GL_OK;
	char name[64];
	int fd = -1;

	snprintf(name, sizeof name, "counters.%ld", (long)getpid());
	/* left behind by a process of this very number that was killed here */
	if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		return from_errno(errno);
	fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return from_errno(errno);
	status = fill(fd);
	if (status != GL_OK)
		goto out;
	if (replace && renameat(directory, name, directory, "counters") != 0)
		status = from_errno(errno);
	if (!replace && linkat(directory, name, directory, "counters", 0) != 0 && errno != EEXIST)
		status = from_errno(errno);
out:
	close(fd);
	unlinkat(directory, name, 0);
	return status;
}

static bool is_ours(int directory, int fd)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 &&
	       fstatat(directory, "counters", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/*
 * The lock is on the damaged file itself: whoever comes second finds it
 * replaced, and nobody goes on counting in a file without a name.
 */
static enum gl_status heal(int directory, int fd)
{
	int locked;

	do
		locked = flock(fd, LOCK_EX);
	while (locked != 0 && errno == EINTR);
	if (locked != 0)
		return GL_FAILED;
	return is_ours(directory, fd) ? make(directory, true) : GL_OK;
}

/* GL_CORRUPT: not a file of counters that this version can use. */
static enum gl_status map(struct gl_counters *counters, int fd)
{
	struct stat info;
	int protection = counters->readonly ? PROT_READ : PROT_READ | PROT_WRITE;

	if (fstat(fd, &info) != 0)
		return GL_FAILED;
	if (!S_ISREG(info.st_mode) || info.st_size != COUNTERS_SIZE)
		return GL_CORRUPT;
	void *at = mmap(NULL, COUNTERS_SIZE, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return GL_FAILED;
	counters->words = at;
	if (atomic_load(&counters->words[AT_MAGIC]) == MAGIC &&
	    atomic_load(&counters->words[AT_VERSION]) == VERSION)
		return GL_OK;
	munmap(at, COUNTERS_SIZE);
	counters->words = NULL;
	return GL_CORRUPT;
}

/* GL_MORE: the file was made just now; look again. */
static enum gl_status attempt(struct gl_counters *counters, int directory)
{
	int access = counters->readonly ? O_RDONLY : O_RDWR;
	int fd = openat(directory, "counters", access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum gl_status status;

	if (fd < 0 && errno == ENOENT && counters->readonly)
		return GL_NOT_FOUND;
	if (fd < 0 && errno == ENOENT) {
		status = make(directory, false);
		return status == GL_OK ? GL_MORE : status;
	}
	if (fd < 0)
		return from_errno(errno);
	status = map(counters, fd);
	if (status == GL_CORRUPT && !counters->readonly) {
		status = heal(directory, fd);
		if (status == GL_OK)
			status = GL_MORE;
	}
	close(fd);
	return status;
}

/* What is made in somebody else's directory would lock the owner out. */
static enum gl_status check_owner(int directory)
{
	struct stat info;

	if (fstat(directory, &info) != 0)
		return GL_FAILED;
	return info.st_uid == geteuid() ? GL_OK : GL_NO_ACCESS;
}

static enum gl_status open_in(struct gl_counters **counters, const char *directory, bool readonly)
{
	enum gl_status status;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*counters = NULL;
	if (fd < 0)
		return from_errno(errno);
	struct gl_counters *opened = calloc(1, sizeof *opened);

	if (opened == NULL) {
		status = GL_FAILED;
		goto out;
	}
	opened->readonly = readonly;
	status = readonly ? GL_OK : check_owner(fd);
	if (status != GL_OK)
		goto out;
	status = GL_MORE;
	for (int i = 0; i < ATTEMPTS && status == GL_MORE; i++)
		status = attempt(opened, fd);
	if (status == GL_OK) {
		*counters = opened;
		opened = NULL;
	} else if (status == GL_MORE) {
		status = GL_FAILED;
	}
out:
	free(opened);
	close(fd);
	return status;
}

enum gl_status gl_counters_open(struct gl_counters **counters, const char *directory)
{
	return open_in(counters, directory, false);
}

enum gl_status gl_counters_open_readonly(struct gl_counters **counters, const char *directory)
{
	return open_in(counters, directory, true);
}

void gl_counters_close(struct gl_counters *counters)
{
	if (counters == NULL)
		return;
	munmap(counters->words, COUNTERS_SIZE);
	free(counters);
}
