#include "tmpdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	abort();
}

char *tmpdir_make(void)
{
	const char *base = getenv("TMPDIR");
	char name[512];
	snprintf(name, sizeof name, "%s/greylist-test.XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(name) == NULL)
		die(name);
	char *path = strdup(name);
	if (path == NULL)
		die("strdup");
	return path;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

void tmpdir_remove(char *path)
{
	if (path == NULL)
		return;
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

void tmpdir_write(const char *path, const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(tmpdir_path(path, name), "wb");
	if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		die(name);
}

const char *tmpdir_path(const char *path, const char *name)
{
	static char joined[1024];
	snprintf(joined, sizeof joined, "%s/%s", path, name);
	return joined;
}
