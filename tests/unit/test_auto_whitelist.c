/*
 * The auto-whitelist of clients as a table: how much is known of a
 * client x when its next request comes. The merge of what is known is
 * test_record.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "greylist/decision.h"

#define DAY    ((int64_t)86400)
#define MAXAGE (35 * DAY)

static const struct gl_timing timing = { 180, 2 * DAY, MAXAGE };

/* The last counted success of every client below. */
#define T0 ((int64_t)1700000000)

/* RFC 6647 section 5, by item; "ours" is decision.h where the RFC is silent. */
#define RFC_1B  "RFC 6647 section 5 item 1: allow all further traffic after a success"
#define RFC_3   "RFC 6647 section 5 item 3: unused entries time out"
#define CLOCK   "ours: a clock that steps back takes no right away"
#define COUNTED "ours: a client counts once an hour"

static const struct gl_client four = { T0, T0, 4, { 0 }, { NULL, 0 }, false };
static const struct gl_client five = { T0, T0, 5, { 0 }, { NULL, 0 }, false };
static const struct gl_client busy = { T0, T0 + 30 * DAY, 5, { 0 }, { NULL, 0 }, false };
static const struct gl_client full = { T0, T0, UINT32_MAX, { 0 }, { NULL, 0 }, false };

struct row {
	const char *name;
	const char *rule;
	const struct gl_client *client;
	uint32_t threshold;
	int64_t now;
	bool passes, counts, expired;
};

static const struct row rows[] = {
	{ "an unknown client does not pass, and its first success counts", RFC_1B, NULL, 1, T0,
	    false, true, true },
	{ "an unknown client does not pass where the auto-whitelist is off", RFC_1B, NULL, 0, T0,
	    false, true, true },
	{ "auto_whitelist = 0 is off for the best of clients", RFC_1B, &full, 0, T0, false, false,
	    false },
	{ "a client one success short does not pass", RFC_1B, &four, 5, T0, false, false, false },
	{ "a client with just enough successes passes", RFC_1B, &five, 5, T0, true, false, false },
	{ "a client with more than enough successes passes", RFC_1B, &full, 5, T0, true, false,
	    false },
	{ "auto_whitelist = 1 lets a client pass after one success", RFC_1B, &four, 1, T0, true,
	    false, false },
	{ "a success within the second does not count", COUNTED, &four, 5, T0, false, false,
	    false },
	{ "a success one second before the hour does not count", COUNTED, &four, 5,
	    T0 + GL_HOUR - 1, false, false, false },
	{ "a success at the very hour counts", COUNTED, &four, 5, T0 + GL_HOUR, false, true,
	    false },
	{ "a success one second after the hour counts", COUNTED, &four, 5, T0 + GL_HOUR + 1, false,
	    true, false },
	{ "a client unseen for one second less than max_age passes", RFC_3, &five, 5,
	    T0 + MAXAGE - 1, true, true, false },
	{ "a client unseen for exactly max_age passes", RFC_3, &five, 5, T0 + MAXAGE, true, true,
	    false },
	{ "a client unseen for one second more than max_age is forgotten", RFC_3, &five, 5,
	    T0 + MAXAGE + 1, false, true, true },
	{ "a client unseen until the far future is forgotten", RFC_3, &full, 1, GL_TIME_MAX, false,
	    true, true },
	{ "a client's max_age runs from when it was last seen", RFC_3, &busy, 5, T0 + MAXAGE + 1,
	    true, true, false },
	{ "the clock goes back a second: the client passes and is put right", CLOCK, &five, 5,
	    T0 - 1, true, true, false },
	{ "the clock goes back a day: the client passes and is put right", CLOCK, &five, 5,
	    T0 - DAY, true, true, false },
	{ "the clock goes back to 1970: the client passes and is put right", CLOCK, &five, 5, 0,
	    true, true, false },
};

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	assert_int_equal(
	    gl_client_passes(&timing, row->client, row->threshold, row->now), row->passes);
	assert_int_equal(gl_client_counts(&timing, row->client, row->now), row->counts);
	assert_int_equal(gl_client_expired(&timing, row->client, row->now), row->expired);
}

enum { ROWS = sizeof rows / sizeof *rows, NAME = 192 };

int main(void)
{
	struct CMUnitTest table[ROWS];
	const struct row *at[ROWS];
	char names[ROWS][NAME];
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(names[i], NAME, "%s [%s]", rows[i].name, rows[i].rule);
		at[i] = &rows[i];
		table[i] = (struct CMUnitTest){ names[i], row_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests_name("auto-whitelist", table, NULL, NULL);
}
