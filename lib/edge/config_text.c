#include "config_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gl_config_stamp gl_stamp_of(const struct stat *info)
{
	enum { NANOSECONDS = 1000000000 };

	return (struct gl_config_stamp){
		.device = (uint64_t)info->st_dev,
		.inode = (uint64_t)info->st_ino,
		.size = (uint64_t)info->st_size,
		.mtime = (uint64_t)info->st_mtim.tv_sec * NANOSECONDS +
			 (uint64_t)info->st_mtim.tv_nsec,
		.ctime = (uint64_t)info->st_ctim.tv_sec * NANOSECONDS +
			 (uint64_t)info->st_ctim.tv_nsec,
	};
}

void gl_config_look(struct gl_config_stamp *stamp, const char *path)
{
	struct stat info;

	*stamp = (struct gl_config_stamp){ .inode = 0 };
	if (stat(path, &info) == 0)
		*stamp = gl_stamp_of(&info);
}

bool gl_config_same(const struct gl_config_stamp *a, const struct gl_config_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime == b->mtime && a->ctime == b->ctime;
}

/* A regular file comes with one read(2): a byte more than its size is asked for. */
static enum gl_status slurp(
    struct gl_reading *reading, int fd, const struct stat *info, size_t most)
{
	bool regular = S_ISREG(info->st_mode) && (size_t)info->st_size < most;
	size_t size = regular ? (size_t)info->st_size + 1 : 4096;

	for (;;) {
		char *grown = realloc(reading->text, size);
		if (grown == NULL)
			return GL_FAILED;
		reading->text = grown;

		ssize_t got = read(fd, grown + reading->len, size - reading->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return GL_NO_ACCESS;
		reading->len += (size_t)got;
		if (reading->len > most)
			return GL_BAD_CONFIG;
		if (got == 0 || (regular && reading->len < size))
			return GL_OK;
		if (reading->len == size)
			size *= 2;
	}
}

static void note_errno(struct gl_reading *reading)
{
	char text[128];

	snprintf(text, sizeof text, "cannot be read: %s", strerror(errno));
	gl_reading_mistake(reading, 0, text);
}

enum gl_status gl_reading_load(struct gl_reading *reading, struct gl_config_stamp *stamp)
{
	struct stat info = { .st_size = 0 };
	enum gl_status status = GL_NO_ACCESS;
	int fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0 && fstat(fd, &info) == 0) {
		*stamp = gl_stamp_of(&info);
		status = slurp(reading, fd, &info, GL_CONFIG_SIZE_MAX);
	}
	if (status == GL_NO_ACCESS)
		note_errno(reading);
	if (status == GL_BAD_CONFIG)
		gl_reading_mistake(reading, 0, "is too large for a configuration (256 KiB)");
	if (fd >= 0)
		close(fd);
	return status;
}

/* What is no file is not even opened: that alone wakes a writer who waits at a FIFO. */
enum gl_status gl_reading_load_delegate(struct gl_reading *reading)
{
	struct stat info;
	enum gl_status status = GL_NO_ACCESS;
	int fd = -1;
	int rc = lstat(reading->path, &info);

	if (rc != 0 && (errno == ENOENT || errno == ENOTDIR))
		return GL_OK;
	if (rc == 0 && S_ISREG(info.st_mode)) {
		fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		rc = fd < 0 ? fd : fstat(fd, &info);
	}
	if (rc == 0 && !S_ISREG(info.st_mode)) {
		gl_reading_mistake(
		    reading, 0, "is no regular file: a link or the like is not followed");
		status = GL_BAD_CONFIG;
	} else if (rc == 0) {
		status = slurp(reading, fd, &info, GL_DELEGATE_SIZE_MAX);
		if (status == GL_BAD_CONFIG)
			gl_reading_mistake(
			    reading, 0, "is too large for a delegation file (16 KiB)");
	}
	if (status == GL_NO_ACCESS)
		note_errno(reading);
	if (fd >= 0)
		close(fd);
	return status;
}

bool gl_reading_resume(struct gl_reading *reading, unsigned line)
{
	unsigned at_line = 1;
	unsigned depth = 0;
	char quote = '\0';
	size_t i = 0;

	for (; i < reading->len && (at_line <= line || depth > 0); i++) {
		char byte = reading->text[i];

		if (quote != '\0' && byte == '\\')
			i++;
		else if (quote != '\0')
			quote = byte == quote ? '\0' : quote;
		else if (byte == '"' || byte == '\'')
			quote = byte;
		else if (byte == '{')
			depth++;
		else if (byte == '}' && depth > 0)
			depth--;
		else if (byte == '\n')
			at_line++;
	}
	for (size_t k = 0; k < i && k < reading->len; k++)
		if (reading->text[k] != '\n')
			reading->text[k] = ' ';
	return i < reading->len;
}
