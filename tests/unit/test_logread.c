/*
 * Lines of the mail log read back: what was written is what is read,
 * whatever strangers put into the values; and rows of both kinds.
 */
#include "logread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/logline.h"
#include "same.h"

enum { ROUNDS = 20000 };

struct world {
	struct gl_request request, again;
	struct gl_logread read;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

#define OURS "action=greylist, reason=new, "
#define BACK "NOQUEUE: reject: RCPT from "

/* NULL: not there. */
struct row {
	const char *line, *name, *address, *sender, *recipient;
	bool ambiguous;
};

static void same_value(
    const struct row *row, const char *what, const struct gl_logged *value, const char *wanted)
{
	if (value->present != (wanted != NULL))
		fail_msg("%s: %s is %s", row->line, what, value->present ? "there" : "missing");
	if (wanted != NULL)
		same_text(row->line, value->text, wanted);
}

static void read_row(struct world *world, const struct row *row)
{
	struct gl_logread *read = &world->read;
	if (gl_logread_line(read, gl_span_of(row->line)) != GL_OK)
		fail_msg("not understood: %s", row->line);
	same_value(row, "name", &read->name, row->name);
	same_value(row, "address", &read->address, row->address);
	same_value(row, "sender", &read->sender, row->sender);
	same_value(row, "recipient", &read->recipient, row->recipient);
	if (read->ambiguous != row->ambiguous)
		fail_msg("%s: ambiguous is %d", row->line, read->ambiguous);
}

static void our_lines(void **state)
{
	static const struct row rows[] = {
		{ OURS "client_name=a.b, client_address=192.0.2.7, sender=s@x, recipient=r@y",
		    "a.b", "192.0.2.7", "s@x", "r@y", false },
		{ "Jan  1 00:00:00 mx greylist-policy[1]: " OURS
		  "client_address=2001:db8::1, recipient=r@y\r\n",
		    "", "2001:db8::1", "", "r@y", false },
		{ "2026-01-01T00:00:00+00:00 mx postgrey[1]: 4AbC: action=pass, reason=triplet "
		  "found, delay=300, client_name=unknown, client_address=192.0.2.7, "
		  "sender=50%%@x, recipient=%%%%",
		    "unknown", "192.0.2.7", "50%@x", "%%", false },
		{ "action=would-greylist, reason=early-retry (3s missing), "
		  "client_address=192.0.2.7, sender=s, recipient=r",
		    "", "192.0.2.7", "s", "r", false },
		{ OURS "client_name=x, client_address=y, client_address=192.0.2.7, recipient=r",
		    "x, client_address=y", "192.0.2.7", "", "r", false },
		{ OURS "client_name=x, client_address=y, recipient=r", "x", "y", "", "r", false },
		{ OURS "client_address=192.0.2.7, sender=\"a, recipient=b\"@x, recipient=r", "",
		    "192.0.2.7", "\"a, recipient=b\"@x", "r", false },
		{ OURS "client_address=192.0.2.7, sender=s, recipient=\"a, recipient=b\"@x", "",
		    "192.0.2.7", "s", "\"a, recipient=b\"@x", false },
		{ OURS "client_address=192.0.2.7, sender=\"a\\\", recipient=b\"@x, recipient=r", "",
		    "192.0.2.7", "\"a\\\", recipient=b\"@x", "r", false },
		{ OURS "client_address=192.0.2.7, sender=a, recipient=b, recipient=r", "",
		    "192.0.2.7", "a, recipient=b", "r", true },
		{ OURS "client_address=192.0.2.7, sender=a\"b, recipient=r", "", "192.0.2.7",
		    "a\"b", "r", false },
		{ "action=pass, reason=incomplete request, client_name=n, recipient=r", "n", NULL,
		    NULL, "r", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		read_row(*state, &rows[i]);
}

static void lines_of_postfix(void **state)
{
	static const struct row rows[] = {
		{ BACK "a.b[192.0.2.7]: 450 4.2.0 <r@y>: Recipient address rejected: Greylisted; "
		       "from=<s@x> to=<r@y> proto=ESMTP helo=<h>",
		    "a.b", "192.0.2.7", "s@x", "r@y", false },
		{ "Jan  1 00:00:00 mx postfix/smtpd[1]: 4AbC: reject: RCPT from "
		  "unknown[2001:db8::1]:25: 450 no; from=<> to=<50%%@y> proto=SMTP",
		    "unknown", "2001:db8::1", "", "50%%@y", false },
		{ BACK "a.b[192.0.2.7]: 450 no; from=<\"x> to=<y\"@z> to=<r@y> proto=ESMTP", "a.b",
		    "192.0.2.7", "\"x> to=<y\"@z", "r@y", false },
		{ BACK "a.b[192.0.2.7]: 450 no; from=<s> to=<r> proto=ESMTP helo=<a> to=<b>", "a.b",
		    "192.0.2.7", "s", "r", true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		read_row(*state, &rows[i]);
}

static void other_lines_are_not_understood(void **state)
{
	static const char *const lines[] = { "", "action=", "action=greylist",
		"action=dunno, reason=new, client_address=192.0.2.7, recipient=r",
		"action=greylist, reason=new", OURS "client_name=a.b", OURS "recipient",
		OURS "client_address=192.0.2.7, size=3",
		"mx policyd[1]: reaction=greylist, reason=new, client_address=192.0.2.7",
		"mx postfix/smtpd[1]: x helo=<" OURS "client_address=192.0.2.7, recipient=r",
		"mx y from=<a>: " OURS "client_address=192.0.2.7, recipient=r",
		"mx postfix/smtpd[1]: connect from a.b[192.0.2.7]", BACK "a.b[192.0.2.7]",
		BACK "a.b[192.0.2.7]: 450 no", BACK "a.b[192.0.2.7] 450; from=<> to=<> proto=",
		BACK "[192.0.2.7]:25: 450 no; from=<s> to=<r> proto=ESMTP",
		BACK "a.b[192.0.2.7]: 450 no; from=<s>, to=<r>, proto=ESMTP",
		BACK "a.b[192.0.2.7]: 450 no; from=<s> to=<r>" };
	struct world *world = *state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (gl_logread_line(&world->read, gl_span_of(lines[i])) != GL_NOT_FOUND)
			fail_msg("understood: %s", lines[i]);
}

static void what_a_line_says_besides(void **state)
{
	struct world *world = *state;
	struct gl_logread *read = &world->read;
	char line[1024];
	struct gl_out out = gl_out_into(line, sizeof line);
	assert_int_equal(gl_logread_line(read, gl_span_of("action=pass, reason=authenticated, "
							  "client_address=192.0.2.7, "
							  "sender=a?b, recipient=r")),
	    GL_OK);
	assert_true(read->authenticated && read->sender.inexact && !read->recipient.inexact);
	assert_int_equal(gl_logread_request(read, &world->request, false), GL_OK);
	assert_true(gl_request_get(&world->request, GL_ATTR_SASL_USERNAME).len > 0);
	assert_int_equal(
	    gl_logread_line(read, gl_span_of(BACK "a.b[192.0.2.7]: 554 5.7.1 <r>: no; from=<s> "
						  "to=<r> proto=ESMTP")),
	    GL_OK);
	assert_false(read->authenticated);
	same_text("refusal", read->refusal, "554 5.7.1");
	gl_out_text(&out, OURS "client_address=192.0.2.7, recipient=");
	for (int i = 0; i < 512; i++)
		gl_out_byte(&out, 'r');
	assert_int_equal(gl_logread_line(read, gl_out_done(&out)), GL_OK);
	assert_true(read->recipient.inexact);
	out.len--;
	assert_int_equal(gl_logread_line(read, gl_out_done(&out)), GL_OK);
	assert_false(read->recipient.inexact);
	assert_int_equal(read->refusal.len, 0);
}

#define PICK(from, dice) from[dice_between(dice, 0, (int64_t)(sizeof from / sizeof *from) - 1)]

/* `quoted`: such texts as look like more of the line stand in quotes, as RFC 5321 has it. */
static struct gl_span stranger(struct dice *dice, char text[1024], bool quoted)
{
	static const char *const bits[] = { "a", "%", "%%", "@", ", ", "=", "?", "\xc3\xa9", "[",
		", recipient=", ", sender=", ", client_address=", "192.0.2.7", "\\", "> to=<",
		" " };
	struct gl_out out = gl_out_into(text, 1024);
	gl_out_text(&out, quoted ? "\"" : "x");
	for (int64_t i = dice_between(dice, 0, 9); i > 0; i--) {
		const char *bit = PICK(bits, dice);
		gl_out_text(&out, quoted && *bit == '\\' ? "\\\"" : bit);
	}
	gl_out_text(&out, quoted ? "\"@b.test" : "");
	return gl_out_done(&out);
}

static void set(struct gl_request *request, enum gl_attribute attribute, struct gl_span value)
{
	assert_int_equal(gl_request_set(request, attribute, value), GL_OK);
}

static void make_request(struct world *world, struct dice *dice, bool quoted)
{
	static const char *const names[] = { "", "unknown", "mail.b.test", "x, client_address=y",
		"0x" };
	static const char *const addresses[] = { "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7" };
	char sender[1024], recipient[1024];
	gl_request_init(&world->request);
	set(&world->request, GL_ATTR_CLIENT_NAME, gl_span_of(PICK(names, dice)));
	set(&world->request, GL_ATTR_CLIENT_ADDRESS, gl_span_of(PICK(addresses, dice)));
	set(&world->request, GL_ATTR_SENDER,
	    dice_one_in(dice, 6) ? gl_span_of("") : stranger(dice, sender, quoted));
	set(&world->request, GL_ATTR_RECIPIENT, stranger(dice, recipient, quoted));
}

static struct gl_span write_line(
    const struct gl_request *request, enum gl_reason reason, char bytes[GL_LOGLINE_MAX])
{
	struct gl_logline line = { GL_ACTION_GREYLIST, reason, 7, -1, request };
	struct gl_out out = gl_out_into(bytes, GL_LOGLINE_MAX);
	gl_out_logline(&out, &line);
	return gl_out_done(&out);
}

static void what_was_logged_is_read(void **state)
{
	static const enum gl_attribute told[] = { GL_ATTR_CLIENT_NAME, GL_ATTR_CLIENT_ADDRESS,
		GL_ATTR_SENDER, GL_ATTR_RECIPIENT };
	struct world *world = *state;
	struct dice dice = { 20261124 };
	char line[GL_LOGLINE_MAX], again[GL_LOGLINE_MAX];
	for (int round = 0; round < ROUNDS; round++) {
		bool quoted = dice_one_in(&dice, 2);
		enum gl_reason reason = dice_one_in(&dice, 2) ? GL_REASON_NEW : GL_REASON_EARLY;
		make_request(world, &dice, quoted);
		struct gl_span written = write_line(&world->request, reason, line);
		assert_int_equal(gl_logread_line(&world->read, written), GL_OK);
		assert_int_equal(gl_logread_request(&world->read, &world->again, false), GL_OK);
		/* Without quotes there may be several ways to read it; each is a way to write it.
		 */
		same_bytes(line, write_line(&world->again, reason, again), written);
		for (size_t i = 0; quoted && i < sizeof told / sizeof *told; i++)
			same_bytes(line, gl_request_get(&world->again, told[i]),
			    gl_request_get(&world->request, told[i]));
		assert_false(quoted && world->read.ambiguous);
	}
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(our_lines),
		UNIT(lines_of_postfix),
		UNIT(other_lines_are_not_understood),
		UNIT(what_a_line_says_besides),
		UNIT(what_was_logged_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
