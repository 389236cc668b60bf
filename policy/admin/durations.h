/*
 * durations - how long many things took, in little room however many.
 *
 * Counted in cells that grow with the duration, 512 to each doubling:
 * what comes out is exact below 1024 seconds and within a thousandth of
 * the true value above.
 */
#ifndef GREYLIST_DURATIONS_H
#define GREYLIST_DURATIONS_H

#include <stdint.h>

enum { GL_DURATION_CELLS = 20992 /* up to GL_TIME_MAX */ };

/* Zeros are none yet. About 164 KiB. */
struct gl_durations {
	uint64_t count;
	uint64_t cells[GL_DURATION_CELLS];
};

/* In seconds; a negative one counts as 0. */
void gl_durations_add(struct gl_durations *durations, int64_t seconds);

/* The shortest one that `percent` of them (1 to 100) are no longer than; -1 where there is none. */
int64_t gl_durations_within(const struct gl_durations *durations, unsigned percent);

#endif
