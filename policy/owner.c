#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gl_status cannot_look(const char *directory, struct gl_complaint *why)
{
	snprintf(
	    why->text, sizeof why->text, "%s: cannot be looked at: %s", directory, strerror(errno));
	return GL_NO_ACCESS;
}

static enum gl_status become(
    const struct stat *info, const char *directory, struct gl_complaint *why)
{
	if (info->st_uid == 0)
		return GL_OK;
	if (setgroups(1, &info->st_gid) != 0 || setgid(info->st_gid) != 0 ||
	    setuid(info->st_uid) != 0) {
		snprintf(why->text, sizeof why->text, "%s: cannot become its owner, uid %u: %s",
		    directory, (unsigned)info->st_uid, strerror(errno));
		return GL_NO_ACCESS;
	}
	return GL_OK;
}

enum gl_status gl_become_owner(const char *directory, struct gl_complaint *why)
{
	struct stat info;
	if (geteuid() != 0)
		return GL_OK;
	return stat(directory, &info) == 0 ? become(&info, directory, why)
					   : cannot_look(directory, why);
}

enum gl_status gl_become_owner_of(int fd, const char *directory, struct gl_complaint *why)
{
	struct stat info;
	if (geteuid() != 0)
		return GL_OK;
	return fstat(fd, &info) == 0 ? become(&info, directory, why) : cannot_look(directory, why);
}
