/*
 * progress - how far a long command has come, for who waits at a terminal.
 *
 * One line on admin->err that is drawn over itself a few times a second:
 * a bar and a share where the total is known, the count, the rate, and
 * the time left. Nothing at all where admin->err is no terminal.
 */
#ifndef GREYLIST_PROGRESS_H
#define GREYLIST_PROGRESS_H

#include "command.h"

struct gl_progress {
	FILE *to;         /* NULL: nobody watches */
	const char *noun; /* what is counted, such as "entries"; borrowed */
	uint64_t total;   /* 0: not known */
	uint64_t done;
	int64_t begun, drawn; /* milliseconds of the monotonic clock */
	int width;            /* of the line that stands there */
};

void gl_progress_begin(
    struct gl_progress *progress, const struct gl_admin *admin, const char *noun, uint64_t total);
void gl_progress_add(struct gl_progress *progress, uint64_t count);

/* Wipes the line away, so that what is said next begins a line of its own. */
void gl_progress_end(struct gl_progress *progress);

/*
 * The line as it stands `elapsed` milliseconds after the beginning, for
 * who wants to see it without a clock; cut where `size` is too small.
 */
void gl_progress_text(const struct gl_progress *progress, int64_t elapsed, char *text, size_t size);

#endif
