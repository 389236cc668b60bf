#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/punycode.h"

#include "same.h"

enum { ROOM = 512 };

/* RFC 3492 7.1, its letters in UTF-8. The Russian one's only capital is an annotation of case. */
static const struct vector {
	const char *name;
	const char *text;
	const char *punycode;
} vectors[] = {
	{ "Arabic (Egyptian)",
	    "\xd9\x84\xd9\x8a\xd9\x87\xd9\x85\xd8\xa7\xd8\xa8\xd8\xaa\xd9\x83\xd9\x84\xd9\x85\xd9"
	    "\x88\xd8\xb4\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\x9f",
	    "egbpdaj6bu4bxfgehfvwxn" },
	{ "Chinese (simplified)",
	    "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf\xb4"
	    "\xe4\xb8\xad\xe6\x96\x87",
	    "ihqwcrb4cv8a8dqg056pqjye" },
	{ "Chinese (traditional)",
	    "\xe4\xbb\x96\xe5\x80\x91\xe7\x88\xb2\xe4\xbb\x80\xe9\xba\xbd\xe4\xb8\x8d\xe8\xaa\xaa"
	    "\xe4\xb8\xad\xe6\x96\x87",
	    "ihqwctvzc91f659drss3x8bo0yb" },
	{ "Czech",
	    "Pro\xc4\x8dprost\xc4\x9bnemluv\xc3\xad\xc4\x8d"
	    "esky",
	    "Proprostnemluvesky-uyb24dma41a" },
	{ "Hebrew",
	    "\xd7\x9c\xd7\x9e\xd7\x94\xd7\x94\xd7\x9d\xd7\xa4\xd7\xa9\xd7\x95\xd7\x98\xd7\x9c\xd7"
	    "\x90\xd7\x9e\xd7\x93\xd7\x91\xd7\xa8\xd7\x99\xd7\x9d\xd7\xa2\xd7\x91\xd7\xa8\xd7\x99"
	    "\xd7\xaa",
	    "4dbcagdahymbxekheh6e0a7fei0b" },
	{ "Hindi",
	    "\xe0\xa4\xaf\xe0\xa4\xb9\xe0\xa4\xb2\xe0\xa5\x8b\xe0\xa4\x97\xe0\xa4\xb9\xe0\xa4\xbf"
	    "\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xaf"
	    "\xe0\xa5\x8b\xe0\xa4\x82\xe0\xa4\xa8\xe0\xa4\xb9\xe0\xa5\x80\xe0\xa4\x82\xe0\xa4\xac"
	    "\xe0\xa5\x8b\xe0\xa4\xb2\xe0\xa4\xb8\xe0\xa4\x95\xe0\xa4\xa4\xe0\xa5\x87\xe0\xa4\xb9"
	    "\xe0\xa5\x88\xe0\xa4\x82",
	    "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd" },
	{ "Japanese",
	    "\xe3\x81\xaa\xe3\x81\x9c\xe3\x81\xbf\xe3\x82\x93\xe3\x81\xaa\xe6\x97\xa5\xe6\x9c\xac"
	    "\xe8\xaa\x9e\xe3\x82\x92\xe8\xa9\xb1\xe3\x81\x97\xe3\x81\xa6\xe3\x81\x8f\xe3\x82\x8c"
	    "\xe3\x81\xaa\xe3\x81\x84\xe3\x81\xae\xe3\x81\x8b",
	    "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa" },
	{ "Korean",
	    "\xec\x84\xb8\xea\xb3\x84\xec\x9d\x98\xeb\xaa\xa8\xeb\x93\xa0\xec\x82\xac\xeb\x9e\x8c"
	    "\xeb\x93\xa4\xec\x9d\xb4\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4\xeb\xa5\xbc\xec\x9d\xb4"
	    "\xed\x95\xb4\xed\x95\x9c\xeb\x8b\xa4\xeb\xa9\xb4\xec\x96\xbc\xeb\xa7\x88\xeb\x82\x98"
	    "\xec\xa2\x8b\xec\x9d\x84\xea\xb9\x8c",
	    "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c" },
	{ "Russian",
	    "\xd0\xbf\xd0\xbe\xd1\x87\xd0\xb5\xd0\xbc\xd1\x83\xd0\xb6\xd0\xb5\xd0\xbe\xd0\xbd\xd0"
	    "\xb8\xd0\xbd\xd0\xb5\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd1\x8f\xd1\x82\xd0\xbf"
	    "\xd0\xbe\xd1\x80\xd1\x83\xd1\x81\xd1\x81\xd0\xba\xd0\xb8",
	    "b1abfaaepdrnnbgefbadotcwatmq2g4l" },
	{ "Spanish", "Porqu\xc3\xa9nopuedensimplementehablarenEspa\xc3\xb1ol",
	    "PorqunopuedensimplementehablarenEspaol-fmd56a" },
	{ "Vietnamese",
	    "T\xe1\xba\xa1isaoh\xe1\xbb\x8dkh\xc3\xb4ngth\xe1\xbb\x83"
	    "ch\xe1\xbb\x89n\xc3\xb3iti\xe1\xba\xbfngVi\xe1\xbb\x87t",
	    "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g" },
	{ "3<nen>B<gumi><kinpachi><sensei>",
	    "3\xe5\xb9\xb4"
	    "B\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
	    "3B-ww4c5e180e575a65lsy2b" },
	{ "<amuro><namie>-with-SUPER-MONKEYS",
	    "\xe5\xae\x89\xe5\xae\xa4\xe5\xa5\x88\xe7\xbe\x8e\xe6\x81\xb5-with-SUPER-MONKEYS",
	    "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n" },
	{ "Hello-Another-Way-<sorezore><no><basho>",
	    "Hello-Another-Way-"
	    "\xe3\x81\x9d\xe3\x82\x8c\xe3\x81\x9e\xe3\x82\x8c\xe3\x81\xae\xe5\xa0\xb4\xe6\x89\x80",
	    "Hello-Another-Way--fc4qua05auwb3674vfr0b" },
	{ "<hitotsu><yane><no><shita>2",
	    "\xe3\x81\xb2\xe3\x81\xa8\xe3\x81\xa4\xe5\xb1\x8b\xe6\xa0\xb9\xe3\x81\xae\xe4\xb8\x8b"
	    "2",
	    "2-u9tlzr9756bt3uc0v" },
	{ "Maji<de>Koi<suru>5<byou><mae>",
	    "Maji\xe3\x81\xa7Koi\xe3\x81\x99\xe3\x82\x8b"
	    "5\xe7\xa7\x92\xe5\x89\x8d",
	    "MajiKoi5-783gue6qz075azm5e" },
	{ "<pafii>de<runba>",
	    "\xe3\x83\x91\xe3\x83\x95\xe3\x82\xa3\xe3\x83\xbc"
	    "de\xe3\x83\xab\xe3\x83\xb3\xe3\x83\x90",
	    "de-jg4avhby1noc0d" },
	{ "<sono><supiido><de>",
	    "\xe3\x81\x9d\xe3\x81\xae\xe3\x82\xb9\xe3\x83\x94\xe3\x83\xbc\xe3\x83\x89\xe3\x81\xa7",
	    "d9juau41awczczp" },
	{ "-> $1.00 <-", "-> $1.00 <-", "-> $1.00 <--" },
	{ "nothing", "", "" },
	{ "the last character of all", "\xf4\x8f\xbf\xbf", "dn32g" },
};

static void test_the_vectors_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		char room[ROOM];
		struct gl_out out = gl_out_into(room, sizeof room);

		assert_int_equal(gl_out_punycode(&out, gl_span_of(vectors[i].text)), GL_OK);
		same_text(vectors[i].name, gl_out_done(&out), vectors[i].punycode);
	}
}

/* RFC 3629 section 3. */
static void test_what_is_no_utf8_is_refused(void **state)
{
	static const char *const bad[] = { "\x80", "a\xbf", "\xc3", "\xc3(", "\xc0\xaf", "\xc1\xbf",
		"\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
		"\xc3\xbc\xc3" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char room[ROOM];
		struct gl_out out = gl_out_into(room, sizeof room);

		if (gl_out_punycode(&out, gl_span_of(bad[i])) != GL_MALFORMED || out.len != 0)
			fail_msg("row %zu was taken", i);
	}
}

static struct gl_span umlauts(char *room, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		room[2 * i] = '\xc3';
		room[2 * i + 1] = '\xbc';
	}
	return (struct gl_span){ room, 2 * count };
}

static void test_as_many_characters_as_a_label_has(void **state)
{
	char text[ROOM];
	char room[ROOM];
	struct gl_out out = gl_out_into(room, sizeof room);

	(void)state;
	assert_int_equal(gl_out_punycode(&out, umlauts(text, 63)), GL_OK);
	same_text("63", gl_out_done(&out),
	    "tdaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	out = gl_out_into(room, sizeof room);
	assert_int_equal(gl_out_punycode(&out, umlauts(text, 64)), GL_TOO_LONG);
	assert_int_equal(out.len, 0);
}

static void test_domains(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "Example.COM", "example.com" },
		{ "B\xc3\xbc"
		  "cher.example",
		    "xn--bcher-kva.example" },
		{ "mx.\xe5\x85\xac\xe5\x8f\xb8.cn", "mx.xn--55qx5d.cn" },
		{ "a..b", "a..b" },
		{ ".", "." },
		{ "A.\xff\xfe.B", "a.\xff\xfe.b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char room[ROOM];
		struct gl_out out = gl_out_into(room, sizeof room);

		gl_out_domain(&out, gl_span_of(rows[i][0]));
		same_text(rows[i][0], gl_out_done(&out), rows[i][1]);
	}
}

/* The error sticks, and nothing is written beyond the room. */
static void test_a_room_that_is_too_small(void **state)
{
	static const char *const name = "B\xc3\xbc"
					"cher.example";

	(void)state;
	for (size_t size = 0; size <= 21; size++) {
		char room[22];
		struct gl_out out = gl_out_into(room, size);

		memset(room, '!', sizeof room);
		gl_out_domain(&out, gl_span_of(name));
		assert_int_equal(out.full, size < 21);
		assert_int_equal(room[size], '!');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_vectors_of_the_rfc),
		cmocka_unit_test(test_what_is_no_utf8_is_refused),
		cmocka_unit_test(test_as_many_characters_as_a_label_has),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_a_room_that_is_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
