/*
 * syslog_double - stands in front of libc's syslog(3): what would have
 * gone there is kept here.
 */
#ifndef GREYLIST_TEST_SYSLOG_DOUBLE_H
#define GREYLIST_TEST_SYSLOG_DOUBLE_H

struct syslog_double {
	char text[8192]; /* "<priority>line" and a newline, for each one */
	char ident[64];  /* "" unless openlog(3) was called and closelog(3) was not */
	int facility;
	int lines;
};

/* The only one; the test may empty it. */
struct syslog_double *syslog_double(void);

#endif
