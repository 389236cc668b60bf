#include "greylist/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "log_world.h"
#include "syslog_double.h"

static void none_writes_nothing(void **state)
{
	struct gl_log *log = log_world_open("none");
	struct gl_log_shot shot;

	(void)state;
	gl_log_line(log, GL_LOG_WARNING, gl_span_of("x"));
	gl_log_printf(log, GL_LOG_WARNING, "%s", "x");
	gl_log_prepare(log, &shot, GL_LOG_WARNING, "x");
	assert_int_equal(shot.len, 0);
	gl_log_fire(&shot);
	gl_log_close(log);
	assert_int_equal(syslog_double()->lines, 0);
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
	assert_int_equal(syslog_double()->lines, 0);
}

static void syslog_gets_ident_facility_and_level(void **state)
{
	struct gl_log *log = log_world_open("syslog");

	(void)state;
	assert_string_equal(syslog_double()->ident, "");
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one\ntwo %s"));
	assert_string_equal(syslog_double()->ident, "grey-test");
	assert_int_equal(syslog_double()->facility, 19 << 3); /* local3 */
	gl_log_line(log, GL_LOG_WARNING, gl_span_of("three"));
	gl_log_close(log);
	assert_string_equal(syslog_double()->ident, "");
	assert_string_equal(syslog_double()->text, "<6>one?two %s\n<4>warning: three\n");
}

static void a_file_that_cannot_be_opened_gives_way_to_syslog(void **state)
{
	struct log_world *world = *state;
	char path[600];

	snprintf(path, sizeof path, "%s/missing/log", world->dir);
	struct gl_log *log = log_world_open(path);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one"));
	gl_log_line(log, GL_LOG_INFO, gl_span_of("two"));
	gl_log_close(log);

	/* The reason comes once, the lines always. */
	assert_int_equal(syslog_double()->lines, 3);
	assert_non_null(strstr(
	    syslog_double()->text, "/missing/log: No such file or directory\n<6>one\n<6>two"));
	assert_int_equal(strncmp(syslog_double()->text, "<4>warning: cannot write to /", 29), 0);
}

static void a_fifo_without_a_reader_holds_nobody_up(void **state)
{
	struct log_world *world = *state;

	assert_int_equal(mkfifo(world->path, 0600), 0);
	struct gl_log *log = log_world_open(world->path);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("one"));
	gl_log_close(log);
	assert_int_equal(syslog_double()->lines, 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_world_enter, log_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(none_writes_nothing),
		CASE(no_log_is_fine),
		CASE(syslog_gets_ident_facility_and_level),
		CASE(a_file_that_cannot_be_opened_gives_way_to_syslog),
		CASE(a_fifo_without_a_reader_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
