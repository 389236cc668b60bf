#include "master_cf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct gl_service service_of(const char *line)
{
	struct gl_span lines = gl_span_of(line);
	struct gl_service service;

	assert_int_equal(gl_service_next(&service, &lines), GL_OK);
	return service;
}

static void assert_span(struct gl_span span, const char *expected)
{
	if (!gl_span_equal(span, gl_span_of(expected)))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)span.len, span.at, expected);
}

static void services_are_read_line_by_line(void **state)
{
	struct gl_span lines = gl_span_of("smtp   inet n - y - - smtpd -o a=b\n\n"
					  "pickup unix n - y 60 1 pickup\n");
	struct gl_service service;

	(void)state;
	assert_int_equal(gl_service_next(&service, &lines), GL_OK);
	assert_span(service.name, "smtp");
	assert_span(service.type, "inet");
	assert_span(service.command, "smtpd");
	assert_int_equal(gl_service_next(&service, &lines), GL_OK);
	assert_span(service.name, "pickup");
	assert_span(service.command, "pickup");
	assert_int_equal(gl_service_next(&service, &lines), GL_NOT_FOUND);
}

static void a_line_with_too_few_columns_is_no_service(void **state)
{
	struct gl_span lines = gl_span_of("smtp inet n - y - -\n");
	struct gl_service service;

	(void)state;
	assert_int_equal(gl_service_next(&service, &lines), GL_MALFORMED);
}

static void strangers_arrive_at_port_25(void **state)
{
	static const struct {
		const char *line;
		bool smtpd, public;
	} rows[] = {
		{ "smtp inet n - y - - smtpd", true, true },
		{ "25 inet n - y - - smtpd", true, true },
		{ "192.0.2.1:smtp inet n - y - - smtpd", true, true },
		{ "[2001:db8::1]:25 inet n - y - - smtpd", true, true },
		{ "smtpd pass - - y - - smtpd", true, true },
		{ "submission inet n - y - - smtpd", true, false },
		{ "127.0.0.1:10025 inet n - n - - smtpd", true, false },
		{ "smtp inet n - y - 1 postscreen", false, false },
		{ "smtp unix - - y - - smtp", false, false },
		{ "smtp unix - - y - - smtpd", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_service service = service_of(rows[i].line);

		if (gl_service_is_smtpd(&service) != rows[i].smtpd ||
		    gl_service_is_public(&service) != rows[i].public)
			fail_msg("taken for something else: %s", rows[i].line);
	}
}

static void an_override_belongs_to_one_service_and_one_parameter(void **state)
{
	static const struct {
		const char *overrides;
		bool expected;
	} rows[] = {
		{ "smtp/inet/smtpd_recipient_restrictions = reject", true },
		{ "a/unix/b = c\nsmtp/inet/smtpd_recipient_restrictions=\n", true },
		{ "smtp/unix/smtpd_recipient_restrictions = reject", false },
		{ "smtps/inet/smtpd_recipient_restrictions = reject", false },
		{ "smtp/inet/smtpd_recipient_restrictions_x = reject", false },
		{ "smtp/inet/smtpd_relay_restrictions = reject", false },
		{ "", false },
	};
	struct gl_service service = service_of("smtp inet n - y - - smtpd");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_span overrides = gl_span_of(rows[i].overrides);

		if (gl_service_overrides(&service, overrides, "smtpd_recipient_restrictions") !=
		    rows[i].expected)
			fail_msg("read otherwise: %s", rows[i].overrides);
	}
}

#define SMTP       "smtp inet n - y - - smtpd\n"
#define SUBMISSION "submission inet n - y - - smtpd\n"
#define OWN_LIST   "/inet/smtpd_recipient_restrictions = reject\n"

static void a_list_reaches_the_services_without_one_of_their_own(void **state)
{
	static const struct {
		const char *services, *overrides;
		unsigned plain;
		const char *public, *elsewhere;
	} rows[] = {
		{ SMTP, "", 1, "", "" },
		{ SMTP SUBMISSION, "submission" OWN_LIST, 1, "", "submission" },
		{ SMTP SUBMISSION, "smtp" OWN_LIST, 1, "smtp", "" },
		{ SUBMISSION, "submission" OWN_LIST, 0, "", "submission" },
		{ "", "", 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_reach reach;

		assert_int_equal(gl_master_reach(&reach, gl_span_of(rows[i].services),
				     gl_span_of(rows[i].overrides)),
		    GL_OK);
		assert_int_equal(reach.plain, rows[i].plain);
		assert_span(reach.public, rows[i].public);
		assert_span(reach.elsewhere, rows[i].elsewhere);
	}
}

static void our_service_names_the_configuration_only_where_it_is_another(void **state)
{
	struct gl_spawn spawn = { "greylist", "nobody", "/h", NULL };
	char buffer[128];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	gl_spawn_format(&out, &spawn);
	assert_span(gl_out_done(&out), "greylist unix - n n - 0 spawn user=nobody argv=/h");
	out = gl_out_into(buffer, sizeof buffer);
	spawn.config = "/c";
	gl_spawn_format(&out, &spawn);
	assert_span(gl_out_done(&out), "greylist unix - n n - 0 spawn user=nobody argv=/h -c /c");
}

static void blanks_do_not_make_a_difference(void **state)
{
	(void)state;
	assert_true(gl_service_line_equal(gl_span_of("a  b\tc "), gl_span_of("a b c")));
	assert_false(gl_service_line_equal(gl_span_of("a b"), gl_span_of("a b c")));
	assert_false(gl_service_line_equal(gl_span_of("a b c"), gl_span_of("a b")));
	assert_false(gl_service_line_equal(gl_span_of(""), gl_span_of("a")));
}

static void columns_and_arguments_are_read(void **state)
{
	struct gl_service service = service_of(
	    "greylist unix - n y - 0 spawn  user=greylist argv=/x -c /y ");
	struct gl_span value;

	(void)state;
	assert_span(service.chroot, "y");
	assert_span(service.limit, "0");
	assert_span(service.arguments, "user=greylist argv=/x -c /y");
	assert_span(service_of("smtp inet n - n - - smtpd").arguments, "");
	service = service_of("smtp inet n - n - - smtpd");
	assert_true(gl_service_override(&value, &service,
	    gl_span_of("smtps/inet/a = 1\nsmtp/inet/ab = 2\nsmtp/inet/a = b = c\n"), "a"));
	assert_span(value, "b = c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_read_line_by_line),
		cmocka_unit_test(a_line_with_too_few_columns_is_no_service),
		cmocka_unit_test(strangers_arrive_at_port_25),
		cmocka_unit_test(an_override_belongs_to_one_service_and_one_parameter),
		cmocka_unit_test(a_list_reaches_the_services_without_one_of_their_own),
		cmocka_unit_test(our_service_names_the_configuration_only_where_it_is_another),
		cmocka_unit_test(blanks_do_not_make_a_difference),
		cmocka_unit_test(columns_and_arguments_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
