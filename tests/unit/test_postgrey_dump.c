/* The text of db5.3_dump, line by line: what is taken, what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/postgrey.h"
#include "same.h"

#define HEAD      "VERSION=3\nformat=print\ntype=btree\ndb_pagesize=4096\nHEADER=END\n"
#define TAIL      "DATA=END\n"
#define CUT_SHORT "the dump is cut short: there is no DATA=END"

struct row {
	const char *name;
	const char *text;
	struct gl_span pairs; /* each "key=value;" */
	const char *why;      /* NULL: the whole text is taken */
};

static const struct row rows[] = {
	{ "one pair", HEAD " 192.0.2.0/a@b/c@d\n 1,2\n" TAIL, BYTES("192.0.2.0/a@b/c@d=1,2;"),
	    NULL },
	{ "two pairs", HEAD " a\n b\n c\n d\n" TAIL, BYTES("a=b;c=d;"), NULL },
	{ "no pair", HEAD TAIL, BYTES(""), NULL },
	{ "two dumps behind one another", HEAD " a\n b\n" TAIL HEAD " c\n d\n" TAIL,
	    BYTES("a=b;c=d;"), NULL },
	{ "an escaped backslash", HEAD " a\\\\5c\n b\n" TAIL, BYTES("a\\5c=b;"), NULL },
	{ "escaped octets, NUL among them", HEAD " \\c3\\A9\\00x\n \\0a\n" TAIL,
	    BYTES("\xc3\xa9\0x=\n;"), NULL },
	{ "only the first blank is the dump's", HEAD "  a b \n  \n" TAIL, BYTES(" a b = ;"), NULL },
	{ "empty key and value", HEAD " \n \n" TAIL, BYTES("=;"), NULL },
	{ "DATA=END as a key", HEAD " DATA=END\n 1\n" TAIL, BYTES("DATA=END=1;"), NULL },
	{ "without -p", "VERSION=3\nformat=bytevalue\nHEADER=END\n 612F\n 312c32\n" TAIL,
	    BYTES("a/=1,2;"), NULL },
	{ "lines of DOS", "VERSION=3\r\nformat=print\r\nHEADER=END\r\n a\r\n b\r\nDATA=END\r\n",
	    BYTES("a=b;"), NULL },
	{ "nothing", "", BYTES(""), "there is no dump in it" },
	{ "something else", "database = x\n", BYTES(""),
	    "not the text that db5.3_dump writes; of the databases themselves give the directory" },
	{ "something else behind a dump", HEAD TAIL "x\n", BYTES(""),
	    "not the text that db5.3_dump writes; of the databases themselves give the directory" },
	{ "cut in the header", "VERSION=3\nformat=print\n", BYTES(""), CUT_SHORT },
	{ "cut behind the header", HEAD, BYTES(""), CUT_SHORT },
	{ "cut behind a key", HEAD " a\n b\n c\n", BYTES("a=b;"), CUT_SHORT },
	{ "cut behind a pair", HEAD " a\n b\n", BYTES("a=b;"), CUT_SHORT },
	{ "a key without a value", HEAD " a\n" TAIL, BYTES(""), "a key without a value" },
	{ "a line without its blank", HEAD "a\n", BYTES(""),
	    "a line of data that does not begin with a blank" },
	{ "an empty line in the data", HEAD "\n", BYTES(""),
	    "a line of data that does not begin with a blank" },
	{ "half an escape", HEAD " a\\4\n", BYTES(""), "an escape without two hexadecimal digits" },
	{ "no escape", HEAD " a\\zz\n", BYTES(""), "an escape without two hexadecimal digits" },
	{ "a backslash at the end", HEAD " a\\\n", BYTES(""),
	    "an escape without two hexadecimal digits" },
	{ "an odd number of digits without -p", "VERSION=3\nformat=bytevalue\nHEADER=END\n 612\n",
	    BYTES(""), "an escape without two hexadecimal digits" },
	{ "an unknown format", "VERSION=3\nformat=xml\n", BYTES(""),
	    "a format that is neither print nor bytevalue" },
	{ "a dump without keys", "VERSION=3\nkeys=0\n", BYTES(""), "a dump without keys" },
	{ "a header that is none", "VERSION=3\nformat\n", BYTES(""),
	    "a line in the header without \"=\"" },
};

/* Puts the whole text through, line by line; returns the first mistake. */
static const char *take(const char *text, struct gl_out *pairs)
{
	static struct gl_postgrey_dump dump;
	struct gl_span rest = gl_span_of(text);
	const char *why = NULL;
	gl_postgrey_dump_init(&dump);
	while (rest.len > 0) {
		struct gl_postgrey_pair pair;
		size_t end = gl_span_find(rest, '\n');
		enum gl_status status = gl_postgrey_dump_line(
		    &dump, gl_span_head(rest, end), &pair, &why);
		if (status == GL_MALFORMED)
			return why;
		if (status == GL_OK) {
			gl_out_span(pairs, pair.key);
			gl_out_byte(pairs, '=');
			gl_out_span(pairs, pair.value);
			gl_out_byte(pairs, ';');
		}
		rest = gl_span_skip(rest, end + 1);
	}
	return gl_postgrey_dump_end(&dump, &why) == GL_OK ? NULL : why;
}

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	char buffer[256];
	struct gl_out pairs = gl_out_into(buffer, sizeof buffer);
	const char *why = take(row->text, &pairs);
	same_text(row->name, gl_span_of(why != NULL ? why : "taken"),
	    row->why != NULL ? row->why : "taken");
	same_bytes(row->name, gl_out_done(&pairs), row->pairs);
}

static void a_pair_over_the_limit_is_marked(void **state)
{
	(void)state;
	static struct gl_postgrey_dump dump;
	static char line[GL_POSTGREY_ITEM_MAX + 2];
	struct gl_postgrey_pair pair;
	const char *why = NULL;
	for (size_t over = 0; over < 2; over++) {
		gl_postgrey_dump_init(&dump);
		const char *head[] = { "VERSION=3", "format=print", "HEADER=END" };
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(
			    gl_postgrey_dump_line(&dump, gl_span_of(head[i]), &pair, &why),
			    GL_MORE);
		memset(line, 'x', sizeof line);
		line[0] = ' ';
		struct gl_span key = { line, 1 + GL_POSTGREY_ITEM_MAX + over };
		assert_int_equal(gl_postgrey_dump_line(&dump, key, &pair, &why), GL_MORE);
		assert_int_equal(
		    gl_postgrey_dump_line(&dump, gl_span_of(" 1,2"), &pair, &why), GL_OK);
		assert_int_equal(pair.too_long, over == 1);
		assert_int_equal(pair.key.len, GL_POSTGREY_ITEM_MAX);
	}
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		struct dice dice = { seed };
		char item[64], text[1024], got[256];
		size_t len = (size_t)dice_between(&dice, 0, 63);
		for (size_t i = 0; i < len; i++)
			item[i] = (char)dice_between(&dice, 0, 255);
		struct gl_out out = gl_out_into(text, sizeof text - 1);
		struct gl_out pairs = gl_out_into(got, sizeof got);
		gl_postgrey_out_head(&out);
		gl_postgrey_out_pair(&out, (struct gl_span){ item, len }, gl_span_of("v"));
		gl_postgrey_out_tail(&out);
		text[out.len] = 0;
		assert_null(take(text, &pairs));
		assert_int_equal(pairs.len, len + 3);
		assert_memory_equal(got, item, len);
	}
}

enum { ROWS = sizeof rows / sizeof *rows };

int main(void)
{
	struct CMUnitTest table[ROWS];
	const struct row *at[ROWS];
	const struct CMUnitTest laws[] = {
		cmocka_unit_test(a_pair_over_the_limit_is_marked),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	for (size_t i = 0; i < ROWS; i++) {
		at[i] = &rows[i];
		table[i] = (struct CMUnitTest){ rows[i].name, row_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests_name("dump", table, NULL, NULL) +
	       cmocka_run_group_tests_name("laws of the dump", laws, NULL, NULL);
}
