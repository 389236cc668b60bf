#include "replacing.h"

static enum gl_exit restore(struct gl_admin *admin, int count, char **operands)
{
	struct gl_replaced result;
	(void)count;
	enum gl_exit code = gl_replace_table(admin, operands[0], &result);
	return code == GL_EXIT_OK && result.unusable > 0 ? GL_EXIT_INPUT : code;
}

const struct gl_command gl_command_restore = {
	.name = "restore",
	.arguments = "DIR",
	.summary = "bring a backup back, and keep what the table knows beyond it",
	.need = GL_NEED_OWNER,
	.takes = GL_TAKES_JSON,
	.least = 1,
	.most = 1,
	.run = restore,
};
