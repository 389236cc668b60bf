#include "replacing.h"

static enum gl_exit compact(struct gl_admin *admin, int count, char **operands)
{
	struct gl_replaced result;
	(void)count;
	(void)operands;
	return gl_replace_table(admin, NULL, &result);
}

const struct gl_command gl_command_compact = {
	.name = "compact",
	.arguments = "",
	.summary = "write the table anew without gaps, and put it in its old place",
	.need = GL_NEED_OWNER,
	.takes = GL_TAKES_JSON,
	.run = compact,
};
