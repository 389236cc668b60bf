/* Lines of a log, plain and packed, whole and broken, one byte at a time and in a bomb. */
#include "greylist/maillog.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "packed.h"
#include "same.h"

enum { ROOM = 1 << 20, MANY = 3000 };

/* Lines of which most tests read: so many of them that no buffer holds them all. */
static struct gl_span many_lines(void)
{
	static char text[ROOM];
	size_t len = 0;
	for (int i = 0; i < MANY; i++)
		len += (size_t)snprintf(
		    text + len, sizeof text - len, "line %d %0*d\n", i, i % 200 + 1, 0);
	return (struct gl_span){ text, len };
}

static int file_of(struct gl_span bytes)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.at, bytes.len), bytes.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Reads to the end, which has to be `ending`; returns how many lines were the expected ones. */
static int read_many(int fd, enum gl_status ending)
{
	struct gl_maillog *log = gl_maillog_open(fd, -1);
	struct gl_span line;
	enum gl_status status;
	int count = 0;
	assert_non_null(log);
	while ((status = gl_maillog_next(log, &line)) == GL_OK) {
		char expected[300];
		snprintf(expected, sizeof expected, "line %d %0*d", count, count % 200 + 1, 0);
		same_text("line", line, expected);
		count++;
	}
	same_status(gl_maillog_trouble(log), status, ending);
	assert_int_equal(gl_maillog_next(log, &line), ending);
	gl_maillog_close(log);
	close(fd);
	return count;
}

static void plain_text_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_many(file_of(many_lines()), GL_NOT_FOUND), MANY);
	assert_int_equal(read_many(file_of(gl_span_of("")), GL_NOT_FOUND), 0);
	assert_int_equal(read_many(file_of(gl_span_of("line 0 0\nline 1 00")), GL_NOT_FOUND), 2);
}

static void packed_text_is_read(void **state)
{
	(void)state;
	for (enum packing packing = PACKED_GZIP; packing <= PACKED_XZ; packing++) {
		struct gl_span bytes = packed(packing, many_lines());
		if (bytes.len == 0)
			continue;
		assert_true(bytes.len < many_lines().len);
		assert_int_equal(read_many(file_of(bytes), GL_NOT_FOUND), MANY);
	}
}

/* As `cat a.gz b.gz` makes it. */
static void archives_one_behind_the_other_are_one(void **state)
{
	static char both[ROOM];
	(void)state;
	for (enum packing packing = PACKED_GZIP; packing <= PACKED_XZ; packing++) {
		size_t len = 0;
		for (int part = 0; part < 2; part++) {
			struct gl_span bytes = packed(
			    packing, gl_span_of(part == 0 ? "line 0 0\nli" : "ne 1 00\n"));
			memcpy(both + len, bytes.at, bytes.len);
			len += bytes.len;
		}
		if (len > 0)
			assert_int_equal(
			    read_many(file_of((struct gl_span){ both, len }), GL_NOT_FOUND), 2);
	}
}

static void a_cut_archive_gives_what_is_in_front_of_the_cut(void **state)
{
	(void)state;
	for (enum packing packing = PACKED_GZIP; packing <= PACKED_XZ; packing++) {
		struct gl_span bytes = packed(packing, many_lines());
		/* The magic number alone is a cut archive too. */
		for (size_t len = 6; len < bytes.len; len += 97) {
			int lines = read_many(file_of(gl_span_head(bytes, len)), GL_CORRUPT);
			assert_true(lines <= MANY);
		}
		if (bytes.len > 0)
			assert_true(
			    read_many(file_of(gl_span_head(bytes, bytes.len - 1)), GL_CORRUPT) > 0);
	}
}

static void a_damaged_archive_is_told(void **state)
{
	static char damaged[ROOM];
	(void)state;
	for (enum packing packing = PACKED_GZIP; packing <= PACKED_XZ; packing++) {
		struct gl_span bytes = packed(packing, many_lines());
		if (bytes.len == 0)
			continue;
		memcpy(damaged, bytes.at, bytes.len);
		memset(damaged + bytes.len / 2, 0xff, 64);
		int fd = file_of((struct gl_span){ damaged, bytes.len });
		struct gl_maillog *log = gl_maillog_open(fd, -1);
		struct gl_span line;
		enum gl_status status;
		while ((status = gl_maillog_next(log, &line)) == GL_OK || status == GL_TOO_LONG)
			continue;
		same_status("damaged", status, GL_CORRUPT);
		assert_non_null(strstr(gl_maillog_trouble(log), "archive"));
		gl_maillog_close(log);
		close(fd);
	}
}

static void other_archives_are_refused_by_name(void **state)
{
	static const struct gl_span others[] = { BYTES("BZh91AY&SY"),
		BYTES("\x28\xb5\x2f\xfd\0\0") };
	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(read_many(file_of(others[i]), GL_UNSUPPORTED), 0);
	if (!gl_maillog_reads_gzip())
		assert_int_equal(read_many(file_of((struct gl_span)BYTES("\x1f\x8b\x08\0\0\0\0\0")),
				     GL_UNSUPPORTED),
		    0);
	if (!gl_maillog_reads_xz())
		assert_int_equal(read_many(file_of((struct gl_span)BYTES("\xfd"
									 "7zXZ\0\0")),
				     GL_UNSUPPORTED),
		    0);
}

static void a_line_has_a_limit_and_the_next_is_good(void **state)
{
	static char text[4 * GL_MAILLOG_LINE_MAX];
	static const size_t sizes[] = { GL_MAILLOG_LINE_MAX, GL_MAILLOG_LINE_MAX + 1,
		3 * GL_MAILLOG_LINE_MAX };
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		memset(text, 'x', sizes[i]);
		memcpy(text + sizes[i], "\nnext\n", 6);
		int fd = file_of((struct gl_span){ text, sizes[i] + 6 });
		struct gl_maillog *log = gl_maillog_open(fd, -1);
		struct gl_span line;
		assert_int_equal(gl_maillog_next(log, &line), i == 0 ? GL_OK : GL_TOO_LONG);
		assert_int_equal(gl_maillog_next(log, &line), GL_OK);
		same_text("next", line, "next");
		assert_int_equal(gl_maillog_next(log, &line), GL_NOT_FOUND);
		assert_int_equal(gl_maillog_bytes(log), sizes[i] + 6);
		gl_maillog_close(log);
		close(fd);
	}
}

/* 64 MiB without a newline in some ten kilobytes: one line too long, in the memory of any. */
static void a_bomb_is_one_line_that_is_too_long(void **state)
{
	(void)state;
	for (enum packing packing = PACKED_GZIP; packing <= PACKED_XZ; packing++) {
		struct gl_span bytes = packed_bomb(packing, 64);
		if (bytes.len == 0)
			continue;
		int fd = file_of(bytes);
		struct gl_maillog *log = gl_maillog_open(fd, -1);
		struct gl_span line;
		assert_int_equal(gl_maillog_next(log, &line), GL_TOO_LONG);
		assert_int_equal(gl_maillog_next(log, &line), GL_NOT_FOUND);
		gl_maillog_close(log);
		close(fd);
	}
}

static void what_comes_byte_by_byte_is_the_same(void **state)
{
	(void)state;
	for (enum packing packing = PACKED_NOT; packing <= PACKED_XZ; packing++) {
		struct gl_span bytes = packed(packing, gl_span_of("line 0 0\nline 1 00\n"));
		int ends[2];
		if (bytes.len == 0)
			continue;
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			for (size_t i = 0; i < bytes.len; i++)
				if (write(ends[1], bytes.at + i, 1) != 1 || usleep(200) != 0)
					_exit(1);
			_exit(0);
		}
		close(ends[1]);
		assert_int_equal(read_many(ends[0], GL_NOT_FOUND), 2);
	}
}

static void a_signal_ends_the_wait(void **state)
{
	int ends[2], stop[2];
	struct gl_span line;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(stop), 0);
	struct gl_maillog *log = gl_maillog_open(ends[0], stop[0]);
	assert_int_equal(write(ends[1], "first line\nhalf a", 17), 17);
	assert_int_equal(gl_maillog_next(log, &line), GL_OK);
	assert_int_equal(write(stop[1], "!", 1), 1);
	assert_int_equal(gl_maillog_next(log, &line), GL_MORE);
	gl_maillog_close(log);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(stop[i]);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	struct gl_span line;
	(void)state;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct gl_maillog *log = gl_maillog_open(fd, -1);
	assert_int_equal(gl_maillog_next(log, &line), GL_FAILED);
	assert_string_equal(gl_maillog_trouble(log), "Is a directory");
	gl_maillog_close(log);
	gl_maillog_close(NULL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_read),
		cmocka_unit_test(packed_text_is_read),
		cmocka_unit_test(archives_one_behind_the_other_are_one),
		cmocka_unit_test(a_cut_archive_gives_what_is_in_front_of_the_cut),
		cmocka_unit_test(a_damaged_archive_is_told),
		cmocka_unit_test(other_archives_are_refused_by_name),
		cmocka_unit_test(a_line_has_a_limit_and_the_next_is_good),
		cmocka_unit_test(a_bomb_is_one_line_that_is_too_long),
		cmocka_unit_test(what_comes_byte_by_byte_is_the_same),
		cmocka_unit_test(a_signal_ends_the_wait),
		cmocka_unit_test(what_cannot_be_read_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
