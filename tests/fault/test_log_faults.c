/* Whatever fails while a line is logged, it arrives once: in the file, or in syslog with a reason.
 */
#include "greylist/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log_world.h"
#include "syslog_double.h"
#include "trial.h"

static const int codes[] = { ENOSPC, EIO, EACCES, EMFILE, EINTR };

struct logging {
	struct log_world *world;
	struct gl_log *log; /* what a run opened, until it is closed */
	struct gl_log_shot shot;
	int code;
	int kept_errno;
	bool alone;  /* descriptor 0 is free during the run, for a file to land on */
	bool landed; /* and one was left there */
};

static void prepare(void *context)
{
	struct logging *logging = context;

	unlink(logging->world->path);
	*syslog_double() = (struct syslog_double){ .lines = 0 };
}

/* How often a text stands in another. */
static int times(const char *haystack, const char *needle)
{
	int found = 0;

	for (const char *at = strstr(haystack, needle); at != NULL; at = strstr(at + 1, needle))
		found++;
	return found;
}

static int times_in_file(struct logging *logging, const char *needle)
{
	if (access(logging->world->path, F_OK) != 0)
		return 0;
	return times(log_world_content(logging->world), needle);
}

/* With nothing failing any more, a line goes to the file. */
static void check_next_line(struct logging *logging)
{
	struct gl_log *log = log_world_open(logging->world->path);

	prepare(logging);
	gl_log_line(log, GL_LOG_INFO, gl_span_of("works again"));
	gl_log_close(log);
	assert_string_equal(log_world_line(logging->world), "works again\n");
	assert_int_equal(syslog_double()->lines, 0);
}

static void run_lines(void *context)
{
	struct logging *logging = context;
	int kept = -1;

	if (logging->alone) {
		kept = dup(0);
		close(0);
	}
	gl_log_line(logging->log, GL_LOG_INFO, gl_span_of("first line"));
	gl_log_printf(logging->log, GL_LOG_WARNING, "%s line", "second");
	if (logging->alone) {
		logging->landed = dup(0) >= 0;
		dup2(kept, 0);
		close(kept);
	}
}

static void check_lines(void *context, const char *where)
{
	static const char *const lines[] = { "first line\n", "warning: second line\n" };
	struct logging *logging = context;
	const char *kept = syslog_double()->text;
	int missing = 0;

	assert_false(logging->landed);
	for (size_t i = 0; i < 2; i++) {
		int in_file = times_in_file(logging, lines[i]);
		int in_syslog = times(kept, lines[i]);

		missing += in_syslog;
		if (in_file + in_syslog != 1)
			fail_msg("%s failed, and line %zu arrived %d times",
			    where != NULL ? where : "nothing", i, in_file + in_syslog);
	}
	assert_int_equal(times(kept, "<4>warning: cannot write to /"), missing);
	assert_int_equal(times(kept, strerror(logging->code)), missing);
	if (where == NULL)
		assert_int_equal(syslog_double()->lines, 0);
	check_next_line(logging);
}

static void log_with_failures(struct logging *logging, const char *met)
{
	struct trial trial = { prepare, run_lines, check_lines, .context = logging };

	logging->log = log_world_open(logging->world->path);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		logging->code = codes[i];
		trial_fail_every_call(&trial, FAULT_SYSTEM, codes[i]);
	}
	gl_log_close(logging->log);
	trial_met(&trial, met);
}

static void a_line_arrives_whatever_fails(void **state)
{
	struct logging logging = { .world = *state };

	log_with_failures(&logging, "gethostname open write");
}

static void a_file_that_lands_below_three_is_no_exception(void **state)
{
	struct logging logging = { .world = *state, .alone = true };

	log_with_failures(&logging, "gethostname open fcntl write");
}

static void an_interrupted_write_is_done_again(void **state)
{
	struct log_world *world = *state;
	struct gl_log *log = log_world_open(world->path);

	for (unsigned n = 1; n == 1 || strcmp(fault_where(), "write") != 0; n++) {
		unlink(world->path);
		fault_arm(FAULT_SYSTEM, n, EINTR);
		gl_log_line(log, GL_LOG_INFO, gl_span_of("x"));
		assert_true(fault_disarm());
	}
	gl_log_close(log);
	assert_string_equal(log_world_line(world), "x\n");
}

static void run_shot(void *context)
{
	struct logging *logging = context;

	errno = ERANGE;
	gl_log_fire(&logging->shot);
	logging->kept_errno = errno;
}

static void check_shot(void *context, const char *where)
{
	struct logging *logging = context;

	assert_int_equal(logging->kept_errno, ERANGE);
	assert_int_equal(syslog_double()->lines, 0);
	if (where == NULL && !logging->shot.is_socket)
		assert_int_equal(times_in_file(logging, "shot\n"), 1);
	check_next_line(logging);
}

static void fire_with_failures(struct logging *logging, const char *target, const char *met)
{
	struct trial trial = { prepare, run_shot, check_shot, .context = logging };
	struct gl_log *log = log_world_open(target);

	gl_log_prepare(log, &logging->shot, GL_LOG_INFO, "shot");
	gl_log_close(log);
	/* never the machine's own socket */
	memcpy(logging->shot.path, logging->world->path, strlen(logging->world->path) + 1);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		trial_fail_every_call(&trial, FAULT_SYSTEM, codes[i]);
	trial_met(&trial, met);
}

static void a_shot_is_lost_quietly(void **state)
{
	struct logging logging = { .world = *state };

	fire_with_failures(&logging, logging.world->path, "open write");
	fire_with_failures(&logging, "syslog", "socket sendto");
}

static void run_open(void *context)
{
	struct logging *logging = context;
	struct gl_log_options options = { logging->world->path, "grey-test", "local3" };
	struct gl_log *log = gl_log_open(&options);

	logging->log = log;
	gl_log_line(log, GL_LOG_INFO, gl_span_of("line"));
	gl_log_prepare(log, &logging->shot, GL_LOG_INFO, "shot");
	gl_log_fire(&logging->shot);
	gl_log_close(log);
}

static void check_open(void *context, const char *where)
{
	struct logging *logging = context;
	int wanted = where == NULL;

	assert_int_equal(logging->log != NULL, wanted);
	assert_int_equal(times_in_file(logging, "line\n"), wanted);
	assert_int_equal(times_in_file(logging, "shot\n"), wanted);
	assert_int_equal(syslog_double()->lines, 0);
	check_next_line(logging);
}

static void without_memory_there_is_no_log(void **state)
{
	struct logging logging = { .world = *state };
	struct trial trial = { prepare, run_open, check_open, .context = &logging };

	trial_fail_every_call(&trial, FAULT_MEMORY, ENOMEM);
	trial_met(&trial, "calloc strdup");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_world_enter, log_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(a_line_arrives_whatever_fails),
		CASE(a_file_that_lands_below_three_is_no_exception),
		CASE(an_interrupted_write_is_done_again),
		CASE(a_shot_is_lost_quietly),
		CASE(without_memory_there_is_no_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
