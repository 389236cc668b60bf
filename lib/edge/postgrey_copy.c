#include "postgrey_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 65536, NAME = 32, ATTEMPTS = 5, LOGS_MAX = 4096 };

static const char triplets[] = "postgrey.db";
static const char clients[] = "postgrey_clients.db";

static enum gl_status failed(const char *name, const char *what, struct gl_complaint *why)
{
	int error = errno;
	snprintf(why->text, sizeof why->text, "%s: %s: %s", name, what, strerror(error));
	switch (error) {
	case ENOENT:
		return GL_NOT_FOUND;
	case EACCES:
	case EPERM:
		return GL_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
		return GL_FULL;
	default:
		return GL_FAILED;
	}
}

static bool write_all(int to, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(to, bytes, len);
		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			bytes += put;
			len -= (size_t)put;
		}
	}
	return true;
}

static bool pour(int from, int to)
{
	char bytes[CHUNK];
	for (;;) {
		ssize_t got = read(from, bytes, sizeof bytes);
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || !write_all(to, bytes, (size_t)got))
			return false;
	}
}

static enum gl_status copy_file(
    const struct postgrey_copy *copy, int directory, const char *name, struct gl_complaint *why)
{
	enum gl_status status = GL_OK;
	int to = -1;
	int from = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (from < 0)
		return failed(name, "cannot be opened", why);
	to = openat(copy->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0 || !pour(from, to))
		status = failed(name, "cannot be copied", why);
	if (to >= 0)
		close(to);
	close(from);
	return status;
}

/* "log." and ten digits */
static bool is_log(const char *name)
{
	enum { LOG_NAME = 14 };
	if (strlen(name) != LOG_NAME || strncmp(name, "log.", 4) != 0)
		return false;
	return strspn(name + 4, "0123456789") == LOG_NAME - 4;
}

struct logs {
	size_t count;
	char names[LOGS_MAX][NAME];
};

static enum gl_status list_logs(struct logs *logs, int directory, struct gl_complaint *why)
{
	logs->count = 0;
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return failed("the directory", "cannot be read", why);
	}
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL && logs->count < LOGS_MAX)
		if (is_log(entry->d_name))
			snprintf(logs->names[logs->count++], NAME, "%.20s", entry->d_name);
	closedir(dir);
	return GL_OK;
}

static enum gl_status copy_logs(const struct postgrey_copy *copy, int directory,
    const struct logs *logs, struct gl_complaint *why)
{
	enum gl_status status = GL_OK;
	for (size_t i = 0; status == GL_OK && i < logs->count; i++)
		status = copy_file(copy, directory, logs->names[i], why);
	return status;
}

static enum gl_status copy_databases(
    struct postgrey_copy *copy, int directory, struct gl_complaint *why)
{
	enum gl_status status = copy_file(copy, directory, triplets, why);
	if (status != GL_OK)
		return status;
	struct gl_complaint missing = { "" }; /* without an auto-whitelist it is */
	status = copy_file(copy, directory, clients, &missing);
	copy->has_clients = status == GL_OK;
	if (status != GL_OK && status != GL_NOT_FOUND)
		*why = missing;
	return status == GL_NOT_FOUND ? GL_OK : status;
}

static void clear(const struct postgrey_copy *copy)
{
	int fd = openat(copy->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(copy->fd, entry->d_name, 0);
	closedir(dir);
}

/* The logs that were there before the databases were copied must all be there behind them, and
 * those that have come since. */
static enum gl_status copy_once(
    struct postgrey_copy *copy, int directory, struct logs *logs, struct gl_complaint *why)
{
	struct gl_complaint gone = { "" };
	enum gl_status status = list_logs(logs, directory, why);
	if (status == GL_OK)
		status = copy_databases(copy, directory, why);
	if (status != GL_OK)
		return status;
	status = copy_logs(copy, directory, logs, &gone);
	if (status == GL_OK)
		status = list_logs(logs, directory, &gone);
	if (status == GL_OK)
		status = copy_logs(copy, directory, logs, &gone);
	copy->has_logs = logs->count > 0;
	if (status != GL_OK)
		*why = gone;
	return status == GL_NOT_FOUND ? GL_MORE : status;
}

enum gl_status postgrey_copy_make(
    struct postgrey_copy *copy, int directory, const char *scratch, struct gl_complaint *why)
{
	*copy = (struct postgrey_copy){ .fd = -1 };
	int len = snprintf(copy->path, sizeof copy->path, "%s/greylist-import.XXXXXX", scratch);
	if (len < 0 || (size_t)len >= sizeof copy->path || mkdtemp(copy->path) == NULL)
		return failed(scratch, "no directory can be made in it", why);
	copy->fd = open(copy->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy->fd < 0)
		return failed(copy->path, "cannot be opened", why);
	struct logs *logs = malloc(sizeof *logs);
	if (logs == NULL)
		return failed(copy->path, "cannot be filled", why);
	enum gl_status status = GL_MORE;
	for (int attempt = 0; status == GL_MORE && attempt < ATTEMPTS; attempt++) {
		clear(copy);
		status = copy_once(copy, directory, logs, why);
	}
	free(logs);
	return status == GL_MORE ? GL_FAILED : status;
}

void postgrey_copy_remove(struct postgrey_copy *copy)
{
	if (copy->fd < 0)
		return;
	clear(copy);
	close(copy->fd);
	rmdir(copy->path);
	copy->fd = -1;
}
