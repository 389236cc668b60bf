#include "source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const char *source_path(const char *path)
{
	static char full[1024];
	snprintf(full, sizeof full, "%s/%s", GREYLIST_SOURCE_DIR, path);
	return full;
}

char *source_text(const char *path)
{
	enum { MOST = 1 << 20 };
	FILE *file = fopen(source_path(path), "rb");
	if (file == NULL)
		fail_msg("cannot open %s", source_path(path));
	char *text = malloc(MOST);
	assert_non_null(text);
	size_t len = fread(text, 1, MOST - 1, file);
	assert_true(feof(file));
	fclose(file);
	text[len] = '\0';
	return text;
}
