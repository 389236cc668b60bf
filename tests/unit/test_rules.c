#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/regex.h"
#include "greylist/rules.h"

#include "tmpdir.h"

/* What was reported, one mistake a line, the test's directory cut off. */
struct mistakes {
	const char *directory;
	size_t count;
	char text[16384];
};

static void note(void *context, const char *mistake)
{
	struct mistakes *mistakes = context;
	size_t prefix = strlen(mistakes->directory);

	if (strncmp(mistake, mistakes->directory, prefix) == 0)
		mistake += prefix + 1;
	size_t len = strlen(mistakes->text);

	snprintf(mistakes->text + len, sizeof mistakes->text - len, "%s\n", mistake);
	mistakes->count++;
}

struct room {
	char *directory;
	struct mistakes mistakes;
	struct gl_ruleset *rules;
	char paths[4][512];
};

static int set_up(void **state)
{
	struct room *room = calloc(1, sizeof *room);

	if (room == NULL)
		return -1;
	room->directory = tmpdir_make();
	room->mistakes.directory = room->directory;
	*state = room;
	return 0;
}

static int tear_down(void **state)
{
	struct room *room = *state;

	gl_rules_free(room->rules);
	gl_rules_free(NULL);
	tmpdir_remove(room->directory);
	free(room);
	return 0;
}

static void write_list(struct room *room, const char *name, const char *text)
{
	tmpdir_write(room->directory, name, text, strlen(text));
}

static struct gl_rules_input list_file(
    struct room *room, size_t place, enum gl_list list, const char *name)
{
	snprintf(room->paths[place], sizeof room->paths[place], "%s/%s", room->directory, name);
	return (struct gl_rules_input){ .list = list, .path = room->paths[place] };
}

static enum gl_status compile(struct room *room, const struct gl_rules_input *inputs, size_t count)
{
	struct gl_rules_hooks hooks = { note, &room->mistakes, gl_regex_compile, false };

	gl_rules_free(room->rules);
	memset(room->mistakes.text, 0, sizeof room->mistakes.text);
	room->mistakes.count = 0;
	return gl_rules_compile(&room->rules, inputs, count, &hooks);
}

/* The source of an entry; line 0 where it is not among the rules. */
static struct gl_rule_source source_of(
    const struct room *room, enum gl_list list, const char *entry)
{
	struct gl_rule_source source = { 0 };
	struct gl_rule rule;
	struct gl_span value;
	struct gl_key key;
	const char *why;

	assert_int_equal(gl_rule_parse(&rule, list, gl_span_of(entry), &why), GL_OK);
	gl_rule_key(&key, &rule);
	if (gl_ruleset_find(room->rules, gl_key_span(&key), &value) == GL_OK)
		assert_int_equal(gl_rule_value_decode(&source, value), GL_OK);
	return source;
}

static unsigned line_of(const struct room *room, enum gl_list list, const char *entry)
{
	return source_of(room, list, entry).line;
}

static void assert_sorted_and_unique(const struct gl_ruleset *rules)
{
	for (size_t i = 1; i < rules->count; i++)
		assert_true(gl_span_compare(rules->items[i - 1].key, rules->items[i].key) < 0);
}

static void test_entries_are_found_with_file_and_line(void **state)
{
	struct room *room = *state;
	struct gl_rules_input inputs[2];

	write_list(room, "clients", "# who may\n\n192.0.2.0/24  # ours\nMail.Example.COM\n");
	write_list(room, "senders", "Alice@Example.com\r\nbob@\r\n");
	inputs[0] = list_file(room, 0, GL_LIST_CLIENTS, "clients");
	inputs[1] = list_file(room, 1, GL_LIST_SENDERS, "senders");
	assert_int_equal(compile(room, inputs, 2), GL_OK);

	assert_int_equal(room->mistakes.count, 0);
	assert_int_equal(room->rules->count, 5);
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "192.0.2.0/24"), 3);
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "mail.example.com"), 4);
	assert_int_equal(line_of(room, GL_LIST_SENDERS, "alice@example.com"), 1);
	assert_int_equal(line_of(room, GL_LIST_SENDERS, "bob@"), 2);
	assert_int_equal(line_of(room, GL_LIST_RECIPIENTS, "bob@"), 0);

	struct gl_rule_source source = source_of(room, GL_LIST_CLIENTS, "mail.example.com");

	assert_true(gl_span_equal(source.file, gl_span_of(room->paths[0])));
	assert_true(gl_span_equal(source.text, gl_span_of("Mail.Example.COM")));
	assert_sorted_and_unique(room->rules);
}

static void test_the_head_stands_among_the_rules(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "clients");
	uint8_t stamp[GL_STAMP_SIZE];
	uint8_t encoded[GL_RULES_HEAD_SIZE];
	struct gl_rules_head head;
	struct gl_span value;
	struct gl_key key;

	write_list(room, "clients", "192.0.2.0/28\n");
	gl_rules_stamp(stamp, &input, 1);
	assert_int_equal(compile(room, &input, 1), GL_OK);
	gl_rules_head_key(&key);
	assert_int_equal(gl_ruleset_find(room->rules, gl_key_span(&key), &value), GL_OK);
	assert_int_equal(gl_rules_head_decode(&head, value), GL_OK);
	assert_memory_equal(head.stamp, stamp, GL_STAMP_SIZE);
	gl_rules_head_encode(encoded, &room->rules->head);
	assert_memory_equal(value.at, encoded, sizeof encoded);
	assert_int_equal(head.use[GL_LIST_CLIENTS].v4[3], 1 << 4);
}

static void test_the_first_of_equals_counts(void **state)
{
	struct room *room = *state;
	struct gl_rules_input inputs[2];

	write_list(room, "clients", "x.example\nexample.com\nEXAMPLE.com.\n192.0.2\n");
	write_list(room, "clients.local", "example.com\n192.0.2.0/24\nx.example\n");
	inputs[0] = list_file(room, 0, GL_LIST_CLIENTS, "clients");
	inputs[1] = list_file(room, 1, GL_LIST_CLIENTS, "clients.local");
	assert_int_equal(compile(room, inputs, 2), GL_OK);
	assert_int_equal(room->rules->count, 1 + 3);
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "example.com"), 2);
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "192.0.2.0/24"), 4);
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "x.example"), 1);
}

static void test_the_same_entry_in_two_lists_is_two(void **state)
{
	struct room *room = *state;
	struct gl_rules_input inputs[2];

	write_list(room, "list", "example.com\n");
	inputs[0] = list_file(room, 0, GL_LIST_CLIENTS, "list");
	inputs[1] = list_file(room, 1, GL_LIST_SENDERS, "list");
	assert_int_equal(compile(room, inputs, 2), GL_OK);
	assert_int_equal(room->rules->count, 1 + 2);
}

static void test_words_of_an_option(void **state)
{
	struct room *room = *state;
	static const char *const words[] = { "192.0.2.9", "10.1", "mx.example.com" };
	struct gl_rules_input input = {
		.list = GL_LIST_RELAYS,
		.path = "greylist.conf",
		.words = words,
		.word_count = 3,
		.line = 12,
	};

	assert_int_equal(compile(room, &input, 1), GL_OK);
	assert_int_equal(line_of(room, GL_LIST_RELAYS, "192.0.2.9"), 12);
	assert_int_equal(line_of(room, GL_LIST_RELAYS, "mx.example.com"), 12);
	assert_string_equal(room->mistakes.text,
	    "greylist.conf:12: \"10.1\": two octets are no network: write them as a.b.0.0/16\n");
}

static void test_an_empty_option_is_no_file(void **state)
{
	struct room *room = *state;
	static const char *const words[] = { NULL };
	struct gl_rules_input input = { .list = GL_LIST_RELAYS, .path = "nowhere", .words = words };

	assert_int_equal(compile(room, &input, 1), GL_OK);
	assert_int_equal(room->rules->count, 1);
	assert_int_equal(room->mistakes.count, 0);
}

struct file_case {
	const char *name;
	const char *text;
	size_t len;           /* 0: strlen(text) */
	size_t entries;       /* that are among the rules afterwards */
	const char *mistakes; /* NULL: none */
};

static const struct file_case file_cases[] = {
	{ "an empty file", "", 0, 0, NULL },
	{ "only comments and blanks", "#\n\n \t\r\n# a.example", 0, 0, NULL },
	{ "no newline at the end", "a.example\nb.example", 0, 2, NULL },
	{ "a comment behind an entry", "a.example# ours\nb.example\t#\n", 0, 2, NULL },
	{ "a bad line is skipped, the next one counts", ".a.example\nb.example\n", 0, 1,
	    "list:1: \".a.example\": write the name without the first dot: it stands for "
	    "everything below it\n" },
	{ "two bad lines are two mistakes, in their order", "1.2\nok.example\nu@d.example\n", 0, 1,
	    "list:1: \"1.2\": two octets are no network: write them as a.b.0.0/16\n"
	    "list:3: \"u@d.example\": a list of clients has addresses and host names: a mail "
	    "address belongs into the recipients or the senders\n" },
	{ "a NUL byte spoils its line only", "a\0b.example\nb.example\n", 22, 1,
	    "list:1: \"a?b.example\": a control character: the list has to be plain text\n" },
	{ "an escape sequence does not reach the terminal", "\x1b[2Jx\n", 0, 0,
	    "list:1: \"?[2Jx\": a control character: the list has to be plain text\n" },
};

static void test_files(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "list");

	for (size_t i = 0; i < sizeof file_cases / sizeof *file_cases; i++) {
		const struct file_case *row = &file_cases[i];
		const char *expected = row->mistakes == NULL ? "" : row->mistakes;

		tmpdir_write(room->directory, "list", row->text,
		    row->len == 0 ? strlen(row->text) : row->len);
		if (compile(room, &input, 1) != GL_OK || room->rules->count != row->entries + 1 ||
		    strcmp(room->mistakes.text, expected) != 0)
			fail_msg("%s: %zu rules, mistakes:\n%s", row->name, room->rules->count,
			    room->mistakes.text);
	}
}

static void test_an_over_long_line_is_one_mistake(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "list");
	enum { LONG = 1000000 };
	char *text = malloc(LONG);

	assert_non_null(text);
	memset(text, 'a', LONG);
	memcpy(text + LONG - 11, "\nb.example\n", 11);
	tmpdir_write(room->directory, "list", text, LONG);
	free(text);
	assert_int_equal(compile(room, &input, 1), GL_OK);
	assert_int_equal(room->mistakes.count, 1);
	assert_non_null(strstr(room->mistakes.text, "aaa...\": longer than 255 bytes"));
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "b.example"), 2);
}

static void test_a_binary_file_is_not_reported_line_by_line(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "list");
	char text[4000];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "\x01\0\xff\n"[i % 4];
	tmpdir_write(room->directory, "list", text, sizeof text);
	assert_int_equal(compile(room, &input, 1), GL_OK);
	assert_int_equal(room->rules->count, 1);
	assert_int_equal(room->mistakes.count, 51);
	assert_non_null(strstr(room->mistakes.text, "list: 950 more lines have mistakes\n"));
}

static void test_missing_files(void **state)
{
	struct room *room = *state;
	struct gl_rules_input inputs[3];

	write_list(room, "there", "a.example\n");
	inputs[0] = list_file(room, 0, GL_LIST_CLIENTS, "clients");
	inputs[1] = list_file(room, 1, GL_LIST_CLIENTS, "clients.local");
	inputs[2] = list_file(room, 2, GL_LIST_CLIENTS, "there");
	assert_int_equal(compile(room, inputs, 3), GL_OK);
	assert_string_equal(room->mistakes.text,
	    "clients: there is no such file: make it, or take it out of the option\n");
	assert_int_equal(line_of(room, GL_LIST_CLIENTS, "a.example"), 1);
}

static void test_a_directory_fails_the_compilation(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "clients.local");

	assert_int_equal(mkdir(room->paths[0], 0700), 0);
	assert_int_equal(compile(room, &input, 1), GL_NO_ACCESS);
	assert_null(room->rules);
	assert_string_equal(room->mistakes.text, "clients.local: cannot be read: Is a directory\n");
}

static void test_a_fifo_does_not_hold_it_up(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "fifo");

	assert_int_equal(mkfifo(room->paths[0], 0600), 0);
	assert_int_equal(compile(room, &input, 1), GL_OK);
	assert_int_equal(room->rules->count, 1);
}

static void test_an_endless_device_does_not_fill_the_memory(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = { .list = GL_LIST_CLIENTS, .path = "/dev/zero" };

	assert_int_equal(compile(room, &input, 1), GL_FAILED);
	assert_string_equal(room->mistakes.text, "/dev/zero: cannot be read: File too large\n");
}

static void test_an_unreadable_file_fails_the_compilation(void **state)
{
	struct room *room = *state;
	struct gl_rules_input input = list_file(room, 0, GL_LIST_CLIENTS, "clients.local");
	struct gl_rules_input loop = list_file(room, 1, GL_LIST_CLIENTS, "loop");

	/* a loop of links cannot be opened even by root, who opens everything else */
	assert_int_equal(symlink("loop", room->paths[1]), 0);
	assert_int_equal(compile(room, &loop, 1), GL_NO_ACCESS);
	assert_int_equal(room->mistakes.count, 1);
	if (geteuid() == 0)
		return;
	write_list(room, "clients.local", "a.example\n");
	assert_int_equal(chmod(room->paths[0], 0), 0);
	assert_int_equal(compile(room, &input, 1), GL_NO_ACCESS);
	assert_string_equal(
	    room->mistakes.text, "clients.local: cannot be read: Permission denied\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_entries_are_found_with_file_and_line),
		TEST(test_the_head_stands_among_the_rules),
		TEST(test_the_first_of_equals_counts),
		TEST(test_the_same_entry_in_two_lists_is_two),
		TEST(test_words_of_an_option),
		TEST(test_an_empty_option_is_no_file),
		TEST(test_files),
		TEST(test_an_over_long_line_is_one_mistake),
		TEST(test_a_binary_file_is_not_reported_line_by_line),
		TEST(test_missing_files),
		TEST(test_a_directory_fails_the_compilation),
		TEST(test_a_fifo_does_not_hold_it_up),
		TEST(test_an_endless_device_does_not_fill_the_memory),
		TEST(test_an_unreadable_file_fails_the_compilation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
