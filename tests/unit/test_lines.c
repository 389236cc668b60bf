/* Lines of an input that comes in pieces, may be interrupted, and may have lines without end. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lines.h"
#include "same.h"

enum { LONGEST = 8 };

struct input {
	int ends[2];
	struct gl_interrupt interrupt;
	struct gl_lines *lines;
};

static int setup(void **state)
{
	struct input *input = calloc(1, sizeof *input);
	if (input == NULL || pipe(input->ends) != 0)
		return -1;
	input->interrupt.fd = -1;
	input->lines = gl_lines_new(input->ends[0], &input->interrupt, LONGEST);
	*state = input;
	return input->lines == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	struct input *input = *state;
	gl_lines_free(input->lines);
	close(input->ends[0]);
	close(input->ends[1]);
	free(input);
	return 0;
}

static void send(const struct input *input, struct gl_span bytes)
{
	assert_int_equal(write(input->ends[1], bytes.at, bytes.len), bytes.len);
}

static void end(struct input *input)
{
	close(input->ends[1]);
	input->ends[1] = -1;
}

/* What the next line comes to; `want` is NULL where there is none. */
static void next(struct input *input, enum gl_status status, const char *want)
{
	struct gl_span line = { NULL, 0 };
	assert_int_equal(gl_lines_next(input->lines, &line), status);
	if (want != NULL)
		same_text("line", line, want);
}

static void lines_are_handed_out_and_counted(void **state)
{
	struct input *input = *state;
	send(input, gl_span_of("one\n\ntwo\r\nlast"));
	end(input);
	next(input, GL_OK, "one");
	assert_int_equal(gl_lines_number(input->lines), 1);
	assert_int_equal(gl_lines_bytes(input->lines), 4);
	next(input, GL_OK, "");
	next(input, GL_OK, "two\r");
	next(input, GL_OK, "last");
	assert_int_equal(gl_lines_number(input->lines), 4);
	assert_int_equal(gl_lines_bytes(input->lines), 14);
	next(input, GL_NOT_FOUND, NULL);
	next(input, GL_NOT_FOUND, NULL);
}

static void the_longest_line_is_whole_and_a_longer_one_is_passed_over(void **state)
{
	struct input *input = *state;
	send(input, gl_span_of("12345678\n123456789\nok\n12345678901234567890123\n12345678\n"));
	send(input, gl_span_of("123456789012345678"));
	end(input);
	next(input, GL_OK, "12345678");
	next(input, GL_TOO_LONG, NULL);
	assert_int_equal(gl_lines_number(input->lines), 2);
	next(input, GL_OK, "ok");
	next(input, GL_TOO_LONG, NULL);
	next(input, GL_OK, "12345678");
	next(input, GL_TOO_LONG, NULL);
	assert_int_equal(gl_lines_number(input->lines), 6);
	assert_int_equal(gl_lines_bytes(input->lines), 73);
	next(input, GL_NOT_FOUND, NULL);
}

static void a_longer_line_that_ends_with_the_buffer_is_one_line(void **state)
{
	struct input *input = *state;
	send(input, gl_span_of("123456789"));
	end(input);
	next(input, GL_TOO_LONG, NULL);
	next(input, GL_NOT_FOUND, NULL);
}

/* A signal that is waiting breaks off where more would have to be read, and nothing is lost. */
static void a_signal_breaks_off_and_the_line_goes_on(void **state)
{
	struct input *input = *state;
	struct gl_interrupt *interrupt = &input->interrupt;
	send(input, gl_span_of("one\n12"));
	next(input, GL_OK, "one");
	gl_interrupt_begin(interrupt);
	raise(SIGTERM);
	next(input, GL_MORE, NULL);
	next(input, GL_MORE, NULL);
	siginfo_t info;
	sigset_t all;
	sigfillset(&all);
	assert_int_equal(sigwaitinfo(&all, &info), SIGTERM);
	gl_interrupt_end(interrupt);
	send(input, gl_span_of("3\n"));
	next(input, GL_OK, "123");
	assert_int_equal(gl_lines_number(input->lines), 2);
}

static void an_unreadable_input_fails(void **state)
{
	struct input *input = *state;
	struct gl_lines *lines = gl_lines_new(input->ends[1], &input->interrupt, LONGEST);
	struct gl_span line;
	end(input);
	assert_int_equal(gl_lines_next(lines, &line), GL_FAILED);
	assert_int_equal(errno, EBADF);
	gl_lines_free(lines);
}

int main(void)
{
#define PIPE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		PIPE_TEST(lines_are_handed_out_and_counted),
		PIPE_TEST(the_longest_line_is_whole_and_a_longer_one_is_passed_over),
		PIPE_TEST(a_longer_line_that_ends_with_the_buffer_is_one_line),
		PIPE_TEST(a_signal_breaks_off_and_the_line_goes_on),
		PIPE_TEST(an_unreadable_input_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
