/* Lines of the lists of public suffixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/suffix.h"

#include "same.h"

/* The key: its first byte is the list's. NULL: the status says it all. */
static const struct line_case {
	const char *name;
	const char *line;
	enum gl_status status;
	const char *key;
} good[] = {
	{ "a suffix", "co.uk", GL_OK, "pdco.uk" },
	{ "in upper case", "CO.UK", GL_OK, "pdco.uk" },
	{ "a wildcard", "*.ck", GL_OK, "wdck" },
	{ "a longer wildcard", "*.compute.amazonaws.com", GL_OK, "wdcompute.amazonaws.com" },
	{ "an exception", "!www.ck", GL_OK, "edwww.ck" },
	{ "only up to the first blank counts", "co.uk and what they say of it", GL_OK, "pdco.uk" },
	{ "up to a tab", "co.uk\t// a comment", GL_OK, "pdco.uk" },
	{ "a line as DOS ends it", "co.uk\r\n", GL_OK, "pdco.uk" },
	{ "blanks in front", " \tco.uk", GL_OK, "pdco.uk" },
	{ "a dot at the end", "co.uk.", GL_OK, "pdco.uk" },
	{ "a wildcard with a dot at the end", "*.ck.", GL_OK, "wdck" },
	{ "UTF-8", "\xe5\x85\xac\xe5\x8f\xb8.cn", GL_OK, "pdxn--55qx5d.cn" },
	{ "UTF-8 below a wildcard", "*.\xd1\x80\xd1\x83\xd1\x81", GL_OK, "wdxn--p1acf" },
	{ "as DNS has it", "xn--55qx5d.cn", GL_OK, "pdxn--55qx5d.cn" },
	{ "with digits, '-' and '_'", "_x-1.2.example", GL_OK, "pd_x-1.2.example" },
	{ "16 parts", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", GL_OK,
	    "pda.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p" },
	{ "a blank line", "", GL_NOT_FOUND, NULL },
	{ "only blanks", " \t\r\n", GL_NOT_FOUND, NULL },
	{ "a comment", "// ck", GL_NOT_FOUND, NULL },
	{ "a comment without a blank", "//ck", GL_NOT_FOUND, NULL },
	{ "a comment behind blanks", "  // ck", GL_NOT_FOUND, NULL },
	{ "a top-level domain, which says nothing", "com", GL_NOT_FOUND, NULL },
	{ "one in UTF-8", "\xd1\x80\xd1\x84", GL_NOT_FOUND, NULL },
	{ "the rule of last resort", "*", GL_NOT_FOUND, NULL },
};

static void test_good_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct line_case *row = &good[i];
		struct gl_rule rule;
		struct gl_key key;
		const char *why = "nothing";

		same_status(row->name,
		    gl_rule_parse(&rule, GL_LIST_SUFFIXES, gl_span_of(row->line), &why),
		    row->status);
		if (why != NULL)
			fail_msg("%s: %s", row->name, why);
		if (row->key == NULL)
			continue;
		assert_int_equal(rule.kind, GL_RULE_DOMAIN);
		gl_rule_key(&key, &rule);
		same_text(row->name, gl_key_span(&key), row->key);
		assert_true(gl_rule_is_suffix(gl_key_span(&key)));
	}
}

/* What is said of the mistake has this in it. */
static const struct bad_case {
	const char *name;
	const char *line;
	const char *says;
} bad[] = {
	{ "a '*' within a part", "a*.ck", "only in front" },
	{ "a '*' in the middle", "a.*.ck", "only in front" },
	{ "a '*' at the end", "ck.*", "only in front" },
	{ "two wildcards", "*.*.ck", "only in front" },
	{ "a wildcard of nothing", "*.", "between two dots" },
	{ "a dot in front", ".co.uk", "between two dots" },
	{ "two dots", "co..uk", "between two dots" },
	{ "only a dot", ".", "between two dots" },
	{ "an exception of nothing", "!", "between two dots" },
	{ "an exception from a wildcard", "!*.ck", "'*'" },
	{ "two exceptions", "!!www.ck", "'!'" },
	{ "an exception in the middle", "www.!a.ck", "'!'" },
	{ "an exception of one part", "!ck", "two at least" },
	{ "a comment as other lists have it", "# ck", "//" },
	{ "an address", "192.0.2.1", "names" },
	{ "a mail address", "a@co.uk", "only letters" },
	{ "an expression", "/co/", "only letters" },
	{ "Latin 1",
	    "b\xfc"
	    "cher.example",
	    "UTF-8" },
	{ "a part of 64 bytes",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.uk", "63 bytes" },
	{ "20 characters, 60 bytes in UTF-8 and more in DNS",
	    "\xea\xb0\x80\xe5\x87\xa5\xeb\xae\x9e\xe5\xa6\xaf\xec\xac\xbc\xe6\x85\xb9\xea\xbf\xa2"
	    "\xe6\xa5\x83\xeb\xbe\x80\xe7\x84\x8d\xec\xbc\x9e\xe7\xa3\x97\xeb\x8f\x84\xe8\x82\xa1"
	    "\xec\x8d\xa2\xe8\xa1\xab\xed\x8c\x80\xe9\x80\xb5\xeb\x9e\xa6\xe9\x9f\xbf"
	    ".uk",
	    "63 bytes" },
};

static void test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct gl_rule rule;
		const char *why = NULL;

		same_status(bad[i].name,
		    gl_rule_parse(&rule, GL_LIST_SUFFIXES, gl_span_of(bad[i].line), &why),
		    GL_MALFORMED);
		if (why == NULL || strstr(why, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].name, why);
	}
}

/* `labels` parts of `len` bytes and one of two. */
static struct gl_span long_name(char *room, size_t labels, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < labels; i++) {
		memset(room + at, 'a', len);
		at += len;
		room[at++] = '.';
	}
	memcpy(room + at, "uk", 2);
	return (struct gl_span){ room, at + 2 };
}

static void test_limits(void **state)
{
	char room[1024];
	struct gl_rule rule;
	const char *why = NULL;

	(void)state;
	/* 253 characters: RFC 1035 2.3.4 */
	struct gl_span name = long_name(room, 4, 62);

	assert_int_equal(name.len, 254);
	assert_int_equal(
	    gl_rule_parse(&rule, GL_LIST_SUFFIXES, gl_span_skip(name, 1), &why), GL_OK);
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SUFFIXES, name, &why), GL_TOO_LONG);
	assert_non_null(strstr(why, "253 bytes"));
	name = long_name(room, GL_LABELS_MAX, 1);
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SUFFIXES, name, &why), GL_TOO_LONG);
	name = long_name(room, GL_LABELS_MAX - 1, 1);
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SUFFIXES, name, &why), GL_OK);
	name = long_name(room, 10, 63);
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SUFFIXES, name, &why), GL_TOO_LONG);
}

static void test_the_entry_of_a_line(void **state)
{
	(void)state;
	same_bytes(
	    "a rule", gl_suffix_entry(gl_span_of("  *.ck x\n")), (struct gl_span)BYTES("*.ck"));
	same_bytes(
	    "a comment", gl_suffix_entry(gl_span_of("// all of it")), (struct gl_span)BYTES("//"));
	assert_int_equal(gl_suffix_entry(gl_span_of(" ")).len, 0);
	assert_int_equal(gl_suffix_entry((struct gl_span){ NULL, 0 }).len, 0);
	same_bytes("of another list", gl_rule_entry(GL_LIST_CLIENTS, gl_span_of(" a b # c")),
	    (struct gl_span)BYTES("a b"));
	assert_false(gl_rule_is_suffix(gl_span_of("cdco.uk")));
	assert_false(gl_rule_is_suffix(gl_span_of("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_the_entry_of_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
