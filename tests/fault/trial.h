/*
 * trial - one piece of work, done again and again: first its first call
 * of a kind fails, then its second, until a run meets no failure.
 *
 * Whatever fails, a run may write nothing to stdout and stderr, and has
 * to give back every descriptor and mapping that it took; memory is for
 * the sanitizers to see.
 */
#ifndef GREYLIST_TEST_TRIAL_H
#define GREYLIST_TEST_TRIAL_H

#include "fault.h"

struct trial {
	void (*prepare)(void *context); /* before each run; NULL: there is nothing to do */
	void (*run)(void *context);     /* only in here do calls fail; may not fail the test */
	/* After each run, with the name of the call that failed, or NULL where none did. */
	void (*check)(void *context, const char *where);
	void *context;
	char met[512]; /* filled in: the calls that failed so far, each once, parted by blanks */
};

/* Fails the test where a run does not hold to the above, or where the failures never end. */
void trial_fail_every_call(struct trial *trial, enum fault_kind kind, int code);

/* Fails the test unless the calls that failed so far are exactly these, in this order. */
void trial_met(const struct trial *trial, const char *names);

#endif
