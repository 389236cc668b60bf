#include "gauge.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long gauge_memory(pid_t pid)
{
	char path[64], line[256];
	long kilobytes = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kilobytes = strtol(line + 8, NULL, 10);
	if (file != NULL)
		fclose(file);
	return kilobytes;
}

long gauge_descriptors(pid_t pid)
{
	char path[64];
	long count = -1;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *listing = opendir(path);
	while (listing != NULL && readdir(listing) != NULL)
		count++;
	if (listing != NULL)
		closedir(listing);
	return count < 0 ? -1 : count - 1;
}
