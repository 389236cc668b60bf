#include "import_postgrey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert((int)GL_POSTGREY_FAULTS <= (int)GL_IMPORT_FAULTS_MAX, "faults to be counted");

enum { POSTGREY_DELAY = 300, POSTGREY_IPV4CIDR = 24, POSTGREY_IPV6CIDR = 64 };

/* How far the reading came, for who waits at a terminal. */
struct progress {
	FILE *to; /* NULL: nobody does */
	uint64_t total;
	uint64_t bytes;
	uint64_t entries;
	uint64_t shown; /* bytes when it was last drawn */
};

static struct progress progress_start(const struct gl_admin *admin)
{
	struct stat info;
	struct progress progress = { .to = isatty(fileno(admin->err)) == 1 ? admin->err : NULL };
	if (fstat(fileno(admin->input), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
		progress.total = (uint64_t)info.st_size;
	return progress;
}

static void progress_draw(struct progress *progress)
{
	static const char bar[] = "##############################";
	enum { WIDTH = sizeof bar - 1 };
	uint64_t done = progress->bytes < progress->total ? progress->bytes : progress->total;
	progress->shown = progress->bytes;
	if (progress->total == 0)
		fprintf(progress->to, "\r%" PRIu64 " entries", progress->entries);
	else
		fprintf(progress->to, "\r[%-*.*s] %3u %%, %" PRIu64 " entries", (int)WIDTH,
		    (int)(done * WIDTH / progress->total), bar,
		    (unsigned)(done * 100 / progress->total), progress->entries);
	fflush(progress->to);
}

static void progress_add(struct progress *progress, size_t bytes)
{
	enum { PARTS = 200, STEP = 65536 };
	uint64_t step = progress->total > 0 ? progress->total / PARTS : STEP;
	progress->bytes += bytes;
	if (progress->to != NULL && progress->bytes - progress->shown > step)
		progress_draw(progress);
}

static void progress_end(struct progress *progress)
{
	if (progress->to == NULL)
		return;
	progress_draw(progress);
	fputc('\n', progress->to);
}

/* One run of the command. */
struct run {
	struct gl_admin *admin;
	struct gl_import_terms terms;
	struct gl_import_report report;
	struct gl_postgrey_dump dump;
	struct gl_import_batch *batch;
	struct gl_import_change change;
	struct progress progress;
	const char *name; /* of the input */
	uint64_t line;
};

static bool read_cidr(const struct gl_admin *admin, const char *text, uint8_t most, uint8_t *prefix)
{
	uint64_t number = 0;
	if (text == NULL)
		return true;
	if (gl_span_number(gl_span_of(text), most, &number) != GL_OK) {
		gl_admin_say(admin, "\"%s\" is no prefix length from 0 to %u", text, most);
		return false;
	}
	/* As with Postgrey, 0 is its default. */
	if (number > 0)
		*prefix = (uint8_t)number;
	return true;
}

static bool read_terms(struct run *run)
{
	const struct gl_admin *admin = run->admin;
	struct gl_import_terms *terms = &run->terms;
	*terms = (struct gl_import_terms){ POSTGREY_DELAY,
		{ POSTGREY_IPV4CIDR, POSTGREY_IPV6CIDR } };
	int64_t delay = 0;
	if (admin->delay != NULL && gl_time_parse(&delay, gl_span_of(admin->delay)) != GL_OK) {
		gl_admin_say(admin, "\"%s\" is no time such as 300 or 5m", admin->delay);
		return false;
	}
	if (delay > 0)
		terms->delay = delay;
	return read_cidr(admin, admin->ipv4cidr, gl_family_bits(GL_V4), &terms->cut.v4) &&
	       read_cidr(admin, admin->ipv6cidr, gl_family_bits(GL_V6), &terms->cut.v6);
}

static const char *fault_text(unsigned fault)
{
	return gl_postgrey_fault_text((enum gl_postgrey_fault)fault);
}

static void drop(struct run *run, enum gl_postgrey_fault fault, const struct gl_postgrey_pair *pair)
{
	char *example = gl_import_report_drop(&run->report, fault);
	if (example == NULL)
		return;
	struct gl_out out = gl_out_into(example, GL_IMPORT_EXAMPLE_MAX);
	gl_out_printable(&out, pair->key);
	gl_out_byte(&out, ' ');
	gl_out_printable(&out, pair->value);
	gl_out_string(&out);
}

static enum gl_status take_pair(struct run *run, const struct gl_postgrey_pair *pair)
{
	struct gl_postgrey_entry entry;
	enum gl_postgrey_fault fault = gl_postgrey_entry_read(&entry, pair);
	run->progress.entries++;
	if (fault == GL_POSTGREY_GOOD)
		fault = gl_import_change_make(&run->change, run->admin, &run->terms, &entry);
	if (fault != GL_POSTGREY_GOOD) {
		drop(run, fault, pair);
		return GL_OK;
	}
	run->report.hashed += entry.hashed;
	return gl_import_batch_add(run->batch, &run->change.op);
}

/* GL_MALFORMED: no dump, or a broken one; which was said. */
static enum gl_status take_line(struct run *run, struct gl_span line)
{
	struct gl_postgrey_pair pair;
	const char *why = NULL;
	run->line++;
	enum gl_status status = gl_postgrey_dump_line(&run->dump, line, &pair, &why);
	if (status == GL_OK)
		return take_pair(run, &pair);
	if (status == GL_MORE)
		return GL_OK;
	gl_admin_say(run->admin, "%s: line %" PRIu64 ": %s", run->name, run->line, why);
	return GL_MALFORMED;
}

static enum gl_status take_all(struct run *run)
{
	enum gl_status status = GL_OK;
	const char *why = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	while (status == GL_OK && (len = getline(&line, &size, run->admin->input)) >= 0) {
		progress_add(&run->progress, (size_t)len);
		if (len > 0 && line[len - 1] == '\n')
			len--;
		status = take_line(run, (struct gl_span){ line, (size_t)len });
	}
	free(line);
	if (status == GL_OK && gl_postgrey_dump_end(&run->dump, &why) != GL_OK) {
		gl_admin_say(run->admin, "%s: %s", run->name, why);
		status = GL_MALFORMED;
	}
	/* What came before a broken line is good. */
	if (status == GL_OK || status == GL_MALFORMED) {
		enum gl_status flushed = gl_import_batch_flush(run->batch);
		status = flushed == GL_OK ? status : flushed;
	}
	return status;
}

static enum gl_exit import_into(struct run *run)
{
	run->progress = progress_start(run->admin);
	gl_postgrey_dump_init(&run->dump);
	enum gl_status status = take_all(run);
	progress_end(&run->progress);
	bool nothing = gl_import_report_sum(&run->report) == 0;
	if (status == GL_OK || !nothing)
		gl_import_report_print(run->admin, &run->report);
	if (status == GL_MALFORMED)
		return GL_EXIT_INPUT;
	if (status == GL_OK && nothing)
		return GL_EXIT_NOTHING;
	return gl_admin_fail(run->admin, status);
}

static enum gl_exit import_postgrey(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	enum gl_exit code = GL_EXIT_USAGE;
	struct run *run = calloc(1, sizeof *run);
	if (run == NULL)
		return GL_EXIT_IO;
	run->admin = admin;
	run->report.fault_text = fault_text;
	run->report.faults = GL_POSTGREY_FAULTS;
	run->name = strcmp(operands[0], "-") == 0 ? "standard input" : operands[0];
	if (!read_terms(run))
		goto out;
	code = GL_EXIT_IO;
	run->batch = gl_import_batch_new(admin, &run->report);
	if (run->batch != NULL)
		code = import_into(run);
out:
	gl_import_batch_free(run->batch);
	free(run);
	return code;
}

const struct gl_command gl_command_import_postgrey = {
	.name = "import-postgrey",
	.arguments = "DIR | FILE | -",
	.summary = "take over what Postgrey remembers",
	.need = GL_NEED_CREATE,
	.takes = GL_TAKES_JSON | GL_TAKES_DRY_RUN | GL_TAKES_POSTGREY,
	.least = 1,
	.most = 1,
	.open = gl_import_open,
	.run = import_postgrey,
};
