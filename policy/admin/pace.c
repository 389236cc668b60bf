#include "pace.h"

#include <time.h>

/* Microseconds of the processor's time; a helper's own transaction takes some hundred. */
enum { LONG = 4000, SHORT = 2000 };

static int64_t microseconds_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t gl_microseconds(void)
{
	return microseconds_of(CLOCK_MONOTONIC);
}

struct gl_pace gl_pace_of(size_t least, size_t most)
{
	return (struct gl_pace){ .least = least, .most = most, .size = least };
}

void gl_pace_begin(struct gl_pace *pace)
{
	pace->begun = gl_microseconds();
	pace->worked = microseconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void gl_pace_end(struct gl_pace *pace)
{
	int64_t work = microseconds_of(CLOCK_PROCESS_CPUTIME_ID) - pace->worked;
	int64_t took = gl_microseconds() - pace->begun;
	struct timespec pause = { .tv_sec = took / 1000000, .tv_nsec = took % 1000000 * 1000 };
	if (work > LONG && pace->size / 2 >= pace->least)
		pace->size /= 2;
	else if (work < SHORT && pace->size * 2 <= pace->most)
		pace->size *= 2;
	nanosleep(&pause, NULL);
}
