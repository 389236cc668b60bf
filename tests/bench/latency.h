/*
 * latency - how long answers took, in bounded memory.
 *
 * A histogram whose cells are three per cent wide at every size.
 */
#ifndef GREYLIST_BENCH_LATENCY_H
#define GREYLIST_BENCH_LATENCY_H

#include <stdint.h>

enum { LATENCY_STEPS = 32, LATENCY_CELLS = 64 * LATENCY_STEPS };

/* Zero it before use. Times are nanoseconds. */
struct latency {
	uint64_t count;
	uint64_t most;
	uint64_t cells[LATENCY_CELLS];
};

void latency_add(struct latency *latency, uint64_t time);

/* The time that `part` of a thousand answers stayed at or below; 0 where there were none. */
uint64_t latency_permille(const struct latency *latency, unsigned part);

#endif
