#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum gl_status gl_become_owner(const char *directory, struct gl_complaint *why)
{
	struct stat info;
	if (geteuid() != 0)
		return GL_OK;
	if (stat(directory, &info) != 0) {
		snprintf(why->text, sizeof why->text, "%s: cannot be looked at: %s", directory,
		    strerror(errno));
		return GL_NO_ACCESS;
	}
	if (info.st_uid == 0)
		return GL_OK;
	if (setgroups(1, &info.st_gid) != 0 || setgid(info.st_gid) != 0 ||
	    setuid(info.st_uid) != 0) {
		snprintf(why->text, sizeof why->text, "%s: cannot become its owner, uid %u: %s",
		    directory, (unsigned)info.st_uid, strerror(errno));
		return GL_NO_ACCESS;
	}
	return GL_OK;
}
