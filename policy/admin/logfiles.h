/*
 * logfiles - the logs that a command was given, opened and in the order of their times.
 *
 * Rotated files are named in any order, and mostly with the newest
 * first; a mail may come in at the end of one file and be delivered at
 * the beginning of the next. So they are read by their first line's
 * time; what cannot be looked into beforehand, as a pipe, is the last.
 */
#ifndef GREYLIST_LOGFILES_H
#define GREYLIST_LOGFILES_H

#include "command.h"

enum { GL_LOGFILES_MAX = 512 };

struct gl_logfile {
	const char *name; /* as it was written, or "standard input"; borrowed */
	int fd;
	int64_t latest; /* when it was last written to: `now` for a pipe */
	uint64_t size;  /* 0: not known */

	/* Private. */
	int64_t first;
	size_t place;
};

struct gl_logfiles {
	size_t count;
	struct gl_logfile at[];
};

/*
 * Opens all of them into admin->logs, as whoever called; "-" is standard
 * input. A file that is named twice is there once. What went wrong was
 * said: one that cannot be opened is an error before any is read.
 */
enum gl_exit gl_logfiles_open(struct gl_admin *admin, int count, char **operands);

/* Closes and forgets them; none is fine. */
void gl_logfiles_close(struct gl_admin *admin);

/* Looks at each one's first lines and puts them in order. `stop` as in gl_maillog_open. */
void gl_logfiles_sort(struct gl_logfiles *logs, int stop);

#endif
