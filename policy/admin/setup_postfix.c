#include "setup.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "greylist/version.h"
#include "postfix.h"

static void show_value(FILE *to, const char *label, struct gl_span value)
{
	fprintf(to, "  %s %.*s\n", label, value.len > 0 ? (int)value.len : (int)strlen("(none)"),
	    value.len > 0 ? value.at : "(none)");
}

void gl_setup_show(const struct gl_setup *setup, enum gl_setup_file file, const char *name,
    const struct gl_span change[2])
{
	FILE *to = setup->admin->out;

	if (setup->quiet)
		return;
	fprintf(to, "%s: %s\n", setup->place.path[file], name);
	show_value(to, "before:", change[0]);
	show_value(to, "after: ", change[1]);
}

/* Exit codes in this command's own view: no postconf is no Postfix. */
static enum gl_exit fail(const struct gl_setup *setup, enum gl_status status)
{
	fflush(setup->admin->out);
	gl_admin_say(setup->admin, "setup-postfix: %s",
	    setup->why.text[0] != 0 ? setup->why.text : gl_status_text(status));
	return status == GL_NOT_FOUND ? GL_EXIT_UNAVAILABLE : gl_exit_of(status);
}

static enum gl_status find_directory(struct gl_setup *setup, char directory[static PATH_MAX])
{
	static const char *const words[] = { "-h", "config_directory", NULL };
	const char *given = setup->admin->postfix_config;
	char *found = NULL;
	enum gl_status status = gl_postconf(&found, given, words, &setup->why);

	if (status == GL_OK && realpath(found, directory) == NULL) {
		snprintf(setup->why.text, sizeof setup->why.text, "%s: %s", found,
		    strerrordesc_np(errno));
		status = GL_NOT_FOUND;
	}
	free(found);
	return status;
}

/* Which greylist.conf: the one that an earlier setup edited, as long as it is remembered. */
static enum gl_status find_conf(struct gl_setup *setup)
{
	const char *config = setup->admin->world.config_path;
	struct gl_setup_kept *kept = &setup->kept;
	struct gl_out out = gl_out_into(
	    setup->place.path[GL_SETUP_CONF], sizeof setup->place.path[0]);
	bool undo = setup->admin->undo;

	if (kept->conf[0] != 0 && setup->admin->mode != NULL && strcmp(kept->conf, config) != 0) {
		gl_out_text(&out, kept->conf);
		snprintf(setup->why.text, sizeof setup->why.text,
		    "the mode in %.256s was set by an earlier setup-postfix: undo that first",
		    gl_out_string(&out));
		return GL_MALFORMED;
	}
	gl_out_text(&out, undo && kept->conf[0] != 0 ? kept->conf : config);
	gl_out_string(&out);
	if (setup->admin->mode == NULL && kept->conf[0] == 0)
		return GL_OK;
	snprintf(kept->conf, sizeof kept->conf, "%s", setup->place.path[GL_SETUP_CONF]);
	return gl_setup_read(&setup->now, GL_SETUP_CONF, &setup->place, &setup->why);
}

static enum gl_status look(struct gl_setup *setup)
{
	char directory[PATH_MAX];
	enum gl_status status = find_directory(setup, directory);

	if (status == GL_OK)
		status = gl_setup_place_init(&setup->place, directory, "");
	if (status == GL_OK)
		status = gl_setup_kept_read(&setup->kept, directory, &setup->why);
	if (status == GL_OK)
		status = gl_setup_read(&setup->now, GL_SETUP_MASTER, &setup->place, &setup->why);
	if (status == GL_OK)
		status = gl_setup_read(&setup->now, GL_SETUP_MAIN, &setup->place, &setup->why);
	return status == GL_OK ? find_conf(setup) : status;
}

static enum gl_exit missing(const struct gl_setup *setup, enum gl_exit code, const char *what)
{
	gl_admin_say(setup->admin, "setup-postfix: %s", what);
	return code;
}

/* What has to be there before Postfix is told to use it. */
static enum gl_exit look_for_pieces(struct gl_setup *setup)
{
	struct gl_world *world = &setup->admin->world;
	const struct passwd *user = getpwnam(setup->user);
	char what[GL_COMPLAINT_MAX];
	struct stat table;

	if (gl_world_configure(world) != GL_OK)
		return missing(setup, GL_EXIT_CONFIG, world->config_why.text);
	if (user == NULL || user->pw_uid == 0) {
		snprintf(what, sizeof what,
		    "there is no user \"%s\" that the helper could run as: adduser --system "
		    "--group --no-create-home --home %s %s",
		    setup->user, world->config.database, setup->user);
		return missing(setup, GL_EXIT_CONFIG, what);
	}
	if (access(GREYLIST_HELPER, X_OK) != 0)
		return missing(setup, GL_EXIT_UNAVAILABLE,
		    "the helper " GREYLIST_HELPER " is not there: install greylist "
		    "(packaging/setup does)");
	if (stat(world->config.database, &table) != 0 || !S_ISDIR(table.st_mode) ||
	    table.st_uid != user->pw_uid) {
		snprintf(what, sizeof what,
		    "%s is no directory of user %s: install -d -o %s -g %s -m 0750 %s",
		    world->config.database, setup->user, setup->user, setup->user,
		    world->config.database);
		return missing(setup, GL_EXIT_CONFIG, what);
	}
	return GL_EXIT_OK;
}

static bool any_change(const struct gl_setup *setup, const struct gl_setup_set *to)
{
	bool change = false;

	for (unsigned i = 0; i < GL_SETUP_FILES; i++)
		change = change || (to->bytes[i] != NULL &&
				       !gl_setup_same(&setup->now, to, (enum gl_setup_file)i));
	return change;
}

/* Keeps what an undo needs, then changes the files. */
static enum gl_status apply(struct gl_setup *setup, const struct gl_setup_set *wired)
{
	struct gl_setup_set without = { .bytes = { NULL } };
	const struct gl_setup_set *was = &setup->now;
	enum gl_status status = GL_OK;

	if (setup->kept.left.bytes[GL_SETUP_MAIN] != NULL) {
		setup->quiet = true;
		status = gl_setup_undo(setup, &without);
		was = &without;
	}
	if (status == GL_OK)
		status = gl_setup_kept_write(&setup->kept, was, wired, &setup->why);
	if (status == GL_OK)
		status = gl_setup_write(&setup->place, wired, &setup->now, &setup->why);
	gl_setup_set_clear(&without);
	return status;
}

/* Postfix reads what changed, or is started where it does not run. */
static enum gl_status wake(struct gl_setup *setup, bool changed)
{
	const char *directory = setup->place.directory;

	if (gl_postfix(directory, "status", &setup->why) == GL_OK)
		return changed ? gl_postfix(directory, "reload", &setup->why) : GL_OK;
	fprintf(setup->admin->out, "Postfix does not run: starting it\n");
	fflush(setup->admin->out);
	return gl_postfix(directory, "start", &setup->why);
}

static enum gl_exit wire(struct gl_setup *setup)
{
	struct gl_setup_set wired = { .bytes = { NULL } };
	enum gl_exit code = look_for_pieces(setup);
	enum gl_status status;
	bool changed;

	if (code != GL_EXIT_OK)
		return code;
	status = gl_setup_wire(setup, &wired);
	changed = status == GL_OK && any_change(setup, &wired);
	if (status == GL_UNSUPPORTED)
		gl_setup_by_hand(setup);
	if (status == GL_OK && !changed)
		fprintf(setup->admin->out, "Postfix is wired already: nothing to change\n");
	if (status == GL_OK && changed && !setup->admin->dry_run)
		status = apply(setup, &wired);
	gl_setup_set_clear(&wired);
	if (status != GL_OK)
		return fail(setup, status);
	if (setup->admin->dry_run)
		return GL_EXIT_OK;
	if (wake(setup, changed) != GL_OK) {
		fail(setup, GL_FAILED);
		return GL_EXIT_UNAVAILABLE;
	}
	return gl_setup_prove(setup);
}

static enum gl_exit undo(struct gl_setup *setup)
{
	struct gl_setup_set undone = { .bytes = { NULL } };
	enum gl_status status = gl_setup_undo(setup, &undone);
	bool changed = status == GL_OK && any_change(setup, &undone);

	if (status == GL_OK && changed && !setup->admin->dry_run)
		status = gl_setup_write(&setup->place, &undone, &setup->now, &setup->why);
	gl_setup_set_clear(&undone);
	if (status != GL_OK)
		return fail(setup, status);
	if (!setup->admin->dry_run)
		gl_setup_kept_remove(&setup->kept);
	if (!changed) {
		fprintf(setup->admin->out, "Postfix is not wired: nothing to undo\n");
		return GL_EXIT_OK;
	}
	if (!setup->admin->dry_run &&
	    gl_postfix(setup->place.directory, "status", &setup->why) == GL_OK &&
	    gl_postfix(setup->place.directory, "reload", &setup->why) != GL_OK)
		return fail(setup, GL_BAD_CONFIG);
	return GL_EXIT_OK;
}

/* Not "off": who wants that wants no wiring. */
static bool is_mode(const char *text)
{
	return strcmp(text, "learn") == 0 || strcmp(text, "dry-run") == 0 ||
	       strcmp(text, "on") == 0;
}

static enum gl_exit begin(struct gl_setup *setup)
{
	struct gl_admin *admin = setup->admin;
	enum gl_status status;

	if (admin->mode != NULL && (admin->undo || !is_mode(admin->mode)))
		return missing(
		    setup, GL_EXIT_USAGE, "--mode is learn, dry-run or on, and not for --undo");
	if (geteuid() != 0 && !admin->dry_run)
		return missing(setup, GL_EXIT_PERMISSION,
		    "only root may change Postfix's configuration; --dry-run shows the changes");
	status = look(setup);
	if (status != GL_OK)
		return fail(setup, status);
	return admin->undo ? undo(setup) : wire(setup);
}

static enum gl_exit run(struct gl_admin *admin, int count, char **operands)
{
	struct gl_setup *setup = calloc(1, sizeof *setup);
	enum gl_exit code;

	(void)count;
	(void)operands;
	if (setup == NULL)
		return GL_EXIT_IO;
	setup->admin = admin;
	setup->user = admin->service_user != NULL ? admin->service_user : "greylist";
	code = begin(setup);
	gl_setup_set_clear(&setup->now);
	gl_setup_kept_clear(&setup->kept);
	free(setup);
	return code;
}

const struct gl_command gl_command_setup_postfix = {
	.name = "setup-postfix",
	.arguments = "",
	.summary = "wire greylisting into Postfix, and prove that it works",
	.need = GL_NEED_NOTHING,
	.takes = GL_TAKES_DRY_RUN | GL_TAKES_SETUP | GL_TAKES_POSTFIX,
	.least = 0,
	.most = 0,
	.run = run,
};
