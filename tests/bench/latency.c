#include "latency.h"

static unsigned cell_of(uint64_t time)
{
	unsigned shift = 0;
	while ((time >> shift) >= 2 * LATENCY_STEPS)
		shift++;
	return shift * LATENCY_STEPS + (unsigned)(time >> shift);
}

static uint64_t upper_end(unsigned cell)
{
	unsigned shift = cell < 2 * LATENCY_STEPS ? 0 : cell / LATENCY_STEPS - 1;
	return ((uint64_t)(cell - shift * LATENCY_STEPS + 1) << shift) - 1;
}

void latency_add(struct latency *latency, uint64_t time)
{
	latency->count++;
	latency->cells[cell_of(time)]++;
	if (time > latency->most)
		latency->most = time;
}

uint64_t latency_permille(const struct latency *latency, unsigned part)
{
	uint64_t due = (latency->count * part + 999) / 1000;
	uint64_t sum = 0;
	for (unsigned cell = 0; cell < LATENCY_CELLS; cell++) {
		sum += latency->cells[cell];
		if (sum >= due && sum > 0)
			return upper_end(cell) < latency->most ? upper_end(cell) : latency->most;
	}
	return latency->most;
}
