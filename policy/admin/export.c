#include <stdlib.h>

#include "exported.h"
#include "filter.h"
#include "output.h"
#include "progress.h"
#include "walk.h"

struct export
{
	const struct gl_admin *admin;
	struct gl_progress progress;
	bool failed; /* the output, or memory is out */
	struct gl_filter filter;
};

static bool print_one(void *context, const struct gl_entry *entry)
{
	struct export *export = context;
	gl_progress_add(&export->progress, 1);
	if (!gl_filter_fits(&export->filter, export->admin, entry))
		return true;
	export->failed = !gl_json_line(export->admin->out, gl_exported_entry(export->admin, entry));
	return !export->failed;
}

static bool print_said(void *context, const struct gl_said *said)
{
	struct export *export = context;
	const struct gl_admin *admin = export->admin;
	if (said->override.made < export->filter.since)
		return true;
	export->failed = !gl_json_line(
	    admin->out, gl_exported_said(gl_store_secret(admin->world.store), said));
	return !export->failed;
}

/* On a terminal the lines themselves show how far it is. */
static void begin_progress(struct export *export)
{
	const struct gl_admin *admin = export->admin;
	struct gl_store_figures figures;
	export->progress = (struct gl_progress){ .to = NULL };
	if (!admin->terminal && gl_store_measure(admin->world.store, &figures) == GL_OK)
		gl_progress_begin(
		    &export->progress, admin, "entries", figures.triplets + figures.clients);
}

static enum gl_status export_all(struct gl_admin *admin, struct export *export)
{
	enum gl_status status = GL_OK;
	export->failed = !gl_json_line(admin->out, gl_exported_header(admin));
	for (enum gl_table table = GL_TABLE_TRIPLET; table <= GL_TABLE_CLIENT; table++)
		if (status == GL_OK && !export->failed && gl_filter_wants(&export->filter, table))
			status = gl_walk(admin, table, print_one, export);
	if (status == GL_OK && !export->failed &&
	    gl_filter_wants(&export->filter, GL_TABLE_OVERRIDE))
		status = gl_said_walk(admin, print_said, export);
	return status;
}

static enum gl_exit run(struct gl_admin *admin, struct export *export)
{
	export->admin = admin;
	enum gl_exit code = gl_filter_read(&export->filter, admin);
	if (code != GL_EXIT_OK)
		return code;
	begin_progress(export);
	enum gl_status status = export_all(admin, export);
	gl_progress_end(&export->progress);
	/* What the output does not take is said at the program's end. */
	if (export->failed && !ferror(admin->out))
		gl_admin_say(admin, "out of memory: the export is cut short");
	return export->failed ? GL_EXIT_IO : gl_admin_fail(admin, status);
}

static enum gl_exit export_command(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct export *export = malloc(sizeof *export);
	enum gl_exit code = export != NULL ? run(admin, export) : GL_EXIT_IO;
	free(export);
	return code;
}

const struct gl_command gl_command_export = {
	.name = "export",
	.arguments = "",
	.summary = "print everything for `import` on another machine",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_WHO | GL_TAKES_FILTER,
	.run = export_command,
};
