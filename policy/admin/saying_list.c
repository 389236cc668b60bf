#include <inttypes.h>

#include "output.h"
#include "said.h"
#include "saying.h"

struct listing {
	const struct gl_admin *admin;
	bool never;
	uint64_t printed;
};

static void print_tsv(const struct gl_admin *admin, const struct gl_said *said)
{
	const struct gl_override *override = &said->override;
	fprintf(admin->out, "%s\t%s\t", gl_said_type(said->kind), gl_said_what(said->kind));
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

static void print_words(const struct gl_admin *admin, const struct gl_said *said)
{
	const struct gl_override *override = &said->override;
	char time[GL_TIME_TEXT], duration[GL_TIME_TEXT];
	fprintf(admin->out, "%s ", gl_said_what(said->kind));
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

static bool print_one(void *context, const struct gl_said *said)
{
	struct listing *listing = context;
	const struct gl_admin *admin = listing->admin;
	if ((said->kind == GL_OVERRIDE_NEVER) != listing->never)
		return true;
	listing->printed++;
	if (admin->json)
		gl_json_line(admin->out, gl_said_json(said));
	else if (admin->terminal)
		print_words(admin, said);
	else
		print_tsv(admin, said);
	return !ferror(admin->out);
}

enum gl_exit gl_saying_list(struct gl_admin *admin, bool never)
{
	struct listing listing = { .admin = admin, .never = never };
	enum gl_status status = gl_said_walk(admin, print_one, &listing);
	if (status == GL_OK && listing.printed == 0)
		return GL_EXIT_NOTHING;
	return gl_admin_fail(admin, status);
}
