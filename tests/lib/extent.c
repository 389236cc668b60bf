#include "extent.h"

#include <stdlib.h>

bool extent_full(void)
{
	return getenv("GREYLIST_TEST_FULL") != NULL;
}

int extent_of(int full, int bounded)
{
	return extent_full() ? full : bounded;
}
