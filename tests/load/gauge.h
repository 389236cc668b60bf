/* gauge - what a process has taken, as /proc tells it; -1 where it does not. */
#ifndef GREYLIST_LOAD_GAUGE_H
#define GREYLIST_LOAD_GAUGE_H

#include <sys/types.h>

/* Kilobytes of memory that no file is behind: the mapped pages of a table are none of it. */
long gauge_memory(pid_t pid);

/* How many descriptors are open. */
long gauge_descriptors(pid_t pid);

#endif
