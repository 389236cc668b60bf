#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exported.h"
#include "input.h"
#include "interrupt.h"
#include "lines.h"
#include "progress.h"

_Static_assert((int)GL_EXPORTED_FAULTS <= (int)GL_IMPORT_FAULTS_MAX, "faults to be counted");

/* Why no more lines are read. */
enum ending {
	ENDING_NONE,
	ENDING_WHOLE,  /* the input's end */
	ENDING_SIGNAL, /* a signal */
	ENDING_INPUT,  /* it cannot be read; which was said */
	ENDING_NEWER,  /* it is for a later version; which was said */
	ENDING_TABLE   /* nothing more can be written, as `status` says */
};

/* One run of the command. */
struct import {
	struct gl_admin *admin;
	enum ending ending;
	enum gl_status status; /* of the table */
	const char *name;      /* of the input */
	struct gl_interrupt interrupt;
	struct gl_lines *lines;
	struct gl_progress progress;
	bool by_bytes;    /* the input's size is known, and its bytes are counted */
	bool has_header;  /* there was one */
	bool same_secret; /* and it said that the table is one with the same secret */
	struct gl_import_report report;
	struct gl_import_batch *batch;
	struct gl_said_batch *said;
	struct gl_exported exported; /* the line in hand */
	struct gl_import_change change;
	struct gl_said_change saying;
};

static void begin_progress(struct import *import)
{
	struct stat info;
	uint64_t size = 0;
	if (fstat(fileno(import->admin->input), &info) == 0 && S_ISREG(info.st_mode))
		size = (uint64_t)info.st_size;
	import->by_bytes = size > 0;
	gl_progress_begin(&import->progress, import->admin, size > 0 ? "bytes" : "lines", size);
}

static void drop(
    struct import *import, enum gl_exported_fault fault, const char *why, struct gl_span line)
{
	char *example = gl_import_report_drop(&import->report, fault);
	if (example == NULL)
		return;
	struct gl_out out = gl_out_into(example, GL_IMPORT_EXAMPLE_MAX);
	gl_out_printable(&out, gl_span_of(import->name));
	gl_out_text(&out, ": line ");
	gl_out_decimal(&out, (int64_t)gl_lines_number(import->lines));
	if (why[0] != '\0') {
		gl_out_text(&out, ": ");
		gl_out_printable(&out, gl_span_of(why));
	}
	if (line.len > 0) {
		gl_out_text(&out, ": ");
		gl_out_printable(&out, gl_span_head(line, GL_IMPORT_EXAMPLE_MAX));
	}
	gl_out_string(&out);
}

static void take_header(struct import *import)
{
	const struct gl_exported *header = &import->exported;
	uint8_t own[GL_DIGEST_SIZE];
	import->has_header = true;
	if (header->version > GL_EXPORT_VERSION) {
		gl_admin_say(import->admin,
		    "%s: line %" PRIu64 ": made by a newer greylist: export version %" PRId64
		    ", and this one reads no more than %d; upgrade this one first",
		    import->name, gl_lines_number(import->lines), header->version,
		    GL_EXPORT_VERSION);
		import->ending = ENDING_NEWER;
		return;
	}
	gl_store_fingerprint(import->admin->world.store, own);
	import->same_secret = header->has_fingerprint &&
			      memcmp(own, header->fingerprint, sizeof own) == 0;
}

static void take_entry(struct import *import, struct gl_span line)
{
	enum gl_exported_fault fault = gl_exported_change(
	    &import->change, import->admin, &import->exported, import->same_secret);
	if (fault != GL_EXPORTED_GOOD) {
		drop(import, fault, "", line);
		return;
	}
	import->report.hashed += import->exported.inherited;
	import->status = gl_import_batch_add(import->batch, &import->change.op);
	if (import->status != GL_OK)
		import->ending = ENDING_TABLE;
}

static void take_said(struct import *import, struct gl_span line)
{
	const struct gl_admin *admin = import->admin;
	enum gl_exported_fault fault = gl_exported_say(&import->saying, &import->exported,
	    admin->now, gl_store_secret(admin->world.store), import->same_secret);
	if (fault != GL_EXPORTED_GOOD) {
		drop(import, fault, "", line);
		return;
	}
	import->status = gl_said_batch_add(import->said, &import->saying);
	if (import->status != GL_OK)
		import->ending = ENDING_TABLE;
}

static void take_line(struct import *import, struct gl_span line)
{
	struct gl_complaint why = { "" };
	if (gl_span_trim(line).len == 0)
		return;
	enum gl_exported_fault fault = gl_exported_read(&import->exported, line, &why);
	if (fault != GL_EXPORTED_GOOD)
		drop(import, fault, why.text, line);
	else if (import->exported.kind == GL_EXPORTED_HEADER)
		take_header(import);
	else if (import->exported.kind == GL_EXPORTED_SAID)
		take_said(import, line);
	else
		take_entry(import, line);
}

static void take_next(struct import *import)
{
	struct gl_span line = { NULL, 0 };
	uint64_t before = gl_lines_bytes(import->lines);
	enum gl_status status = gl_lines_next(import->lines, &line);
	if (status == GL_OK)
		take_line(import, line);
	else if (status == GL_TOO_LONG)
		drop(import, GL_EXPORTED_LENGTH, "", line);
	else if (status == GL_NOT_FOUND)
		import->ending = ENDING_WHOLE;
	else if (status == GL_MORE)
		import->ending = ENDING_SIGNAL;
	else {
		gl_input_cannot(import->admin, import->name, "cannot be read any further");
		import->ending = ENDING_INPUT;
	}
	gl_progress_add(
	    &import->progress, import->by_bytes ? gl_lines_bytes(import->lines) - before : 1);
}

/* What came before the end, of whatever kind it is, is good. */
static void take_all(struct import *import)
{
	while (import->ending == ENDING_NONE)
		take_next(import);
	if (import->ending == ENDING_TABLE)
		return;
	import->status = gl_import_batch_flush(import->batch);
	if (import->status == GL_OK)
		import->status = gl_said_batch_flush(import->said);
	if (import->status != GL_OK)
		import->ending = ENDING_TABLE;
}

static enum gl_exit exit_of_whole(const struct import *import)
{
	const struct gl_import_report *report = &import->report;
	if (gl_import_report_dropped(report) > report->dropped[GL_EXPORTED_EXPIRED].count)
		return GL_EXIT_INPUT;
	if (gl_import_report_sum(report) > 0 || import->has_header)
		return GL_EXIT_OK;
	gl_admin_say(import->admin, "%s: is empty; did the export fail?", import->name);
	return GL_EXIT_NOTHING;
}

static enum gl_exit exit_of_table(const struct import *import)
{
	if (import->status != GL_TOO_LONG)
		return gl_admin_fail(import->admin, import->status);
	gl_admin_say(import->admin, "there would be more than %d overrides: take some back",
	    GL_OVERRIDES_MAX);
	return GL_EXIT_LATER;
}

static enum gl_exit exit_of(const struct import *import)
{
	switch (import->ending) {
	case ENDING_WHOLE:
		return exit_of_whole(import);
	case ENDING_NEWER:
		return GL_EXIT_INPUT;
	case ENDING_TABLE:
		return exit_of_table(import);
	case ENDING_SIGNAL:
		return GL_EXIT_LATER;
	case ENDING_NONE:
	case ENDING_INPUT:
		break;
	}
	return GL_EXIT_IO;
}

static enum gl_exit import_all(struct import *import)
{
	gl_interrupt_begin(&import->interrupt);
	begin_progress(import);
	take_all(import);
	gl_progress_end(&import->progress);
	import->report.interrupted = import->ending == ENDING_SIGNAL;
	gl_import_report_print(import->admin, &import->report);
	fflush(import->admin->out);
	enum gl_exit code = exit_of(import);
	gl_interrupt_end(&import->interrupt);
	return code;
}

static enum gl_exit import_open(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	return gl_input_open(admin, operands[0]);
}

static enum gl_exit import_command(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	enum gl_exit code = GL_EXIT_IO;
	struct import *import = calloc(1, sizeof *import);
	if (import == NULL)
		return code;
	import->admin = admin;
	import->name = gl_input_name(operands[0]);
	import->interrupt.fd = -1;
	import->report.fault_text = gl_exported_fault_text;
	import->report.faults = GL_EXPORTED_FAULTS;
	import->report.leaves = !admin->merge;
	import->report.takes_overrides = true;
	import->batch = gl_import_batch_new(admin, &import->report);
	import->said = gl_said_batch_new(admin, &import->report);
	import->lines = gl_lines_new(fileno(admin->input), &import->interrupt, GL_EXPORT_LINE_MAX);
	if (import->batch != NULL && import->said != NULL && import->lines != NULL)
		code = import_all(import);
	gl_lines_free(import->lines);
	gl_said_batch_free(import->said);
	gl_import_batch_free(import->batch);
	free(import);
	return code;
}

const struct gl_command gl_command_import = {
	.name = "import",
	.arguments = "FILE | -",
	.summary = "take over what `export` printed on another machine",
	.need = GL_NEED_CREATE,
	.takes = GL_TAKES_JSON | GL_TAKES_DRY_RUN | GL_TAKES_MERGE,
	.least = 1,
	.most = 1,
	.open = import_open,
	.run = import_command,
};
