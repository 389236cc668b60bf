#include "conf_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void assert_text(const char *name, struct gl_span text, const char *expected)
{
	if (!gl_span_equal(text, gl_span_of(expected)))
		fail_msg("%s: \"%.*s\"", name, (int)text.len, text.at);
}

static void an_option_is_found_where_the_parser_finds_it(void **state)
{
	static const struct {
		const char *name, *text, *value; /* NULL: not there */
	} rows[] = {
		{ "plain", "mode = \"on\"\n", "\"on\"" },
		{ "no blanks, no quotes", "mode=on", "on" },
		{ "other quotes", "mode = 'dry-run' # first day", "'dry-run'" },
		{ "over lines", "mode\n=\n\"on\"", "\"on\"" },
		{ "behind a comment", "# mode = \"off\"\nmode = \"on\"", "\"on\"" },
		{ "comments between", "mode /* so */ = // now\n \"on\"", "\"on\"" },
		{ "only comments", "# mode = 1\n// mode = 2\n/* mode = 3 */", NULL },
		{ "inside a string", "text = \"mode = on\"", NULL },
		{ "behind a quote in a string", "text = \"\\\"mode = 1\" mode = 2", "2" },
		{ "another name", "modes = 1\nmy_mode = 2", NULL },
		{ "in a section", "recipient \"a@b\" { mode = \"off\" }", NULL },
		{ "behind a section", "sender \"b\" { mode = 1 } mode = 2", "2" },
		{ "behind a list", "relays = {\"a\", \"b\"}\nmode = 2", "2" },
		{ "twice", "mode = 1\nmode = 2\n", "2" },
		{ "nothing behind it", "mode =", NULL },
		{ "an open string", "mode = \"on", "\"on" },
		{ "an open comment", "mode = 1 /* mode = 2", "1" },
		{ "nothing", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_span value;
		bool found = gl_conf_find(&value, gl_span_of(rows[i].text), "mode");

		if (found != (rows[i].value != NULL))
			fail_msg("%s: found %d", rows[i].name, found);
		if (found)
			assert_text(rows[i].name, value, rows[i].value);
	}
}

static void setting_changes_the_value_and_nothing_else(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "in place", "a = 1\nmode =  \"on\"  # why\nb = 2",
		    "a = 1\nmode =  \"dry-run\"  # why\nb = 2" },
		{ "not there", "a = 1\n", "a = 1\nmode = \"dry-run\"\n" },
		{ "no newline at the end", "a = 1", "a = 1\nmode = \"dry-run\"\n" },
		{ "an empty file", "", "mode = \"dry-run\"\n" },
		{ "a comment only", "# mode = \"on\"\n", "# mode = \"on\"\nmode = \"dry-run\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char buffer[256];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_conf_set(&out, gl_span_of(rows[i].text), "mode", gl_span_of("\"dry-run\""));
		assert_text(rows[i].name, gl_out_done(&out), rows[i].expected);
	}
}

static void unsetting_takes_the_line_that_setting_added(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "the last line", "a = 1\nmode = \"dry-run\"\n", "a = 1\n" },
		{ "a line between", "a = 1\nmode = \"dry-run\"\nb = 2\n", "a = 1\nb = 2\n" },
		{ "the only line", "mode = on", "" },
		{ "not alone in its line", "a = 1 mode = on\n", "a = 1 mode = on\n" },
		{ "a comment behind it", "mode = on # why\n", "mode = on # why\n" },
		{ "not there", "a = 1\n", "a = 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char buffer[256];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_conf_unset(&out, gl_span_of(rows[i].text), "mode");
		assert_text(rows[i].name, gl_out_done(&out), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_is_found_where_the_parser_finds_it),
		cmocka_unit_test(setting_changes_the_value_and_nothing_else),
		cmocka_unit_test(unsetting_takes_the_line_that_setting_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
