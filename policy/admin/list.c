#include "walk.h"

struct listing {
	const struct gl_admin *admin;
	bool begun; /* of this part of the table */
};

static bool print_one(void *context, const struct gl_entry *entry)
{
	struct listing *listing = context;
	if (!listing->begun)
		gl_entry_heading(listing->admin, entry->table);
	listing->begun = true;
	return gl_entry_print(listing->admin, entry);
}

static enum gl_exit list(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct listing triplets = { .admin = admin }, clients = { .admin = admin };
	enum gl_status status = gl_walk(admin, GL_TABLE_TRIPLET, print_one, &triplets);
	if (status == GL_OK)
		status = gl_walk(admin, GL_TABLE_CLIENT, print_one, &clients);
	return gl_admin_fail(admin, status);
}

const struct gl_command gl_command_list = {
	.name = "list",
	.arguments = "",
	.summary = "print every triplet and every client that is remembered",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON,
	.run = list,
};
