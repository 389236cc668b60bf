/*
 * config_world - a configuration in a directory of the test's own, and
 * what was said about it.
 */
#ifndef GREYLIST_TEST_CONFIG_WORLD_H
#define GREYLIST_TEST_CONFIG_WORLD_H

#include "greylist/config.h"

struct config_world {
	char *dir;
	struct gl_config config;
	char said[16384]; /* mistakes without the directory, a line each */
};

/* cmocka setup and teardown: *state is a struct config_world. */
int config_world_enter(void **state);
int config_world_leave(void **state);

/* A gl_mistake_fn; the context is the world. */
void config_world_note(void *context, const char *mistake);

/* Loads this text as the file `c` into world->config, said about from the beginning. */
enum gl_status config_world_load(struct config_world *world, const char *text);

#endif
