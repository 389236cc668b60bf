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
};

static void hand_out(struct walk *walk, const struct slice *slice)
{
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

enum gl_status gl_walk(
    struct gl_admin *admin, enum gl_table table, gl_entry_fn *each, void *context)
{
	struct walk walk = { admin, table, each, context, .wanted = true };
	struct gl_cursor cursor = { .table = table };
	enum gl_status status = GL_OK;
	struct slice *slice = malloc(sizeof *slice);
	if (slice == NULL)
		return GL_FAILED;
	while (walk.wanted && !cursor.done) {
		slice->count = slice->used = 0;
		status = gl_store_scan(admin->world.store, &cursor, SLICE, collect, slice);
		if (gl_admin_again(admin, status))
			continue;
		if (status != GL_OK)
			break;
		hand_out(&walk, slice);
	}
	free(slice);
	return status;
}
