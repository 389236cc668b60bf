#include "walk.h"

#include <stdlib.h>
#include <string.h>

enum { SLICE = 256, SLICE_BYTES = 262144 };

/* Copies, since what a scan hands out is gone when it returns. */
struct slice {
	size_t count;
	struct gl_span keys[SLICE];
	struct gl_span values[SLICE];
	size_t used;
	char bytes[SLICE_BYTES];
};

static struct gl_span keep(struct slice *slice, struct gl_span span)
{
	char *at = slice->bytes + slice->used;
	if (span.len > sizeof slice->bytes - slice->used)
		return (struct gl_span){ at, 0 };
	if (span.len > 0)
		memcpy(at, span.at, span.len);
	slice->used += span.len;
	return (struct gl_span){ at, span.len };
}

static bool collect(void *context, struct gl_span key, struct gl_span value)
{
	struct slice *slice = context;
	slice->keys[slice->count] = keep(slice, key);
	slice->values[slice->count] = keep(slice, value);
	slice->count++;
	return slice->count < SLICE &&
	       sizeof slice->bytes - slice->used >= GL_KEY_MAX + GL_RECORD_MAX;
}

/* How far a walk came, and who wants its entries. */
struct walk {
	struct gl_admin *admin;
	enum gl_table table;
	gl_entry_fn *each;
	void *context;
	bool wanted; /* the callback wants more */
	struct slice *slice;
};

static void hand_out(struct walk *walk)
{
	const struct slice *slice = walk->slice;
	for (size_t i = 0; walk->wanted && i < slice->count; i++) {
		struct gl_entry entry;
		enum gl_status status = gl_entry_read(
		    &entry, walk->table, slice->keys[i], slice->values[i]);
		if (status == GL_OK) {
			walk->wanted = walk->each(walk->context, &entry);
		} else {
			gl_entry_leave_out(walk->admin, &entry, status);
		}
	}
}

static enum gl_status walk_range(struct walk *walk, const struct gl_key *prefix)
{
	struct gl_cursor cursor = { .table = walk->table, .prefix = *prefix };
	while (walk->wanted && !cursor.done) {
		struct slice *slice = walk->slice;
		slice->count = slice->used = 0;
		enum gl_status status = gl_store_scan(
		    walk->admin->world.store, &cursor, SLICE, collect, slice);
		if (gl_admin_again(walk->admin, status))
			continue;
		if (status != GL_OK)
			return status;
		hand_out(walk);
	}
	return GL_OK;
}

/* Of any pool: which network a triplet was first tried from, the key does not say. */
static enum gl_status walk_pools(struct walk *walk)
{
	static const struct gl_key pools = { .len = 1, .bytes = { 'n' } };
	return walk->table == GL_TABLE_TRIPLET ? walk_range(walk, &pools) : GL_OK;
}

/* A key begins with the family and length of a network's prefix, then has its octets. */
static enum gl_status walk_client(struct walk *walk, const struct gl_network *client)
{
	enum gl_status status = GL_OK;
	unsigned bits = gl_family_bits(client->base.family);
	for (unsigned length = 0; status == GL_OK && length <= bits; length++) {
		struct gl_network network = gl_network_of(&client->base, (uint8_t)length);
		struct gl_key prefix;
		gl_network_key(&prefix, &network);
		/* of the networks within the client's own, only the octets that are whole in it */
		if (length > client->prefix)
			prefix.len = (uint16_t)(2 + client->prefix / 8);
		status = walk_range(walk, &prefix);
	}
	return status == GL_OK ? walk_pools(walk) : status;
}

static enum gl_status walk_identity(struct walk *walk, const struct gl_identity *client)
{
	struct gl_key prefix = { .len = 0 };
	if (client != NULL && client->kind == GL_BY_NETWORK)
		return walk_client(walk, &client->network);
	if (client != NULL)
		gl_identity_key(&prefix, client);
	return walk_range(walk, &prefix);
}

static enum gl_status walk_some(struct walk *walk, const struct gl_identity *client)
{
	walk->wanted = true;
	walk->slice = malloc(sizeof *walk->slice);
	if (walk->slice == NULL)
		return GL_FAILED;
	enum gl_status status = walk_identity(walk, client);
	free(walk->slice);
	return status;
}

enum gl_status gl_walk(
    struct gl_admin *admin, enum gl_table table, gl_entry_fn *each, void *context)
{
	struct walk walk = { .admin = admin, .table = table, .each = each, .context = context };
	return walk_some(&walk, NULL);
}

enum gl_status gl_walk_filter(struct gl_admin *admin, const struct gl_filter *filter,
    enum gl_table table, gl_entry_fn *each, void *context)
{
	struct walk walk = { .admin = admin, .table = table, .each = each, .context = context };
	if (!gl_filter_wants(filter, table))
		return GL_OK;
	return walk_some(&walk, filter->by_client ? &filter->client : NULL);
}
