#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gl_status from_errno(struct gl_complaint *why, const char *path)
{
	int error = errno;

	snprintf(why->text, sizeof why->text, "%s: %s", path, strerrordesc_np(error));
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return GL_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return GL_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
		return GL_FULL;
	default:
		return GL_FAILED;
	}
}

static bool read_all(int fd, char *bytes, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t got = read(fd, bytes + *len, size - *len);

		if (got == 0)
			return true;
		if (got > 0)
			*len += (size_t)got;
		else if (errno != EINTR)
			return false;
	}
	return true;
}

enum gl_status gl_textfile_read(
    char **bytes, size_t *len, const char *path, struct gl_complaint *why)
{
	enum gl_status status = GL_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*bytes = malloc(GL_TEXTFILE_MAX + 1);
	if (fd < 0 || *bytes == NULL || !read_all(fd, *bytes, GL_TEXTFILE_MAX + 1, len)) {
		status = from_errno(why, path);
	} else if (*len > GL_TEXTFILE_MAX) {
		snprintf(why->text, sizeof why->text, "%s: too large", path);
		status = GL_TOO_LONG;
	}
	if (status != GL_OK) {
		free(*bytes);
		*bytes = NULL;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static bool write_all(int fd, struct gl_span bytes)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.at, bytes.len);

		if (done >= 0)
			bytes = gl_span_skip(bytes, (size_t)done);
		else if (errno != EINTR)
			return false;
	}
	return true;
}

/* The owner and the mode of the file that is being replaced, where there is one. */
static bool take_after(int fd, const char *path)
{
	struct stat old;

	if (stat(path, &old) != 0)
		return errno == ENOENT;
	return fchown(fd, old.st_uid, old.st_gid) == 0 && fchmod(fd, old.st_mode & 07777) == 0;
}

static bool sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;
	bool synced;

	snprintf(copy, sizeof copy, "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced;
}

enum gl_status gl_textfile_replace(const char *path, struct gl_span bytes, struct gl_complaint *why)
{
	char target[PATH_MAX];
	char temporary[PATH_MAX + 8];
	enum gl_status status = GL_OK;
	int fd;

	if (realpath(path, target) == NULL)
		snprintf(target, sizeof target, "%s", path);
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return from_errno(why, target);
	if (!write_all(fd, bytes) || !take_after(fd, target) || fsync(fd) != 0 ||
	    rename(temporary, target) != 0) {
		status = from_errno(why, target);
		unlink(temporary);
	} else if (!sync_directory(target)) {
		status = from_errno(why, target);
	}
	close(fd);
	return status;
}
