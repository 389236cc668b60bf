#include "walk.h"

struct listing {
	const struct gl_admin *admin;
	bool begun;
	enum gl_table table; /* whose heading was printed last */
};

static void begin(struct listing *listing, enum gl_table table)
{
	const struct gl_admin *admin = listing->admin;
	if (listing->begun && admin->terminal && !admin->json)
		fputc('\n', admin->out);
	gl_entry_heading(admin, table);
	listing->begun = true;
	listing->table = table;
}

static bool print_one(void *context, const struct gl_entry *entry)
{
	struct listing *listing = context;
	if (!listing->begun || listing->table != entry->table)
		begin(listing, entry->table);
	return gl_entry_print(listing->admin, entry);
}

static enum gl_exit list(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct listing listing = { .admin = admin };
	enum gl_status status = gl_walk(admin, GL_TABLE_TRIPLET, print_one, &listing);
	if (status == GL_OK)
		status = gl_walk(admin, GL_TABLE_CLIENT, print_one, &listing);
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
