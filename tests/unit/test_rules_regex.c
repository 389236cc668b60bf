/* Regular expressions among the rules; the compiler is the test's own, so this needs no PCRE2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/rules.h"

enum { WORDS_MAX = GL_REGEXES_MAX + 50 };

struct compilation {
	const char *words[WORDS_MAX];
	struct gl_rules_input input;
	struct gl_ruleset *rules;
	size_t mistakes;
	char last[GL_COMPLAINT_MAX];
};

static void note(void *context, const char *mistake)
{
	struct compilation *compilation = context;

	compilation->mistakes++;
	snprintf(compilation->last, sizeof compilation->last, "%s", mistake);
}

/* The code is the expression in capital letters; "bad" and "huge" are refused. */
static enum gl_status shout(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	if (gl_span_equal(expression, gl_span_of("bad"))) {
		snprintf(why->text, sizeof why->text, "it is bad");
		return GL_MALFORMED;
	}
	if (gl_span_equal(expression, gl_span_of("huge"))) {
		snprintf(why->text, sizeof why->text, "it is huge");
		return GL_TOO_LONG;
	}
	for (size_t i = 0; i < expression.len; i++)
		gl_out_byte(code, (char)(expression.at[i] & ~0x20));
	return GL_OK;
}

static enum gl_status cannot(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	(void)code;
	(void)expression;
	(void)why;
	return GL_UNSUPPORTED;
}

static enum gl_status out_of_memory(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	(void)code;
	(void)expression;
	(void)why;
	return GL_FAILED;
}

static enum gl_status compile(
    struct compilation *compilation, enum gl_list list, gl_rules_regex_fn *regex)
{
	struct gl_rules_hooks hooks = { note, compilation, regex, false };

	compilation->input = (struct gl_rules_input){
		.list = list, .path = "list", .words = compilation->words, .line = 5
	};
	while (compilation->words[compilation->input.word_count] != NULL)
		compilation->input.word_count++;
	return gl_rules_compile(&compilation->rules, &compilation->input, 1, &hooks);
}

static struct gl_rule_source source_of(
    const struct compilation *compilation, enum gl_list list, uint16_t number)
{
	struct gl_rule rule = { .list = list, .kind = GL_RULE_REGEX, .number = number };
	struct gl_rule_source source = { .line = 0 };
	struct gl_span value;
	struct gl_key key;

	gl_rule_key(&key, &rule);
	if (gl_ruleset_find(compilation->rules, gl_key_span(&key), &value) == GL_OK)
		assert_int_equal(gl_rule_value_decode(&source, value), GL_OK);
	return source;
}

static void assert_source(struct gl_rule_source source, const char *text, const char *code)
{
	assert_int_equal(source.line, 5);
	assert_true(gl_span_equal(source.text, gl_span_of(text)));
	assert_true(gl_span_equal(source.code, gl_span_of(code)));
}

static void expressions_keep_their_order_and_their_code(void **state)
{
	struct compilation *compilation = *state;
	static const char *const words[] = { "/b/", "example.com", "/a/", "/b/" };

	memcpy(compilation->words, words, sizeof words);
	assert_int_equal(compile(compilation, GL_LIST_CLIENTS, shout), GL_OK);
	assert_int_equal(compilation->mistakes, 0);
	assert_int_equal(compilation->rules->head.use[GL_LIST_CLIENTS].regexes, 3);
	assert_int_equal(compilation->rules->count, 5);
	assert_source(source_of(compilation, GL_LIST_CLIENTS, 0), "/b/", "B");
	assert_source(source_of(compilation, GL_LIST_CLIENTS, 1), "/a/", "A");
	assert_source(source_of(compilation, GL_LIST_CLIENTS, 2), "/b/", "B");
	assert_int_equal(source_of(compilation, GL_LIST_SENDERS, 0).line, 0);
}

static void a_bad_expression_costs_only_itself(void **state)
{
	struct compilation *compilation = *state;
	static const char *const words[] = { "/bad/", "/a/", "/huge/", "/b c/" };

	memcpy(compilation->words, words, sizeof words);
	assert_int_equal(compile(compilation, GL_LIST_SENDERS, shout), GL_OK);
	assert_int_equal(compilation->mistakes, 3);
	assert_int_equal(compilation->rules->head.use[GL_LIST_SENDERS].regexes, 1);
	assert_source(source_of(compilation, GL_LIST_SENDERS, 0), "/a/", "A");
}

static void a_bad_expression_is_named(void **state)
{
	struct compilation *compilation = *state;

	compilation->words[0] = "/bad/";
	assert_int_equal(compile(compilation, GL_LIST_SENDERS, shout), GL_OK);
	assert_string_equal(compilation->last, "list:5: \"/bad/\": it is bad");
}

static void one_list_has_so_many(void **state)
{
	struct compilation *compilation = *state;

	for (size_t i = 0; i < GL_REGEXES_MAX + 2; i++)
		compilation->words[i] = "/a/";
	compilation->words[GL_REGEXES_MAX + 2] = "example.com";
	assert_int_equal(compile(compilation, GL_LIST_RECIPIENTS, shout), GL_OK);
	assert_int_equal(compilation->mistakes, 2);
	assert_non_null(strstr(compilation->last, "256 regular expressions already"));
	assert_int_equal(compilation->rules->head.use[GL_LIST_RECIPIENTS].regexes, GL_REGEXES_MAX);
	/* the head, the expressions, the domain */
	assert_int_equal(compilation->rules->count, 1 + GL_REGEXES_MAX + 1);
}

static void a_build_without_them_says_so_and_keeps_the_text(void **state)
{
	struct compilation *compilation = *state;

	compilation->words[0] = "/a/";
	compilation->words[1] = "example.com";
	assert_int_equal(compile(compilation, GL_LIST_CLIENTS, cannot), GL_OK);
	assert_int_equal(compilation->mistakes, 1);
	assert_string_equal(compilation->last,
	    "list:5: \"/a/\": regular expressions are not built in (GREYLIST_WITH_PCRE2): it "
	    "matches nobody");
	assert_source(source_of(compilation, GL_LIST_CLIENTS, 0), "/a/", "");
	assert_int_equal(compilation->rules->count, 3);
}

static void without_memory_there_are_no_rules(void **state)
{
	struct compilation *compilation = *state;

	compilation->words[0] = "/a/";
	assert_int_equal(compile(compilation, GL_LIST_CLIENTS, out_of_memory), GL_FAILED);
	assert_null(compilation->rules);
	assert_string_equal(compilation->last, "the lists cannot be compiled: out of memory");
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct compilation));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	struct compilation *compilation = *state;

	gl_rules_free(compilation->rules);
	free(compilation);
	return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(expressions_keep_their_order_and_their_code),
		CASE(a_bad_expression_costs_only_itself),
		CASE(a_bad_expression_is_named),
		CASE(one_list_has_so_many),
		CASE(a_build_without_them_says_so_and_keeps_the_text),
		CASE(without_memory_there_are_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
