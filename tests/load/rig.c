#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tmpdir.h"

enum { SHOWN = 5 };

static void report_to_dir(const char *variable, const char *dir)
{
	char value[1024];
	const char *before = getenv(variable);
	snprintf(value, sizeof value, "%s%slog_path=%s/report", before != NULL ? before : "",
	    before != NULL ? ":" : "", dir);
	setenv(variable, value, 1);
}

void rig_configure(const struct rig *rig, int64_t delay, const char *more)
{
	char text[4096], place[600];
	int len = snprintf(text, sizeof text,
	    "database = \"%s\"\ndelay = \"%" PRId64 "s\"\nlog_target = \"%s\"\n"
	    "suffix_lists = {}\n%s",
	    rig->state, delay, rig->log, more);
	snprintf(place, sizeof place, "%s/coming.conf", rig->dir);
	tmpdir_write(rig->dir, "coming.conf", text, (size_t)len);
	if (rename(place, rig->conf) != 0) {
		perror(rig->conf);
		exit(1);
	}
}

void rig_make(struct rig *rig, const char *helper, int64_t delay)
{
	rig->dir = tmpdir_make();
	snprintf(rig->state, sizeof rig->state, "%s/state", rig->dir);
	snprintf(rig->conf, sizeof rig->conf, "%s/greylist.conf", rig->dir);
	snprintf(rig->log, sizeof rig->log, "%s/log", rig->dir);
	if (mkdir(rig->state, 0750) != 0) {
		perror(rig->state);
		exit(1);
	}
	rig_configure(rig, delay, "request_timeout = \"20s\"\n" RIG_NO_LISTS);
	report_to_dir("ASAN_OPTIONS", rig->dir);
	report_to_dir("UBSAN_OPTIONS", rig->dir);
	rig->program[0] = strdup(helper);
	rig->program[1] = strdup("-c");
	rig->program[2] = rig->conf;
	rig->program[3] = NULL;
	target_program(&rig->target, rig->program);
}

void rig_remove(struct rig *rig, bool keep)
{
	free(rig->program[0]);
	free(rig->program[1]);
	if (keep) {
		printf("kept for a look: %s\n", rig->dir);
		free(rig->dir);
	} else {
		tmpdir_remove(rig->dir);
	}
	*rig = (struct rig){ .dir = NULL };
}

/* Counts the lines with the word, printing the first few where `show` says so. */
static uint64_t count_lines(const char *path, const char *word, bool show)
{
	char line[8192];
	uint64_t count = 0;
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strstr(line, word) == NULL)
			continue;
		if (show && count < SHOWN)
			printf("  %s", line);
		count++;
	}
	fclose(file);
	return count;
}

uint64_t rig_logged(const struct rig *rig, const char *word)
{
	return count_lines(rig->log, word, false);
}

uint64_t rig_trouble(const struct rig *rig)
{
	char path[1024];
	uint64_t count = count_lines(rig->log, "warning:", true);
	DIR *dir = opendir(rig->dir);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "report.", 7) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", rig->dir, entry->d_name);
		printf("a sanitizer's %s:\n", entry->d_name);
		count_lines(path, "", true);
		count++;
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* Of what it says of the directory, Postfix and gaps nothing is of the table's contents. */
static bool is_damage(const char *line)
{
	return strstr(line, "\"name\":\"table-damaged\"") != NULL ||
	       strstr(line, "\"name\":\"table\"") != NULL ||
	       strstr(line, "\"name\":\"table-full\"") != NULL;
}

uint64_t rig_damage(const struct rig *rig, const char *admin)
{
	char text[2048];
	uint64_t count = 0;
	bool read_through = false;
	snprintf(text, sizeof text, "'%s' -c '%s' check --deep --json 2>&1", admin, rig->conf);
	FILE *said = popen(text, "r");
	if (said == NULL)
		return 1;
	while (fgets(text, sizeof text, said) != NULL) {
		read_through = read_through || strstr(text, " entries read, ") != NULL;
		if (!is_damage(text))
			continue;
		printf("  %s", text);
		count++;
	}
	pclose(said);
	if (!read_through)
		printf("  greylist-admin check --deep did not read the table\n");
	return count + !read_through;
}

uint64_t rig_seed(void)
{
	const char *text = getenv("GREYLIST_TEST_SEED");
	return text != NULL ? strtoull(text, NULL, 0) : 20240229;
}

bool rig_sanitized(void)
{
#if defined __SANITIZE_ADDRESS__
	return true;
#elif defined __has_feature
	return __has_feature(address_sanitizer);
#else
	return false;
#endif
}
