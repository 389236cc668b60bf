/*
 * Replies: what Postfix reads, whatever the client and the text hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/reply.h"
#include "same.h"

static char buffer[GL_REPLY_MAX];

static struct gl_span deferral_of(
    const char *action, const char *text, int64_t wait, struct gl_span recipient)
{
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_deferral deferral = { action, text, wait, recipient };

	gl_reply_defer(&out, &deferral);
	assert_false(out.full);
	return gl_out_done(&out);
}

static void fixed_replies(void **state)
{
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	gl_reply_dunno(&out);
	same_text("dunno", gl_out_done(&out), "action=DUNNO\n\n");
	out = gl_out_into(buffer, sizeof buffer);
	gl_reply_trouble(&out);
	same_text("trouble", gl_out_done(&out),
	    "action=DEFER_IF_PERMIT 4.3.0 Temporary service problem\n\n");
}

static void deferrals(void **state)
{
	static const struct {
		const char *action, *text;
		int64_t wait;
		const char *reply;
	} rows[] = {
		{ "DEFER_IF_PERMIT", "Greylisted, please retry in %s seconds", 180,
		    "action=DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180 seconds\n\n" },
		{ "DEFER", "See http://x.test/%r.html", 1,
		    "action=DEFER 4.2.0 See http://x.test/rcpt.test.html\n\n" },
		{ "450", "4.7.1 Wait", 1, "action=450 4.7.1 Wait\n\n" },
		{ "451", "", 1, "action=451 4.2.0 \n\n" },
		{ "450", "%s, %s and %s", 7, "action=450 4.2.0 7, 7 and 7\n\n" },
		{ "450", "All 100%% of %r", 1, "action=450 4.2.0 All 100% of rcpt.test\n\n" },
		{ "450", "%%s %%r", 1, "action=450 4.2.0 %s %r\n\n" },
		{ "450", "%", 1, "action=450 4.2.0 %\n\n" },
		{ "450", "%x %t% S", 1, "action=450 4.2.0 %x %t% S\n\n" },
		{ "450", "%%%s%", 9223372036854775807,
		    "action=450 4.2.0 %9223372036854775807%\n\n" },
		{ "450", "a\nb\r\tc\x1b", 1, "action=450 4.2.0 a?b??c?\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		same_text(rows[i].text,
		    deferral_of(
			rows[i].action, rows[i].text, rows[i].wait, gl_span_of("u@rcpt.test")),
		    rows[i].reply);
}

#define D50  "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"
#define D250 D50 D50 D50 D50 D50

static void only_domains_reach_the_reply(void **state)
{
	static const struct {
		const char *name;
		struct gl_span recipient;
		const char *domain;
	} rows[] = {
		{ "as usual", BYTES("u@Mail-1.rcpt.TEST"), "Mail-1.rcpt.TEST" },
		{ "quoted '@'", BYTES("\"a@b\"@rcpt.test"), "rcpt.test" },
		{ "longest", BYTES("u@" D250 ".test"), D250 ".test" },
		{ "one over", BYTES("u@" D250 "..test"), "unknown" },
		{ "none", BYTES(""), "unknown" },
		{ "empty", BYTES("u@"), "unknown" },
		{ "no '@'", BYTES("postmaster"), "unknown" },
		{ "newline", BYTES("u@rcpt.test\n\naction=OK"), "unknown" },
		{ "blank", BYTES("u@rcpt test"), "unknown" },
		{ "per cent", BYTES("u@%s%r"), "unknown" },
		{ "markup", BYTES("u@<b>"), "unknown" },
		{ "underscore", BYTES("u@a_b"), "unknown" },
		{ "literal", BYTES("u@[192.0.2.7]"), "unknown" },
		{ "UTF-8", BYTES("u@\xc3\xa9.test"), "unknown" },
		{ "not UTF-8", BYTES("u@\xe9.test"), "unknown" },
		{ "NUL", BYTES("u@a\0b"), "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char want[GL_REPLY_MAX];
		struct gl_out out = gl_out_into(want, sizeof want);

		gl_out_text(&out, "action=450 4.2.0 ");
		gl_out_text(&out, rows[i].domain);
		gl_out_text(&out, "\n\n");
		same_bytes(rows[i].name, deferral_of("450", "%r", 1, rows[i].recipient),
		    gl_out_done(&out));
	}
}

static void a_deferral_always_fits(void **state)
{
	static const char letters[] = "rs%x";
	struct gl_span recipient = BYTES("u@" D250 ".test");

	(void)state;
	for (size_t letter = 0; letter < sizeof letters - 1; letter++) {
		char text[GL_REPLY_TEXT_MAX + 1] = "";

		for (size_t i = 0; i < GL_REPLY_TEXT_MAX; i += 2) {
			text[i] = '%';
			text[i + 1] = letters[letter];
		}
		struct gl_span reply = deferral_of("DEFER_IF_PERMIT", text, INT64_MAX, recipient);

		assert_true(reply.len > GL_REPLY_TEXT_MAX / 2);
		assert_memory_equal(reply.at + reply.len - 2, "\n\n", 2);
	}
}

static void what_does_not_fit_is_not_sent_as_if_it_did(void **state)
{
	struct gl_out out = gl_out_into(buffer, 20);
	struct gl_deferral deferral = { "DEFER_IF_PERMIT", "Wait", 1, gl_span_of("u@d") };

	(void)state;
	gl_reply_defer(&out, &deferral);
	assert_true(out.full);
}

static struct gl_span header_of(const char *format, const char *hostname)
{
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_header header = {
		.format = format,
		.delayed = 301,
		.version = "1.2.3",
		.hostname = hostname,
		.date = "Fri, 01 Mar 2024 12:00:00 +0000",
	};

	gl_reply_prepend(&out, &header);
	assert_false(out.full);
	return gl_out_done(&out);
}

static void headers(void **state)
{
	static const struct {
		const char *format, *reply;
	} rows[] = {
		{ "X-Greylist: delayed %t seconds by greylist-%v at %h; %d",
		    "action=PREPEND X-Greylist: delayed 301 seconds by greylist-1.2.3 at mx.test; "
		    "Fri, 01 Mar 2024 12:00:00 +0000\n\n" },
		{ "X-A: %t%t", "action=PREPEND X-A: 301301\n\n" },
		{ "X-A: 1%% %s %r %", "action=PREPEND X-A: 1% %s %r %\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		same_text(rows[i].format, header_of(rows[i].format, "mx.test"), rows[i].reply);
	same_text(
	    "a broken hostname", header_of("X-A: %h", "a\n\nb"), "action=PREPEND X-A: a??b\n\n");
}

static void a_header_that_does_not_fit_is_left_out(void **state)
{
	char format[GL_REPLY_HEADER_MAX + 1] = "";

	(void)state;
	for (size_t i = 0; i < GL_REPLY_HEADER_MAX; i += 2) {
		format[i] = '%';
		format[i + 1] = 'h';
	}
	same_text("too long", header_of(format, D50), "action=DUNNO\n\n");
}

/* Postfix reads lines up to an empty one: there must be just one of each, and it must be UTF-8. */
static void every_reply_is_one_line(void **state)
{
	struct dice dice = { 821 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[GL_REPLY_TEXT_MAX + 1] = "";
		char recipient[64];

		for (size_t k = 0; k < GL_REPLY_TEXT_MAX; k++)
			text[k] = (char)(dice_one_in(&dice, 9) ? '%' : dice_between(&dice, 1, 255));
		for (size_t k = 0; k < sizeof recipient; k++)
			recipient[k] = (char)dice_between(&dice, 0, 255);
		struct gl_span reply = deferral_of(
		    "450", text, 5, (struct gl_span){ recipient, sizeof recipient });
		char shown[GL_REPLY_MAX];
		struct gl_out out = gl_out_into(shown, sizeof shown);
		struct gl_span line = gl_span_head(reply, gl_span_find(reply, '\n'));

		assert_int_equal(line.len, reply.len - 2);
		gl_out_printable(&out, line);
		same_bytes("already printable", gl_out_done(&out), line);
	}
}

static void actions_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(gl_action_text(GL_ACTION_PASS), "pass");
	assert_string_equal(gl_action_text(GL_ACTION_GREYLIST), "greylist");
	assert_string_equal(gl_action_text(GL_ACTION_WOULD_GREYLIST), "would-greylist");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_replies),
		cmocka_unit_test(deferrals),
		cmocka_unit_test(only_domains_reach_the_reply),
		cmocka_unit_test(a_deferral_always_fits),
		cmocka_unit_test(what_does_not_fit_is_not_sent_as_if_it_did),
		cmocka_unit_test(headers),
		cmocka_unit_test(a_header_that_does_not_fit_is_left_out),
		cmocka_unit_test(every_reply_is_one_line),
		cmocka_unit_test(actions_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
