#include "log_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "syslog_double.h"
#include "tmpdir.h"

int log_world_enter(void **state)
{
	struct log_world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->dir = tmpdir_make();
	snprintf(world->path, sizeof world->path, "%s", tmpdir_path(world->dir, "log"));
	*syslog_double() = (struct syslog_double){ .lines = 0 };
	*state = world;
	return 0;
}

int log_world_leave(void **state)
{
	struct log_world *world = *state;

	tmpdir_remove(world->dir);
	free(world);
	return 0;
}

struct gl_log *log_world_open(const char *target)
{
	struct gl_log_options options = { target, "grey-test", "local3" };
	struct gl_log *log = gl_log_open(&options);

	assert_non_null(log);
	return log;
}

const char *log_world_content(struct log_world *world)
{
	FILE *file = fopen(world->path, "rb");

	assert_non_null(file);
	size_t len = fread(world->read, 1, sizeof world->read - 1, file);
	world->read[len] = '\0';
	fclose(file);
	return world->read;
}

const char *log_world_line(struct log_world *world)
{
	char ident[64];
	const char *text = log_world_content(world);
	const char *line_end = strchr(text, '\n');

	snprintf(ident, sizeof ident, " grey-test[%d]: ", (int)getpid());
	const char *found = strstr(text, ident);
	assert_non_null(found);
	assert_non_null(line_end);
	assert_int_equal(line_end[1], '\0');
	return found + strlen(ident);
}
