/*
 * deadline - answers in place of a request that got stuck.
 *
 * A look-up or a commit can wait: for another writer, for a disk. When
 * the time limit of a request is over, a signal handler writes the
 * reply that was made ready beforehand, logs the line that was made
 * ready beforehand, and ends the process; the kernel gives every lock
 * back. So no request takes longer than it may, whatever it is stuck in
 * (a process in uninterruptible disk sleep runs no handler: there the
 * wiring's own timeout answers).
 */
#ifndef GREYLIST_DEADLINE_H
#define GREYLIST_DEADLINE_H

#include "greylist/log.h"
#include "greylist/span.h"

/* Installs the handler, and lets the signal through where it was blocked. Once, at the start. */
void gl_deadline_init(void);

/*
 * Arms the clock: after `seconds`, `reply` goes to `fd`, the shot is
 * fired, and the process exits with 0. Both are copied.
 */
void gl_deadline_arm(int64_t seconds, int fd, struct gl_span reply, const struct gl_log_shot *shot);

void gl_deadline_disarm(void);

#endif
