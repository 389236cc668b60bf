#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

enum { DRAW_EVERY = 200 /* milliseconds */, LINE = 160 };

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void gl_progress_begin(
    struct gl_progress *progress, const struct gl_admin *admin, const char *noun, uint64_t total)
{
	bool watched = isatty(fileno(admin->err)) == 1;
	*progress =
	    (struct gl_progress){ .to = watched ? admin->err : NULL, .noun = noun, .total = total };
	if (watched)
		progress->begun = progress->drawn = milliseconds();
}

static void out_bar(struct gl_out *out, uint64_t done, uint64_t total)
{
	enum { WIDTH = 30 };
	uint64_t filled = done * WIDTH / total;
	gl_out_byte(out, '[');
	for (uint64_t i = 0; i < WIDTH; i++)
		gl_out_byte(out, i < filled ? '#' : ' ');
	gl_out_text(out, "] ");
	gl_out_decimal(out, (int64_t)(done * 100 / total));
	gl_out_text(out, " %, ");
}

void gl_progress_text(const struct gl_progress *progress, int64_t elapsed, char *text, size_t size)
{
	struct gl_out out = gl_out_into(text, size);
	/* The table may grow meanwhile. */
	uint64_t done = progress->total > 0 && progress->done > progress->total ? progress->total
										: progress->done;
	uint64_t rate = elapsed > 0 ? progress->done * 1000 / (uint64_t)elapsed : 0;
	if (progress->total > 0)
		out_bar(&out, done, progress->total);
	gl_out_decimal(&out, (int64_t)progress->done);
	gl_out_byte(&out, ' ');
	gl_out_text(&out, progress->noun);
	if (rate > 0) {
		gl_out_text(&out, ", ");
		gl_out_decimal(&out, (int64_t)rate);
		gl_out_text(&out, "/s");
	}
	if (rate > 0 && progress->total > 0) {
		char left[GL_TIME_TEXT];
		gl_out_text(&out, ", ");
		gl_out_text(
		    &out, gl_duration_text(left, (int64_t)((progress->total - done) / rate)));
		gl_out_text(&out, " left");
	}
	gl_out_string(&out);
}

void gl_progress_add(struct gl_progress *progress, uint64_t count)
{
	char text[LINE];
	progress->done += count;
	if (progress->to == NULL)
		return;
	int64_t now = milliseconds();
	if (now - progress->drawn < DRAW_EVERY)
		return;
	progress->drawn = now;
	gl_progress_text(progress, now - progress->begun, text, sizeof text);
	/* Padded, so that nothing of a longer line before it stays behind, on any terminal. */
	int width = (int)strlen(text);
	fprintf(progress->to, "\r%-*s", progress->width, text);
	fflush(progress->to);
	progress->width = width;
}

void gl_progress_end(struct gl_progress *progress)
{
	if (progress->to == NULL || progress->drawn == progress->begun)
		return;
	fprintf(progress->to, "\r%*s\r", progress->width, "");
	fflush(progress->to);
}
