#include "logfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "greylist/maillog.h"
#include "input.h"
#include "logstamp.h"

enum { LOOK_AT = 100 /* lines: a log may begin with some of another form */ };

void gl_logfiles_close(struct gl_admin *admin)
{
	if (admin->logs == NULL)
		return;
	for (size_t i = 0; i < admin->logs->count; i++)
		close(admin->logs->at[i].fd);
	free(admin->logs);
	admin->logs = NULL;
}

static bool is_same_file(int fd, const struct stat *info)
{
	struct stat other;
	return fstat(fd, &other) == 0 && other.st_dev == info->st_dev &&
	       other.st_ino == info->st_ino;
}

static bool is_known(const struct gl_logfiles *logs, const struct stat *info)
{
	for (size_t i = 0; i < logs->count; i++)
		if (is_same_file(logs->at[i].fd, info))
			return true;
	return false;
}

static enum gl_exit open_one(struct gl_admin *admin, const char *operand)
{
	struct gl_logfiles *logs = admin->logs;
	struct stat info;
	bool standard = strcmp(operand, "-") == 0;
	int fd = standard ? dup(STDIN_FILENO) : open(operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
		errno = fd >= 0 ? EISDIR : errno;
		enum gl_exit code = gl_input_cannot(
		    admin, gl_input_name(operand), "cannot be opened");
		if (fd >= 0)
			close(fd);
		return code;
	}
	bool regular = S_ISREG(info.st_mode);
	if (regular && is_known(logs, &info)) {
		close(fd);
		return GL_EXIT_OK;
	}
	logs->at[logs->count] = (struct gl_logfile){ .name = gl_input_name(operand),
		.fd = fd,
		.latest = regular ? (int64_t)info.st_mtime : admin->now,
		.size = regular && info.st_size > 0 ? (uint64_t)info.st_size : 0,
		.first = INT64_MAX,
		.place = logs->count };
	logs->count++;
	return GL_EXIT_OK;
}

enum gl_exit gl_logfiles_open(struct gl_admin *admin, int count, char **operands)
{
	enum gl_exit code = GL_EXIT_OK;
	admin->logs = calloc(1, sizeof *admin->logs + (size_t)count * sizeof *admin->logs->at);
	if (admin->logs == NULL)
		return GL_EXIT_IO;
	for (int i = 0; i < count && code == GL_EXIT_OK; i++)
		code = open_one(admin, operands[i]);
	return code;
}

static int64_t first_time(const struct gl_logfile *file, int stop)
{
	int64_t time = -1;
	struct gl_maillog *log = gl_maillog_open(file->fd, stop);
	enum gl_status status = log != NULL ? GL_OK : GL_FAILED;
	for (int i = 0; i < LOOK_AT && time < 0 && status == GL_OK; i++) {
		struct gl_logstamp stamp;
		struct gl_span line;
		status = gl_maillog_next(log, &line);
		if (status == GL_OK && gl_logstamp_take(&stamp, &line) == GL_OK)
			time = gl_logstamp_time(&stamp, file->latest);
		if (status == GL_TOO_LONG)
			status = GL_OK;
	}
	gl_maillog_close(log);
	return time >= 0 ? time : INT64_MAX;
}

/* As written where two begin at the same time. */
static int by_time(const void *a, const void *b)
{
	const struct gl_logfile *left = a, *right = b;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

void gl_logfiles_sort(struct gl_logfiles *logs, int stop)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct gl_logfile *file = &logs->at[i];
		off_t place = lseek(file->fd, 0, SEEK_CUR);
		if (place < 0 || file->size == 0)
			continue;
		file->first = first_time(file, stop);
		lseek(file->fd, place, SEEK_SET);
	}
	qsort(logs->at, logs->count, sizeof *logs->at, by_time);
}
