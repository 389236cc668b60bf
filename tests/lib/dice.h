/*
 * dice - random numbers that are the same in every run.
 *
 * A test that fails prints the seed of its row; the same seed gives the
 * same row on every machine.
 */
#ifndef GREYLIST_TEST_DICE_H
#define GREYLIST_TEST_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state; /* the seed, at the start */
};

uint64_t dice_roll(struct dice *dice);

/* Any number from low to high, both included; low <= high. */
int64_t dice_between(struct dice *dice, int64_t low, int64_t high);

/* True once in `n` times on the average. */
bool dice_one_in(struct dice *dice, unsigned n);

#endif
