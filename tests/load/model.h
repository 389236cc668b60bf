/*
 * model - what greylisting promises of one triplet, as a postmaster would
 * say it, and no more: a second opinion for a test that asks about many.
 */
#ifndef GREYLIST_LOAD_MODEL_H
#define GREYLIST_LOAD_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds: delay, retry_window and max_age of the configuration. */
struct model_law {
	int64_t delay, window, age;
};

/* Seconds since the epoch; all 0: a stranger. */
struct model_fate {
	int64_t first, last, passed;
};

/* EITHER: when a known triplet was last used is written down once an hour. */
enum model_verdict { MODEL_DEFERS, MODEL_PASSES, MODEL_EITHER };

enum model_verdict model_expect(
    const struct model_law *law, const struct model_fate *fate, int64_t now);

/* What is so after an answer. */
void model_learn(const struct model_law *law, struct model_fate *fate, bool passes, int64_t now);

#endif
