#include "finding.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ROOM_LEAST = 64 }; /* MiB; a table of 100,000 triplets takes 16 */

static bool check_directory(struct gl_check *check, const char *path, const struct stat *info)
{
	unsigned mode = (unsigned)info->st_mode & 07777;
	struct gl_place place = gl_at_file(path);
	if (!S_ISDIR(info->st_mode)) {
		gl_finding(check, GL_FINDING_DIRECTORY_KIND, place, "is no directory");
		return false;
	}
	if (info->st_uid == 0)
		gl_finding(check, GL_FINDING_DIRECTORY_ROOT, place, "belongs to root");
	if ((mode & (S_IWGRP | S_IRWXO)) != 0)
		gl_finding(check, GL_FINDING_DIRECTORY_OPEN, place, "mode %04o", mode);
	else
		gl_finding_ok(check, "%s: state directory, mode %04o, of uid %u", path, mode,
		    (unsigned)info->st_uid);
	return true;
}

/* By name only: to open and close lock.mdb would drop the locks of this very process. */
static void check_owners(struct gl_check *check, const char *path, uid_t owner)
{
	char file[4096];
	DIR *directory = opendir(path);
	if (directory == NULL) {
		gl_finding(check, GL_FINDING_UNREADABLE, gl_at_file(path), "cannot be read: %s",
		    strerror(errno));
		return;
	}
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		struct stat info;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (info.st_uid != owner)
			gl_finding(check, GL_FINDING_FOREIGN_FILE, gl_at_file(file),
			    "belongs to uid %u", (unsigned)info.st_uid);
	}
	closedir(directory);
}

/* What a compact, a restore or somebody's hand left behind. */
static void check_unused(struct gl_check *check, const char *path)
{
	char used[256], file[4096];
	DIR *directory = opendir(path);
	if (directory == NULL)
		return;
	ssize_t len = readlinkat(dirfd(directory), "table", used, sizeof used - 1);
	used[len > 0 ? len : 0] = '\0';
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		const char *name = entry->d_name;
		if ((strncmp(name, "table.", 6) != 0 && strncmp(name, ".table.", 7) != 0) ||
		    strcmp(name, used) == 0)
			continue;
		snprintf(file, sizeof file, "%s/%s", path, name);
		gl_finding(check, GL_FINDING_TABLE_UNUSED, gl_at_file(file),
		    "is not the table in use, which is %s", used[0] != '\0' ? used : "none");
	}
	closedir(directory);
}

static void check_secret(struct gl_check *check, const char *directory)
{
	char path[4096];
	struct stat info;
	snprintf(path, sizeof path, "%s/secret", directory);
	if (lstat(path, &info) != 0)
		return;
	if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		gl_finding(check, GL_FINDING_SECRET_OPEN, gl_at_file(path), "mode %04o",
		    (unsigned)info.st_mode & 07777);
	else
		gl_finding_ok(
		    check, "%s: digest secret, mode %04o", path, (unsigned)info.st_mode & 07777);
}

static void check_room(struct gl_check *check, const char *directory)
{
	struct statvfs fs;
	if (statvfs(directory, &fs) != 0)
		return;
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	if (room < ROOM_LEAST)
		gl_finding(check, GL_FINDING_NO_ROOM, gl_at_file(directory),
		    "only %" PRIu64 " MiB are free", room);
	else
		gl_finding_ok(check, "%s: room for more than %d MiB", directory, ROOM_LEAST);
}

bool gl_check_place(struct gl_check *check, const char *directory)
{
	struct stat info;
	char table[4096];
	if (stat(directory, &info) != 0) {
		gl_finding(check, GL_FINDING_DIRECTORY_MISSING, gl_at_file(directory), "%s",
		    strerror(errno));
		return false;
	}
	if (!check_directory(check, directory, &info))
		return false;
	check_owners(check, directory, info.st_uid);
	snprintf(table, sizeof table, "%s/table", directory);
	struct stat link;
	if (stat(table, &link) == 0)
		check_owners(check, table, info.st_uid);
	check_unused(check, directory);
	check_secret(check, directory);
	check_room(check, directory);
	return true;
}
