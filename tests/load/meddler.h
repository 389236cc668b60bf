/*
 * meddler - a postmaster who never rests: greylist-admin's commands, one
 * after the other, while helpers are at work.
 *
 * It waits until there is a table, leaves out what the program does not
 * know, and counts the runs that ended otherwise than with 0. What a
 * command prints is thrown away; what it complains of goes to stderr.
 */
#ifndef GREYLIST_LOAD_MEDDLER_H
#define GREYLIST_LOAD_MEDDLER_H

#include "rig.h"

#include <sys/types.h>

struct meddler {
	pid_t pid; /* 0: there is none */
	int stop;  /* end of a pipe: closing it says that it is enough */
};

/*
 * Begins in a process of its own, which shares no connection opened
 * later. `admin` and the rig are borrowed; the rig has to stay in place
 * until the end. False, with errno, where no process can be had.
 */
bool meddler_begin(struct meddler *meddler, const char *admin, const struct rig *rig);

/*
 * Lets the command under way end, prints how often each ran, and returns
 * how many runs were wrong; one more for each command that never ran at
 * all. A meddler that was never begun is fine.
 */
uint64_t meddler_end(struct meddler *meddler);

#endif
