#include "said.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"

enum { SLICE = 16 };

/* Copies: nothing of the table is pinned while somebody reads what is printed. */
struct slice {
	size_t count;
	struct one {
		enum gl_override_kind kind;
		struct gl_key key;
		size_t len;
		char value[GL_OVERRIDE_MAX + 1]; /* one octet more shows that it is too long */
	} at[SLICE];
};

static bool keep(void *context, struct gl_span key, struct gl_span value)
{
	struct slice *slice = context;
	struct one *one = &slice->at[slice->count];
	if (gl_override_kind_of(&one->kind, key) != GL_OK || key.len > sizeof one->key.bytes)
		return true;
	value = gl_span_head(value, sizeof one->value);
	memcpy(one->key.bytes, key.at, key.len);
	one->key.len = (uint16_t)key.len;
	if (value.len > 0)
		memcpy(one->value, value.at, value.len);
	one->len = value.len;
	slice->count++;
	return true;
}

static bool hand_out(struct gl_admin *admin, const struct one *one, gl_said_fn *each, void *context)
{
	struct gl_said said = { .kind = one->kind, .key = gl_key_span(&one->key) };
	enum gl_status status = gl_override_decode(
	    &said.override, (struct gl_span){ one->value, one->len });
	if (status == GL_OK && one->len > GL_OVERRIDE_MAX)
		status = GL_CORRUPT;
	if (status == GL_OK)
		return !gl_override_in_force(&said.override, admin->now) || each(context, &said);
	admin->left_out = true;
	gl_admin_say(admin, "what was said by hand of a %s cannot be read: %s; left out",
	    gl_said_what(one->kind), gl_status_text(status));
	return true;
}

enum gl_status gl_said_walk(struct gl_admin *admin, gl_said_fn *each, void *context)
{
	struct gl_cursor cursor = { .table = GL_TABLE_OVERRIDE };
	enum gl_status status = GL_OK;
	bool wanted = true;
	struct slice *slice = malloc(sizeof *slice);
	if (slice == NULL)
		return GL_FAILED;
	while (status == GL_OK && wanted && !cursor.done) {
		slice->count = 0;
		status = gl_store_scan(admin->world.store, &cursor, SLICE, keep, slice);
		if (gl_admin_again(admin, status))
			status = GL_OK;
		for (size_t i = 0; wanted && i < slice->count; i++)
			wanted = hand_out(admin, &slice->at[i], each, context);
	}
	free(slice);
	return status;
}

const char *gl_said_type(enum gl_override_kind kind)
{
	return kind == GL_OVERRIDE_NEVER ? "never" : "allow";
}

const char *gl_said_what(enum gl_override_kind kind)
{
	return gl_override_kind_text(kind == GL_OVERRIDE_NEVER ? GL_OVERRIDE_CLIENT : kind);
}

json_t *gl_said_json(const struct gl_said *said)
{
	const struct gl_override *override = &said->override;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "type", gl_said_type(said->kind), "what",
	    gl_said_what(said->kind), "who", gl_json_text(override->who), "made",
	    gl_json_time(override->made), "until", gl_json_time(override->until), "reason",
	    override->reason.len > 0 ? gl_json_text(override->reason) : json_null());
}
