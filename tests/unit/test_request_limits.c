/* The parser's memory is bounded, to the byte. */
#include "greylist/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "same.h"
#include "wire.h"

static void a_name_has_its_limit(void **state)
{
	struct wire *wire = *state;

	wire_add_times(wire, GL_NAME_MAX, 'n');
	wire_add(wire, "=v\n\n");
	assert_int_equal(wire_feed(wire), GL_OK);
	wire_start_over(wire);
	wire_add_times(wire, GL_NAME_MAX + 1, 'n');
	wire_add(wire, "=v\n\n");
	assert_int_equal(wire_feed(wire), GL_TOO_LONG);
	wire_start_over(wire);
	wire_add_times(wire, GL_NAME_MAX, 'n');
	wire_add(wire, "\n");
	assert_int_equal(wire_feed(wire), GL_MALFORMED);
}

static void a_value_has_its_limit(void **state)
{
	struct wire *wire = *state;
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

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wire_start_over(wire);
		wire_add(wire, rows[i].before);
		wire_add_times(wire, rows[i].len, 'v');
		wire_add(wire, rows[i].after);
		same_status(rows[i].name, wire_feed(wire), rows[i].status);
		if (rows[i].status == GL_OK && gl_request_has(wire->request, GL_ATTR_SENDER))
			assert_int_equal(
			    gl_request_get(wire->request, GL_ATTR_SENDER).len, rows[i].len);
	}
}

/* One request of exactly `len` bytes; each line is `name`= and up to 8000 bytes. */
static void add_request(struct wire *wire, const char *name, size_t len)
{
	size_t fixed = strlen(name) + 2;

	len -= 1;
	while (len > 0) {
		size_t line = len > 8000 + 2 * fixed ? 8000 : len;

		wire_add(wire, name);
		wire_add(wire, "=");
		wire_add_times(wire, line - fixed, 'v');
		wire_add(wire, "\n");
		len -= line;
	}
	wire_add(wire, "\n");
}

static void a_whole_request_has_its_limit(void **state)
{
	struct wire *wire = *state;
	static const char *const names[] = { "sender", "helo_name" };

	for (size_t i = 0; i < 2; i++) {
		wire_start_over(wire);
		add_request(wire, names[i], GL_REQUEST_MAX);
		assert_int_equal(wire->out.len, GL_REQUEST_MAX);
		same_status(names[i], wire_feed(wire), GL_OK);
		wire_start_over(wire);
		add_request(wire, names[i], GL_REQUEST_MAX + 1);
		assert_int_equal(wire->out.len, GL_REQUEST_MAX + 1);
		same_status(names[i], wire_feed(wire), GL_TOO_LONG);
	}
}

static void the_limits_start_anew_with_each_request(void **state)
{
	struct wire *wire = *state;

	add_request(wire, "sender", GL_REQUEST_MAX);
	add_request(wire, "sender", GL_REQUEST_MAX);
	struct gl_span input = gl_out_done(&wire->out);

	assert_int_equal(gl_request_feed(wire->request, &input), GL_OK);
	assert_int_equal(input.len, GL_REQUEST_MAX);
	assert_int_equal(gl_request_feed(wire->request, &input), GL_OK);
	assert_int_equal(input.len, 0);
}

static void an_error_comes_early_and_leaves_the_rest_unread(void **state)
{
	struct wire *wire = *state;

	wire_add_times(wire, 100000, 'x');
	struct gl_span input = gl_out_done(&wire->out);

	assert_int_equal(gl_request_feed(wire->request, &input), GL_TOO_LONG);
	assert_int_equal(input.len, 100000 - GL_NAME_MAX - 1);
}

static void setting_keeps_to_the_limits(void **state)
{
	struct wire *wire = *state;

	wire_add_times(wire, GL_VALUE_MAX + 1, 'v');
	struct gl_span over = gl_out_done(&wire->out);
	struct gl_span most = gl_span_head(over, GL_VALUE_MAX);

	assert_int_equal(gl_request_set(wire->request, GL_ATTR_SENDER, over), GL_TOO_LONG);
	for (int i = 0; i < GL_REQUEST_MAX / GL_VALUE_MAX; i++)
		assert_int_equal(gl_request_set(wire->request, GL_ATTR_SENDER, most), GL_OK);
	assert_int_equal(
	    gl_request_set(wire->request, GL_ATTR_SENDER, gl_span_of("x")), GL_TOO_LONG);
	same_bytes("the last that fit", gl_request_get(wire->request, GL_ATTR_SENDER), most);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, wire_set_up, wire_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_name_has_its_limit),
		CASE(a_value_has_its_limit),
		CASE(a_whole_request_has_its_limit),
		CASE(the_limits_start_anew_with_each_request),
		CASE(an_error_comes_early_and_leaves_the_rest_unread),
		CASE(setting_keeps_to_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
