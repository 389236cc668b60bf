#include "logstamp.h"

#include <time.h>

enum {
	DAY = 86400,
	YEARS_BACK = 8 /* as far as the last 29th of February may be */
};

/* A cursor whose error sticks: what cannot be taken makes everything behind it wrong too. */
struct reading {
	struct gl_span rest;
	bool wrong;
};

static void take(struct reading *reading, const char *text)
{
	struct gl_span wanted = gl_span_of(text);
	reading->wrong = reading->wrong ||
			 !gl_span_equal(gl_span_head(reading->rest, wanted.len), wanted);
	reading->rest = gl_span_skip(reading->rest, wanted.len);
}

static bool next_is(const struct reading *reading, char byte)
{
	return reading->rest.len > 0 && reading->rest.at[0] == byte;
}

/* A number of that many digits; a blank may stand for a zero in front. */
static int take_number(struct reading *reading, size_t digits)
{
	struct gl_span text = gl_span_head(reading->rest, digits);
	uint64_t number = 0;
	bool whole = text.len == digits;
	reading->rest = gl_span_skip(reading->rest, digits);
	if (whole && text.at[0] == ' ' && digits == 2)
		text = gl_span_skip(text, 1);
	reading->wrong = reading->wrong || !whole || gl_span_number(text, 9999, &number) != GL_OK;
	return (int)number;
}

static int take_month(struct reading *reading)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct gl_span name = gl_span_head(reading->rest, 3);
	reading->rest = gl_span_skip(reading->rest, 3);
	for (int month = 0; month < 12; month++)
		if (gl_span_equal(name, (struct gl_span){ names + 3 * month, 3 }))
			return month + 1;
	reading->wrong = true;
	return 0;
}

static void take_clock(struct reading *reading, struct gl_logstamp *stamp)
{
	stamp->hour = take_number(reading, 2);
	take(reading, ":");
	stamp->minute = take_number(reading, 2);
	take(reading, ":");
	stamp->second = take_number(reading, 2);
}

static void take_zone(struct reading *reading, struct gl_logstamp *stamp)
{
	bool west = next_is(reading, '-');
	stamp->zoned = west || next_is(reading, '+') || next_is(reading, 'Z');
	if (!stamp->zoned)
		return;
	bool utc = next_is(reading, 'Z');
	reading->rest = gl_span_skip(reading->rest, 1);
	if (utc)
		return;
	int64_t hours = take_number(reading, 2);
	if (next_is(reading, ':'))
		take(reading, ":");
	int64_t minutes = take_number(reading, 2);
	reading->wrong = reading->wrong || hours > 24 || minutes > 59;
	stamp->east = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static void take_rfc3339(struct reading *reading, struct gl_logstamp *stamp)
{
	stamp->year = take_number(reading, 4);
	take(reading, "-");
	stamp->month = take_number(reading, 2);
	take(reading, "-");
	stamp->day = take_number(reading, 2);
	take(reading, "T");
	take_clock(reading, stamp);
	if (next_is(reading, '.') || next_is(reading, ',')) {
		reading->rest = gl_span_skip(reading->rest, 1);
		while (reading->rest.len > 0 && gl_is_digit(reading->rest.at[0]))
			reading->rest = gl_span_skip(reading->rest, 1);
	}
	take_zone(reading, stamp);
	reading->wrong = reading->wrong || stamp->year < 1970;
}

static void take_rfc3164(struct reading *reading, struct gl_logstamp *stamp)
{
	stamp->month = take_month(reading);
	take(reading, " ");
	stamp->day = take_number(reading, 2);
	take(reading, " ");
	take_clock(reading, stamp);
}

enum gl_status gl_logstamp_take(struct gl_logstamp *stamp, struct gl_span *line)
{
	struct reading reading = { .rest = *line };
	*stamp = (struct gl_logstamp){ .year = 0 };
	if (line->len > 0 && gl_is_digit(line->at[0]))
		take_rfc3339(&reading, stamp);
	else
		take_rfc3164(&reading, stamp);
	take(&reading, " ");
	/* 60 is a leap second. */
	bool clock = stamp->hour < 24 && stamp->minute < 60 && stamp->second <= 60;
	bool date = stamp->month >= 1 && stamp->month <= 12 && stamp->day >= 1 && stamp->day <= 31;
	if (reading.wrong || !clock || !date)
		return GL_NOT_FOUND;
	*line = reading.rest;
	return GL_OK;
}

static struct tm parts_of(const struct gl_logstamp *stamp, int year)
{
	return (struct tm){ .tm_year = year - 1900,
		.tm_mon = stamp->month - 1,
		.tm_mday = stamp->day,
		.tm_hour = stamp->hour,
		.tm_min = stamp->minute,
		.tm_sec = stamp->second,
		.tm_isdst = -1 };
}

/* timegm(3) makes a day in March of a 31st of February. */
static bool is_day(const struct gl_logstamp *stamp, int year)
{
	struct tm day = {
		.tm_year = year - 1900, .tm_mon = stamp->month - 1, .tm_mday = stamp->day
	};
	return timegm(&day) != -1 && day.tm_mday == stamp->day;
}

static int64_t time_in(const struct gl_logstamp *stamp, int year)
{
	struct tm parts = parts_of(stamp, year);
	if (!is_day(stamp, year))
		return -1;
	if (stamp->zoned)
		return (int64_t)timegm(&parts) - stamp->east;
	return (int64_t)mktime(&parts);
}

int64_t gl_logstamp_time(const struct gl_logstamp *stamp, int64_t latest)
{
	time_t limit = (time_t)(latest + DAY);
	struct tm now;
	if (stamp->year != 0)
		return time_in(stamp, stamp->year);
	if (localtime_r(&limit, &now) == NULL)
		return -1;
	int year = now.tm_year + 1900;
	for (int back = 0; back <= YEARS_BACK; back++) {
		int64_t moment = time_in(stamp, year - back);
		if (moment >= 0 && moment <= (int64_t)limit)
			return moment;
	}
	return -1;
}
