/*
 * admin_at - greylist-admin at a time of the test's choosing.
 *
 *     admin_at [-t COLUMNS] [-C] NOW CONFIG COMMAND ...
 *
 * With -t the output is made as for a terminal of that width, with -C as
 * for one that shows colours.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct gl_admin admin = { .out = stdout, .err = stderr };
	int at = 1;
	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		admin.terminal = true;
		admin.columns = (unsigned)strtoul(argv[2], NULL, 10);
		at = 3;
	}
	if (argc > at && strcmp(argv[at], "-C") == 0) {
		admin.colour = true;
		at++;
	}
	if (argc < at + 2)
		return GL_EXIT_USAGE;
	admin.now = strtoll(argv[at], NULL, 10);
	gl_world_init(&admin.world, argv[at + 1], GL_ACCESS_READ);
	enum gl_exit code = gl_command_run(&admin, argc - at - 2, argv + at + 2);
	gl_world_clear(&admin.world);
	return (int)code;
}
