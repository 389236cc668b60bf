#include "greylist/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MAX = 4096,  /* bytes of one line; syslog would cut a longer one too */
	STAMP_MAX = 512,  /* time, host and ident in front of it */
	FIRST_FREE_FD = 3 /* 0 to 2 are the policy connection */
};

struct gl_log {
	char *target;
	char *ident;
	int facility;
	bool is_file;
	bool is_silent;
	bool connected; /* openlog(3) was called */
	int trouble;    /* errno of the file that was last complained about */
};

static const struct facility {
	const char *name;
	int code;
} facilities[] = { { "auth", LOG_AUTH }, { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON }, { "ftp", LOG_FTP }, { "lpr", LOG_LPR }, { "mail", LOG_MAIL },
	{ "news", LOG_NEWS }, { "syslog", LOG_SYSLOG }, { "user", LOG_USER }, { "uucp", LOG_UUCP },
	{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 }, { NULL, LOG_MAIL } };

/* The one behind the last, whose name is NULL, where it is not known. */
static const struct facility *facility_find(const char *name)
{
	const struct facility *facility = facilities;

	while (facility->name != NULL && strcmp(facility->name, name) != 0)
		facility++;
	return facility;
}

bool gl_log_facility_known(const char *name)
{
	return facility_find(name)->name != NULL;
}

struct gl_log *gl_log_open(const struct gl_log_options *options)
{
	struct gl_log *log = calloc(1, sizeof *log);

	if (log == NULL)
		return NULL;
	log->target = strdup(options->target);
	log->ident = strdup(options->ident);
	log->facility = facility_find(options->facility)->code;
	log->is_silent = strcmp(options->target, "none") == 0;
	log->is_file = !log->is_silent && strcmp(options->target, "syslog") != 0;
	if (log->target == NULL || log->ident == NULL) {
		gl_log_close(log);
		return NULL;
	}
	return log;
}

void gl_log_close(struct gl_log *log)
{
	if (log == NULL)
		return;
	if (log->connected)
		closelog();
	free(log->target);
	free(log->ident);
	free(log);
}

static int level_code(enum gl_log_level level)
{
	return level == GL_LOG_WARNING ? LOG_WARNING : LOG_INFO;
}

static void to_syslog(struct gl_log *log, enum gl_log_level level, const char *text)
{
	if (!log->connected)
		openlog(log->ident, LOG_PID, log->facility);
	log->connected = true;
	syslog(level_code(level), "%s", text);
}

/* As syslogd writes it: "Nov  3 09:05:07 mx ident[123]: ". */
static void out_stamp(struct gl_out *out)
{
	char host[256] = "";
	char date[32] = "";
	struct tm parts;
	time_t now = time(NULL);

	if (localtime_r(&now, &parts) == NULL ||
	    strftime(date, sizeof date, "%b %e %H:%M:%S ", &parts) == 0)
		date[0] = '\0';
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';

	struct gl_span name = gl_span_of(host);

	gl_out_text(out, date);
	gl_out_printable(out, gl_span_head(name, gl_span_find(name, '.')));
	gl_out_byte(out, ' ');
}

static void out_ident(struct gl_out *out, const struct gl_log *log)
{
	gl_out_printable(out, gl_span_head(gl_span_of(log->ident), 64));
	gl_out_byte(out, '[');
	gl_out_decimal(out, getpid());
	gl_out_text(out, "]: ");
}

/* Only async-signal-safe calls. O_NONBLOCK: a FIFO without a reader must not hold up mail. */
static int open_above_stderr(const char *path)
{
	int fd = open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	if (fd < 0 || fd >= FIRST_FREE_FD)
		return fd;

	int above = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

	close(fd);
	return above;
}

/* 0, or the errno of what failed. Only async-signal-safe calls. */
static int append_to(const char *path, struct gl_span line)
{
	int trouble = 0;
	int fd = open_above_stderr(path);

	if (fd < 0)
		return errno;
	while (trouble == 0 && write(fd, line.at, line.len) < 0)
		trouble = errno == EINTR ? 0 : errno;
	close(fd);
	return trouble;
}

static void to_file(struct gl_log *log, enum gl_log_level level, const char *text)
{
	char bytes[STAMP_MAX + TEXT_MAX + 2];
	struct gl_out out = gl_out_into(bytes, sizeof bytes);

	out_stamp(&out);
	out_ident(&out, log);
	gl_out_text(&out, text);
	gl_out_byte(&out, '\n');

	int trouble = append_to(log->target, gl_out_done(&out));

	if (trouble != 0 && trouble != log->trouble) {
		char why[STAMP_MAX];

		snprintf(why, sizeof why, "warning: cannot write to %s: %s", log->target,
		    strerror(trouble));
		to_syslog(log, GL_LOG_WARNING, why);
	}
	log->trouble = trouble;
	if (trouble != 0)
		to_syslog(log, level, text);
}

/* The text as every target gets it. `text` has room for TEXT_MAX and the terminator. */
static void clean(char text[TEXT_MAX + 1], enum gl_log_level level, struct gl_span line)
{
	struct gl_span prefix = gl_span_of("warning: ");
	struct gl_out out = gl_out_into(text, TEXT_MAX + 1);

	if (level == GL_LOG_WARNING && !gl_span_equal(gl_span_head(line, prefix.len), prefix))
		gl_out_span(&out, prefix);
	gl_out_printable(&out, gl_span_trim(line));
	gl_out_string(&out);
}

void gl_log_line(struct gl_log *log, enum gl_log_level level, struct gl_span line)
{
	char text[TEXT_MAX + 1];

	if (log == NULL || log->is_silent)
		return;
	clean(text, level, line);
	if (log->is_file)
		to_file(log, level, text);
	else
		to_syslog(log, level, text);
}

void gl_log_printf(struct gl_log *log, enum gl_log_level level, const char *format, ...)
{
	char text[TEXT_MAX + 1];
	va_list arguments;

	if (log == NULL || log->is_silent)
		return;
	va_start(arguments, format);
	int len = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (len >= 0)
		gl_log_line(log, level, gl_span_of(text));
}

void gl_log_prepare(
    struct gl_log *log, struct gl_log_shot *shot, enum gl_log_level level, const char *line)
{
	char text[TEXT_MAX + 1];
	struct gl_out out = gl_out_into(shot->bytes, sizeof shot->bytes - 1);

	*shot = (struct gl_log_shot){ .len = 0 };
	if (log == NULL || log->is_silent)
		return;
	clean(text, level, gl_span_of(line));
	shot->is_socket = !log->is_file;
	const char *path = log->is_file ? log->target : "/dev/log";

	if (strlen(path) >= sizeof shot->path)
		return;
	memcpy(shot->path, path, strlen(path) + 1);
	if (log->is_file) {
		out_stamp(&out);
	} else {
		gl_out_byte(&out, '<');
		gl_out_decimal(&out, log->facility | level_code(level));
		gl_out_byte(&out, '>');
	}
	out_ident(&out, log);
	shot->head = out.len;
	gl_log_shot_say(shot, text);
}

void gl_log_shot_say(struct gl_log_shot *shot, const char *line)
{
	size_t room = sizeof shot->bytes - 1 - shot->head;
	struct gl_out out = gl_out_into(shot->bytes + shot->head, room);

	if (shot->head == 0)
		return;
	gl_out_span(&out, gl_span_head(gl_span_of(line), room));
	shot->len = shot->head + out.len;
	if (!shot->is_socket)
		shot->bytes[shot->len++] = '\n';
}

/* Never waits: a full syslog socket loses the line instead of the mail. */
static void send_to(const char *path, struct gl_span line)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd = -1;

	if (len < sizeof to.sun_path)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	memcpy(to.sun_path, path, len + 1);
	(void)sendto(fd, line.at, line.len, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to);
	close(fd);
}

void gl_log_fire(const struct gl_log_shot *shot)
{
	struct gl_span line = { .at = shot->bytes, .len = shot->len };
	int kept = errno;

	if (shot->len > 0 && shot->is_socket)
		send_to(shot->path, line);
	else if (shot->len > 0)
		(void)append_to(shot->path, line);
	errno = kept;
}
