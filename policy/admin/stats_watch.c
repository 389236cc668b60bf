#include "stats.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "pace.h"

struct watch {
	struct gl_admin *admin;
	struct gl_figures *figures;
	struct gl_interrupt interrupt;
	int64_t start;  /* admin->now at the first look */
	int64_t begun;  /* microseconds, as all of these */
	int64_t looked; /* 0: not yet */
	int64_t walked; /* all walks together */
	struct gl_totals before;
};

bool gl_stats_affords_walk(int64_t walked, int64_t elapsed)
{
	return walked <= elapsed / 20;
}

void gl_stats_rates(FILE *to, const struct gl_figures *figures, const struct gl_totals *before,
    int64_t milliseconds)
{
	char time[GL_TIME_TEXT];
	fprintf(to, "%s", gl_time_text(time, figures->now));
	for (enum gl_action action = GL_ACTION_PASS; action < GL_ACTIONS; action++) {
		uint64_t now = gl_figures_verdicts(&figures->all, action);
		uint64_t then = before != NULL ? gl_figures_verdicts(before, action) : now;
		if (action == GL_ACTION_WOULD_GREYLIST && now == 0)
			continue;
		fprintf(to, "  %s ", gl_action_text(action));
		/* less than before: the counters were made anew */
		if (before == NULL || milliseconds <= 0 || now < then)
			fputc('-', to);
		else
			fprintf(to, "%.1f", (double)(now - then) * 1000 / (double)milliseconds);
		fputs("/s", to);
	}
	fputs("\n\n", to);
}

static enum gl_status gather(struct watch *watch, int64_t now)
{
	watch->admin->now = watch->start + (now - watch->begun) / 1000000;
	enum gl_status status = gl_figures_look(watch->figures, watch->admin);
	if (status != GL_OK)
		return status;
	if (watch->looked != 0 && !gl_stats_affords_walk(watch->walked, now - watch->begun))
		return GL_OK;
	status = gl_figures_walk(watch->figures, watch->admin, &watch->interrupt);
	watch->walked += gl_microseconds() - now;
	return status;
}

static unsigned rows_of(FILE *to)
{
	struct winsize size = { 0 };
	return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

/* From the top of the terminal, each line over the one that stood there: nothing flickers. */
static void draw_over(FILE *to, const char *text)
{
	unsigned rows = rows_of(to);
	fputs("\033[H", to);
	for (unsigned row = 1; *text != 0 && (rows == 0 || row < rows); row++) {
		size_t len = strcspn(text, "\n");
		fwrite(text, 1, len, to);
		fputs("\033[K\n", to);
		text += len + (text[len] != 0);
	}
	fputs("\033[J", to);
}

static bool draw(struct watch *watch, int64_t now)
{
	FILE *to = watch->admin->out;
	char *text = NULL;
	size_t size = 0;
	FILE *page = open_memstream(&text, &size);
	if (page == NULL)
		return false;
	gl_stats_rates(page, watch->figures, watch->looked == 0 ? NULL : &watch->before,
	    (now - watch->looked) / 1000);
	bool good = gl_stats_text(page, watch->figures);
	good = fclose(page) == 0 && good;
	if (good && watch->admin->terminal)
		draw_over(to, text);
	else if (good)
		fprintf(to, "%s%s", watch->looked == 0 ? "" : "\n", text);
	free(text);
	return fflush(to) == 0 && good;
}

/* Whether a signal came meanwhile. */
static bool sleep_until(const struct watch *watch, int pause)
{
	struct pollfd waiting = { .fd = watch->interrupt.fd, .events = POLLIN };
	poll(&waiting, 1, pause);
	return gl_interrupt_came(&watch->interrupt);
}

static enum gl_exit look(struct watch *watch)
{
	int64_t now = gl_microseconds();
	enum gl_status status = gather(watch, now);
	if (status != GL_OK)
		return gl_admin_fail(watch->admin, status);
	if (gl_interrupt_came(&watch->interrupt))
		return GL_EXIT_OK;
	bool drawn = draw(watch, now);
	watch->looked = now;
	watch->before = watch->figures->all;
	return drawn ? GL_EXIT_OK : GL_EXIT_IO;
}

enum gl_exit gl_stats_watch(struct gl_admin *admin, struct gl_figures *figures, int pause)
{
	struct watch watch = {
		.admin = admin, .figures = figures, .start = admin->now, .begun = gl_microseconds()
	};
	enum gl_exit code;
	gl_interrupt_begin(&watch.interrupt);
	/* Nothing would ever end it: let the signals do so. */
	if (watch.interrupt.fd < 0)
		gl_interrupt_end(&watch.interrupt);
	do
		code = look(&watch);
	while (code == GL_EXIT_OK && !sleep_until(&watch, pause));
	gl_interrupt_end(&watch.interrupt);
	return code;
}
