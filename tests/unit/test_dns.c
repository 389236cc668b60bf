#include "dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* RFC 1035 4.1: a header with so many answers, and the question "a.test" of a type. */
#define MESSAGE(answers, type)                                                                     \
	"\x12\x34\x81\x80\0\1\0" answers "\0\0\0\0"                                                \
	"\1a\4test\0\0" type "\0\1"
/* An answer of that name (a pointer to octet 12), class IN, an hour to live. */
#define ANSWER(type, size) "\xc0\x0c\0" type "\0\1\0\0\x0e\x10\0" size

#define ONE_MX MESSAGE("\1", "\x0f") ANSWER("\x0f", "\6") "\0\x0a\1m\xc0\x0c"
#define TWO_MX                                                                                     \
	MESSAGE("\2", "\x0f")                                                                      \
	ANSWER("\x0f", "\6") "\0\x0a\1m\xc0\x0c" ANSWER("\x0f", "\6") "\0\x14\1n\xc0\x0e"
#define NULL_MX MESSAGE("\1", "\x0f") ANSWER("\x0f", "\3") "\0\0\0"
#define ONE_A   MESSAGE("\1", "\1") ANSWER("\1", "\4") "\xc0\0\2\1"
#define SHORT_A MESSAGE("\1", "\1") ANSWER("\1", "\3") "\xc0\0\2"
#define ALIASED MESSAGE("\2", "\1") ANSWER("\5", "\4") "\1b\xc0\x0e" ANSWER("\1", "\4") "\xc0\0\2\1"
#define ONE_AAAA                                                                                   \
	MESSAGE("\1", "\x1c")                                                                      \
	ANSWER("\x1c", "\x10") "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define LOOP MESSAGE("\1", "\x0f") ANSWER("\x0f", "\4") "\0\x0a\xc0\x26"

static void describe(char *text, const struct gl_dns_answer *answer, enum gl_dns_type type)
{
	struct gl_out out = gl_out_into(text, 256);

	for (size_t i = 0; i < answer->count; i++) {
		if (i > 0)
			gl_out_byte(&out, ' ');
		if (type == GL_DNS_MX)
			gl_out_text(&out, answer->at[i].name);
		else
			gl_out_address(&out, &answer->at[i].address);
	}
	gl_out_string(&out);
}

static void answers_are_read(void **state)
{
#define ROW(name, message) name, message, sizeof message - 1
	static const struct {
		const char *name, *message;
		size_t len;
		enum gl_dns_type type;
		enum gl_status status;
		const char *expected;
	} rows[] = {
		{ ROW("an MX", ONE_MX), GL_DNS_MX, GL_OK, "m.a.test" },
		{ ROW("two of them", TWO_MX), GL_DNS_MX, GL_OK, "m.a.test n.test" },
		{ ROW("a null MX", NULL_MX), GL_DNS_MX, GL_NOT_FOUND, "" },
		{ ROW("an address", ONE_A), GL_DNS_A, GL_OK, "192.0.2.1" },
		{ ROW("an IPv6 address", ONE_AAAA), GL_DNS_AAAA, GL_OK, "2001:db8::1" },
		{ ROW("behind an alias", ALIASED), GL_DNS_A, GL_OK, "192.0.2.1" },
		{ ROW("of another type", ONE_A), GL_DNS_AAAA, GL_NOT_FOUND, "" },
		{ ROW("an address too short", SHORT_A), GL_DNS_A, GL_NOT_FOUND, "" },
		{ ROW("no answer in it", MESSAGE("\0", "\1")), GL_DNS_A, GL_NOT_FOUND, "" },
		{ ROW("a name that leads to itself", LOOP), GL_DNS_MX, GL_NOT_FOUND, "" },
	};
#undef ROW

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_dns_answer answer;
		struct gl_span message = { rows[i].message, rows[i].len };
		enum gl_status status = gl_dns_read(&answer, message, rows[i].type);
		char text[256];

		describe(text, &answer, rows[i].type);
		if (status != rows[i].status || strcmp(text, rows[i].expected) != 0)
			fail_msg("%s: \"%s\", %s", rows[i].name, text, gl_status_text(status));
	}
}

static void a_cut_message_is_no_answer(void **state)
{
	static const char message[] = TWO_MX;

	(void)state;
	for (size_t len = 0; len < sizeof message - 1; len++) {
		struct gl_dns_answer answer;

		if (gl_dns_read(&answer, (struct gl_span){ message, len }, GL_DNS_MX) != GL_FAILED)
			fail_msg("%zu octets were taken", len);
	}
}

static void more_than_fit_are_left_out(void **state)
{
	static const char head[] = MESSAGE("\x28", "\1");
	static const char each[] = ANSWER("\1", "\4") "\xc0\0\2\1";
	char message[2048];
	size_t len = sizeof head - 1;
	struct gl_dns_answer answer;

	(void)state;
	memcpy(message, head, len);
	for (int i = 0; i < 0x28; i++, len += sizeof each - 1)
		memcpy(message + len, each, sizeof each - 1);
	assert_int_equal(gl_dns_read(&answer, (struct gl_span){ message, len }, GL_DNS_A), GL_OK);
	assert_int_equal(answer.count, GL_DNS_ANSWERS_MAX);
}

static void only_our_interfaces_are_ours(void **state)
{
	struct gl_address address;

	(void)state;
	assert_int_equal(gl_address_parse(&address, gl_span_of("127.0.0.1")), GL_OK);
	assert_true(gl_is_own_address(&address));
	assert_int_equal(gl_address_parse(&address, gl_span_of("203.0.113.213")), GL_OK);
	assert_false(gl_is_own_address(&address));
	assert_int_equal(gl_address_parse(&address, gl_span_of("2001:db8::d5")), GL_OK);
	assert_false(gl_is_own_address(&address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(a_cut_message_is_no_answer),
		cmocka_unit_test(more_than_fit_are_left_out),
		cmocka_unit_test(only_our_interfaces_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
