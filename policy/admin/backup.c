#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "output.h"
#include "pace.h"
#include "progress.h"
#include "replacing.h"

enum {
	SLICE = 256,      /* entries */
	SYNC_EVERY = 2000 /* entries, some 256 KiB: more in one go, and the helpers' syncs wait */
};

static const char partial[] = "data.mdb.partial", whole[] = "data.mdb";

struct backup {
	struct gl_admin *admin;
	const char *name; /* of the directory */
	bool made;        /* and it was made just now */
	int dir;
	struct gl_interrupt interrupt;
	struct gl_progress progress;
	bool interrupted;
	uint64_t unsynced; /* entries */
	struct gl_pace pace;
};

static enum gl_exit cannot(const struct backup *backup, const char *what)
{
	int error = errno;
	gl_admin_say(backup->admin, "%s: %s: %s", backup->name, what, strerror(error));
	return error == EACCES || error == EPERM ? GL_EXIT_PERMISSION : GL_EXIT_IO;
}

/* Somebody else's files are no place for a backup. */
static bool is_free(int dir)
{
	int again = dup(dir);
	DIR *listing = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;
	bool free = listing != NULL;
	while (free && (item = readdir(listing)) != NULL)
		free = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
		       strcmp(item->d_name, whole) == 0 || strcmp(item->d_name, partial) == 0;
	if (listing != NULL)
		closedir(listing);
	else if (again >= 0)
		close(again);
	return free;
}

/* What root makes has to be the owner's of the table, who writes into it and restores it. */
static enum gl_exit give_away(const struct backup *backup)
{
	struct stat here, table;
	if (geteuid() != 0)
		return GL_EXIT_OK;
	if (fstat(backup->dir, &here) != 0)
		return cannot(backup, "cannot be looked at");
	if (stat(backup->admin->world.config.database, &table) != 0 || here.st_uid == table.st_uid)
		return GL_EXIT_OK;
	if (here.st_uid != 0) {
		gl_admin_say(backup->admin,
		    "%s: belongs to somebody else; name a directory that is not there yet",
		    backup->name);
		return GL_EXIT_PERMISSION;
	}
	if (fchown(backup->dir, table.st_uid, table.st_gid) != 0)
		return cannot(backup, "cannot be given to the owner of the table");
	if (!backup->made)
		gl_admin_say(
		    backup->admin, "%s: belongs to the owner of the table now", backup->name);
	return GL_EXIT_OK;
}

static enum gl_exit open_directory(struct backup *backup)
{
	backup->made = mkdir(backup->name, 0700) == 0;
	if (!backup->made && errno != EEXIST)
		return cannot(backup, "cannot be made");
	backup->dir = open(backup->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (backup->dir < 0)
		return cannot(backup, "cannot be opened");
	if (!is_free(backup->dir)) {
		gl_admin_say(backup->admin,
		    "%s: has other files in it; name a directory for the backup alone",
		    backup->name);
		return GL_EXIT_INPUT;
	}
	return give_away(backup);
}

/* The disk belongs to the helpers: what is written is synced in small parts, with pauses. */
static enum gl_status copy_some(struct backup *backup, struct gl_copy *copy, size_t *copied)
{
	struct gl_admin *admin = backup->admin;
	enum gl_status status;
	gl_pace_begin(&backup->pace);
	do
		status = gl_store_copy_slice(copy, admin->world.store, backup->pace.size, copied);
	while (gl_admin_again(admin, status));
	backup->unsynced += *copied;
	if (status == GL_OK && backup->unsynced >= SYNC_EVERY) {
		status = gl_store_copy_sync(copy);
		backup->unsynced = 0;
	}
	gl_pace_end(&backup->pace);
	return status;
}

static enum gl_status copy_all(struct backup *backup, struct gl_copy *copy)
{
	enum gl_status status = GL_OK;
	size_t copied = 1;
	while (status == GL_OK && copied > 0 && !backup->interrupted) {
		status = copy_some(backup, copy, &copied);
		gl_progress_add(&backup->progress, copied);
		backup->interrupted = gl_interrupt_came(&backup->interrupt);
	}
	return status;
}

static void report(const struct backup *backup, const struct gl_copied *result)
{
	const struct gl_admin *admin = backup->admin;
	char size[GL_SIZE_TEXT];
	if (admin->json) {
		gl_json_line(admin->out,
		    json_pack("{s:I, s:I, s:I, s:I}", "triplets", (json_int_t)result->triplets,
			"clients", (json_int_t)result->clients, "overrides",
			(json_int_t)result->overrides, "bytes", (json_int_t)result->bytes));
		return;
	}
	gl_print_printable(admin->out, gl_span_of(backup->name));
	fprintf(admin->out,
	    ": %" PRIu64 " triplets, %" PRIu64 " clients, %" PRIu64
	    " allowed or denied by hand; %s, read again and found good\n",
	    result->triplets, result->clients, result->overrides,
	    gl_size_text(size, result->bytes));
}

/* Whole and on the disk before it has its name. */
static enum gl_exit keep(const struct backup *backup, const struct gl_copied *result)
{
	if (renameat(backup->dir, partial, backup->dir, whole) != 0 || fsync(backup->dir) != 0)
		return cannot(backup, "cannot be finished");
	report(backup, result);
	return GL_EXIT_OK;
}

static enum gl_exit copy(struct backup *backup)
{
	struct gl_admin *admin = backup->admin;
	struct gl_complaint why = { "" };
	struct gl_copied result;
	struct gl_copy *copy;
	struct gl_store_figures figures = { .triplets = 0 };
	enum gl_status status = gl_store_measure(admin->world.store, &figures);
	if (status != GL_OK)
		return gl_admin_fail(admin, status);
	status = gl_store_copy_begin(&copy, admin->world.store, backup->dir, partial, &why);
	if (status == GL_OK) {
		gl_progress_begin(
		    &backup->progress, admin, "entries", figures.triplets + figures.clients);
		status = copy_all(backup, copy);
		gl_progress_end(&backup->progress);
		if (status != GL_OK)
			snprintf(why.text, sizeof why.text, "%s: %s", backup->name,
			    gl_status_text(status));
		if (status != GL_OK || backup->interrupted)
			gl_store_copy_drop(copy);
		else
			status = gl_store_copy_end(copy, &result, &why);
	}
	if (status == GL_OK && !backup->interrupted)
		return keep(backup, &result);
	unlinkat(backup->dir, partial, 0);
	if (status == GL_OK)
		gl_admin_say(admin, "interrupted: no backup was made");
	else
		gl_admin_say(admin, "%s; no backup was made", why.text);
	return gl_exit_of(status);
}

static enum gl_exit back_up(struct gl_admin *admin, int count, char **operands)
{
	struct backup backup = {
		.admin = admin, .name = operands[0], .dir = -1, .pace = gl_pace_of(SLICE, SLICE)
	};
	(void)count;
	enum gl_exit code = open_directory(&backup);
	if (code == GL_EXIT_OK)
		code = gl_admin_open_table(admin, GL_NEED_READ);
	if (code == GL_EXIT_OK) {
		gl_interrupt_begin(&backup.interrupt);
		code = copy(&backup);
		fflush(admin->out);
		gl_interrupt_end(&backup.interrupt);
	}
	if (backup.dir >= 0)
		close(backup.dir);
	return code;
}

const struct gl_command gl_command_backup = {
	.name = "backup",
	.arguments = "DIR",
	.summary = "copy the table into a directory while helpers go on",
	.need = GL_NEED_OWNER,
	.takes = GL_TAKES_JSON,
	.least = 1,
	.most = 1,
	.run = back_up,
};
