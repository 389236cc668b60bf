#include "textfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tmpdir.h"

static int make(void **state)
{
	*state = tmpdir_make();
	return 0;
}

static int drop(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static void assert_holds(const char *path, const char *expected)
{
	struct gl_complaint why;
	char *bytes;
	size_t len = 0;

	assert_int_equal(gl_textfile_read(&bytes, &len, path, &why), GL_OK);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(bytes, expected, len);
	free(bytes);
}

static unsigned names_in(const char *directory)
{
	DIR *open = opendir(directory);
	unsigned count = 0;

	assert_non_null(open);
	while (readdir(open) != NULL)
		count++;
	closedir(open);
	return count - 2; /* . and .. */
}

static void a_replaced_file_keeps_its_mode_and_leaves_nothing_behind(void **state)
{
	const char *path = tmpdir_path(*state, "a");
	struct gl_complaint why;
	struct stat found;

	tmpdir_write(*state, "a", "old", 3);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(gl_textfile_replace(path, gl_span_of("new bytes"), &why), GL_OK);
	assert_holds(path, "new bytes");
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0640);
	assert_int_equal(names_in(*state), 1);
}

static void a_new_file_is_closed_to_others(void **state)
{
	const char *path = tmpdir_path(*state, "new");
	struct gl_complaint why;
	struct stat found;

	assert_int_equal(gl_textfile_replace(path, gl_span_of(""), &why), GL_OK);
	assert_holds(path, "");
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
}

static void a_symbolic_link_stays_one(void **state)
{
	char target[256];
	const char *link;
	struct gl_complaint why;
	struct stat found;

	tmpdir_write(*state, "target", "old", 3);
	snprintf(target, sizeof target, "%s", tmpdir_path(*state, "target"));
	link = tmpdir_path(*state, "link");
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(gl_textfile_replace(link, gl_span_of("new"), &why), GL_OK);
	assert_holds(target, "new");
	assert_int_equal(lstat(link, &found), 0);
	assert_true(S_ISLNK(found.st_mode));
}

static void what_is_not_there_is_said_by_name(void **state)
{
	const char *path = tmpdir_path(*state, "none/file");
	struct gl_complaint why;
	char *bytes;
	size_t len;

	assert_int_equal(gl_textfile_read(&bytes, &len, path, &why), GL_NOT_FOUND);
	assert_null(bytes);
	assert_non_null(strstr(why.text, "none/file"));
	assert_int_equal(gl_textfile_replace(path, gl_span_of("x"), &why), GL_NOT_FOUND);
}

static void a_file_over_the_limit_is_not_read(void **state)
{
	const char *path = tmpdir_path(*state, "large");
	struct gl_complaint why;
	char *bytes;
	size_t len;

	tmpdir_write(*state, "large", "", 0);
	assert_int_equal(truncate(path, GL_TEXTFILE_MAX + 1), 0);
	assert_int_equal(gl_textfile_read(&bytes, &len, path, &why), GL_TOO_LONG);
	assert_null(bytes);
	assert_int_equal(truncate(path, GL_TEXTFILE_MAX), 0);
	assert_int_equal(gl_textfile_read(&bytes, &len, path, &why), GL_OK);
	assert_int_equal(len, GL_TEXTFILE_MAX);
	free(bytes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_replaced_file_keeps_its_mode_and_leaves_nothing_behind),
		TEST(a_new_file_is_closed_to_others),
		TEST(a_symbolic_link_stays_one),
		TEST(what_is_not_there_is_said_by_name),
		TEST(a_file_over_the_limit_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
