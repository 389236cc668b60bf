/*
 * Spans and bounded output: what everything else is built from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/span.h"
#include "same.h"

static void a_span_may_be_empty_and_null(void **state)
{
	(void)state;
	struct gl_span none = gl_span_of(NULL);

	assert_int_equal(none.len, 0);
	assert_true(gl_span_equal(none, gl_span_of("")));
	assert_true(gl_span_equal_fold(none, gl_span_of("")));
	assert_int_equal(gl_span_compare(none, none), 0);
	assert_int_equal(gl_span_find(none, 'a'), 0);
	assert_int_equal(gl_span_find_last(none, 'a'), 0);
	assert_int_equal(gl_span_trim(none).len, 0);
	assert_int_equal(gl_span_skip(none, 1).len, 0);
	assert_int_equal(gl_span_head(none, 1).len, 0);
}

static void equal_looks_at_every_byte(void **state)
{
	static const struct {
		const char *name;
		struct gl_span a, b;
		bool same, folded;
	} rows[] = {
		{ "the same", BYTES("abc"), BYTES("abc"), true, true },
		{ "other case", BYTES("aBc"), BYTES("AbC"), false, true },
		{ "a continuation", BYTES("abc"), BYTES("abcd"), false, false },
		{ "behind a NUL", BYTES("a\0b"), BYTES("a\0c"), false, false },
		{ "@ and ` are no letters", BYTES("@["), BYTES("`{"), false, false },
		{ "no locale", BYTES("\xc4"), BYTES("\xe4"), false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (gl_span_equal(rows[i].a, rows[i].b) != rows[i].same)
			fail_msg("%s: gl_span_equal", rows[i].name);
		if (gl_span_equal_fold(rows[i].a, rows[i].b) != rows[i].folded)
			fail_msg("%s: gl_span_equal_fold", rows[i].name);
	}
}

static void order_is_that_of_unsigned_bytes(void **state)
{
	static const struct gl_span rising[] = { BYTES(""), BYTES("\0"), BYTES("a"), BYTES("a\0"),
		BYTES("aa"), BYTES("b"), BYTES("\x80"), BYTES("\xff") };

	(void)state;
	for (size_t i = 0; i < sizeof rising / sizeof *rising; i++) {
		for (size_t k = 0; k < sizeof rising / sizeof *rising; k++) {
			int order = gl_span_compare(rising[i], rising[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}

static void cutting_stays_inside(void **state)
{
	struct gl_span span = BYTES("hello");

	(void)state;
	same_text("skip none", gl_span_skip(span, 0), "hello");
	same_text("skip some", gl_span_skip(span, 2), "llo");
	same_text("skip all", gl_span_skip(span, 5), "");
	same_text("skip more", gl_span_skip(span, 6), "");
	assert_ptr_equal(gl_span_skip(span, SIZE_MAX).at, span.at + 5);
	same_text("head none", gl_span_head(span, 0), "");
	same_text("head some", gl_span_head(span, 2), "he");
	same_text("head more", gl_span_head(span, 6), "hello");
	assert_int_equal(gl_span_find(span, 'l'), 2);
	assert_int_equal(gl_span_find_last(span, 'l'), 3);
	assert_int_equal(gl_span_find_last(span, 'h'), 0);
	assert_int_equal(gl_span_find(span, 'x'), 5);
	assert_int_equal(gl_span_find_last(span, 'x'), 5);
}

static void trim_takes_blanks_off_both_ends(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "a", "a" },
		{ " \t\r\na b\r\n\t ", "a b" },
		{ " \t\r\n", "" },
		{ "", "" },
		{ "\va\f", "\va\f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		same_text(rows[i].from, gl_span_trim(gl_span_of(rows[i].from)), rows[i].to);
}

static void numbers_are_whole_spans_within_a_limit(void **state)
{
	static const struct {
		const char *text;
		uint64_t most;
		enum gl_status status;
		uint64_t number;
	} rows[] = {
		{ "0", 0, GL_OK, 0 },
		{ "1", 0, GL_TOO_LONG, 0 },
		{ "32", 32, GL_OK, 32 },
		{ "33", 32, GL_TOO_LONG, 0 },
		{ "007", 7, GL_OK, 7 },
		{ "18446744073709551615", UINT64_MAX, GL_OK, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, GL_TOO_LONG, 0 },
		{ "99999999999999999999999999", UINT64_MAX, GL_TOO_LONG, 0 },
		{ "9x", 3, GL_MALFORMED, 0 },
		{ "", 9, GL_MALFORMED, 0 },
		{ "-1", 9, GL_MALFORMED, 0 },
		{ "+1", 9, GL_MALFORMED, 0 },
		{ " 1", 9, GL_MALFORMED, 0 },
		{ "1 ", 9, GL_MALFORMED, 0 },
		{ "0x1", 9, GL_MALFORMED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t number = 0;

		same_status(rows[i].text,
		    gl_span_number(gl_span_of(rows[i].text), rows[i].most, &number),
		    rows[i].status);
		assert_int_equal(number, rows[i].number);
	}
}

static void letters_and_digits_are_ascii(void **state)
{
	(void)state;
	for (int byte = -128; byte < 128; byte++) {
		bool upper = byte >= 'A' && byte <= 'Z';
		bool lower = byte >= 'a' && byte <= 'z';
		bool digit = byte >= '0' && byte <= '9';

		assert_int_equal(gl_lower((char)byte), upper ? byte + 32 : byte);
		assert_int_equal(gl_is_digit((char)byte), digit);
		assert_int_equal(gl_is_alnum((char)byte), upper || lower || digit);
	}
}

static void output_is_what_was_written(void **state)
{
	char buffer[64];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	gl_out_text(&out, "n=");
	gl_out_decimal(&out, -42);
	gl_out_byte(&out, ' ');
	gl_out_lower(&out, gl_span_of("Ab\xc4"));
	gl_out_span(&out, (struct gl_span)BYTES("\0z"));
	gl_out_span(&out, gl_span_of(NULL));
	same_bytes("all", gl_out_done(&out), (struct gl_span)BYTES("n=-42 ab\xc4\0z"));
	assert_false(out.full);
}

static void decimals_reach_both_ends(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ -1, "-1" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char buffer[20];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_out_decimal(&out, rows[i].number);
		same_text(rows[i].text, gl_out_done(&out), rows[i].text);
		assert_false(out.full);
	}
}

static void the_error_of_a_full_buffer_sticks(void **state)
{
	char buffer[5] = "....";
	struct gl_out out = gl_out_into(buffer, 4);

	(void)state;
	gl_out_text(&out, "abcd");
	assert_false(out.full);
	gl_out_text(&out, "");
	assert_false(out.full);
	gl_out_byte(&out, 'e');
	assert_true(out.full);
	same_text("exactly full", gl_out_done(&out), "abcd");
	assert_int_equal(buffer[4], '\0');

	out = gl_out_into(buffer, 4);
	gl_out_text(&out, "abcdef");
	gl_out_text(&out, "g");
	gl_out_text(&out, "");
	assert_true(out.full);
	same_text("what did fit", gl_out_done(&out), "abcd");
	out = gl_out_into(buffer, 4);
	gl_out_text(&out, "ab");
	gl_out_printable(&out, gl_span_of("c\xe2\x82\xac"));
	gl_out_text(&out, "d");
	assert_true(out.full);
	same_text("no half character, and nothing behind it", gl_out_done(&out), "abc");
}

static void a_string_gives_up_its_last_byte(void **state)
{
	char buffer[4];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	assert_string_equal(gl_out_string(&out), "");
	gl_out_text(&out, "abc");
	assert_string_equal(gl_out_string(&out), "abc");
	assert_false(out.full);
	gl_out_text(&out, "d");
	assert_string_equal(gl_out_string(&out), "abc");
	assert_true(out.full);
	out = gl_out_into(buffer, 1);
	gl_out_text(&out, "abc");
	assert_string_equal(gl_out_string(&out), "");
}

static void foreign_bytes_are_made_printable(void **state)
{
	static const struct {
		const char *name;
		struct gl_span from;
		const char *to;
	} rows[] = {
		{ "ASCII", BYTES("a b~\\\"%"), "a b~\\\"%" },
		{ "controls", BYTES("\0\t\n\r\x1b[2J\x7f"), "?????[2J?" },
		{ "two bytes", BYTES("\xc3\xa9\xc2\xa0"), "\xc3\xa9\xc2\xa0" },
		{ "three and four bytes", BYTES("\xe2\x82\xac\xf0\x9f\x98\x80"),
		    "\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "C1 controls in UTF-8", BYTES("\xc2\x80\xc2\x9b\xc2\x9f"), "??????" },
		{ "C1 controls raw", BYTES("\x9b"), "?" },
		{ "Latin-1", BYTES("caf\xe9!"), "caf?!" },
		{ "cut short", BYTES("a\xe2\x82"), "a??" },
		{ "a lead without its rest", BYTES("\xe2\x82z\xc3"), "??z?" },
		{ "overlong slash", BYTES("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf"), "?????????" },
		{ "overlong euro", BYTES("\xf0\x82\x82\xac"), "????" },
		{ "surrogates", BYTES("\xed\xa0\x80\xed\xbf\xbf"), "??????" },
		{ "before the surrogates", BYTES("\xed\x9f\xbf"), "\xed\x9f\xbf" },
		{ "the last code point", BYTES("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },
		{ "beyond the last", BYTES("\xf4\x90\x80\x80\xf5\x80\x80\x80"), "????????" },
		{ "line separator", BYTES("\xe2\x80\xa8"), "???" },
		{ "right-to-left override", BYTES("\xe2\x80\xae"), "???" },
		{ "isolate", BYTES("\xe2\x81\xa6"), "???" },
		{ "left-to-right and right-to-left mark", BYTES("\xe2\x80\x8e\xe2\x80\x8f"),
		    "??????" },
		{ "Arabic letter mark", BYTES("\xd8\x9c"), "??" },
		{ "joiners of letters", BYTES("\xe2\x80\x8c\xe2\x80\x8d"),
		    "\xe2\x80\x8c\xe2\x80\x8d" },
		{ "around those", BYTES("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa"),
		    "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char buffer[64];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_out_printable(&out, rows[i].from);
		same_text(rows[i].name, gl_out_done(&out), rows[i].to);
	}
}

static void a_character_is_not_read_past_the_end(void **state)
{
	static const struct gl_span whole = BYTES("\xf0\x9f\x98\x80");

	(void)state;
	for (size_t len = 1; len < whole.len; len++) {
		char buffer[8];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_out_printable(&out, gl_span_head(whole, len));
		same_bytes("cut", gl_out_done(&out), gl_span_head(gl_span_of("???"), len));
	}
}

static void every_status_has_its_words(void **state)
{
	(void)state;
	for (int a = GL_OK; a <= GL_FAILED; a++) {
		const char *text = gl_status_text((enum gl_status)a);

		assert_true(text[0] != '\0');
		assert_string_not_equal(text, "unknown status");
		for (int b = GL_OK; b < a; b++)
			assert_string_not_equal(text, gl_status_text((enum gl_status)b));
	}
	assert_string_equal(gl_status_text((enum gl_status)999), "unknown status");
}

static void hex_goes_there_and_back(void **state)
{
	static const char *const bad[] = { "0", "0g", "g0", "abc", "0x", " 0", "00 " };
	char bytes[256], digits[512], again[256];
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	struct gl_out out = gl_out_into(digits, sizeof digits);
	gl_out_hex(&out, (struct gl_span){ bytes, sizeof bytes });
	assert_false(out.full);
	assert_memory_equal(digits, "000102", 6);
	assert_memory_equal(digits + 506, "fdfeff", 6);
	struct gl_out back = gl_out_into(again, sizeof again);
	assert_int_equal(gl_out_from_hex(&back, gl_out_done(&out)), GL_OK);
	assert_int_equal(back.len, sizeof bytes);
	assert_memory_equal(again, bytes, sizeof bytes);
	back = gl_out_into(again, sizeof again);
	assert_int_equal(gl_out_from_hex(&back, gl_span_of("aAfF09")), GL_OK);
	assert_memory_equal(again, "\xaa\xff\x09", 3);
	assert_int_equal(gl_out_from_hex(&back, gl_span_of("")), GL_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(gl_out_from_hex(&back, gl_span_of(bad[i])), GL_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_may_be_empty_and_null),
		cmocka_unit_test(equal_looks_at_every_byte),
		cmocka_unit_test(order_is_that_of_unsigned_bytes),
		cmocka_unit_test(cutting_stays_inside),
		cmocka_unit_test(trim_takes_blanks_off_both_ends),
		cmocka_unit_test(numbers_are_whole_spans_within_a_limit),
		cmocka_unit_test(letters_and_digits_are_ascii),
		cmocka_unit_test(output_is_what_was_written),
		cmocka_unit_test(decimals_reach_both_ends),
		cmocka_unit_test(hex_goes_there_and_back),
		cmocka_unit_test(the_error_of_a_full_buffer_sticks),
		cmocka_unit_test(a_string_gives_up_its_last_byte),
		cmocka_unit_test(foreign_bytes_are_made_printable),
		cmocka_unit_test(a_character_is_not_read_past_the_end),
		cmocka_unit_test(every_status_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
