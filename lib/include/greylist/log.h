/*
 * log - lines to syslog, to a file, or nowhere.
 *
 * A file is opened for append at each line, so that rotating it needs
 * no signal; each line is one write(2) and begins with a syslog-like
 * time stamp, host and ident. Where the file cannot be opened the line
 * goes to syslog, with the reason. Logging never fails loudly and never
 * touches file descriptors 0, 1 and 2.
 */
#ifndef GREYLIST_LOG_H
#define GREYLIST_LOG_H

#include "greylist/span.h"

enum gl_log_level { GL_LOG_INFO, GL_LOG_WARNING };

struct gl_log_options {
	const char *target;   /* "syslog", "none" or a file's path */
	const char *ident;    /* such as "greylist-policy" */
	const char *facility; /* such as "mail" */
};

struct gl_log;

/* Copies the options. NULL when memory is out: every call below takes NULL and does nothing. */
struct gl_log *gl_log_open(const struct gl_log_options *options);
void gl_log_close(struct gl_log *log);

/* Logs one line, without a newline. A warning's text begins with "warning: " like Postfix's own. */
void gl_log_line(struct gl_log *log, enum gl_log_level level, struct gl_span line);

/* printf for our own sentences; strangers' text has to go through gl_out_printable first. */
void gl_log_printf(struct gl_log *log, enum gl_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether this is a facility that `log_facility` may name. */
bool gl_log_facility_known(const char *name);

/*
 * A line made ready beforehand, for a signal handler: sending it calls
 * only async-signal-safe functions and allocates nothing.
 */
struct gl_log_shot {
	char path[256]; /* of the socket or file */
	bool is_socket;
	size_t head; /* octets in front of the line */
	size_t len;
	char bytes[512];
};

/* A shot of a log that is NULL or goes nowhere is empty; firing it does nothing. */
void gl_log_prepare(
    struct gl_log *log, struct gl_log_shot *shot, enum gl_log_level level, const char *line);
void gl_log_fire(const struct gl_log_shot *shot);
/* Another line in place of the one that was made ready, of our own printable words; for a signal
 * handler too. What does not fit is cut off. */
void gl_log_shot_say(struct gl_log_shot *shot, const char *line);

#endif
