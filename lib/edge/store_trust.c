#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gl_status refuse(const struct gl_store *store, const char *file, const char *what,
    const char *advice, struct gl_complaint *why)
{
	snprintf(
	    why->text, sizeof why->text, "%s/%s: %s; %s", store->directory, file, what, advice);
	return GL_NO_ACCESS;
}

/* What is not there is nobody's; `file` is its name below the state directory. */
static enum gl_status trust(const struct gl_store *store, int dir, const char *name,
    const char *file, struct gl_complaint *why)
{
	struct stat info;
	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? GL_OK : place_failed(store, file, "looked at", why);
	if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
		return refuse(store, file,
		    S_ISLNK(info.st_mode) ? "is a symbolic link" : "is no file",
		    "nothing here may lead elsewhere, but for the link table", why);
	if (info.st_uid != geteuid())
		return refuse(store, file, "belongs to another user",
		    "chown it to the owner of the directory", why);
	if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return refuse(store, file, "others can write to it", "chmod go-w it", why);
	return GL_OK;
}

enum gl_status place_trust(const struct gl_store *store, const char *name, struct gl_complaint *why)
{
	return trust(store, store->dir, name, name, why);
}

enum gl_status place_trust_table(const struct gl_store *store, int table, struct gl_complaint *why)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	enum gl_status status = GL_OK;
	for (size_t i = 0; status == GL_OK && i < sizeof names / sizeof *names; i++) {
		char file[STORE_NAME_MAX + 16];
		snprintf(file, sizeof file, "%s/%s", store->name, names[i]);
		status = trust(store, table, names[i], file, why);
	}
	return status;
}
