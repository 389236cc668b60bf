/* Files of public suffixes, compiled: short values, every source together, and nobody exempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/pool.h"
#include "greylist/regex.h"
#include "greylist/rules.h"

#include "same.h"
#include "tmpdir.h"

enum { INPUTS = 3 };

struct compilation {
	char *directory;
	char paths[INPUTS][512];
	char said[1024];
	struct gl_ruleset *rules;
};

static void keep_mistake(void *context, const char *mistake)
{
	struct compilation *compilation = context;
	size_t len = strlen(compilation->said);

	snprintf(compilation->said + len, sizeof compilation->said - len, "%s\n", mistake);
}

static int set_up(void **state)
{
	struct compilation *compilation = calloc(1, sizeof *compilation);

	if (compilation == NULL)
		return -1;
	compilation->directory = tmpdir_make();
	*state = compilation;
	return 0;
}

static int tear_down(void **state)
{
	struct compilation *compilation = *state;

	gl_rules_free(compilation->rules);
	tmpdir_remove(compilation->directory);
	free(compilation);
	return 0;
}

static void write_list(struct compilation *compilation, const char *name, const char *text)
{
	tmpdir_write(compilation->directory, name, text, strlen(text));
}

/* From the three files, of which those that were not written are missing. */
static void compile(struct compilation *compilation)
{
	static const char *const names[INPUTS] = { "published", "suffixes", "suffixes.local" };
	const struct gl_rules_hooks hooks = { keep_mistake, compilation, gl_regex_compile, false };
	struct gl_rules_input inputs[INPUTS];

	for (size_t i = 0; i < INPUTS; i++) {
		snprintf(compilation->paths[i], sizeof compilation->paths[i], "%s/%s",
		    compilation->directory, names[i]);
		inputs[i] = (struct gl_rules_input){ .list = GL_LIST_SUFFIXES,
			.path = compilation->paths[i] };
	}
	assert_int_equal(gl_rules_compile(&compilation->rules, inputs, INPUTS, &hooks), GL_OK);
}

static bool has(const struct compilation *compilation, const char *key)
{
	struct gl_span value;

	return gl_ruleset_find(compilation->rules, gl_span_of(key), &value) == GL_OK;
}

static void test_all_files_together(void **state)
{
	struct compilation *compilation = *state;

	write_list(compilation, "published", "// com\ncom\nco.uk\n*.ck\n!www.ck\n");
	write_list(compilation, "suffixes.local", "co.uk\nexample.net\n");
	compile(compilation);
	same_text("what it says", gl_span_of(compilation->said), "");
	/* the head too */
	assert_int_equal(compilation->rules->count, 5);
	assert_true(has(compilation, "pdco.uk"));
	assert_true(has(compilation, "pdexample.net"));
	assert_true(has(compilation, "wdck"));
	assert_true(has(compilation, "edwww.ck"));
	assert_int_equal(compilation->rules->head.use[GL_LIST_SUFFIXES].labels, 1 << 2);
	assert_int_equal(compilation->rules->head.use[GL_LIST_SUFFIX_WILDCARDS].labels, 1 << 1);
	assert_int_equal(compilation->rules->head.use[GL_LIST_SUFFIX_EXCEPTIONS].labels, 1 << 2);
}

static void test_no_file_is_no_mistake(void **state)
{
	struct compilation *compilation = *state;

	compile(compilation);
	same_text("what it says", gl_span_of(compilation->said), "");
	assert_int_equal(compilation->rules->count, 1);
}

static void test_a_bad_line_is_reported_and_skipped(void **state)
{
	struct compilation *compilation = *state;
	char expected[2048];

	write_list(compilation, "suffixes", "// x\nco.uk\nco.*.uk and more\n# x\nac.uk\n");
	compile(compilation);
	snprintf(expected, sizeof expected,
	    "%s:3: \"co.*.uk\": a '*' stands only in front, for one whole part: *.example\n"
	    "%s:4: \"#\": a comment begins with // here\n",
	    compilation->paths[1], compilation->paths[1]);
	same_text("what it says", gl_span_of(compilation->said), expected);
	assert_int_equal(compilation->rules->count, 3);
}

/* Thousands of them: neither the file's name nor the entry is repeated in each. */
static void test_values_are_short(void **state)
{
	struct compilation *compilation = *state;
	struct gl_rule_source source;
	struct gl_span value;

	write_list(compilation, "published", "\nco.uk\n");
	compile(compilation);
	assert_int_equal(gl_ruleset_find(compilation->rules, gl_span_of("pdco.uk"), &value), GL_OK);
	assert_int_equal(value.len, 5);
	assert_int_equal(gl_rule_value_decode(&source, value), GL_OK);
	assert_int_equal(source.line, 2);
	assert_int_equal(source.file.len, 0);
	assert_int_equal(source.text.len, 0);
}

static void test_they_are_not_asked_as_an_exempt_list(void **state)
{
	static struct gl_probes probes;
	struct compilation *compilation = *state;
	struct gl_exempt_question question = { .client_name = gl_span_of("mx.example.co.uk"),
		.recipient = gl_span_of("a@example.co.uk"),
		.sender = gl_span_of("a@www.ck") };

	write_list(compilation, "published", "co.uk\nexample.co.uk\n*.ck\n!www.ck\n");
	compile(compilation);
	gl_exempt_probes(&probes, &compilation->rules->head, &question);
	assert_int_equal(probes.count, 0);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_all_files_together),
		IN_DIRECTORY(test_no_file_is_no_mistake),
		IN_DIRECTORY(test_a_bad_line_is_reported_and_skipped),
		IN_DIRECTORY(test_values_are_short),
		IN_DIRECTORY(test_they_are_not_asked_as_an_exempt_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
