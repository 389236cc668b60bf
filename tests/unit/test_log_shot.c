#include "greylist/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_world.h"
#include "syslog_double.h"

static void a_shot_is_one_line_of_the_file(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
	struct gl_log_shot shot;

	gl_log_prepare(log, &shot, GL_LOG_WARNING, "time is up\nsshd: root");
	gl_log_close(log);
	errno = EAGAIN;
	gl_log_fire(&shot);
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(log_world_line(world), "warning: time is up?sshd: root\n");
}

static void a_long_shot_is_cut_and_ends(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);
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
	struct log_world *world = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct gl_log *log = log_world_open("syslog");
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
	assert_int_equal(syslog_double()->lines, 0);
}

static void a_shot_at_nobody_is_lost_quietly(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open("syslog");
	struct gl_log_shot shot;

	gl_log_prepare(log, &shot, GL_LOG_INFO, "x");
	gl_log_close(log);
	memcpy(shot.path, world->path, strlen(world->path) + 1);
	errno = 0;
	gl_log_fire(&shot);
	assert_int_equal(errno, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_world_enter, log_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(a_shot_is_one_line_of_the_file),
		CASE(a_long_shot_is_cut_and_ends),
		CASE(a_shot_is_a_datagram_for_dev_log),
		CASE(a_shot_at_nobody_is_lost_quietly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
