/* Lines of Postfix's log, as it writes them and as a stranger would have it write them. */
#include "mailline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "same.h"

#define ID "4XyZ9k1Qm2z3Bc"

static struct gl_mailline read_line;

static enum gl_status read_it(const char *line)
{
	return gl_mailline_read(&read_line, gl_span_of(line));
}

struct client_row {
	const char *line, *name, *address, *orig;
	bool authenticated;
};

static void a_client_is_read_whatever_the_service_is_called(void **state)
{
	static const struct client_row rows[] = {
		{ "mx postfix/smtpd[1]: " ID ": client=mail.example.org[192.0.2.7]",
		    "mail.example.org", "192.0.2.7", "", false },
		{ "mx postfix/smtpd[1]: " ID ": client=unknown[2001:db8::7]", "unknown",
		    "2001:db8::7", "", false },
		{ "mx postfix/smtpd[1]: " ID ": client=unknown[unknown]", "unknown", "unknown", "",
		    false },
		{ "mx postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7]:50123", "m.example",
		    "192.0.2.7", "", false },
		{ "mx postfix-in/smtpd[99999]: " ID ": client=m.example[192.0.2.7]\r", "m.example",
		    "192.0.2.7", "", false },
		{ "mx postfix/submission/smtpd[1]: " ID
		  ": client=m.example[192.0.2.7], sasl_method=PLAIN, sasl_username=joe",
		    "m.example", "192.0.2.7", "", true },
		{ "mx postfix/smtpd: " ID
		  ": client=localhost[127.0.0.1], orig_client=m.example[192.0.2.7]",
		    "localhost", "127.0.0.1", "192.0.2.7", false },
		/* behind a queue of its own the first hop has told everything */
		{ "mx postfix/smtpd[1]: " ID ": client=localhost[127.0.0.1], orig_queue_id=" ID
		  ", orig_client=m.example[192.0.2.7]",
		    "localhost", "127.0.0.1", "", false },
		/* who logs in may be called anything */
		{ "mx postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7], sasl_method=LOGIN, "
		  "sasl_username=x, orig_client=y[127.0.0.1]",
		    "m.example", "192.0.2.7", "", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct client_row *row = &rows[i];
		same_status(row->line, read_it(row->line), GL_OK);
		assert_int_equal(read_line.kind, GL_MAILLINE_CLIENT);
		same_text(row->line, read_line.name, row->name);
		same_text(row->line, read_line.address, row->address);
		same_text(row->line, read_line.orig_address, row->orig);
		same_text(row->line, read_line.queue_id, ID);
		same_text(row->line, read_line.host, "mx");
		assert_int_equal(read_line.authenticated, row->authenticated);
	}
}

struct mailbox_row {
	const char *line, *mailbox;
};

#define FROM(sender)                                                                               \
	"mx postfix/qmgr[1]: " ID ": from=<" sender ">, size=1234, nrcpt=1 (queue active)"

static void a_sender_ends_where_postfix_says(void **state)
{
	static const struct mailbox_row rows[] = {
		{ FROM("a@b.example"), "a@b.example" },
		{ FROM(""), "" },
		{ FROM("a>, size=1, nrcpt=1 (queue active)@b.example"),
		    "a>, size=1, nrcpt=1 (queue active)@b.example" },
		{ FROM("\"a b\"@c.example"), "a b@c.example" },
		{ FROM("\"a\\\"b\\\\\"@c.example"), "a\"b\\@c.example" },
		{ FROM("\"only\""), "only" },
		{ FROM("\"half@c.example"), "\"half@c.example" },
		{ FROM("\"a\"b@c.example"), "\"a\"b@c.example" },
		{ FROM("\"x> to=<y\"@c.example"), "x> to=<y@c.example" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		same_status(rows[i].line, read_it(rows[i].line), GL_OK);
		assert_int_equal(read_line.kind, GL_MAILLINE_FROM);
		same_text(rows[i].line, read_line.mailbox, rows[i].mailbox);
	}
}

#define SENT(agent, to)                                                                            \
	"mx postfix/" agent "[1]: " ID ": to=<" to ">, relay=10.0.0.1[10.0.0.1]:24, delay=0.5, "   \
	"delays=0.1/0/0.1/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok)"

static void a_delivery_is_of_what_the_client_asked_for(void **state)
{
	static const struct mailbox_row rows[] = {
		{ SENT("smtp", "c@d.example"), "c@d.example" },
		{ SENT("lmtp", "c@d.example"), "c@d.example" },
		{ SENT("local", "c@d.example"), "c@d.example" },
		{ SENT("virtual", "c@d.example"), "c@d.example" },
		{ SENT("pipe", "c@d.example"), "c@d.example" },
		{ SENT("discard", "c@d.example"), "c@d.example" },
		{ SENT("relay/smtp", "c@d.example"), "c@d.example" },
		{ SENT("local", "joe@mx.example>, orig_to=<postmaster@d.example"),
		    "postmaster@d.example" },
		{ SENT("local", "joe@mx.example>, orig_to=<postmaster"), "postmaster" },
		{ SENT("local", "\"a>, b\"@d.example"), "a>, b@d.example" },
		/* what is told of the delivery is nobody's business here */
		{ "mx postfix/pipe[1]: " ID ": to=<c@d.example>, relay=x, delay=1, delays=1/0/0/0, "
		  "dsn=2.0.0, status=sent (delivered: to=<e@f.example>, status=bounced)",
		    "c@d.example" },
		{ "mx postfix/virtual[1]: " ID ": to=<c@d.example>, relay=virtual, delay=1, "
		  "status=sent",
		    "c@d.example" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		same_status(rows[i].line, read_it(rows[i].line), GL_OK);
		assert_int_equal(read_line.kind, GL_MAILLINE_SENT);
		same_text(rows[i].line, read_line.mailbox, rows[i].mailbox);
	}
}

static void what_can_be_read_in_two_ways_is_not_read(void **state)
{
	static const char *const lines[] = {
		/* in front of Postfix 3.5 a quoted address was logged without its quotes */
		SENT("smtp", "a@b.example>, relay=x, status=sent (c@d.example"),
		SENT("smtp", "a@b.example>, orig_to=<c@d.example>, orig_to=<e@f.example"),
		"mx postfix/smtp[1]: " ID ": to=<a@b.example>, relay=x, delay=1, dsn=2.0.0, "
		"status=sent (250 >, relay=y)",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		same_status(lines[i], read_it(lines[i]), GL_MALFORMED);
}

static void the_end_of_a_mail_is_told(void **state)
{
	(void)state;
	assert_int_equal(read_it("mx postfix/qmgr[1]: 0123456789A: removed"), GL_OK);
	assert_int_equal(read_line.kind, GL_MAILLINE_REMOVED);
	same_text("short id", read_line.queue_id, "0123456789A");
}

static void everything_else_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"",
		"mx",
		"mx postfix/smtpd[1]:",
		"mx postfix/smtpd[1]: connect from m.example[192.0.2.7]",
		"mx postfix/smtpd[1]: NOQUEUE: client=m.example[192.0.2.7]",
		"mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from m.example[192.0.2.7]: 450",
		"mx postfix/smtpd[1]: " ID ": reject: RCPT from m.example[192.0.2.7]: 450",
		"mx postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7",
		"mx postfix/smtpd[1]: " ID ": client=[192.0.2.7]",
		"mx postfix/smtpd[1]: " ID ": client=a b[192.0.2.7]",
		"mx postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7]x",
		"mx postfix/smtpd[1]: " ID ":client=m.example[192.0.2.7]",
		"mx postfix/smtpd[1]: 4abc: client=m.example[192.0.2.7]",
		"mx postfix/smtpd[1]: 4XyZ9k1Qm2z3Bc4XyZ9k1Qm2z3Bc4XyZ9k1Qm: client=m[192.0.2.7]",
		"mx postfix/smtpd[1]: 4XyZ-9k1Qm: client=m.example[192.0.2.7]",
		"mx smtpd[1]: " ID ": client=m.example[192.0.2.7]",
		"mx sshd[1]: postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7]",
		"mx x postfix/smtpd[1]: " ID ": client=m.example[192.0.2.7]",
		"mx postfix/cleanup[1]: " ID ": warning: header Subject: to=<a@b.example>, "
		"relay=x, status=sent (y) from m.example[192.0.2.7]; from=<> to=<c@d.example>",
		"mx postfix/cleanup[1]: " ID ": to=<a@b.example>, relay=x, status=sent (y)",
		"mx postfix/pickup[1]: " ID ": uid=0 from=<root>",
		"mx postfix/qmgr[1]: " ID
		": from=<a@b.example>, status=expired, returned to sender",
		"mx postfix/qmgr[1]: " ID ": from=<x>, size=1, nrcpt=1 (queue active)@b.example>, "
		"status=expired, returned to sender",
		"mx postfix/qmgr[1]: " ID ": from=<a@b.example>, size=, nrcpt=1 (queue active)",
		"mx postfix/qmgr[1]: " ID ": from=<a@b.example>, size=1, nrcpt=1 (queue act",
		"mx postfix/qmgr[1]: " ID ": removed by hand",
		"mx postfix/smtp[1]: " ID ": to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, "
		"status=deferred (connect: status=sent (250))",
		"mx postfix/smtp[1]: " ID ": to=<a@b.example>, relay=x, dsn=5.0.0, status=bounced "
		"(said: 550 , status=sent (no)",
		"mx postfix/smtp[1]: " ID ": to=<a@b.example>, relay=x, dsn=2.0.0, status=sentinel",
		"mx postfix/smtp[1]: " ID ": to=<a@b.example>, relay=x, dsn=2.0.0, "
		"status=deliverable (250 ok)",
		"mx postfix/error[1]: " ID ": to=<a@b.example>, relay=none, status=sent (x)",
		"mx postfix/smtp[1]: " ID ": enabling PIX workarounds: status=sent",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		same_status(lines[i], read_it(lines[i]), GL_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_read_whatever_the_service_is_called),
		cmocka_unit_test(a_sender_ends_where_postfix_says),
		cmocka_unit_test(a_delivery_is_of_what_the_client_asked_for),
		cmocka_unit_test(what_can_be_read_in_two_ways_is_not_read),
		cmocka_unit_test(the_end_of_a_mail_is_told),
		cmocka_unit_test(everything_else_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
