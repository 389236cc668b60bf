/* Points in time as people write them, in zones that put their clocks forward and back. */
#include "filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { NOW = 1767225600 /* 2026-01-01 00:00:00 UTC */ };

static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
/* Its clocks go from 23:59 to 01:00 on a Sunday in October. */
static const char midnight[] = "<-04>4<-03>,M10.2.0/0,M3.4.0/0";

static void in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static int64_t moment(const char *text)
{
	int64_t when = -1;
	if (gl_moment_parse(&when, text, NOW) != GL_OK)
		fail_msg("\"%s\" is no time", text);
	return when;
}

static void so_long_ago(void **state)
{
	(void)state;
	in_zone(berlin);
	assert_int_equal(moment("0s"), NOW);
	assert_int_equal(moment("90s"), NOW - 90);
	assert_int_equal(moment("10m"), NOW - 600);
	assert_int_equal(moment("2h"), NOW - 7200);
	assert_int_equal(moment("7d"), NOW - 7 * 86400);
	assert_int_equal(moment("2w"), NOW - 14 * 86400);
}

static void since_the_epoch(void **state)
{
	(void)state;
	assert_int_equal(moment("@0"), 0);
	assert_int_equal(moment("@1767225600"), NOW);
	assert_int_equal(moment("@281474976710656"), GL_TIME_MAX);
}

static void dates_are_local(void **state)
{
	(void)state;
	in_zone("UTC0");
	assert_int_equal(moment("2026-01-01"), NOW);
	assert_int_equal(moment("2024-02-29"), 1709164800);
	assert_int_equal(moment("2025-12-31 23:59"), NOW - 60);
	assert_int_equal(moment("2025-12-31T23:59:01"), NOW - 59);
	in_zone(berlin);
	assert_int_equal(moment("2026-01-01"), NOW - 3600);
	assert_int_equal(moment("2026-01-01T14:30"), NOW + 13 * 3600 + 1800);
	assert_int_equal(moment("2026-07-01"), 1782856800 /* 22:00 UTC the day before */);
	assert_int_equal(moment("2026-07-01 14:30:15"), 1782856800 + 14 * 3600 + 1815);
}

/* 1774746000 is 2026-03-29 01:00 UTC, when 02:00 becomes 03:00; and in October 03:00 02:00. */
static void clocks_are_put_forward_and_back(void **state)
{
	(void)state;
	in_zone(berlin);
	assert_int_equal(moment("2026-03-29 01:59:59"), 1774746000 - 1);
	assert_int_equal(moment("2026-03-29 03:00"), 1774746000);
	assert_in_range(moment("2026-03-29 02:30"), 1774746000 - 1800, 1774746000 + 1800);
	assert_int_equal(moment("2026-10-25 01:59:59"), 1792890000 - 3601);
	assert_int_equal(moment("2026-10-25 03:00"), 1792890000 + 3600);
	int64_t twice = moment("2026-10-25 02:30");
	assert_true(twice == 1792890000 - 1800 || twice == 1792890000 + 1800);
}

static void a_day_without_a_midnight_is_a_day(void **state)
{
	(void)state;
	in_zone(midnight);
	assert_int_equal(moment("2026-10-10"), 1791604800);
	assert_in_range(moment("2026-10-11"), 1791691200 - 3600, 1791691200 + 3600);
	assert_int_equal(moment("2026-10-11 01:00"), 1791691200);
}

static void nonsense_is_refused(void **state)
{
	static const char *const nonsense[] = { "", " ", "@", "@-1", "@1x", "@ 1",
		"@281474976710657", "@99999999999999999999", "yesterday", "2h ago", "-2h", "2 h",
		"h", "2x", "2hh", "1767225600", "20260131", "0", "60", "1767225600s",
		"99999999999999999w", "2026", "2026-01", "2026-00-10", "2026-13-01", "2026-01-00",
		"2026-01-32", "2026-02-29", "2026-02-31", "2026-04-31 10:00", "2026-01-31T",
		"2026-01-31 24:00", "2026-01-31 14", "2026-01-31 14:60", "2026-01-31 14:30:00Z",
		"2026-01-31 14:30 ", "1969-12-31", "31.01.2026", "01/31/2026" };
	(void)state;
	in_zone("UTC0");
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
		int64_t when;
		if (gl_moment_parse(&when, nonsense[i], NOW) != GL_MALFORMED)
			fail_msg("\"%s\" is taken for %lld", nonsense[i], (long long)when);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_long_ago),
		cmocka_unit_test(since_the_epoch),
		cmocka_unit_test(dates_are_local),
		cmocka_unit_test(clocks_are_put_forward_and_back),
		cmocka_unit_test(a_day_without_a_midnight_is_a_day),
		cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
