/*
 * last_words - answers in place of a request that got stuck, or killed us.
 *
 * A look-up or a commit can wait: for another writer, for a disk. And
 * LMDB trusts its file: where that is damaged, or was cut off under us,
 * reading it is a SIGSEGV or a SIGBUS, or an assertion of LMDB's fails.
 * Whichever comes, a signal handler writes the reply that was made ready
 * beforehand, logs the line that was made ready beforehand, and ends the
 * process; the kernel gives every lock back. So no request takes longer
 * than it may, and none goes without an answer, whatever it is stuck in
 * (a process in uninterruptible disk sleep runs no handler: there the
 * wiring's own timeout answers).
 */
#ifndef GREYLIST_LAST_WORDS_H
#define GREYLIST_LAST_WORDS_H

#include "greylist/log.h"
#include "greylist/store_damage.h"

/* Installs the handlers, and lets their signals through where they were blocked. Once, at the
 * start. */
void gl_last_words_init(void);

/*
 * A request is in hand: after `seconds`, or at a fatal signal, `reply`
 * goes to `fd`, the shot is fired, and the process exits with 0. All are
 * copied. The shot's line has room behind it for what happened.
 */
void gl_last_words_arm(
    int64_t seconds, int fd, struct gl_span reply, const struct gl_log_shot *shot);

/* The table that the request now reads: a death inside its map is noted there. */
void gl_last_words_watch(const struct gl_store *store);

/* The request is decided, and its reply is the caller's. A fatal signal kills again, with a
 * line in the log. */
void gl_last_words_disarm(void);

#endif
