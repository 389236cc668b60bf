/*
 * The parser: whatever the bytes and however they are cut, the same
 * request or the same status comes out, in bounded memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/request.h"
#include "same.h"

/* A text built up by a test; 128 KiB hold two of the largest requests. */
struct text {
	struct gl_out out;
	char bytes[2 * GL_REQUEST_MAX];
};

static struct gl_request *request;
static struct text *text;

static int set_up(void **state)
{
	(void)state;
	request = malloc(sizeof *request);
	text = malloc(sizeof *text);
	if (request == NULL || text == NULL)
		return -1;
	memset(request, 0xa5, sizeof *request);
	gl_request_init(request);
	text->out = gl_out_into(text->bytes, sizeof text->bytes);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(request);
	free(text);
	return 0;
}

static void add(const char *part)
{
	gl_out_text(&text->out, part);
	assert_false(text->out.full);
}

static void add_times(size_t times, char byte)
{
	for (size_t i = 0; i < times; i++)
		gl_out_byte(&text->out, byte);
	assert_false(text->out.full);
}

static void start_over(void)
{
	gl_request_init(request);
	text->out.len = 0;
}

/* Feeds the whole text in one go. */
static enum gl_status feed(void)
{
	struct gl_span input = gl_out_done(&text->out);

	return gl_request_feed(request, &input);
}

static void holds(enum gl_attribute attribute, const char *value)
{
	assert_true(gl_request_has(request, attribute));
	same_text(gl_attribute_name(attribute), gl_request_get(request, attribute), value);
}

static const char usual[] = "request=smtpd_access_policy\nprotocol_state=RCPT\n"
			    "client_address=192.0.2.7\r\nclient_name=mx.client.test\n"
			    "sender=a=b@sender.test\nhelo_name=x\nrecipient=u@rcpt.test\n"
			    "instance=1.2.3\nqueue_id=\nsasl_username=joe\n\n";

static void holds_usual(void)
{
	holds(GL_ATTR_REQUEST, "smtpd_access_policy");
	holds(GL_ATTR_PROTOCOL_STATE, "RCPT");
	holds(GL_ATTR_CLIENT_ADDRESS, "192.0.2.7");
	holds(GL_ATTR_CLIENT_NAME, "mx.client.test");
	holds(GL_ATTR_SENDER, "a=b@sender.test");
	holds(GL_ATTR_RECIPIENT, "u@rcpt.test");
	holds(GL_ATTR_INSTANCE, "1.2.3");
	holds(GL_ATTR_QUEUE_ID, "");
	holds(GL_ATTR_SASL_USERNAME, "joe");
}

static void one_read_is_one_request(void **state)
{
	(void)state;
	add(usual);
	assert_false(gl_request_begun(request));
	assert_int_equal(feed(), GL_OK);
	assert_false(gl_request_begun(request));
	holds_usual();
}

static void it_may_be_split_at_any_byte(void **state)
{
	struct gl_span whole = gl_span_of(usual);

	(void)state;
	for (size_t at = 0; at < whole.len; at++) {
		struct gl_span first = gl_span_head(whole, at);
		struct gl_span second = gl_span_skip(whole, at);

		gl_request_init(request);
		assert_int_equal(gl_request_feed(request, &first), GL_MORE);
		assert_int_equal(first.len, 0);
		assert_int_equal(gl_request_begun(request), at > 0);
		assert_int_equal(gl_request_feed(request, &second), GL_OK);
		holds_usual();
	}
}

static void it_may_come_byte_by_byte(void **state)
{
	struct gl_span whole = gl_span_of(usual);

	(void)state;
	for (size_t at = 0; at < whole.len; at++) {
		struct gl_span byte = gl_span_head(gl_span_skip(whole, at), 1);
		enum gl_status status = gl_request_feed(request, &byte);

		assert_int_equal(status, at + 1 < whole.len ? GL_MORE : GL_OK);
	}
	holds_usual();
}

static void two_in_one_read_are_two(void **state)
{
	(void)state;
	add("request=one\nsender=x@y\n\nrequest=two\nrecipient=p@q\n\nreq");
	struct gl_span input = gl_out_done(&text->out);

	assert_int_equal(gl_request_feed(request, &input), GL_OK);
	holds(GL_ATTR_REQUEST, "one");
	holds(GL_ATTR_SENDER, "x@y");
	assert_false(gl_request_has(request, GL_ATTR_RECIPIENT));
	assert_int_equal(gl_request_feed(request, &input), GL_OK);
	holds(GL_ATTR_REQUEST, "two");
	holds(GL_ATTR_RECIPIENT, "p@q");
	assert_false(gl_request_has(request, GL_ATTR_SENDER));
	assert_int_equal(gl_request_feed(request, &input), GL_MORE);
	assert_int_equal(input.len, 0);
	assert_true(gl_request_begun(request));
}

static void sixty_attributes_in_any_order(void **state)
{
	(void)state;
	for (int i = 0; i < 51; i++) {
		add("attribute_");
		gl_out_decimal(&text->out, i);
		add("=value\n");
	}
	add("sasl_username=s\nqueue_id=q\ninstance=i\nrecipient=r\nsender=f\nclient_name=n\n"
	    "client_address=c\nprotocol_state=p\nrequest=x\n\n");
	assert_int_equal(feed(), GL_OK);
	holds(GL_ATTR_REQUEST, "x");
	holds(GL_ATTR_PROTOCOL_STATE, "p");
	holds(GL_ATTR_CLIENT_ADDRESS, "c");
	holds(GL_ATTR_CLIENT_NAME, "n");
	holds(GL_ATTR_SENDER, "f");
	holds(GL_ATTR_RECIPIENT, "r");
	holds(GL_ATTR_INSTANCE, "i");
	holds(GL_ATTR_QUEUE_ID, "q");
	holds(GL_ATTR_SASL_USERNAME, "s");
}

static void grammar_and_its_edges(void **state)
{
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

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_span input = rows[i].bytes;
		bool sent = rows[i].sender != NULL;

		gl_request_init(request);
		same_status(rows[i].name, gl_request_feed(request, &input), rows[i].status);
		if (gl_request_has(request, GL_ATTR_SENDER) != sent)
			fail_msg("%s: sender", rows[i].name);
		same_text(rows[i].name, gl_request_get(request, GL_ATTR_SENDER),
		    sent ? rows[i].sender : "");
		if (rows[i].status == GL_MORE &&
		    gl_request_begun(request) != (rows[i].bytes.len > 0))
			fail_msg("%s: begun", rows[i].name);
	}
}

static void a_name_has_its_limit(void **state)
{
	(void)state;
	add_times(GL_NAME_MAX, 'n');
	add("=v\n\n");
	assert_int_equal(feed(), GL_OK);
	start_over();
	add_times(GL_NAME_MAX + 1, 'n');
	add("=v\n\n");
	assert_int_equal(feed(), GL_TOO_LONG);
	start_over();
	add_times(GL_NAME_MAX, 'n');
	add("\n");
	assert_int_equal(feed(), GL_MALFORMED);
}

static void a_value_has_its_limit(void **state)
{
	static const struct {
		const char *name, *before, *after;
		size_t len;
		enum gl_status status;
	} rows[] = {
		{ "exactly, kept", "sender=", "\n\n", GL_VALUE_MAX, GL_OK },
		{ "exactly, skipped", "helo_name=", "\n\n", GL_VALUE_MAX, GL_OK },
		{ "exactly, with CRLF", "sender=", "\r\n\n", GL_VALUE_MAX, GL_OK },
		{ "one over, kept", "sender=", "\n\n", GL_VALUE_MAX + 1, GL_TOO_LONG },
		{ "one over, skipped", "helo_name=", "\n\n", GL_VALUE_MAX + 1, GL_TOO_LONG },
		{ "one over, with CRLF", "sender=", "\r\n\n", GL_VALUE_MAX + 1, GL_TOO_LONG },
		{ "a CR that ends no line", "sender=", "\r\r\n\n", GL_VALUE_MAX, GL_TOO_LONG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		start_over();
		add(rows[i].before);
		add_times(rows[i].len, 'v');
		add(rows[i].after);
		same_status(rows[i].name, feed(), rows[i].status);
		if (rows[i].status == GL_OK && gl_request_has(request, GL_ATTR_SENDER))
			assert_int_equal(gl_request_get(request, GL_ATTR_SENDER).len, rows[i].len);
	}
}

/* One request of exactly `len` bytes; each line is `name`= and up to 8000 bytes. */
static void add_request(const char *name, size_t len)
{
	size_t fixed = strlen(name) + 2;

	len -= 1;
	while (len > 0) {
		size_t line = len > 8000 + 2 * fixed ? 8000 : len;

		add(name);
		add("=");
		add_times(line - fixed, 'v');
		add("\n");
		len -= line;
	}
	add("\n");
}

static void a_whole_request_has_its_limit(void **state)
{
	static const char *const names[] = { "sender", "helo_name" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start_over();
		add_request(names[i], GL_REQUEST_MAX);
		assert_int_equal(text->out.len, GL_REQUEST_MAX);
		same_status(names[i], feed(), GL_OK);
		start_over();
		add_request(names[i], GL_REQUEST_MAX + 1);
		assert_int_equal(text->out.len, GL_REQUEST_MAX + 1);
		same_status(names[i], feed(), GL_TOO_LONG);
	}
}

static void the_limits_start_anew_with_each_request(void **state)
{
	(void)state;
	add_request("sender", GL_REQUEST_MAX);
	add_request("sender", GL_REQUEST_MAX);
	struct gl_span input = gl_out_done(&text->out);

	assert_int_equal(gl_request_feed(request, &input), GL_OK);
	assert_int_equal(input.len, GL_REQUEST_MAX);
	assert_int_equal(gl_request_feed(request, &input), GL_OK);
	assert_int_equal(input.len, 0);
}

static void an_error_comes_early_and_leaves_the_rest_unread(void **state)
{
	(void)state;
	add_times(100000, 'x');
	struct gl_span input = gl_out_done(&text->out);

	assert_int_equal(gl_request_feed(request, &input), GL_TOO_LONG);
	assert_int_equal(input.len, 100000 - GL_NAME_MAX - 1);
}

/* Bytes that make lines, values and errors likely. */
static void add_random(struct dice *dice)
{
	static const char *const parts[] = { "sender=", "recipient=", "x", "=", "\n", "\r\n",
		"\n\n", "\r", "request=smtpd_access_policy\n", "a@b.test", "\xff" };
	int64_t count = dice_between(dice, 1, 40);

	while (count-- > 0)
		add(parts[dice_between(dice, 0, sizeof parts / sizeof *parts - 1)]);
	if (dice_one_in(dice, 8))
		add_times(1, '\0');
	if (dice_one_in(dice, 8))
		add_times((size_t)dice_between(dice, 100, 9000), 'l');
	add("\n\n");
}

/* What came out of one text: the statuses and values of all its requests, in one digest. */
static uint64_t outcome(struct dice *dice, bool split)
{
	struct gl_span rest = gl_out_done(&text->out);
	uint64_t sum = 14695981039346656037u;
	enum gl_status status = GL_MORE;

	gl_request_init(request);
	while (rest.len > 0 && status != GL_MALFORMED && status != GL_TOO_LONG) {
		size_t len = split ? (size_t)dice_between(dice, 1, 30) : rest.len;
		struct gl_span piece = gl_span_head(rest, len);
		size_t given = piece.len;

		status = gl_request_feed(request, &piece);
		rest = gl_span_skip(rest, given - piece.len);
		if (status == GL_MORE)
			continue;
		sum = (sum ^ status) * 1099511628211u;
		for (unsigned i = 0; status == GL_OK && i < GL_ATTRIBUTES; i++) {
			struct gl_span value = gl_request_get(request, (enum gl_attribute)i);

			sum = (sum ^ gl_request_has(request, (enum gl_attribute)i)) *
			      1099511628211u;
			for (size_t k = 0; k < value.len; k++)
				sum = (sum ^ (unsigned char)value.at[k]) * 1099511628211u;
		}
	}
	return sum;
}

static void splitting_changes_nothing(void **state)
{
	struct dice dice = { 20240607 };

	(void)state;
	for (int i = 0; i < 3000; i++) {
		text->out.len = 0;
		add_random(&dice);
		uint64_t whole = outcome(&dice, false);

		if (outcome(&dice, true) != whole)
			fail_msg("text %d reads differently in pieces", i);
	}
}

static void a_request_can_be_set(void **state)
{
	(void)state;
	assert_int_equal(gl_request_set(request, GL_ATTR_SENDER, gl_span_of("a@b")), GL_OK);
	assert_int_equal(gl_request_set(request, GL_ATTR_RECIPIENT, gl_span_of("c@d")), GL_OK);
	assert_int_equal(gl_request_set(request, GL_ATTR_QUEUE_ID, gl_span_of(NULL)), GL_OK);
	holds(GL_ATTR_SENDER, "a@b");
	holds(GL_ATTR_RECIPIENT, "c@d");
	holds(GL_ATTR_QUEUE_ID, "");
	assert_false(gl_request_has(request, GL_ATTR_CLIENT_NAME));
	assert_int_equal(gl_request_set(request, GL_ATTR_SENDER, gl_span_of("e@f")), GL_OK);
	holds(GL_ATTR_SENDER, "e@f");
	assert_int_equal(
	    gl_request_set(request, GL_ATTR_SENDER, (struct gl_span)BYTES("a\0b")), GL_MALFORMED);
	assert_int_equal(
	    gl_request_set(request, GL_ATTR_SENDER, (struct gl_span)BYTES("a\nb")), GL_MALFORMED);
	holds(GL_ATTR_SENDER, "e@f");
	assert_false(gl_request_begun(request));
	add("\n");
	assert_int_equal(feed(), GL_OK);
	assert_false(gl_request_has(request, GL_ATTR_SENDER));
}

static void setting_keeps_to_the_limits(void **state)
{
	(void)state;
	add_times(GL_VALUE_MAX + 1, 'v');
	struct gl_span over = gl_out_done(&text->out);
	struct gl_span most = gl_span_head(over, GL_VALUE_MAX);

	assert_int_equal(gl_request_set(request, GL_ATTR_SENDER, over), GL_TOO_LONG);
	for (int i = 0; i < GL_REQUEST_MAX / GL_VALUE_MAX; i++)
		assert_int_equal(gl_request_set(request, GL_ATTR_SENDER, most), GL_OK);
	assert_int_equal(gl_request_set(request, GL_ATTR_SENDER, gl_span_of("x")), GL_TOO_LONG);
	same_bytes("the last that fit", gl_request_get(request, GL_ATTR_SENDER), most);
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(one_read_is_one_request),
		UNIT(it_may_be_split_at_any_byte),
		UNIT(it_may_come_byte_by_byte),
		UNIT(two_in_one_read_are_two),
		UNIT(sixty_attributes_in_any_order),
		UNIT(grammar_and_its_edges),
		UNIT(a_name_has_its_limit),
		UNIT(a_value_has_its_limit),
		UNIT(a_whole_request_has_its_limit),
		UNIT(the_limits_start_anew_with_each_request),
		UNIT(an_error_comes_early_and_leaves_the_rest_unread),
		UNIT(splitting_changes_nothing),
		UNIT(a_request_can_be_set),
		UNIT(setting_keeps_to_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
