#include "replacing.h"

#include <inttypes.h>
#include <stdio.h>

#include "erase.h"
#include "interrupt.h"
#include "output.h"
#include "owner.h"

const char *gl_size_text(char text[GL_SIZE_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	uint64_t tenths = bytes / 100; /* of a kB */
	size_t unit = 0;
	if (bytes < 1000) {
		snprintf(text, GL_SIZE_TEXT, "%" PRIu64 " bytes", bytes);
		return text;
	}
	for (; tenths >= 10000 && unit + 1 < sizeof units / sizeof *units; unit++)
		tenths /= 1000;
	snprintf(text, GL_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
	    units[unit]);
	return text;
}

static void print_json(const struct gl_admin *admin, const struct gl_replaced *result)
{
	gl_json_line(admin->out,
	    json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:o}", "table", result->table, "bytes_before",
		(json_int_t)result->before, "bytes_after", (json_int_t)result->after, "merged",
		(json_int_t)result->merged, "unusable", (json_int_t)result->unusable,
		"writers_waited", (double)result->waited / 1000, "aside",
		result->aside[0] != '\0' ? json_string(result->aside) : json_null()));
}

static void print_text(const struct gl_admin *admin, const struct gl_replaced *result)
{
	char before[GL_SIZE_TEXT], after[GL_SIZE_TEXT];
	FILE *to = admin->out;
	if (result->merged + result->unusable > 0)
		fprintf(to, "%" PRIu64 " entries of the backup taken in\n", result->merged);
	if (result->unusable > 0)
		fprintf(to,
		    "%" PRIu64 " entries of the backup left out: damaged, or without their text "
		    "and made under another secret\n",
		    result->unusable);
	if (result->aside[0] != '\0')
		fprintf(to, "the table that could not be used is kept as %s\n", result->aside);
	fprintf(to, "%s is in use: %s", result->table, gl_size_text(after, result->after));
	if (result->before > 0)
		fprintf(to, ", before %s", gl_size_text(before, result->before));
	fprintf(to, "; new triplets had to wait %" PRId64 ".%03" PRId64 " s\n",
	    result->waited / 1000, result->waited % 1000);
}

static int64_t milliseconds(void)
{
	return gl_microseconds() / 1000;
}

static bool stop(void *context)
{
	return gl_interrupt_came(context);
}

enum gl_exit gl_replace_table(
    struct gl_admin *admin, const char *backup, struct gl_replaced *result)
{
	const struct gl_config *config = &admin->world.config;
	struct gl_complaint why = { "" };
	struct gl_interrupt interrupt;
	struct gl_store_options options = { .directory = config->database,
		.map_limit = config->map_limit,
		.sync_meta = true,
		.sync_data = true };
	enum gl_status status = gl_become_owner(config->database, &why);
	gl_interrupt_begin(&interrupt);
	struct gl_replacing how = { .backup = backup,
		.now = admin->now,
		.privacy = config->privacy,
		.clock = milliseconds,
		.stop = stop,
		.context = &interrupt };
	if (status == GL_OK)
		status = gl_store_replace(&options, &how, result, &why);
	if (status != GL_OK)
		gl_admin_say(admin, "%s", why.text);
	else if (admin->json)
		print_json(admin, result);
	else
		print_text(admin, result);
	fflush(admin->out);
	gl_interrupt_end(&interrupt);
	return gl_exit_of(status);
}
