#include "durations.h"

#include <stddef.h>

#include "greylist/record.h"

/* A cell holds `1 << shift` seconds; the first 1024 hold one each. */
enum { PER_DOUBLING = 512 };

static size_t cell_of(int64_t seconds)
{
	uint64_t rest = seconds < 0 ? 0 : (uint64_t)seconds;
	size_t shift = 0;
	if (seconds > GL_TIME_MAX)
		rest = (uint64_t)GL_TIME_MAX;
	while (rest >= (uint64_t)2 * PER_DOUBLING) {
		rest >>= 1;
		shift++;
	}
	return shift * PER_DOUBLING + (size_t)rest;
}

/* Its middle. */
static int64_t seconds_of(size_t cell)
{
	if (cell < (size_t)2 * PER_DOUBLING)
		return (int64_t)cell;
	size_t shift = cell / PER_DOUBLING - 1;
	int64_t least = (int64_t)(PER_DOUBLING + cell % PER_DOUBLING) << shift;
	return least + ((int64_t)1 << shift) / 2;
}

void gl_durations_add(struct gl_durations *durations, int64_t seconds)
{
	durations->count++;
	durations->cells[cell_of(seconds)]++;
}

int64_t gl_durations_within(const struct gl_durations *durations, unsigned percent)
{
	/* in two parts, so that no count is too large */
	uint64_t count = durations->count;
	uint64_t wanted = count / 100 * percent + (count % 100 * percent + 99) / 100;
	uint64_t sum = 0;
	for (size_t cell = 0; count > 0 && cell < GL_DURATION_CELLS; cell++) {
		sum += durations->cells[cell];
		if (sum >= wanted && sum > 0)
			return seconds_of(cell);
	}
	return -1;
}
