#include "store_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { TABLES_MAX = 1000000 };

enum gl_status place_status(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
		return GL_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return GL_FULL;
	default:
		return GL_FAILED;
	}
}

enum gl_status place_failed(
    const struct gl_store *store, const char *file, const char *what, struct gl_complaint *why)
{
	int error = errno;
	snprintf(why->text, sizeof why->text, "%s%s%s: cannot be %s: %s", store->directory,
	    file[0] != '\0' ? "/" : "", file, what, strerror(error));
	return place_status(error);
}

/* Locks do not hold on these: two writers would run at once. */
static bool is_remote(long type)
{
	static const unsigned long remote[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, AFS_SUPER_MAGIC,
		CODA_SUPER_MAGIC, V9FS_MAGIC, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */,
		0x00c36400 /* Ceph */ };
	for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
		if (((unsigned long)type & 0xffffffff) == remote[i])
			return true;
	return false;
}

static enum gl_status check_directory(struct gl_store *store, struct gl_complaint *why)
{
	struct stat info;
	struct statfs fs;
	if (fstat(store->dir, &info) != 0 || fstatfs(store->dir, &fs) != 0)
		return place_failed(store, "", "looked at", why);
	if (info.st_uid != geteuid()) {
		snprintf(why->text, sizeof why->text,
		    "%s: belongs to uid %u, but this program runs as uid %u; "
		    "give the directory to the user= of the spawn service",
		    store->directory, (unsigned)info.st_uid, (unsigned)geteuid());
		return GL_NO_ACCESS;
	}
	if ((info.st_mode & S_IWOTH) != 0) {
		snprintf(why->text, sizeof why->text,
		    "%s: everybody on this machine can write to it; chmod 0750 %s",
		    store->directory, store->directory);
		return GL_NO_ACCESS;
	}
	if (is_remote(fs.f_type)) {
		snprintf(why->text, sizeof why->text,
		    "%s: is on a network file system, where locks do not hold; "
		    "choose a local directory",
		    store->directory);
		return GL_UNSUPPORTED;
	}
	return GL_OK;
}

enum gl_status place_open(struct gl_store *store, const char *directory, struct gl_complaint *why)
{
	store->directory = strdup(directory);
	if (store->directory == NULL)
		return GL_FAILED;
	store->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0) {
		bool missing = errno == ENOENT;
		enum gl_status status = place_failed(store, "", "opened", why);
		return missing ? GL_NO_ACCESS : status;
	}
	return check_directory(store, why);
}

static enum gl_status place_read_link(int dir, const char *link, char name[STORE_NAME_MAX])
{
	ssize_t len = readlinkat(dir, link, name, STORE_NAME_MAX - 1);
	if (len < 0 && errno == EINVAL)
		return GL_CORRUPT;
	if (len < 0)
		return errno == ENOENT ? GL_NOT_FOUND : place_status(errno);
	name[len] = '\0';
	return strncmp(name, "table.", 6) == 0 && strchr(name, '/') == NULL ? GL_OK : GL_CORRUPT;
}

enum gl_status place_link(int dir, char name[STORE_NAME_MAX])
{
	return place_read_link(dir, "table", name);
}

int place_temporary(int dir, const char *stem, char name[PLACE_TEMPORARY_MAX])
{
	for (unsigned attempt = 0; attempt < 100; attempt++) {
		snprintf(name, PLACE_TEMPORARY_MAX, ".%s.%ld.%u", stem, (long)getpid(), attempt);
		int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int place_room(int dir)
{
	enum { ROOM = 256 * 1024 };
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return place_status(errno) == GL_FULL ? errno : 0;
	int error = posix_fallocate(fd, 0, ROOM);
	close(fd);
	return place_status(error) == GL_FULL ? error : 0;
}

int place_settle(int dir, const char *from, const char *name)
{
	int done = linkat(dir, from, dir, name, 0);
	int error = done != 0 && errno != EEXIST ? errno : 0;
	unlinkat(dir, from, 0);
	errno = error;
	return error == 0 ? 0 : -1;
}

enum gl_status place_make_table(struct gl_store *store, struct gl_complaint *why)
{
	for (unsigned n = 1; n < TABLES_MAX; n++) {
		snprintf(store->name, sizeof store->name, "table.%u", n);
		if (mkdirat(store->dir, store->name, 0750) == 0) {
			enum gl_status status = place_lock_file(store, why);
			if (status != GL_OK)
				place_discard(store);
			return status;
		}
		if (errno != EEXIST)
			break;
	}
	return place_failed(store, store->name, "made", why);
}

/* All files, not just those of a whole table: a killed maker leaves some under other names. */
static void empty(int table)
{
	int again = dup(table);
	DIR *listing = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;
	if (listing == NULL) {
		close(again);
		return;
	}
	while ((item = readdir(listing)) != NULL)
		unlinkat(table, item->d_name, 0);
	closedir(listing);
}

int place_remove(int dir, const char *name)
{
	int table = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (table < 0)
		return errno == ENOENT ? 0 : -1;
	empty(table);
	close(table);
	return unlinkat(dir, name, AT_REMOVEDIR);
}

void place_discard(const struct gl_store *store)
{
	char name[STORE_NAME_MAX];
	if (place_link(store->dir, name) == GL_NOT_FOUND)
		place_remove(store->dir, store->name);
}

/* The names in a directory are on disk only once the directory itself was synced. */
static int sync_directory(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int done = fsync(fd);
	close(fd);
	return done;
}

int place_announce(const struct gl_store *store, const char *marker, const char *name)
{
	unlinkat(store->dir, marker, 0);
	return symlinkat(name, store->dir, marker);
}

void place_clear(const struct gl_store *store)
{
	static const char *const markers[] = { PLACE_COMING, PLACE_GOING };
	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
		char named[STORE_NAME_MAX], used[STORE_NAME_MAX] = "";
		if (place_read_link(store->dir, markers[i], named) != GL_OK)
			continue;
		if (place_link(store->dir, used) != GL_OK || strcmp(used, named) != 0)
			place_remove(store->dir, named);
		unlinkat(store->dir, markers[i], 0);
	}
}

enum gl_status place_publish(struct gl_store *store, struct gl_complaint *why)
{
	if (sync_directory(store->dir, store->name) != 0)
		return place_failed(store, store->name, "synced", why);
	char coming[STORE_NAME_MAX];
	bool announced = place_read_link(store->dir, PLACE_COMING, coming) == GL_OK &&
			 strcmp(coming, store->name) == 0;
	/* The name of the table before the link that needs it: a power cut may keep either alone.
	 */
	if ((!announced && place_announce(store, PLACE_COMING, store->name) != 0) ||
	    fsync(store->dir) != 0 ||
	    renameat(store->dir, PLACE_COMING, store->dir, "table") != 0 ||
	    fsync(store->dir) != 0) {
		enum gl_status status = place_failed(store, "table", "linked", why);
		unlinkat(store->dir, PLACE_COMING, 0);
		return status;
	}
	return GL_OK;
}

static enum gl_status make_secret(struct gl_store *store)
{
	uint8_t bytes[GL_SECRET_SIZE];
	char name[PLACE_TEMPORARY_MAX];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return place_status(errno);
	int fd = place_temporary(store->dir, "secret", name);
	if (fd < 0)
		return place_status(errno);
	bool whole = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0;
	int error = errno;
	close(fd);
	if (!whole) {
		unlinkat(store->dir, name, 0);
		return place_status(error);
	}
	if (place_settle(store->dir, name, "secret") != 0 || fsync(store->dir) != 0)
		return place_status(errno);
	return GL_OK;
}

enum gl_status place_secret(struct gl_store *store, bool create, struct gl_complaint *why)
{
	enum gl_status status = place_trust(store, "secret", why);
	if (status != GL_OK)
		return status;
	int fd = openat(store->dir, "secret", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT && create && make_secret(store) == GL_OK)
		fd = openat(store->dir, "secret", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		snprintf(why->text, sizeof why->text,
		    "%s/secret: is missing, and the table cannot be read without the secret it "
		    "was made with; bring it back, or remove the link %s/table to start afresh",
		    store->directory, store->directory);
		return GL_WRONG_SECRET;
	}
	if (fd < 0)
		return place_failed(store, "secret", "opened", why);
	char byte;
	ssize_t got = read(fd, store->secret.bytes, GL_SECRET_SIZE);
	ssize_t more = got < 0 ? got : read(fd, &byte, 1);
	/* A disk that cannot be read is no reason to give a table up. */
	status = more < 0 ? place_failed(store, "secret", "read", why) : GL_OK;
	close(fd);
	if (status != GL_OK || (got == GL_SECRET_SIZE && more == 0))
		return status;
	snprintf(why->text, sizeof why->text, "%s/secret: is not a secret of %d octets",
	    store->directory, GL_SECRET_SIZE);
	return GL_WRONG_SECRET;
}
