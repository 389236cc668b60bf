/*
 * logstamp - the time in front of a line of a log.
 *
 * Two forms, as syslog daemons and Postfix's own maillog_file write them:
 *
 *     Nov 24 19:48:26 host ...                       RFC 3164, local time, no year
 *     2026-11-24T19:48:26.123456+01:00 host ...      RFC 3339; with "Z", with "+0100",
 *                                                    and without a zone: local time
 *
 * Where the year is missing it is the last one in which the line is not
 * later than the file: a line of December in a file that was last
 * written in January is of the year before. A file that spans more than
 * a year cannot be told from one that does not.
 */
#ifndef GREYLIST_LOGSTAMP_H
#define GREYLIST_LOGSTAMP_H

#include "greylist/span.h"

struct gl_logstamp {
	int year; /* 0: not written */
	int month, day, hour, minute, second;
	bool zoned;
	int64_t east; /* seconds that the zone is ahead of UTC */
};

/*
 * Takes the stamp and the blank behind it off the line.
 *
 *   GL_NOT_FOUND  the line does not begin with one; it is left as it was
 */
GL_CHECKED enum gl_status gl_logstamp_take(struct gl_logstamp *stamp, struct gl_span *line);

/*
 * Seconds since the epoch; `latest` is when the file was last written. A
 * day later than that is still of its year, since clocks differ. -1: a
 * day that no calendar has. Goes by TZ where the stamp names no zone.
 */
int64_t gl_logstamp_time(const struct gl_logstamp *stamp, int64_t latest);

#endif
