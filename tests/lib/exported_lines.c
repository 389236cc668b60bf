#include "exported_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct exported_lines exported_lines_read(const char *path, bool expired, bool digests)
{
	struct exported_lines text = { .count = 0 };
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		bool is_expired = strstr(line, "\"state\":\"expired\"") != NULL ||
				  strstr(line, "\"last_seen\":1700") != NULL;
		if (strstr(line, "\"type\":\"greylist\"") != NULL || (is_expired && !expired) ||
		    (strstr(line, "\"digest\":") != NULL && !digests))
			continue;
		assert_true(text.count < sizeof text.lines / sizeof *text.lines);
		text.lines[text.count++] = strdup(line);
	}
	free(line);
	fclose(file);
	qsort(text.lines, text.count, sizeof *text.lines, compare);
	return text;
}

static void free_lines(struct exported_lines *text)
{
	for (size_t i = 0; i < text->count; i++)
		free(text->lines[i]);
}

void exported_lines_same(struct exported_lines want, struct exported_lines got, uint64_t seed)
{
	for (size_t i = 0; i < want.count && i < got.count; i++)
		if (strcmp(want.lines[i], got.lines[i]) != 0)
			fail_msg("seed %lu:\n  %s  %s", (unsigned long)seed, want.lines[i],
			    got.lines[i]);
	assert_int_equal(want.count, got.count);
	free_lines(&want);
	free_lines(&got);
}
