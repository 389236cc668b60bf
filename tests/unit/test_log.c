#include "greylist/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_world.h"
#include "syslog_double.h"

static void a_line_goes_to_the_file(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);

	gl_log_line(log, GL_LOG_INFO, gl_span_of("action=pass, reason=triplet found"));
	gl_log_close(log);
	assert_string_equal(log_world_line(world), "action=pass, reason=triplet found\n");
	assert_int_equal(syslog_double()->lines, 0);
}

static void the_file_line_begins_like_syslogds(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
	char host[256] = "";

	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	host[strcspn(host, ".")] = '\0';
	gl_log_line(log, GL_LOG_INFO, gl_span_of("x"));
	gl_log_close(log);

	const char *text = log_world_content(world);
	/* Nov  3 09:05:07 */
	assert_int_equal(text[3], ' ');
	assert_int_equal(text[6], ' ');
	assert_int_equal(text[9], ':');
	assert_int_equal(text[12], ':');
	assert_int_equal(strncmp(text + 16, host, strlen(host)), 0);
}

static void a_warning_says_so_once(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);

	gl_log_line(log, GL_LOG_WARNING, gl_span_of("no space left"));
	assert_string_equal(log_world_line(world), "warning: no space left\n");
	assert_int_equal(unlink(world->path), 0);
	gl_log_printf(log, GL_LOG_WARNING, "warning: %s", "already said");
	assert_string_equal(log_world_line(world), "warning: already said\n");
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
	struct log_world *world = *state;

	for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
		struct gl_log *log = log_world_open(world->path);

		gl_log_line(log, GL_LOG_INFO, gl_span_of(forged[i].line));
		gl_log_close(log);
		if (strcmp(log_world_line(world), forged[i].written) != 0)
			fail_msg("%s: %s", forged[i].name, log_world_line(world));
		assert_int_equal(unlink(world->path), 0);
	}
}

static void a_long_line_is_cut_and_ends(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
	char line[9000];

	memset(line, 'x', sizeof line);
	gl_log_line(log, GL_LOG_INFO, (struct gl_span){ line, sizeof line });
	gl_log_close(log);
	assert_int_equal(strlen(log_world_line(world)), 4096 + 1);
}

static void a_rotated_file_is_made_anew(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
	char old[600];

	gl_log_line(log, GL_LOG_INFO, gl_span_of("first"));
	snprintf(old, sizeof old, "%s.1", world->path);
	assert_int_equal(rename(world->path, old), 0);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("second"));
	gl_log_close(log);
	assert_string_equal(log_world_line(world), "second\n");
}

static void the_file_is_not_for_everybody(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
	struct stat info;
	mode_t mask = umask(0);

	gl_log_line(log, GL_LOG_INFO, gl_span_of("x"));
	umask(mask);
	gl_log_close(log);
	assert_int_equal(stat(world->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

/* spawn(8) puts the SMTP server on 0, 1 and 2: a log file that lands there would answer mail. */
static void the_first_three_descriptors_are_left_alone(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
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
	assert_non_null(strstr(log_world_content(world), "written\n"));
	assert_non_null(strstr(log_world_content(world), "fired\n"));
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_world_enter, log_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(a_line_goes_to_the_file),
		CASE(the_file_line_begins_like_syslogds),
		CASE(a_warning_says_so_once),
		CASE(foreign_bytes_cannot_forge_a_line),
		CASE(a_long_line_is_cut_and_ends),
		CASE(a_rotated_file_is_made_anew),
		CASE(the_file_is_not_for_everybody),
		CASE(the_first_three_descriptors_are_left_alone),
		CASE(facilities_are_those_of_syslog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
