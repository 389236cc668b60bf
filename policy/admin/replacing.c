#include "replacing.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"
#include "output.h"
#include "owner.h"
#include "pace.h"

const char *gl_size_text(char text[GL_SIZE_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	uint64_t tenths = bytes / 100; /* of a kB */
	size_t unit = 0;
	if (bytes < 1000) {
		snprintf(text, GL_SIZE_TEXT, "%" PRIu64 " bytes", bytes);
		return text;
	}
	for (; tenths >= 10000 && unit + 1 < sizeof units / sizeof *units; unit++)
		tenths /= 1000;
	snprintf(text, GL_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
	    units[unit]);
	return text;
}

static void print_json(const struct gl_admin *admin, const struct gl_replaced *result)
{
	gl_json_line(admin->out,
	    json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "table", result->table, "bytes_before",
		(json_int_t)result->before, "bytes_after", (json_int_t)result->after, "merged",
		(json_int_t)result->merged, "unusable", (json_int_t)result->unusable,
		"writers_waited_ms", (json_int_t)result->waited, "aside",
		result->aside[0] != '\0' ? json_string(result->aside) : json_null()));
}

static void print_text(const struct gl_admin *admin, const struct gl_replaced *result)
{
	char before[GL_SIZE_TEXT], after[GL_SIZE_TEXT];
	FILE *to = admin->out;
	if (result->merged + result->unusable > 0)
		fprintf(to, "%" PRIu64 " entries of the backup taken in\n", result->merged);
	if (result->unusable > 0)
		fprintf(to,
		    "%" PRIu64 " entries of the backup left out: damaged, or without their text "
		    "and made under another secret\n",
		    result->unusable);
	if (result->aside[0] != '\0')
		fprintf(to, "the table that could not be used is kept as %s\n", result->aside);
	fprintf(to, "%s is in use: %s", result->table, gl_size_text(after, result->after));
	if (result->before > 0)
		fprintf(to, ", before %s", gl_size_text(before, result->before));
	fprintf(to, "; mail from new senders was held for %" PRId64 ".%03" PRId64 " s\n",
	    result->waited / 1000, result->waited % 1000);
}

static int64_t milliseconds(void)
{
	return gl_microseconds() / 1000;
}

static bool stop(void *context)
{
	return gl_interrupt_came(context);
}

static bool touch(void *context, struct gl_span key, struct gl_span value)
{
	volatile char *last = context;
	(void)key;
	if (value.len > 0)
		*last = value.at[value.len - 1];
	return true;
}

static void read_table(const struct gl_store_options *writing)
{
	enum { SLICE = 50000 };
	static const enum gl_table tables[] = { GL_TABLE_TRIPLET, GL_TABLE_CLIENT, GL_TABLE_RULES,
		GL_TABLE_OVERRIDE };
	struct gl_store_options options = *writing;
	struct gl_complaint why;
	struct gl_store *store;
	char last;
	options.readonly = true;
	enum gl_status status = gl_store_open(&store, &options, &why);
	for (size_t i = 0; status == GL_OK && i < sizeof tables / sizeof *tables; i++) {
		struct gl_cursor cursor = { .table = tables[i] };
		while (status == GL_OK && !cursor.done)
			status = gl_store_scan(store, &cursor, SLICE, touch, &last);
	}
}

/* LMDB trusts the file: its last words about a damaged one help nobody. */
static _Noreturn void read_and_exit(const struct gl_store_options *options, const char *backup)
{
	struct gl_complaint why;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
	if (backup == NULL)
		read_table(options);
	/* what it says is said again when it is merged */
	enum gl_status status = backup == NULL ? GL_OK : gl_store_read_backup(backup, &why);
	(void)status;
	_exit(0);
}

/* Damage may end whoever reads a table, or a backup where one is named, at any byte. So a child
 * reads it first, while nobody has to wait; what it can be told in words is said later. */
static bool reading_ends_well(const struct gl_store_options *options, const char *backup)
{
	int ended = 0;
	pid_t child = fork();
	if (child == 0)
		read_and_exit(options, backup);
	if (child < 0 || waitpid(child, &ended, 0) != child)
		return true;
	if (!WIFSIGNALED(ended))
		return WEXITSTATUS(ended) == 0;
	int by = WTERMSIG(ended);
	return by != SIGABRT && by != SIGBUS && by != SIGSEGV;
}

/* Sets how->unread. GL_CORRUPT, GL_MALFORMED: there is nothing to make the new table of; `why` says
 * it. */
static enum gl_status try_reading(
    const struct gl_store_options *options, struct gl_replacing *how, struct gl_complaint *why)
{
	how->unread = !reading_ends_well(options, NULL);
	if (how->unread && how->backup == NULL) {
		snprintf(why->text, sizeof why->text,
		    "%s/table: is damaged: reading it ends the process; nothing was changed; "
		    "greylist-admin restore brings a backup back",
		    options->directory);
		return GL_CORRUPT;
	}
	if (how->backup == NULL || reading_ends_well(options, how->backup))
		return GL_OK;
	snprintf(why->text, sizeof why->text,
	    "%s: is damaged: reading it ends the process; nothing was changed; take an older one",
	    how->backup);
	return GL_MALFORMED;
}

enum gl_exit gl_replace_table(
    struct gl_admin *admin, const char *backup, struct gl_replaced *result)
{
	const struct gl_config *config = &admin->world.config;
	struct gl_complaint why = { "" };
	struct gl_interrupt interrupt;
	struct gl_store_options options = { .directory = config->database,
		.map_limit = config->map_limit,
		.sync_meta = true,
		.sync_data = true };
	enum gl_status status = gl_become_owner(config->database, &why);
	gl_interrupt_begin(&interrupt);
	struct gl_replacing how = { .backup = backup,
		.now = admin->now,
		.privacy = config->privacy,
		.clock = milliseconds,
		.stop = stop,
		.context = &interrupt };
	if (status == GL_OK)
		status = try_reading(&options, &how, &why);
	if (status == GL_OK)
		status = gl_store_replace(&options, &how, result, &why);
	if (status != GL_OK)
		gl_admin_say(admin, "%s", why.text);
	else if (admin->json)
		print_json(admin, result);
	else
		print_text(admin, result);
	fflush(admin->out);
	gl_interrupt_end(&interrupt);
	return gl_exit_of(status);
}
