/*
 * crowd - several processes that judge the states of a plan, each its share.
 *
 * A table that is no table may end whoever reads it, or never let go of
 * him: then the state was bad, and another process goes on behind it.
 */
#ifndef GREYLIST_TEST_CROWD_H
#define GREYLIST_TEST_CROWD_H

#include "plan.h"
#include "verdict.h"

enum { CROWD_EXAMPLES = 5 };

struct crowd_report {
	uint64_t verdicts[VERDICTS];
	uint64_t subsets, torn; /* states of each kind that were judged */
	uint64_t went_on;       /* with which the helpers went on */
	uint64_t bad;
	struct {
		uint64_t number;
		struct judgement judgement;
	} examples[CROWD_EXAMPLES];
};

/* False where a process could not be started. */
bool crowd_judge(struct crowd_report *report, const struct life *life, const struct plan *plan);

/* Judges one state, in this process, and says everything about it. */
void crowd_show(const struct life *life, const struct plan *plan, uint64_t number);

#endif
