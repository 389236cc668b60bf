#include "config_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tmpdir.h"

int config_world_enter(void **state)
{
	struct config_world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->dir = tmpdir_make();
	*state = world;
	return 0;
}

int config_world_leave(void **state)
{
	struct config_world *world = *state;

	gl_config_clear(&world->config);
	tmpdir_remove(world->dir);
	free(world);
	return 0;
}

void config_world_note(void *context, const char *mistake)
{
	struct config_world *world = context;
	size_t used = strlen(world->said);
	size_t dir = strlen(world->dir);

	if (strncmp(mistake, world->dir, dir) == 0)
		mistake += dir + 1;
	snprintf(world->said + used, sizeof world->said - used, "%s\n", mistake);
}

enum gl_status config_world_load(struct config_world *world, const char *text)
{
	char path[512];

	tmpdir_write(world->dir, "c", text, strlen(text));
	snprintf(path, sizeof path, "%s", tmpdir_path(world->dir, "c"));
	gl_config_clear(&world->config);
	world->said[0] = '\0';
	return gl_config_load(&world->config, path, config_world_note, world, NULL);
}
