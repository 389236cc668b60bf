#include <stdlib.h>

#include "operand.h"

static bool print_all(const struct gl_admin *admin, const struct gl_found *found)
{
	for (size_t i = 0; i < found->count; i++) {
		if (i > 0 && admin->terminal && !admin->json)
			fputc('\n', admin->out);
		if (!gl_entry_describe(admin, &found->entries[i]))
			return false;
	}
	return true;
}

static enum gl_exit show(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	struct gl_who who;
	struct gl_found found;
	enum gl_exit code = GL_EXIT_IO;
	struct gl_triplet *triplet = malloc(sizeof *triplet);
	if (triplet == NULL)
		goto out;
	code = gl_exit_of(gl_operand_triplet(admin, triplet, &who, operands));
	if (code != GL_EXIT_OK)
		goto out;
	code = gl_admin_fail(admin, gl_operand_find(admin, &found, triplet, &who));
	if (code != GL_EXIT_OK)
		goto out;
	if (found.count == 0)
		code = GL_EXIT_NOTHING;
	else if (!print_all(admin, &found))
		code = GL_EXIT_IO;
out:
	free(triplet);
	return code;
}

const struct gl_command gl_command_show = {
	.name = "show",
	.arguments = "CLIENT SENDER RECIPIENT",
	.summary = "print what is remembered of one triplet and its client",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON,
	.least = 3,
	.most = 3,
	.run = show,
};
