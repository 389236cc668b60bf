#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/rules.h"

#include "tmpdir.h"

static int set_up(void **state)
{
	*state = tmpdir_make();
	return 0;
}

static int tear_down(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static void write_list(const char *directory, const char *name, const char *text)
{
	tmpdir_write(directory, name, text, strlen(text));
}

/* The last stamp that was taken, and the one before it. */
struct stamps {
	uint8_t before[GL_STAMP_SIZE];
	uint8_t after[GL_STAMP_SIZE];
};

static bool changed(struct stamps *stamps, const struct gl_rules_input *input)
{
	gl_rules_stamp(stamps->after, input, 1);
	bool differs = memcmp(stamps->before, stamps->after, GL_STAMP_SIZE) != 0;

	memcpy(stamps->before, stamps->after, GL_STAMP_SIZE);
	return differs;
}

static void test_the_stamp_follows_the_file(void **state)
{
	char *directory = *state;
	char path[512];
	struct gl_rules_input input = { .list = GL_LIST_CLIENTS, .path = path };
	struct stamps stamps;
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000, .tv_nsec = 1 } };

	snprintf(path, sizeof path, "%s/list", directory);
	gl_rules_stamp(stamps.before, &input, 1);
	assert_false(changed(&stamps, &input));
	write_list(directory, "list", "a.example\n");
	assert_true(changed(&stamps, &input));
	assert_false(changed(&stamps, &input));
	write_list(directory, "list", "a.example\nb.example\n");
	assert_true(changed(&stamps, &input));
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_true(changed(&stamps, &input));
	times[1].tv_nsec = 2;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_true(changed(&stamps, &input));
	write_list(directory, "new", "c.example\nd.example\n");
	assert_int_equal(rename(tmpdir_path(directory, "new"), path), 0);
	assert_true(changed(&stamps, &input));
	assert_int_equal(unlink(path), 0);
	assert_true(changed(&stamps, &input));
}

static void test_the_stamp_follows_list_path_and_order(void **state)
{
	struct gl_rules_input inputs[2];
	struct gl_rules_input turned[2];
	uint8_t one[GL_STAMP_SIZE];
	uint8_t other[GL_STAMP_SIZE];

	(void)state;
	inputs[0] = turned[1] = (struct gl_rules_input){ .path = "a" };
	inputs[1] = turned[0] = (struct gl_rules_input){ .path = "b" };
	gl_rules_stamp(one, inputs, 2);
	gl_rules_stamp(other, turned, 2);
	assert_memory_not_equal(one, other, GL_STAMP_SIZE);
	gl_rules_stamp(one, inputs, 1);
	gl_rules_stamp(other, inputs, 2);
	assert_memory_not_equal(one, other, GL_STAMP_SIZE);
	inputs[0].list = GL_LIST_SENDERS;
	gl_rules_stamp(other, inputs, 1);
	assert_memory_not_equal(one, other, GL_STAMP_SIZE);
}

static void test_the_stamp_follows_the_words(void **state)
{
	static const char *const one_word[] = { "192.0.2.1192.0.2.2" };
	static const char *const two_words[] = { "192.0.2.1", "192.0.2.2" };
	struct gl_rules_input input = { .list = GL_LIST_RELAYS,
		.path = "conf",
		.words = two_words,
		.word_count = 2,
		.line = 4 };
	struct stamps stamps;
	char long_word[2000];
	const char *long_words[] = { long_word };

	(void)state;
	gl_rules_stamp(stamps.before, &input, 1);
	input.word_count = 1;
	assert_true(changed(&stamps, &input));
	input.words = one_word;
	assert_true(changed(&stamps, &input));
	input.line = 5;
	assert_true(changed(&stamps, &input));
	memset(long_word, 'x', sizeof long_word);
	long_word[sizeof long_word - 1] = '\0';
	input.words = long_words;
	assert_true(changed(&stamps, &input));
	long_word[sizeof long_word - 2] = 'y';
	assert_true(changed(&stamps, &input));
	long_word[0] = 'y';
	assert_true(changed(&stamps, &input));
	assert_false(changed(&stamps, &input));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_stamp_follows_the_file, set_up, tear_down),
		cmocka_unit_test(test_the_stamp_follows_list_path_and_order),
		cmocka_unit_test(test_the_stamp_follows_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
