/*
 * scratch - a directory for a trial, which leaves nothing behind.
 *
 * While it is there, the signals that end a program wait: the holder
 * stops where gl_scratch_readable says so, removes the directory, and
 * the signal then does what it does. Only SIGKILL leaves it behind.
 */
#ifndef GREYLIST_SCRATCH_H
#define GREYLIST_SCRATCH_H

#include <stdbool.h>

#include "greylist/status.h"
#include "interrupt.h"

/* One that was never made is { .interrupt.fd = -1 }. */
struct gl_scratch {
	char directory[256]; /* empty: there is none */
	struct gl_interrupt interrupt;
};

/*
 * Makes the directory below $TMPDIR, or /tmp.
 *
 *   GL_NO_ACCESS  it cannot be made; `why` says it
 */
GL_CHECKED enum gl_status gl_scratch_make(struct gl_scratch *scratch, struct gl_complaint *why);

/* Waits until `fd` can be read. False: a signal came first. */
GL_CHECKED bool gl_scratch_readable(const struct gl_scratch *scratch, int fd);

/* Removes it with all that is in it, and lets the signals through. */
void gl_scratch_remove(struct gl_scratch *scratch);

#endif
