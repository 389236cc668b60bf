/*
 * Puts every file of the directories on the command line through a fuzz
 * target, and every file cut short at each of its first bytes. Each
 * input lies in memory of exactly its size, so that a sanitizer sees
 * every byte read beyond it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

enum { INPUT_MAX = 1 << 20, CUTS_MAX = 512 };

static void try(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len == 0 ? 1 : len);

	REQUIRE(exact != NULL);
	memcpy(exact, bytes, len);
	REQUIRE(LLVMFuzzerTestOneInput(exact, len) == 0);
	free(exact);
}

static void replay_file(const char *directory, const char *name)
{
	static uint8_t bytes[INPUT_MAX];
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	/* the last line that a failing replay prints names its file */
	printf("%s\n", path);
	fflush(stdout);
	FILE *file = fopen(path, "rb");

	REQUIRE(file != NULL);
	size_t len = fread(bytes, 1, sizeof bytes, file);

	REQUIRE(len < sizeof bytes && !ferror(file));
	fclose(file);
	for (size_t cut = 0; cut < len && cut < CUTS_MAX; cut++)
		try(bytes, cut);
	try(bytes, len);
}

static size_t replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	size_t files = 0;

	REQUIRE(directory != NULL);
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (entry->d_name[0] == '.')
			continue;
		replay_file(path, entry->d_name);
		files++;
	}
	closedir(directory);
	return files;
}

int main(int argc, char **argv)
{
	size_t files = 0;

	for (int i = 1; i < argc; i++)
		files += replay_directory(argv[i]);
	printf("%zu files\n", files);
	return files == 0;
}
