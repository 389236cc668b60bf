/* What an expression means, and that neither a subject nor damaged code can do harm. */
#include "greylist/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct code {
	char bytes[GL_REGEX_CODE_MAX];
	size_t len;
};

static struct gl_span span_of(const struct code *code)
{
	return (struct gl_span){ code->bytes, code->len };
}

static enum gl_status compile(struct code *code, const char *expression, struct gl_complaint *why)
{
	struct gl_out out = gl_out_into(code->bytes, sizeof code->bytes);
	enum gl_status status = gl_regex_compile(&out, gl_span_of(expression), why);

	code->len = out.len;
	return status;
}

struct search_case {
	const char *name;
	const char *expression;
	const char *subject;
	enum gl_status expected;
};

static const struct search_case search_cases[] = {
	{ "anywhere", "dyn", "host.dyn.example", GL_OK },
	{ "nowhere", "dyn", "host.example", GL_NOT_FOUND },
	{ "in either case", "DYN", "host.Dyn.example", GL_OK },
	{ "at the beginning", "^host", "host.example", GL_OK },
	{ "not at the beginning", "^host", "a.host.example", GL_NOT_FOUND },
	{ "at the end", "\\.example$", "host.example", GL_OK },
	{ "not at the end", "\\.example$", "host.example.net", GL_NOT_FOUND },
	{ "any byte", "^h.st\\.", "host.example", GL_OK },
	{ "a dot that is meant", "^h\\.st", "host.example", GL_NOT_FOUND },
	{ "digits", "^mx\\d{2,3}\\.", "mx123.example", GL_OK },
	{ "too many digits", "^mx\\d{2,3}\\.", "mx1234.example", GL_NOT_FOUND },
	{ "a choice", "^(mail|mx)\\.(a|b)\\.", "mx.b.example", GL_OK },
	{ "a look ahead", "^(?!mx)", "mx.example", GL_NOT_FOUND },
	{ "a reference back", "^(.)\\1", "aab", GL_OK },
	{ "a blank", "\\x20", "a b", GL_OK },
	{ "nothing at all", "^$", "", GL_OK },
	{ "something", "^$", "a", GL_NOT_FOUND },
	{ "a case that is asked for", "(?-i)^A$", "a", GL_NOT_FOUND },
	{ "bytes beyond ASCII", "^b..cher$",
	    "b\xc3\xbc"
	    "cher",
	    GL_OK },
	{ "no case beyond ASCII", "\xc3\xbc", "\xc3\x9c", GL_NOT_FOUND },
	{ "bytes that are no text", "^.\\xff", "\xff\xff", GL_OK },
};

static void an_expression_means_what_perl_means(void **state)
{
	struct code code;
	struct gl_complaint why;

	(void)state;
	for (size_t i = 0; i < sizeof search_cases / sizeof *search_cases; i++) {
		const struct search_case *row = &search_cases[i];
		struct gl_span expression = gl_span_of(row->expression);
		struct gl_span subject = gl_span_of(row->subject);

		if (compile(&code, row->expression, &why) != GL_OK)
			fail_msg("%s: %s", row->name, why.text);
		/* an expression that nobody wrote: only the code can have answered */
		enum gl_status by_code = gl_regex_search(span_of(&code), gl_span_of("("), subject);
		enum gl_status by_text = gl_regex_search(gl_span_of(NULL), expression, subject);

		if (by_code != row->expected || by_text != row->expected)
			fail_msg(
			    "%s: %d by code, %d by text", row->name, (int)by_code, (int)by_text);
	}
}

static void a_span_without_bytes_can_be_searched(void **state)
{
	struct gl_span nothing = { NULL, 0 };

	(void)state;
	assert_int_equal(gl_regex_search(nothing, gl_span_of("^$"), nothing), GL_OK);
	assert_int_equal(gl_regex_search(nothing, gl_span_of("a"), nothing), GL_NOT_FOUND);
}

struct mistake_case {
	const char *expression;
	const char *said;
};

static void a_bad_expression_is_told(void **state)
{
	static const struct mistake_case cases[] = {
		{ "a(b", "missing closing parenthesis" },
		{ "[a", "missing terminating ]" },
		{ "*a", "quantifier does not follow" },
		{ "a{2,1}", "numbers out of order" },
		{ "\\1", "reference to non-existent subpattern" },
		{ "(*UTF)a", "disabled by the application" },
		{ "\\Ca", "\\C is disabled" },
	};
	struct code code;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gl_complaint why = { "" };

		assert_int_equal(compile(&code, cases[i].expression, &why), GL_MALFORMED);
		if (strstr(why.text, cases[i].said) == NULL ||
		    strncmp(why.text, "no regular expression: ", 23) != 0)
			fail_msg("%s: %s", cases[i].expression, why.text);
	}
}

static void too_much_code_is_refused(void **state)
{
	struct gl_complaint why = { "" };
	struct code code;
	struct gl_out small = gl_out_into(code.bytes, 100);

	(void)state;
	assert_int_equal(compile(&code, "([a-z]{1,900}x){4}", &why), GL_OK);
	assert_int_equal(compile(&code, "([a-z](\\d|y)[a-f]){300}", &why), GL_TOO_LONG);
	assert_non_null(strstr(why.text, "too large"));
	assert_int_equal(gl_regex_compile(&small, gl_span_of("a"), &why), GL_TOO_LONG);
}

/* Expressions that need more steps, more memory or more depth than anybody has. */
static void a_hostile_subject_ends_the_search(void **state)
{
	static const char *const expressions[] = { "(a*)*b", "(a|aa)+$",
		"(.*)(.*)(.*)(.*)(.*)=", "(a|b|ab)*c", "^((a+)+)+$",
		"(?:x?){30}(?:x){30}y|(a?){500}(a){500}b" };
	char subject[GL_REGEX_SUBJECT_MAX];
	struct gl_complaint why;
	struct code code;

	(void)state;
	memset(subject, 'a', sizeof subject);
	subject[sizeof subject - 1] = '!';
	for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
		struct gl_span whole = { subject, sizeof subject };

		assert_int_equal(compile(&code, expressions[i], &why), GL_OK);
		enum gl_status status = gl_regex_search(
		    span_of(&code), gl_span_of(expressions[i]), whole);

		/* PCRE2 knows some of them to be hopeless before it begins */
		if (status != GL_TOO_LONG && status != GL_NOT_FOUND)
			fail_msg("%s: %d", expressions[i], (int)status);
	}
	struct gl_span whole = { subject, sizeof subject };

	assert_int_equal(
	    gl_regex_search(gl_span_of(NULL), gl_span_of("^(a|aa)+$"), whole), GL_TOO_LONG);
}

static void a_subject_is_at_most_so_long(void **state)
{
	char subject[GL_REGEX_SUBJECT_MAX + 1];
	struct gl_span whole = { subject, sizeof subject };

	(void)state;
	memset(subject, 'a', sizeof subject);
	assert_int_equal(gl_regex_search(gl_span_of(NULL), gl_span_of("a"), whole), GL_TOO_LONG);
	whole.len--;
	assert_int_equal(gl_regex_search(gl_span_of(NULL), gl_span_of("a"), whole), GL_OK);
}

static void assert_still_right(struct gl_span code)
{
	assert_int_equal(
	    gl_regex_search(code, gl_span_of("^mx\\d"), gl_span_of("mx1.example")), GL_OK);
	assert_int_equal(
	    gl_regex_search(code, gl_span_of("^mx\\d"), gl_span_of("mx.example")), GL_NOT_FOUND);
}

static void damaged_code_is_made_anew(void **state)
{
	struct gl_complaint why;
	struct code code;

	(void)state;
	assert_int_equal(compile(&code, "^mx\\d", &why), GL_OK);
	for (size_t i = 0; i < code.len; i++) {
		code.bytes[i] ^= 0x10;
		assert_still_right(span_of(&code));
		code.bytes[i] ^= 0x10;
	}
	for (size_t len = 0; len <= code.len; len += 7)
		assert_still_right((struct gl_span){ code.bytes, len });
	assert_int_equal(
	    gl_regex_search(gl_span_of("rubbish"), gl_span_of("("), gl_span_of("a")), GL_MALFORMED);
}

/* The version stands in octets 4..7 of PCRE2's part, the digest of which is put right again. */
static void code_of_another_pcre2_is_made_anew(void **state)
{
	static const struct gl_secret constant = { "regex code check" };
	struct gl_complaint why;
	struct code code;

	(void)state;
	assert_int_equal(compile(&code, "never", &why), GL_OK);
	for (size_t i = 0; i < 12; i++) {
		uint8_t digest[GL_DIGEST_SIZE];

		code.bytes[GL_DIGEST_SIZE + i] ^= 0x55;
		gl_digest(digest, gl_span_skip(span_of(&code), GL_DIGEST_SIZE), &constant);
		memcpy(code.bytes, digest, sizeof digest);
		assert_still_right(span_of(&code));
		code.bytes[GL_DIGEST_SIZE + i] ^= 0x55;
	}
}

static void code_may_lie_anywhere(void **state)
{
	static char room[GL_REGEX_CODE_MAX + 8];
	struct gl_complaint why;
	struct code code;

	(void)state;
	assert_int_equal(compile(&code, "^mx\\d", &why), GL_OK);
	for (size_t shift = 0; shift < 8; shift++) {
		memcpy(room + shift, code.bytes, code.len);
		assert_still_right((struct gl_span){ room + shift, code.len });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expression_means_what_perl_means),
		cmocka_unit_test(a_span_without_bytes_can_be_searched),
		cmocka_unit_test(a_bad_expression_is_told),
		cmocka_unit_test(too_much_code_is_refused),
		cmocka_unit_test(a_hostile_subject_ends_the_search),
		cmocka_unit_test(a_subject_is_at_most_so_long),
		cmocka_unit_test(damaged_code_is_made_anew),
		cmocka_unit_test(code_of_another_pcre2_is_made_anew),
		cmocka_unit_test(code_may_lie_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
