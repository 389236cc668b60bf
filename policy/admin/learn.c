#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"
#include "greylist/maillog.h"
#include "learning.h"
#include "logfiles.h"
#include "owner.h"
#include "scratch.h"

/* One run of the command. */
struct learn {
	struct gl_admin *admin;
	struct gl_scratch scratch; /* of a dry run where there is no table */
	struct gl_interrupt interrupt;
	struct gl_progress progress;
	struct gl_import_report report;
	struct gl_import_batch *batch;
	struct gl_learnt *learnt;
	struct gl_learning learning;
	enum gl_status status; /* what ended it: GL_MORE by a signal, or of the table; GL_OK */
	enum gl_exit unread;   /* of a file that could not be read to its end; or GL_EXIT_OK */
	uint64_t files, broken, lines, too_long;
};

static enum gl_exit exit_of_file(enum gl_status status)
{
	if (status == GL_UNSUPPORTED)
		return GL_EXIT_UNAVAILABLE;
	return status == GL_FAILED ? GL_EXIT_IO : GL_EXIT_INPUT;
}

/* What was read before counts all the same. */
static void say_broken(struct learn *learn, const struct gl_logfile *file,
    const struct gl_maillog *log, enum gl_status status)
{
	gl_progress_end(&learn->progress);
	gl_admin_say(learn->admin, "%s: %s%s", file->name, gl_maillog_trouble(log),
	    status == GL_UNSUPPORTED ? "" : "; what was read of it before counts");
	learn->broken++;
	if (learn->unread == GL_EXIT_OK)
		learn->unread = exit_of_file(status);
}

static void take_line(struct learn *learn, struct gl_span line)
{
	if (gl_learning_line(&learn->learning, line) != GL_OK)
		return;
	learn->status = gl_learnt_add(learn->learnt, &learn->learning.delivery, &learn->interrupt);
	if (learn->status != GL_TOO_LONG)
		return;
	gl_learning_leave_out(&learn->learning, GL_LEFT_LENGTH);
	learn->status = GL_OK;
}

static void take_file(struct learn *learn, const struct gl_logfile *file)
{
	struct gl_maillog *log = gl_maillog_open(file->fd, learn->interrupt.fd);
	enum gl_status status = log != NULL ? GL_OK : GL_FAILED;
	uint64_t before = 0;
	learn->files++;
	learn->learning.latest = file->latest;
	while (learn->status == GL_OK && (status == GL_OK || status == GL_TOO_LONG)) {
		struct gl_span line;
		status = gl_maillog_next(log, &line);
		learn->lines += status == GL_OK || status == GL_TOO_LONG;
		learn->too_long += status == GL_TOO_LONG;
		if (status == GL_OK)
			take_line(learn, line);
		uint64_t bytes = gl_maillog_bytes(log);
		gl_progress_add(&learn->progress, bytes - before);
		before = bytes;
	}
	if (status == GL_MORE)
		learn->status = GL_MORE;
	else if (status != GL_NOT_FOUND && learn->status == GL_OK)
		say_broken(learn, file, log, status);
	gl_maillog_close(log);
}

static void read_all(struct learn *learn)
{
	const struct gl_logfiles *logs = learn->admin->logs;
	uint64_t size = 0;
	for (size_t i = 0; i < logs->count; i++)
		size += logs->at[i].size;
	gl_progress_begin(&learn->progress, learn->admin, "bytes", size);
	for (size_t i = 0; i < logs->count && learn->status == GL_OK; i++)
		take_file(learn, &logs->at[i]);
	gl_progress_end(&learn->progress);
}

static void write_all(struct learn *learn)
{
	gl_progress_begin(
	    &learn->progress, learn->admin, "entries", gl_learnt_count(learn->learnt));
	learn->status = gl_learnt_write(learn->learnt, &learn->interrupt, &learn->progress);
	gl_progress_end(&learn->progress);
}

static void print_some(FILE *to, const char *what, uint64_t count, uint64_t some, const char *text)
{
	fprintf(to, "%s: %" PRIu64, what, count);
	if (some > 0)
		fprintf(to, ", %" PRIu64 " %s", some, text);
	fputc('\n', to);
}

static void print_tally(
    FILE *to, const char *what, const struct gl_import_tally *tally, uint64_t unwritten)
{
	fprintf(to, "%s: %" PRIu64 " new, %" PRIu64 " merged, %" PRIu64 " known", what,
	    tally->taken, tally->merged, tally->unchanged);
	if (unwritten > 0)
		fprintf(to, ", %" PRIu64 " older than max_age", unwritten);
	fputc('\n', to);
}

static void print_report(const struct learn *learn)
{
	FILE *to = learn->admin->out;
	const struct gl_learning *learning = &learn->learning;
	struct gl_unwritten unwritten = gl_learnt_unwritten(learn->learnt);
	if (learn->status == GL_MORE)
		fputs("interrupted; what was done before:\n", to);
	if (learn->admin->dry_run)
		fputs("nothing was written, and this would be learnt:\n", to);
	print_some(to, "files", learn->files, learn->broken, "of them not to the end");
	print_some(to, "lines", learn->lines, learn->too_long, "of them too long");
	print_some(to, "deliveries", learning->deliveries, gl_learning_left_out(learning),
	    "of them left out:");
	for (enum gl_left left = GL_LEFT_OWN; left < GL_LEFTS; left++)
		if (learning->left[left] > 0)
			fprintf(to, "  %" PRIu64 " %s\n", learning->left[left], gl_left_text(left));
	if (gl_arrivals_dropped(learning->arrivals) > 0)
		fprintf(to, "mails: %" PRIu64 " forgotten, more than %d were in the queue\n",
		    gl_arrivals_dropped(learning->arrivals), GL_ARRIVALS_MAX);
	print_tally(to, "triplets", &learn->report.triplets, unwritten.triplets);
	print_tally(to, "clients", &learn->report.clients, unwritten.clients);
	fflush(to);
}

static enum gl_exit exit_of(const struct learn *learn)
{
	if (learn->status == GL_MORE)
		return GL_EXIT_LATER;
	if (learn->status != GL_OK)
		return gl_admin_fail(learn->admin, learn->status);
	if (learn->unread != GL_EXIT_OK || learn->learning.deliveries > 0)
		return learn->unread;
	gl_admin_say(learn->admin, "no delivery by Postfix was found: is this its mail log?");
	return GL_EXIT_NOTHING;
}

static enum gl_exit learn_all(struct learn *learn)
{
	gl_interrupt_begin(&learn->interrupt);
	gl_logfiles_sort(learn->admin->logs, learn->interrupt.fd);
	read_all(learn);
	if (learn->status == GL_OK)
		write_all(learn);
	print_report(learn);
	enum gl_exit code = exit_of(learn);
	gl_interrupt_end(&learn->interrupt);
	return code;
}

static bool has_table(const struct gl_admin *admin)
{
	char path[GL_COMPLAINT_MAX];
	snprintf(path, sizeof path, "%s/table", admin->world.config.database);
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* A dry run makes none where there is none: then an empty one of its own tells what is new. */
static enum gl_exit open_scratch(struct learn *learn)
{
	struct gl_admin *admin = learn->admin;
	struct gl_complaint why = { "" };
	enum gl_status status = gl_become_owner(admin->world.config.database, &why);
	if (status == GL_OK)
		status = gl_scratch_make(&learn->scratch, &why);
	if (status == GL_OK)
		status = gl_world_divert(&admin->world, learn->scratch.directory, &why);
	if (status == GL_OK) {
		admin->world.config.sync = GL_SYNC_NONE;
		status = gl_world_open(&admin->world);
		why = admin->world.store_why;
	}
	if (status != GL_OK)
		gl_admin_say(admin, "%s", why.text);
	return gl_exit_of(status);
}

static enum gl_exit open_table(struct learn *learn)
{
	struct gl_admin *admin = learn->admin;
	if (admin->dry_run && !has_table(admin))
		return open_scratch(learn);
	return gl_admin_open_table(admin, admin->dry_run ? GL_NEED_READ : GL_NEED_CREATE);
}

static enum gl_exit run(struct learn *learn)
{
	struct gl_admin *admin = learn->admin;
	struct gl_learning *learning = &learn->learning;
	enum gl_exit code = open_table(learn);
	if (code != GL_EXIT_OK)
		return code;
	learning->now = admin->now;
	learning->own = gl_own_new(admin);
	if (learning->own == NULL)
		return GL_EXIT_UNAVAILABLE;
	learning->arrivals = gl_arrivals_new(GL_ARRIVALS_MAX);
	learn->batch = gl_import_batch_new(admin, &learn->report);
	learn->learnt = gl_learnt_new(admin, learn->batch, GL_LEARNT_MAX);
	if (learning->arrivals != NULL && learn->batch != NULL && learn->learnt != NULL)
		return learn_all(learn);
	gl_admin_say(admin, "out of memory");
	return GL_EXIT_IO;
}

static enum gl_exit learn_open(struct gl_admin *admin, int count, char **operands)
{
	int64_t since = 0;
	if (admin->since != NULL && gl_moment_parse(&since, admin->since, admin->now) != GL_OK) {
		gl_admin_say(admin,
		    "\"%s\" is no time such as 10d (ago), 2026-01-31 or \"2026-01-31 14:30\"",
		    admin->since);
		return GL_EXIT_USAGE;
	}
	return gl_logfiles_open(admin, count, operands);
}

static enum gl_exit learn_command(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct learn *learn = calloc(1, sizeof *learn);
	if (learn == NULL)
		return GL_EXIT_IO;
	learn->admin = admin;
	learn->interrupt.fd = learn->scratch.interrupt.fd = -1;
	if (admin->since != NULL &&
	    gl_moment_parse(&learn->learning.since, admin->since, admin->now) != GL_OK)
		learn->learning.since = 0;
	enum gl_exit code = run(learn);
	gl_learnt_free(learn->learnt);
	gl_import_batch_free(learn->batch);
	gl_arrivals_free(learn->learning.arrivals);
	gl_own_free(learn->learning.own);
	if (learn->scratch.directory[0] != '\0')
		gl_world_drop_table(&admin->world);
	gl_scratch_remove(&learn->scratch);
	free(learn);
	return code;
}

const struct gl_command gl_command_learn = {
	.name = "learn",
	.arguments = "FILE ...",
	.summary = "remember those whose mail was delivered, from Postfix's mail logs",
	.need = GL_NEED_OWNER,
	.takes = GL_TAKES_DRY_RUN | GL_TAKES_SINCE | GL_TAKES_POSTFIX,
	.least = 1,
	.most = GL_LOGFILES_MAX,
	.open = learn_open,
	.run = learn_command,
};
