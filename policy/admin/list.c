#include <stdlib.h>

#include "order.h"
#include "progress.h"
#include "walk.h"

struct listing {
	struct gl_admin *admin;
	struct gl_filter *filter;
	struct gl_order order;
	struct gl_progress progress;
	enum gl_status status; /* of what is done with an entry */
	uint64_t printed;
	enum gl_table table; /* whose heading was printed last */
};

static void begin(struct listing *listing, enum gl_table table)
{
	const struct gl_admin *admin = listing->admin;
	if (listing->printed > 0 && admin->terminal && !admin->json)
		fputc('\n', admin->out);
	gl_entry_heading(admin, table);
	listing->table = table;
}

static bool print_one(void *context, const struct gl_entry *entry)
{
	struct listing *listing = context;
	if (listing->printed == 0 || listing->table != entry->table)
		begin(listing, entry->table);
	listing->printed++;
	listing->order.limit--;
	return gl_entry_print(listing->admin, entry) && listing->order.limit > 0;
}

static bool print_fitting(void *context, const struct gl_entry *entry)
{
	struct listing *listing = context;
	return !gl_filter_fits(listing->filter, listing->admin, entry) || print_one(listing, entry);
}

static bool keep_fitting(void *context, const struct gl_entry *entry)
{
	struct listing *listing = context;
	gl_progress_add(&listing->progress, 1);
	if (gl_filter_fits(listing->filter, listing->admin, entry))
		listing->status = gl_order_add(&listing->order, listing->admin, entry);
	return listing->status == GL_OK;
}

static enum gl_status list_sorted(struct listing *listing, enum gl_table table)
{
	gl_progress_begin(&listing->progress, listing->admin, "entries", 0);
	enum gl_status status = gl_walk_filter(
	    listing->admin, listing->filter, table, keep_fitting, listing);
	gl_progress_end(&listing->progress);
	if (listing->status != GL_OK)
		gl_admin_say(listing->admin, "out of memory: --limit keeps fewer entries in it");
	else if (status == GL_OK)
		gl_order_hand_out(&listing->order, table, print_one, listing);
	return status;
}

static enum gl_status list_table(struct listing *listing, enum gl_table table)
{
	if (listing->order.limit == 0 || !gl_order_wants(&listing->order, table))
		return GL_OK;
	if (listing->order.field != GL_FIELD_NONE)
		return list_sorted(listing, table);
	return gl_walk_filter(listing->admin, listing->filter, table, print_fitting, listing);
}

static enum gl_exit list_both(struct listing *listing)
{
	enum gl_status status = list_table(listing, GL_TABLE_TRIPLET);
	if (status == GL_OK && listing->status == GL_OK)
		status = list_table(listing, GL_TABLE_CLIENT);
	if (listing->status != GL_OK)
		return GL_EXIT_IO;
	if (status == GL_OK && listing->printed == 0 && !listing->filter->none)
		return GL_EXIT_NOTHING;
	return gl_admin_fail(listing->admin, status);
}

static enum gl_exit list(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct listing listing = { .admin = admin, .filter = malloc(sizeof *listing.filter) };
	if (listing.filter == NULL)
		return GL_EXIT_IO;
	enum gl_exit code = gl_order_read(&listing.order, admin);
	if (code == GL_EXIT_OK)
		code = gl_filter_read(listing.filter, admin);
	if (code == GL_EXIT_OK)
		code = list_both(&listing);
	gl_order_clear(&listing.order);
	free(listing.filter);
	return code;
}

const struct gl_command gl_command_list = {
	.name = "list",
	.arguments = "",
	.summary = "print triplets and clients: all, or those that fit",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON | GL_TAKES_WHO | GL_TAKES_FILTER | GL_TAKES_ORDER,
	.run = list,
};
