/*
 * clocked - the helper's session in a process of its own, on a clock that
 * the test sets: it lies in memory that both share.
 */
#ifndef GREYLIST_LOAD_CLOCKED_H
#define GREYLIST_LOAD_CLOCKED_H

#include "peer.h"

/* Seconds since the epoch, shared with every process that is started later. */
int64_t *clocked_make(void);

/*
 * Starts a session with the configuration at `conf`; the peer is driven
 * and closed as one of peer.h, and ends with 0. False, with errno, where
 * that fails.
 */
bool clocked_open(struct peer *peer, const char *conf, const int64_t *clock);

#endif
