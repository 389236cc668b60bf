/*
 * log_world - a log file in a directory of the test's own, and an empty
 * syslog_double.
 */
#ifndef GREYLIST_TEST_LOG_WORLD_H
#define GREYLIST_TEST_LOG_WORLD_H

#include "greylist/log.h"

struct log_world {
	char *dir;
	char path[512]; /* of the file, which is not there yet */
	char read[16384];
};

/* cmocka setup and teardown: *state is a struct log_world. */
int log_world_enter(void **state);
int log_world_leave(void **state);

/* A log to this target, as "grey-test" and "local3". */
struct gl_log *log_world_open(const char *target);

/* The whole file, zero-terminated. */
const char *log_world_content(struct log_world *world);

/* What stands behind the "ident[pid]: " of the only line, with the newline that ends it. */
const char *log_world_line(struct log_world *world);

#endif
