#include "stats.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_SECONDS = 86400, DAYS = 7, PAUSE = 2000 /* milliseconds */ };

const char *gl_stats_date(char text[32], int64_t day)
{
	struct tm parts;
	time_t seconds = (time_t)(day * DAY_SECONDS);
	if (gmtime_r(&seconds, &parts) == NULL || strftime(text, 32, "%Y-%m-%d", &parts) == 0)
		memcpy(text, "-", 2);
	return text;
}

/* The two that were given although only one of them can be meant. */
static bool exclude(const struct gl_admin *admin, const char **one, const char **other)
{
	const struct {
		bool given;
		const char *name;
		bool against;
		const char *other;
	} pairs[] = { { admin->json, "--json", admin->prometheus, "--prometheus" },
		{ admin->json, "--json", admin->watch, "--watch" },
		{ admin->prometheus, "--prometheus", admin->watch, "--watch" },
		{ admin->prometheus, "--prometheus", admin->days != NULL, "--days" } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		*one = pairs[i].name;
		*other = pairs[i].other;
		if (pairs[i].given && pairs[i].against)
			return true;
	}
	return false;
}

static enum gl_exit read_options(const struct gl_admin *admin, unsigned *days)
{
	const char *one, *other;
	uint64_t number = DAYS;
	if (exclude(admin, &one, &other)) {
		gl_admin_say(admin, "%s and %s exclude one another", one, other);
		return GL_EXIT_USAGE;
	}
	if (admin->days != NULL &&
	    (gl_span_number(gl_span_of(admin->days), GL_COUNTERS_DAYS, &number) != GL_OK ||
		number == 0)) {
		gl_admin_say(admin, "--days must be from 1 to %d, not \"%s\"", GL_COUNTERS_DAYS,
		    admin->days);
		return GL_EXIT_USAGE;
	}
	*days = (unsigned)number;
	return GL_EXIT_OK;
}

static bool print(const struct gl_admin *admin, const struct gl_figures *figures)
{
	if (admin->json)
		return gl_stats_json(admin->out, figures);
	if (admin->prometheus)
		return gl_stats_prometheus(admin->out, figures);
	return gl_stats_text(admin->out, figures);
}

static enum gl_exit show_once(struct gl_admin *admin, struct gl_figures *figures)
{
	enum gl_status status = gl_figures_look(figures, admin);
	if (status == GL_OK)
		status = gl_figures_walk(figures, admin, NULL);
	if (status != GL_OK)
		return gl_admin_fail(admin, status);
	return print(admin, figures) ? GL_EXIT_OK : GL_EXIT_IO;
}

static enum gl_exit stats(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct gl_figures *figures = calloc(1, sizeof *figures);
	if (figures == NULL)
		return GL_EXIT_IO;
	enum gl_exit code = read_options(admin, &figures->days);
	if (code == GL_EXIT_OK)
		code = admin->watch ? gl_stats_watch(admin, figures, PAUSE)
				    : show_once(admin, figures);
	free(figures);
	return code;
}

const struct gl_command gl_command_stats = {
	.name = "stats",
	.arguments = "",
	.summary = "count requests, triplets and clients",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON | GL_TAKES_FIGURES,
	.run = stats,
};
