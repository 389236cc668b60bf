#include "caller.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gl_status cannot_look(const char *directory, struct gl_complaint *why)
{
	int error = errno;
	const char *what = strerror(error);
	if (error == ENOENT) {
		snprintf(why->text, sizeof why->text,
		    "%s: %s; make it with install -d -m 0750 -o greylist -g greylist %s", directory,
		    what, directory);
		return GL_NOT_FOUND;
	}
	snprintf(why->text, sizeof why->text, "%s: cannot be looked at: %s%s", directory, what,
	    geteuid() != 0 ? "; run greylist-admin as root" : "");
	return GL_NO_ACCESS;
}

static void name_owner(uid_t uid, const char *directory, struct gl_complaint *why)
{
	const struct passwd *owner = getpwuid(uid);
	char name[64];
	if (owner != NULL)
		snprintf(name, sizeof name, "user %.50s", owner->pw_name);
	else
		snprintf(name, sizeof name, "uid %u", (unsigned)uid);
	snprintf(why->text, sizeof why->text, "%s: belongs to %s; run greylist-admin as root%s%s",
	    directory, name, uid != 0 ? " or as " : "", uid != 0 ? name : "");
}

enum gl_status gl_caller_may(const char *directory, struct gl_complaint *why)
{
	struct stat info;
	if (stat(directory, &info) != 0)
		return cannot_look(directory, why);
	if (geteuid() == 0 || info.st_uid == geteuid())
		return GL_OK;
	name_owner(info.st_uid, directory, why);
	return GL_NO_ACCESS;
}
