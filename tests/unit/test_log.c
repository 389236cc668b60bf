#include "greylist/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

/* Stand in front of libc's own: what would have gone to syslog is kept here. */
static char syslog_text[8192];
static char syslog_ident[64];
static int syslog_facility;
static int syslog_lines;

void openlog(const char *ident, int option, int facility);
void closelog(void);
void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void openlog(const char *ident, int option, int facility)
{
	(void)option;
	snprintf(syslog_ident, sizeof syslog_ident, "%s", ident);
	syslog_facility = facility;
}

void closelog(void)
{
	syslog_ident[0] = '\0';
}

__attribute__((format(printf, 2, 0))) static void keep_line(
    int priority, const char *format, va_list arguments)
{
	size_t used = strlen(syslog_text);

	syslog_lines++;
	snprintf(syslog_text + used, sizeof syslog_text - used, "<%d>", priority);
	used = strlen(syslog_text);
	vsnprintf(syslog_text + used, sizeof syslog_text - used, format, arguments);
	used = strlen(syslog_text);
	snprintf(syslog_text + used, sizeof syslog_text - used, "\n");
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}

struct world {
	char *dir;
	char path[512];
	char read[16384];
};

static int enter(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->dir = tmpdir_make();
	snprintf(world->path, sizeof world->path, "%s", tmpdir_path(world->dir, "log"));
	syslog_text[0] = '\0';
	syslog_lines = 0;
	*state = world;
	return 0;
}

static int leave(void **state)
{
	struct world *world = *state;

	tmpdir_remove(world->dir);
	free(world);
	return 0;
}

static struct gl_log *open_to(const char *target)
{
	struct gl_log_options options = { target, "grey-test", "local3" };
	struct gl_log *log = gl_log_open(&options);

	assert_non_null(log);
	return log;
}

/* The whole file, zero-terminated. */
static const char *content(struct world *world)
{
	FILE *file = fopen(world->path, "rb");

	assert_non_null(file);
	size_t len = fread(world->read, 1, sizeof world->read - 1, file);
	world->read[len] = '\0';
	fclose(file);
	return world->read;
}

/* What stands behind the "ident[pid]: " of the only line, which the newline ends. */
static const char *only_line(struct world *world)
{
	char ident[64];
	const char *text = content(world);
	const char *line_end = strchr(text, '\n');

	snprintf(ident, sizeof ident, " grey-test[%d]: ", (int)getpid());
	const char *found = strstr(text, ident);
	assert_non_null(found);
	assert_non_null(line_end);
	assert_int_equal(line_end[1], '\0');
	return found + strlen(ident);
}

static void a_line_goes_to_the_file(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);

	gl_log_line(log, GL_LOG_INFO, gl_span_of("action=pass, reason=triplet found"));
	gl_log_close(log);
	assert_string_equal(only_line(world), "action=pass, reason=triplet found\n");
	assert_int_equal(syslog_lines, 0);
}

static void the_file_line_begins_like_syslogds(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	char host[256] = "";

	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	host[strcspn(host, ".")] = '\0';
	gl_log_line(log, GL_LOG_INFO, gl_span_of("x"));
	gl_log_close(log);

	const char *text = content(world);
	/* Nov  3 09:05:07 */
	assert_int_equal(text[3], ' ');
	assert_int_equal(text[6], ' ');
	assert_int_equal(text[9], ':');
	assert_int_equal(text[12], ':');
	assert_int_equal(strncmp(text + 16, host, strlen(host)), 0);
}

static void a_warning_says_so_once(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);

	gl_log_line(log, GL_LOG_WARNING, gl_span_of("no space left"));
	assert_string_equal(only_line(world), "warning: no space left\n");
	assert_int_equal(unlink(world->path), 0);
	gl_log_printf(log, GL_LOG_WARNING, "warning: %s", "already said");
	assert_string_equal(only_line(world), "warning: already said\n");
	gl_log_close(log);
}

struct forged {
	const char *name;
	const char *line;
	const char *written;
};

static const struct forged forged[] = {
	{ "a newline does not begin a new line", "sender=a\nNov  3 00:00:00 mx sshd[1]: Accepted",
	    "sender=a?Nov  3 00:00:00 mx sshd[1]: Accepted\n" },
	{ "a carriage return does not hide a line", "sender=a\rhidden", "sender=a?hidden\n" },
	{ "an escape sequence does not reach a terminal", "a\033[2Jb", "a?[2Jb\n" },
	{ "a C1 control in UTF-8 does not either",
	    "a\xc2\x9b"
	    "2Jb",
	    "a??2Jb\n" },
	{ "a percent sign is no format", "100%s%n", "100%s%n\n" },
	{ "a name in UTF-8 stays readable", "m\xc3\xbcller", "m\xc3\xbcller\n" },
	{ "the newline at the end is dropped", "text\n", "text\n" },
};

static void foreign_bytes_cannot_forge_a_line(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
		struct gl_log *log = open_to(world->path);

		gl_log_line(log, GL_LOG_INFO, gl_span_of(forged[i].line));
		gl_log_close(log);
		if (strcmp(only_line(world), forged[i].written) != 0)
			fail_msg("%s: %s", forged[i].name, only_line(world));
		assert_int_equal(unlink(world->path), 0);
	}
}

static void a_long_line_is_cut_and_ends(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	char line[9000];

	memset(line, 'x', sizeof line);
	gl_log_line(log, GL_LOG_INFO, (struct gl_span){ line, sizeof line });
	gl_log_close(log);
	assert_int_equal(strlen(only_line(world)), 4096 + 1);
}

static void a_rotated_file_is_made_anew(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	char old[600];

	gl_log_line(log, GL_LOG_INFO, gl_span_of("first"));
	snprintf(old, sizeof old, "%s.1", world->path);
	assert_int_equal(rename(world->path, old), 0);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("second"));
	gl_log_close(log);
	assert_string_equal(only_line(world), "second\n");
}

static void the_file_is_not_for_everybody(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	struct stat info;
	mode_t mask = umask(0);

	gl_log_line(log, GL_LOG_INFO, gl_span_of("x"));
	umask(mask);
	gl_log_close(log);
	assert_int_equal(stat(world->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

static void none_writes_nothing(void **state)
{
	struct gl_log *log = open_to("none");
	struct gl_log_shot shot;

	(void)state;
	gl_log_line(log, GL_LOG_WARNING, gl_span_of("x"));
	gl_log_printf(log, GL_LOG_WARNING, "%s", "x");
	gl_log_prepare(log, &shot, GL_LOG_WARNING, "x");
	assert_int_equal(shot.len, 0);
	gl_log_fire(&shot);
	gl_log_close(log);
	assert_int_equal(syslog_lines, 0);
}

static void no_log_is_fine(void **state)
{
	struct gl_log_shot shot;

	(void)state;
	gl_log_line(NULL, GL_LOG_INFO, gl_span_of("x"));
	gl_log_printf(NULL, GL_LOG_INFO, "%s", "x");
	gl_log_prepare(NULL, &shot, GL_LOG_INFO, "x");
	gl_log_fire(&shot);
	gl_log_close(NULL);
	assert_int_equal(syslog_lines, 0);
}

static void syslog_gets_ident_facility_and_level(void **state)
{
	struct gl_log *log = open_to("syslog");

	(void)state;
	assert_string_equal(syslog_ident, "");
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one\ntwo %s"));
	assert_string_equal(syslog_ident, "grey-test");
	assert_int_equal(syslog_facility, 19 << 3); /* local3 */
	gl_log_line(log, GL_LOG_WARNING, gl_span_of("three"));
	gl_log_close(log);
	assert_string_equal(syslog_ident, "");
	assert_string_equal(syslog_text, "<6>one?two %s\n<4>warning: three\n");
}

static void a_file_that_cannot_be_opened_gives_way_to_syslog(void **state)
{
	struct world *world = *state;
	char path[600];

	snprintf(path, sizeof path, "%s/missing/log", world->dir);
	struct gl_log *log = open_to(path);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one"));
	gl_log_line(log, GL_LOG_INFO, gl_span_of("two"));
	gl_log_close(log);

	/* The reason comes once, the lines always. */
	assert_int_equal(syslog_lines, 3);
	assert_non_null(
	    strstr(syslog_text, "/missing/log: No such file or directory\n<6>one\n<6>two"));
	assert_int_equal(strncmp(syslog_text, "<4>warning: cannot write to /", 29), 0);
}

static void a_fifo_without_a_reader_holds_nobody_up(void **state)
{
	struct world *world = *state;

	assert_int_equal(mkfifo(world->path, 0600), 0);
	struct gl_log *log = open_to(world->path);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one"));
	gl_log_close(log);
	assert_int_equal(syslog_lines, 2);
}

/* spawn(8) puts the SMTP server on 0, 1 and 2: a log file that lands there would answer mail. */
static void the_first_three_descriptors_are_left_alone(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	struct gl_log_shot shot;
	int kept = dup(0);

	assert_true(kept > 2);
	gl_log_prepare(log, &shot, GL_LOG_INFO, "fired");
	close(0);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("written"));
	gl_log_fire(&shot);
	bool closed = fcntl(0, F_GETFD) < 0;
	assert_int_equal(dup2(kept, 0), 0);
	close(kept);
	gl_log_close(log);
	assert_true(closed);
	assert_non_null(strstr(content(world), "written\n"));
	assert_non_null(strstr(content(world), "fired\n"));
}

static void a_shot_is_one_line_of_the_file(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	struct gl_log_shot shot;

	gl_log_prepare(log, &shot, GL_LOG_WARNING, "time is up\nsshd: root");
	gl_log_close(log);
	errno = EAGAIN;
	gl_log_fire(&shot);
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(only_line(world), "warning: time is up?sshd: root\n");
}

static void a_long_shot_is_cut_and_ends(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to(world->path);
	struct gl_log_shot shot;
	char line[1000];

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	gl_log_prepare(log, &shot, GL_LOG_INFO, line);
	gl_log_close(log);
	assert_int_equal(shot.len, sizeof shot.bytes);
	assert_int_equal(shot.bytes[shot.len - 1], '\n');
}

static void a_shot_is_a_datagram_for_dev_log(void **state)
{
	struct world *world = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct gl_log *log = open_to("syslog");
	struct gl_log_shot shot;
	char wanted[128];
	char got[600] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	gl_log_prepare(log, &shot, GL_LOG_WARNING, "time is up");
	gl_log_close(log);
	assert_true(shot.is_socket);
	assert_string_equal(shot.path, "/dev/log");

	assert_true(strlen(world->path) < sizeof at.sun_path);
	memcpy(at.sun_path, world->path, strlen(world->path) + 1);
	memcpy(shot.path, world->path, strlen(world->path) + 1);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
	gl_log_fire(&shot);
	assert_true(recv(fd, got, sizeof got - 1, 0) > 0);
	close(fd);

	snprintf(wanted, sizeof wanted, "<%d>grey-test[%d]: warning: time is up", (19 << 3) + 4,
	    (int)getpid());
	assert_string_equal(got, wanted);
	assert_int_equal(syslog_lines, 0);
}

static void a_shot_at_nobody_is_lost_quietly(void **state)
{
	struct world *world = *state;
	struct gl_log *log = open_to("syslog");
	struct gl_log_shot shot;

	gl_log_prepare(log, &shot, GL_LOG_INFO, "x");
	gl_log_close(log);
	memcpy(shot.path, world->path, strlen(world->path) + 1);
	errno = 0;
	gl_log_fire(&shot);
	assert_int_equal(errno, 0);
}

static void facilities_are_those_of_syslog(void **state)
{
	(void)state;
	assert_true(gl_log_facility_known("mail"));
	assert_true(gl_log_facility_known("local7"));
	assert_false(gl_log_facility_known("kern"));
	assert_false(gl_log_facility_known("MAIL"));
	assert_false(gl_log_facility_known("local8"));
	assert_false(gl_log_facility_known(""));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_line_goes_to_the_file),
		CASE(the_file_line_begins_like_syslogds),
		CASE(a_warning_says_so_once),
		CASE(foreign_bytes_cannot_forge_a_line),
		CASE(a_long_line_is_cut_and_ends),
		CASE(a_rotated_file_is_made_anew),
		CASE(the_file_is_not_for_everybody),
		CASE(none_writes_nothing),
		CASE(no_log_is_fine),
		CASE(syslog_gets_ident_facility_and_level),
		CASE(a_file_that_cannot_be_opened_gives_way_to_syslog),
		CASE(a_fifo_without_a_reader_holds_nobody_up),
		CASE(the_first_three_descriptors_are_left_alone),
		CASE(a_shot_is_one_line_of_the_file),
		CASE(a_long_shot_is_cut_and_ends),
		CASE(a_shot_is_a_datagram_for_dev_log),
		CASE(a_shot_at_nobody_is_lost_quietly),
		CASE(facilities_are_those_of_syslog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
