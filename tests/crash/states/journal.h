/*
 * journal - what a directory and its files are told to do, call by call.
 *
 * While a journal is kept, this program's own definitions of write,
 * pwrite, fdatasync, open, rename and their kin come before libc's, for
 * our code and for the libraries it is linked with. They pass each call
 * on, and note it where it is about the directory or something that was
 * made in it. Stores into a mapping are not seen: the table's file is
 * never mapped for writing, and that of the locks is made anew after a
 * power cut.
 *
 * A sync is noted once it has returned. A write through a descriptor
 * that was opened O_DSYNC is two events: the write, then the sync of what
 * it wrote; a power cut may come between the two.
 */
#ifndef GREYLIST_TEST_JOURNAL_H
#define GREYLIST_TEST_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum event_kind {
	EVENT_WRITE,
	EVENT_SIZE,       /* `at` is the new size */
	EVENT_SYNC,       /* of all of a file, or of the names in a directory */
	EVENT_SYNC_RANGE, /* of `len` octets from `at` */
	EVENT_ENTER,      /* `name` in `dir` stands for `file` from now on */
	EVENT_LEAVE,      /* `name` in `dir` is gone */
	EVENT_MOVE,       /* `from` became `name`, both in `dir` */
	EVENT_MARK        /* the caller's own, with the number `at` */
};

enum { JOURNAL_NAME = 64 };

struct event {
	enum event_kind kind;
	int file; /* index into the journal's files */
	int dir;
	uint64_t at;
	size_t len;
	uint8_t *bytes; /* of EVENT_WRITE */
	char name[JOURNAL_NAME], from[JOURNAL_NAME];
};

/* Everything that has a name: files, directories, symbolic links. Number 0 is the directory. */
struct journal_file {
	dev_t device;
	ino_t number;
	mode_t mode;
	char target[JOURNAL_NAME]; /* of a symbolic link */
};

struct journal {
	struct event *events;
	size_t count, room;
	struct journal_file *files;
	size_t file_count, file_room;
};

/* Notes everything from now on; *journal has to stay where it is until journal_end. */
void journal_begin(struct journal *journal, const char *directory);

void journal_mark(uint64_t number);

/* Notes nothing for a while; returns what it was before. */
bool journal_pause(bool pause);

void journal_end(void);

void journal_free(struct journal *journal);

/* The file that `name` in the directory `dir` stands for after all events; -1: there is none. */
int journal_find(const struct journal *journal, int dir, const char *name);

/*
 * For the calls (journal_calls.c). The file behind a descriptor, or -1
 * where it is not one of the journal's.
 */
int journal_of_descriptor(int fd);
/* The directory that a path is in, and its last name; -1 where it is not one of the journal's. */
int journal_of_path(int at, const char *path, const char **name);
void journal_wrote(int fd, int file, uint64_t at, const void *bytes, size_t len);
void journal_sized(int file, uint64_t size);
void journal_synced(int fd);
/* A name that is there by now; `fresh`: for something that was not there before. */
void journal_entered(int dir, int at, const char *path, bool fresh);
void journal_left(int dir, const char *name);
void journal_moved(int dir, const char *from, const char *name);

#endif
