/* extent - how much a test tries: less in the bounded form, all with tests/run --full. */
#ifndef GREYLIST_TEST_EXTENT_H
#define GREYLIST_TEST_EXTENT_H

#include <stdbool.h>

/* Whether the full counts are wanted: GREYLIST_TEST_FULL is in the environment. */
bool extent_full(void);

/* One of two counts; of the bounded one a quarter where the build is sanitized, and so slower. */
int extent_of(int full, int bounded);

#endif
