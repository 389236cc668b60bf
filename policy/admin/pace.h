/*
 * pace - how much of a long work goes into one piece, and the pause behind it.
 *
 * Helpers wait for a writer's lock, and their syncs for what else is
 * written to the disk. So work on the table is cut into pieces: one that
 * took the processor long makes the next one smaller, and a quick one
 * makes it larger. What a piece waited for, such as the disk, does not
 * count there; but the pause behind it is as long as all of it took,
 * since that time belonged to those who had to wait.
 */
#ifndef GREYLIST_PACE_H
#define GREYLIST_PACE_H

#include <stddef.h>
#include <stdint.h>

struct gl_pace {
	size_t least, most;
	size_t size; /* of the next piece, in whatever the caller counts */
	int64_t begun, worked;
};

/* Begins small. With `most` the same as `least` all pieces are alike. */
struct gl_pace gl_pace_of(size_t least, size_t most);

/* In front of a piece, and behind it: chooses the next one's size, and pauses. */
void gl_pace_begin(struct gl_pace *pace);
void gl_pace_end(struct gl_pace *pace);

/* Of the monotonic clock. */
int64_t gl_microseconds(void);

#endif
