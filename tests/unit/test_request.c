/*
 * The parser: whatever the bytes and however they are cut, the same
 * request or the same status comes out.
 */
#include "greylist/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dice.h"
#include "same.h"
#include "wire.h"

static const char usual[] = "request=smtpd_access_policy\nprotocol_state=RCPT\n"
			    "client_address=192.0.2.7\r\nclient_name=mx.client.test\n"
			    "sender=a=b@sender.test\nhelo_name=x\nrecipient=u@rcpt.test\n"
			    "instance=1.2.3\nqueue_id=\nsasl_username=joe\n\n";

static void holds_usual(const struct wire *wire)
{
	wire_holds(wire, GL_ATTR_REQUEST, "smtpd_access_policy");
	wire_holds(wire, GL_ATTR_PROTOCOL_STATE, "RCPT");
	wire_holds(wire, GL_ATTR_CLIENT_ADDRESS, "192.0.2.7");
	wire_holds(wire, GL_ATTR_CLIENT_NAME, "mx.client.test");
	wire_holds(wire, GL_ATTR_SENDER, "a=b@sender.test");
	wire_holds(wire, GL_ATTR_RECIPIENT, "u@rcpt.test");
	wire_holds(wire, GL_ATTR_INSTANCE, "1.2.3");
	wire_holds(wire, GL_ATTR_QUEUE_ID, "");
	wire_holds(wire, GL_ATTR_SASL_USERNAME, "joe");
}

static void one_read_is_one_request(void **state)
{
	struct wire *wire = *state;

	wire_add(wire, usual);
	assert_false(gl_request_begun(wire->request));
	assert_int_equal(wire_feed(wire), GL_OK);
	assert_false(gl_request_begun(wire->request));
	holds_usual(wire);
}

static void it_may_be_split_at_any_byte(void **state)
{
	struct wire *wire = *state;
	struct gl_span whole = gl_span_of(usual);

	for (size_t at = 0; at < whole.len; at++) {
		struct gl_span first = gl_span_head(whole, at);
		struct gl_span second = gl_span_skip(whole, at);

		gl_request_init(wire->request);
		assert_int_equal(gl_request_feed(wire->request, &first), GL_MORE);
		assert_int_equal(first.len, 0);
		assert_int_equal(gl_request_begun(wire->request), at > 0);
		assert_int_equal(gl_request_feed(wire->request, &second), GL_OK);
		holds_usual(wire);
	}
}

static void it_may_come_byte_by_byte(void **state)
{
	struct wire *wire = *state;
	struct gl_span whole = gl_span_of(usual);

	for (size_t at = 0; at < whole.len; at++) {
		struct gl_span byte = gl_span_head(gl_span_skip(whole, at), 1);
		enum gl_status status = gl_request_feed(wire->request, &byte);

		assert_int_equal(status, at + 1 < whole.len ? GL_MORE : GL_OK);
	}
	holds_usual(wire);
}

static void two_in_one_read_are_two(void **state)
{
	struct wire *wire = *state;

	wire_add(wire, "request=one\nsender=x@y\n\nrequest=two\nrecipient=p@q\n\nreq");
	struct gl_span input = gl_out_done(&wire->out);

	assert_int_equal(gl_request_feed(wire->request, &input), GL_OK);
	wire_holds(wire, GL_ATTR_REQUEST, "one");
	wire_holds(wire, GL_ATTR_SENDER, "x@y");
	assert_false(gl_request_has(wire->request, GL_ATTR_RECIPIENT));
	assert_int_equal(gl_request_feed(wire->request, &input), GL_OK);
	wire_holds(wire, GL_ATTR_REQUEST, "two");
	wire_holds(wire, GL_ATTR_RECIPIENT, "p@q");
	assert_false(gl_request_has(wire->request, GL_ATTR_SENDER));
	assert_int_equal(gl_request_feed(wire->request, &input), GL_MORE);
	assert_int_equal(input.len, 0);
	assert_true(gl_request_begun(wire->request));
}

static void sixty_attributes_in_any_order(void **state)
{
	struct wire *wire = *state;

	for (int i = 0; i < 51; i++) {
		wire_add(wire, "attribute_");
		gl_out_decimal(&wire->out, i);
		wire_add(wire, "=value\n");
	}
	wire_add(wire,
	    "sasl_username=s\nqueue_id=q\ninstance=i\nrecipient=r\nsender=f\nclient_name=n\n"
	    "client_address=c\nprotocol_state=p\nrequest=x\n\n");
	assert_int_equal(wire_feed(wire), GL_OK);
	wire_holds(wire, GL_ATTR_REQUEST, "x");
	wire_holds(wire, GL_ATTR_PROTOCOL_STATE, "p");
	wire_holds(wire, GL_ATTR_CLIENT_ADDRESS, "c");
	wire_holds(wire, GL_ATTR_CLIENT_NAME, "n");
	wire_holds(wire, GL_ATTR_SENDER, "f");
	wire_holds(wire, GL_ATTR_RECIPIENT, "r");
	wire_holds(wire, GL_ATTR_INSTANCE, "i");
	wire_holds(wire, GL_ATTR_QUEUE_ID, "q");
	wire_holds(wire, GL_ATTR_SASL_USERNAME, "s");
}

static void grammar_and_its_edges(void **state)
{
	struct wire *wire = *state;
	static const struct {
		const char *name;
		struct gl_span bytes;
		enum gl_status status;
		const char *sender; /* NULL: not there */
	} rows[] = {
		{ "just the newline", BYTES("\n"), GL_OK, NULL },
		{ "just CR and newline", BYTES("\r\n"), GL_OK, NULL },
		{ "a null sender", BYTES("sender=\n\n"), GL_OK, "" },
		{ "CRLF", BYTES("sender=a\r\n\r\n"), GL_OK, "a" },
		{ "an empty value and CRLF", BYTES("sender=\r\n\r\n"), GL_OK, "" },
		{ "one CR is dropped, not two", BYTES("sender=a\r\r\n\n"), GL_OK, "a\r" },
		{ "a CR inside stays", BYTES("sender=a\rb\n\n"), GL_OK, "a\rb" },
		{ "the last one counts", BYTES("sender=a\nsender=bcd\nsender=e\n\n"), GL_OK, "e" },
		{ "the last one counts, empty", BYTES("sender=a\nsender=\n\n"), GL_OK, "" },
		{ "more '='", BYTES("sender==a==b=\n\n"), GL_OK, "=a==b=" },
		{ "names are exact",
		    BYTES("Sender=a\nsender =b\n sender=c\nsende=d\nsenders=e\n\n"), GL_OK, NULL },
		{ "bytes above 127", BYTES("sender=\xc3\xa9\xff\n\n"), GL_OK, "\xc3\xa9\xff" },
		{ "no '='", BYTES("sender\n\n"), GL_MALFORMED, NULL },
		{ "no name", BYTES("=a\n\n"), GL_MALFORMED, NULL },
		{ "two CRs are no empty line", BYTES("\r\r\n"), GL_MALFORMED, NULL },
		{ "a blank is no empty line", BYTES(" \n"), GL_MALFORMED, NULL },
		{ "NUL in a value", BYTES("sender=a\0b\n\n"), GL_MALFORMED, NULL },
		{ "NUL in a name", BYTES("sen\0der=a\n\n"), GL_MALFORMED, NULL },
		{ "NUL at once", BYTES("\0"), GL_MALFORMED, NULL },
		{ "end-of-file in a name", BYTES("sen"), GL_MORE, NULL },
		{ "end-of-file in a value", BYTES("sender=a"), GL_MORE, NULL },
		{ "end-of-file behind a line", BYTES("sender=a\n"), GL_MORE, "a" },
		{ "end-of-file before the newline", BYTES("sender=a\n\r"), GL_MORE, "a" },
		{ "nothing", BYTES(""), GL_MORE, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_span input = rows[i].bytes;
		bool sent = rows[i].sender != NULL;

		gl_request_init(wire->request);
		same_status(rows[i].name, gl_request_feed(wire->request, &input), rows[i].status);
		if (gl_request_has(wire->request, GL_ATTR_SENDER) != sent)
			fail_msg("%s: sender", rows[i].name);
		same_text(rows[i].name, gl_request_get(wire->request, GL_ATTR_SENDER),
		    sent ? rows[i].sender : "");
		if (rows[i].status == GL_MORE &&
		    gl_request_begun(wire->request) != (rows[i].bytes.len > 0))
			fail_msg("%s: begun", rows[i].name);
	}
}

/* Bytes that make lines, values and errors likely. */
static void add_random(struct wire *wire, struct dice *dice)
{
	static const char *const parts[] = { "sender=", "recipient=", "x", "=", "\n", "\r\n",
		"\n\n", "\r", "request=smtpd_access_policy\n", "a@b.test", "\xff" };
	int64_t count = dice_between(dice, 1, 40);

	while (count-- > 0)
		wire_add(wire, parts[dice_between(dice, 0, sizeof parts / sizeof *parts - 1)]);
	if (dice_one_in(dice, 8))
		wire_add_times(wire, 1, '\0');
	if (dice_one_in(dice, 8))
		wire_add_times(wire, (size_t)dice_between(dice, 100, 9000), 'l');
	wire_add(wire, "\n\n");
}

/* What came out of one text: the statuses and values of all its requests, in one digest. */
static uint64_t outcome(struct wire *wire, struct dice *dice, bool split)
{
	struct gl_span rest = gl_out_done(&wire->out);
	uint64_t sum = 14695981039346656037u;
	enum gl_status status = GL_MORE;

	gl_request_init(wire->request);
	while (rest.len > 0 && status != GL_MALFORMED && status != GL_TOO_LONG) {
		size_t len = split ? (size_t)dice_between(dice, 1, 30) : rest.len;
		struct gl_span piece = gl_span_head(rest, len);
		size_t given = piece.len;

		status = gl_request_feed(wire->request, &piece);
		rest = gl_span_skip(rest, given - piece.len);
		if (status == GL_MORE)
			continue;
		sum = (sum ^ status) * 1099511628211u;
		for (unsigned i = 0; status == GL_OK && i < GL_ATTRIBUTES; i++) {
			struct gl_span value = gl_request_get(wire->request, (enum gl_attribute)i);

			sum = (sum ^ gl_request_has(wire->request, (enum gl_attribute)i)) *
			      1099511628211u;
			for (size_t k = 0; k < value.len; k++)
				sum = (sum ^ (unsigned char)value.at[k]) * 1099511628211u;
		}
	}
	return sum;
}

static void splitting_changes_nothing(void **state)
{
	struct wire *wire = *state;
	struct dice dice = { 20240607 };

	for (int i = 0; i < 3000; i++) {
		wire->out.len = 0;
		add_random(wire, &dice);
		uint64_t whole = outcome(wire, &dice, false);

		if (outcome(wire, &dice, true) != whole)
			fail_msg("text %d reads differently in pieces", i);
	}
}

static void a_request_can_be_set(void **state)
{
	struct wire *wire = *state;

	assert_int_equal(gl_request_set(wire->request, GL_ATTR_SENDER, gl_span_of("a@b")), GL_OK);
	assert_int_equal(
	    gl_request_set(wire->request, GL_ATTR_RECIPIENT, gl_span_of("c@d")), GL_OK);
	assert_int_equal(gl_request_set(wire->request, GL_ATTR_QUEUE_ID, gl_span_of(NULL)), GL_OK);
	wire_holds(wire, GL_ATTR_SENDER, "a@b");
	wire_holds(wire, GL_ATTR_RECIPIENT, "c@d");
	wire_holds(wire, GL_ATTR_QUEUE_ID, "");
	assert_false(gl_request_has(wire->request, GL_ATTR_CLIENT_NAME));
	assert_int_equal(gl_request_set(wire->request, GL_ATTR_SENDER, gl_span_of("e@f")), GL_OK);
	wire_holds(wire, GL_ATTR_SENDER, "e@f");
	assert_int_equal(
	    gl_request_set(wire->request, GL_ATTR_SENDER, (struct gl_span)BYTES("a\0b")),
	    GL_MALFORMED);
	assert_int_equal(
	    gl_request_set(wire->request, GL_ATTR_SENDER, (struct gl_span)BYTES("a\nb")),
	    GL_MALFORMED);
	wire_holds(wire, GL_ATTR_SENDER, "e@f");
	assert_false(gl_request_begun(wire->request));
	wire_add(wire, "\n");
	assert_int_equal(wire_feed(wire), GL_OK);
	assert_false(gl_request_has(wire->request, GL_ATTR_SENDER));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, wire_set_up, wire_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(one_read_is_one_request),
		CASE(it_may_be_split_at_any_byte),
		CASE(it_may_come_byte_by_byte),
		CASE(two_in_one_read_are_two),
		CASE(sixty_attributes_in_any_order),
		CASE(grammar_and_its_edges),
		CASE(splitting_changes_nothing),
		CASE(a_request_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
