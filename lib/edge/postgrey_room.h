/*
 * postgrey_room - what the files of the Postgrey room share among themselves.
 *
 * Nobody outside lib/edge/postgrey*.c includes this.
 */
#ifndef GREYLIST_POSTGREY_ROOM_H
#define GREYLIST_POSTGREY_ROOM_H

#include "greylist/postgrey.h"

enum { POSTGREY_PATH_MAX = 1024 };

/* A directory of our own with a copy of Postgrey's databases and logs. */
struct postgrey_copy {
	char path[POSTGREY_PATH_MAX];
	int fd;           /* -1: not there */
	bool has_clients; /* postgrey_clients.db is there too */
	bool has_logs;
};

/*
 * Copies the databases, then the logs: what a page of the copy lacks,
 * the logs have. Logs that Postgrey clears away meanwhile make it start
 * again. postgrey_copy_remove is due in any case.
 *
 *   GL_NOT_FOUND, GL_NO_ACCESS, GL_FULL, GL_FAILED  `why` says it
 */
GL_CHECKED enum gl_status postgrey_copy_make(
    struct postgrey_copy *copy, int directory, const char *scratch, struct gl_complaint *why);
void postgrey_copy_remove(struct postgrey_copy *copy);

#endif
