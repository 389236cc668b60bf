#include "model.h"

enum { HOUR = 3600 };

enum model_verdict model_expect(
    const struct model_law *law, const struct model_fate *fate, int64_t now)
{
	int64_t idle = now - fate->last, waited = now - fate->first;
	if (fate->passed != 0 && idle <= law->age - HOUR)
		return MODEL_PASSES;
	if (fate->passed != 0)
		return idle <= law->age ? MODEL_EITHER : MODEL_DEFERS;
	if (fate->first == 0 || waited < law->delay || waited > law->window)
		return MODEL_DEFERS;
	return MODEL_PASSES;
}

void model_learn(const struct model_law *law, struct model_fate *fate, bool passes, int64_t now)
{
	bool waits = fate->passed == 0 && fate->first != 0 && now - fate->first <= law->window;
	if (passes && fate->passed == 0)
		fate->passed = now;
	if (!passes && !waits)
		*fate = (struct model_fate){ .first = now };
	fate->last = now;
}
