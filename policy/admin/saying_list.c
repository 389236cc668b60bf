#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "saying.h"

enum { SLICE = 16 };

/* Copies: nothing of the table is pinned while somebody reads what is printed. */
struct listing {
	const struct gl_admin *admin;
	bool never;
	uint64_t printed;
	size_t count;
	struct one {
		enum gl_override_kind kind;
		size_t len;
		char value[GL_OVERRIDE_MAX];
	} slice[SLICE];
};

static void print_json(
    const struct gl_admin *admin, enum gl_override_kind kind, const struct gl_override *override)
{
	bool never = kind == GL_OVERRIDE_NEVER;
	gl_json_line(admin->out,
	    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "type", never ? "never" : "allow", "what",
		never ? "client" : gl_override_kind_text(kind), "who", gl_json_text(override->who),
		"made", gl_json_time(override->made), "until", gl_json_time(override->until),
		"reason", override->reason.len > 0 ? gl_json_text(override->reason) : json_null()));
}

static void print_tsv(
    const struct gl_admin *admin, enum gl_override_kind kind, const struct gl_override *override)
{
	bool never = kind == GL_OVERRIDE_NEVER;
	fprintf(admin->out, "%s\t%s\t", never ? "never" : "allow",
	    never ? "client" : gl_override_kind_text(kind));
	gl_print_printable(admin->out, override->who);
	fprintf(admin->out, "\t%" PRId64 "\t", override->made);
	if (override->until == 0)
		fputc('-', admin->out);
	else
		fprintf(admin->out, "%" PRId64, override->until);
	fputc('\t', admin->out);
	gl_print_printable(
	    admin->out, override->reason.len > 0 ? override->reason : gl_span_of("-"));
	fputc('\n', admin->out);
}

static void print_words(
    const struct gl_admin *admin, enum gl_override_kind kind, const struct gl_override *override)
{
	char time[GL_TIME_TEXT], duration[GL_TIME_TEXT];
	fprintf(
	    admin->out, "%s ", kind == GL_OVERRIDE_NEVER ? "client" : gl_override_kind_text(kind));
	gl_print_printable(admin->out, override->who);
	if (override->until != 0)
		fprintf(admin->out, " until %s, for %s", gl_time_text(time, override->until),
		    gl_duration_text(duration, override->until - admin->now));
	if (override->reason.len > 0) {
		fputs(": ", admin->out);
		gl_print_printable(admin->out, override->reason);
	}
	fputc('\n', admin->out);
}

static bool keep(void *context, struct gl_span key, struct gl_span value)
{
	struct listing *listing = context;
	struct one *one = &listing->slice[listing->count];
	if (gl_override_kind_of(&one->kind, key) != GL_OK || value.len > sizeof one->value)
		return true;
	memcpy(one->value, value.at, value.len);
	one->len = value.len;
	listing->count++;
	return true;
}

static void print_one(struct listing *listing, const struct one *one)
{
	const struct gl_admin *admin = listing->admin;
	struct gl_override override;
	if ((one->kind == GL_OVERRIDE_NEVER) != listing->never ||
	    gl_override_decode(&override, (struct gl_span){ one->value, one->len }) != GL_OK ||
	    !gl_override_in_force(&override, admin->now))
		return;
	listing->printed++;
	if (admin->json)
		print_json(admin, one->kind, &override);
	else if (admin->terminal)
		print_words(admin, one->kind, &override);
	else
		print_tsv(admin, one->kind, &override);
}

enum gl_exit gl_saying_list(struct gl_admin *admin, bool never)
{
	struct gl_cursor cursor = { .table = GL_TABLE_OVERRIDE };
	enum gl_status status = GL_OK;
	struct listing *listing = calloc(1, sizeof *listing);
	if (listing == NULL)
		return GL_EXIT_IO;
	listing->admin = admin;
	listing->never = never;
	while (status == GL_OK && !cursor.done && !ferror(admin->out)) {
		listing->count = 0;
		status = gl_store_scan(admin->world.store, &cursor, SLICE, keep, listing);
		if (gl_admin_again(admin, status))
			status = GL_OK;
		for (size_t i = 0; i < listing->count; i++)
			print_one(listing, &listing->slice[i]);
	}
	bool nothing = listing->printed == 0;
	free(listing);
	if (status == GL_OK && nothing)
		return GL_EXIT_NOTHING;
	return gl_admin_fail(admin, status);
}
