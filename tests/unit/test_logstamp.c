/* The time in front of a line, with and without a year and a zone. */
#include "logstamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "same.h"

enum { NEW_YEAR = 1767225600 /* 2026-01-01 00:00:00 UTC */, DAY = 86400 };

static void in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static int64_t time_of(const char *text, int64_t latest)
{
	struct gl_span line = gl_span_of(text);
	struct gl_logstamp stamp;
	if (gl_logstamp_take(&stamp, &line) != GL_OK)
		fail_msg("\"%s\" has no stamp", text);
	same_text(text, line, "mx rest");
	return gl_logstamp_time(&stamp, latest);
}

static void the_year_is_the_last_one_that_fits(void **state)
{
	(void)state;
	in_zone("UTC0");
	const struct {
		const char *text;
		int64_t latest, time;
	} rows[] = {
		{ "Dec 31 23:59:59 mx rest", NEW_YEAR, NEW_YEAR - 1 },
		{ "Jan  1 00:00:00 mx rest", NEW_YEAR, NEW_YEAR },
		{ "Jan 01 00:00:00 mx rest", NEW_YEAR, NEW_YEAR },
		/* a clock that goes a day ahead */
		{ "Jan  2 00:00:00 mx rest", NEW_YEAR, NEW_YEAR + DAY },
		{ "Jan  2 00:00:01 mx rest", NEW_YEAR, NEW_YEAR + DAY + 1 - 365 * DAY },
		{ "Jan  1 00:00:00 mx rest", NEW_YEAR - DAY, NEW_YEAR },
		{ "Jan  1 00:00:01 mx rest", NEW_YEAR - DAY, NEW_YEAR + 1 - 365 * DAY },
		/* the last leap day was that of 2024 */
		{ "Feb 29 12:00:00 mx rest", NEW_YEAR, 1709208000 },
		{ "Feb 30 12:00:00 mx rest", NEW_YEAR, -1 },
		{ "Jun 31 12:00:00 mx rest", NEW_YEAR, -1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (time_of(rows[i].text, rows[i].latest) != rows[i].time)
			fail_msg("%s: %lld", rows[i].text,
			    (long long)time_of(rows[i].text, rows[i].latest));
}

static void a_year_and_a_zone_are_taken_at_their_word(void **state)
{
	(void)state;
	static const char *const same[] = { "2026-01-01T00:00:00Z mx rest",
		"2026-01-01T00:00:00+00:00 mx rest", "2026-01-01T00:00:00.123456Z mx rest",
		"2026-01-01T01:00:00+01:00 mx rest", "2026-01-01T01:00:00+0100 mx rest",
		"2025-12-31T18:30:00.5-05:30 mx rest", "2025-12-31T23:59:60Z mx rest",
		"2026-01-01T01:00:00 mx rest", "2026-01-01T01:00:00.1 mx rest" };
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (time_of(same[i], 0) != NEW_YEAR)
			fail_msg("%s: %lld", same[i], (long long)time_of(same[i], 0));
	assert_int_equal(time_of("2027-02-29T00:00:00Z mx rest", NEW_YEAR), -1);
}

static void a_stamp_without_a_zone_is_local(void **state)
{
	(void)state;
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_int_equal(time_of("Jul  1 02:00:00 mx rest", NEW_YEAR), 1751328000);
	assert_int_equal(time_of("Jan  1 01:00:00 mx rest", NEW_YEAR), NEW_YEAR);
}

static void what_is_no_stamp_is_left_as_it_was(void **state)
{
	(void)state;
	static const char *const none[] = { "", "Jan", "Jan  1", "Jan  1 00:00", "Jan  1 00:00:00",
		"jan  1 00:00:00 mx", "Foo  1 00:00:00 mx", "Jan  0 00:00:00 mx",
		"Jan 32 00:00:00 mx", "Jan  1 24:00:00 mx", "Jan  1 00:60:00 mx",
		"Jan  1 00:00:61 mx", "Jan -1 00:00:00 mx", "Jan  1 0:00:00 mx",
		"Jan  1 00:00:00\tmx", "  Jan  1 00:00:00 mx", "2026-01-01 00:00:00 mx",
		"2026-13-01T00:00:00Z mx", "2026-00-01T00:00:00Z mx", "26-01-01T00:00:00Z mx",
		"2026-01-01T00:00:00+99:00 mx", "2026-01-01T00:00:00+01:60 mx",
		"2026-01-01T00:00:00+01 mx", "1969-12-31T00:00:00Z mx",
		"99999-01-01T00:00:00Z mx" };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct gl_span line = gl_span_of(none[i]);
		struct gl_logstamp stamp;
		same_status(none[i], gl_logstamp_take(&stamp, &line), GL_NOT_FOUND);
		same_text(none[i], line, none[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_year_is_the_last_one_that_fits),
		cmocka_unit_test(a_year_and_a_zone_are_taken_at_their_word),
		cmocka_unit_test(a_stamp_without_a_zone_is_local),
		cmocka_unit_test(what_is_no_stamp_is_left_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
