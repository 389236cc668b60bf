#include "extent.h"

#include <stdlib.h>

bool extent_full(void)
{
	return getenv("GREYLIST_TEST_FULL") != NULL;
}

#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

int extent_of(int full, int bounded)
{
	enum { SLOWER = 4 };
	if (extent_full())
		return full;
	return SANITIZED && bounded > SLOWER ? bounded / SLOWER : bounded;
}
