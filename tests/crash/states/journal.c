#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The calls have no argument to hand it on in. */
static struct {
	struct journal *journal; /* NULL: none is kept */
	bool paused;
} now;

static void *more(void *items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return items;
	*room = *room == 0 ? 1024 : *room * 2;
	items = reallocarray(items, *room, size);
	if (items == NULL)
		abort();
	return items;
}

static struct event *add(enum event_kind kind)
{
	struct journal *journal = now.journal;
	journal->events = more(
	    journal->events, &journal->room, journal->count, sizeof *journal->events);
	struct event *event = &journal->events[journal->count++];
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->file = event->dir = -1;
	return event;
}

static bool kept(void)
{
	return now.journal != NULL && !now.paused;
}

static int find_file(const struct stat *info)
{
	const struct journal *journal = now.journal;
	for (size_t i = journal->file_count; i-- > 0;) {
		const struct journal_file *file = &journal->files[i];
		if (file->device == info->st_dev && file->number == info->st_ino)
			return (int)i;
	}
	return -1;
}

static int add_file(const struct stat *info)
{
	struct journal *journal = now.journal;
	journal->files = more(
	    journal->files, &journal->file_room, journal->file_count, sizeof *journal->files);
	struct journal_file *file = &journal->files[journal->file_count];
	memset(file, 0, sizeof *file);
	file->device = info->st_dev;
	file->number = info->st_ino;
	file->mode = info->st_mode;
	return (int)journal->file_count++;
}

void journal_begin(struct journal *journal, const char *directory)
{
	struct stat info;
	memset(journal, 0, sizeof *journal);
	now.journal = journal;
	now.paused = false;
	if (stat(directory, &info) != 0)
		abort();
	add_file(&info);
}

void journal_mark(uint64_t number)
{
	add(EVENT_MARK)->at = number;
}

bool journal_pause(bool pause)
{
	bool before = now.paused;
	now.paused = pause;
	return before;
}

void journal_end(void)
{
	now.journal = NULL;
}

void journal_free(struct journal *journal)
{
	for (size_t i = 0; i < journal->count; i++)
		free(journal->events[i].bytes);
	free(journal->events);
	free(journal->files);
	memset(journal, 0, sizeof *journal);
}

int journal_find(const struct journal *journal, int dir, const char *name)
{
	for (size_t i = journal->count; i-- > 0;) {
		const struct event *event = &journal->events[i];
		if (event->dir != dir)
			continue;
		if (event->kind == EVENT_MOVE && strcmp(event->from, name) == 0)
			return -1;
		if (strcmp(event->name, name) == 0)
			return event->kind == EVENT_LEAVE ? -1 : event->file;
	}
	return -1;
}

int journal_of_descriptor(int fd)
{
	struct stat info;
	if (!kept() || fstat(fd, &info) != 0)
		return -1;
	return find_file(&info);
}

int journal_of_path(int at, const char *path, const char **name)
{
	char parent[1024];
	struct stat info;
	const char *slash = strrchr(path, '/');
	if (!kept())
		return -1;
	*name = slash != NULL ? slash + 1 : path;
	if (slash == NULL && at == AT_FDCWD)
		return -1;
	if (slash == NULL)
		return fstat(at, &info) == 0 ? find_file(&info) : -1;
	snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
	return fstatat(at, parent, &info, 0) == 0 ? find_file(&info) : -1;
}

void journal_wrote(int fd, int file, uint64_t at, const void *bytes, size_t len)
{
	struct event *event = add(EVENT_WRITE);
	event->file = file;
	event->at = at;
	event->len = len;
	event->bytes = malloc(len);
	if (event->bytes == NULL)
		abort();
	memcpy(event->bytes, bytes, len);
	if ((fcntl(fd, F_GETFL) & O_DSYNC) == 0)
		return;
	event = add(EVENT_SYNC_RANGE);
	event->file = file;
	event->at = at;
	event->len = len;
}

void journal_sized(int file, uint64_t size)
{
	struct event *event = add(EVENT_SIZE);
	event->file = file;
	event->at = size;
}

void journal_synced(int fd)
{
	int file = journal_of_descriptor(fd);
	if (file >= 0)
		add(EVENT_SYNC)->file = file;
}

void journal_entered(int dir, int at, const char *path, bool fresh)
{
	struct stat info;
	const char *slash = strrchr(path, '/');
	if (dir < 0 || fstatat(at, path, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	int file = fresh ? -1 : find_file(&info);
	if (file < 0)
		file = add_file(&info);
	if (S_ISLNK(info.st_mode) &&
	    readlinkat(at, path, now.journal->files[file].target, JOURNAL_NAME - 1) < 0)
		abort();
	struct event *event = add(EVENT_ENTER);
	event->file = file;
	event->dir = dir;
	snprintf(event->name, sizeof event->name, "%s", slash != NULL ? slash + 1 : path);
}

void journal_left(int dir, const char *name)
{
	if (dir < 0)
		return;
	struct event *event = add(EVENT_LEAVE);
	event->dir = dir;
	snprintf(event->name, sizeof event->name, "%s", name);
}

void journal_moved(int dir, const char *from, const char *name)
{
	int file = dir < 0 ? -1 : journal_find(now.journal, dir, from);
	if (file < 0)
		return;
	struct event *event = add(EVENT_MOVE);
	event->file = file;
	event->dir = dir;
	snprintf(event->name, sizeof event->name, "%s", name);
	snprintf(event->from, sizeof event->from, "%s", from);
}
