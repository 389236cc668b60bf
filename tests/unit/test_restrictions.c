#include "restrictions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const char service[] = "unix:private/greylist";

#define OURS "check_policy_service { unix:private/greylist, timeout=10s, default_action=DUNNO }"

static struct gl_restrictions parsed(const char *text)
{
	struct gl_restrictions list;

	assert_int_equal(gl_restrictions_parse(&list, gl_span_of(text)), GL_OK);
	return list;
}

static void assert_written(const char *name, const struct gl_out *out, const char *expected)
{
	char text[2048];

	assert_false(out->full);
	assert_in_range(out->len, 0, sizeof text - 1);
	memcpy(text, out->at, out->len);
	text[out->len] = 0;
	if (strcmp(text, expected) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", name, text, expected);
}

/* One word a restriction: name, or name=argument, '!' in front behind warn_if_reject. */
static void describe(struct gl_out *out, const struct gl_restrictions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			gl_out_byte(out, '|');
		if (list->at[i].warn_only)
			gl_out_byte(out, '!');
		gl_out_span(out, list->at[i].name);
		if (list->at[i].argument.len > 0) {
			gl_out_byte(out, '=');
			gl_out_span(out, list->at[i].argument);
		}
	}
}

static void a_list_is_read_as_postfix_reads_it(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "nothing", "", "" },
		{ "blanks only", "  \t\n , ", "" },
		{ "commas", "permit_mynetworks, reject", "permit_mynetworks|reject" },
		{ "blanks", "permit_mynetworks reject", "permit_mynetworks|reject" },
		{ "lines", "permit_mynetworks\n\treject\r\n", "permit_mynetworks|reject" },
		{ "an argument", "check_client_access hash:/x permit",
		    "check_client_access=hash:/x|permit" },
		{ "an argument behind a comma", "reject_rbl_client, z.example, permit",
		    "reject_rbl_client=z.example|permit" },
		{ "any case", "Check_Client_Access cidr:/x", "Check_Client_Access=cidr:/x" },
		{ "a group is one word", "check_policy_service { inet:h:1, timeout=3 }, permit",
		    "check_policy_service={ inet:h:1, timeout=3 }|permit" },
		{ "a group inside a word", "check_sender_access inline:{ {a=b, c} } permit",
		    "check_sender_access=inline:{ {a=b, c} }|permit" },
		{ "no argument", "check_relay_domains, permit", "check_relay_domains|permit" },
		{ "warnings only", "warn_if_reject reject_rbl_client a.b permit",
		    "!reject_rbl_client=a.b|permit" },
		{ "lists of names", "reject_rhsbl_sender a.b permit_dnswl_client c.d sleep 1",
		    "reject_rhsbl_sender=a.b|permit_dnswl_client=c.d|sleep=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);
		char buffer[512];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		describe(&out, &list);
		assert_written(rows[i].name, &out, rows[i].expected);
	}
}

static void what_postfix_would_refuse_is_refused(void **state)
{
	static const char *const rows[] = { "check_policy_service { unix:x", "check_client_access",
		"permit, warn_if_reject", "warn_if_reject reject_rbl_client" };
	struct gl_restrictions list;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (gl_restrictions_parse(&list, gl_span_of(rows[i])) != GL_MALFORMED)
			fail_msg("taken: %s", rows[i]);
	}
}

static void a_list_has_its_limit(void **state)
{
	char text[2 * (GL_RESTRICTIONS_MAX + 1)];
	struct gl_restrictions list;
	struct gl_span span = { text, sizeof text - 2 };

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'x' : ' ';
	assert_int_equal(gl_restrictions_parse(&list, span), GL_OK);
	assert_int_equal(list.count, GL_RESTRICTIONS_MAX);
	span.len = sizeof text;
	assert_int_equal(gl_restrictions_parse(&list, span), GL_TOO_LONG);
}

static void a_warning_is_no_protection(void **state)
{
	struct gl_restrictions list = parsed(
	    "permit_mynetworks, warn_if_reject reject_unauth_destination, reject");

	(void)state;
	assert_true(gl_restrictions_has(&list, "PERMIT_mynetworks", list.count));
	assert_false(gl_restrictions_has(&list, "reject_unauth_destination", list.count));
	assert_true(gl_restrictions_has(&list, "reject", 3));
	assert_false(gl_restrictions_has(&list, "reject", 2));
}

static void our_service_is_found_however_it_is_written(void **state)
{
	static const struct {
		const char *text;
		size_t index;
	} rows[] = {
		{ "permit, " OURS, 1 },
		{ "check_policy_service unix:private/greylist", 0 },
		{ "check_policy_service {unix:private/greylist}", 0 },
		{ "check_policy_service { unix:private/greylist request_limit=1 }", 0 },
		{ "check_policy_service unix:private/greylist2, permit", 2 },
		{ "check_client_access unix:private/greylist", 1 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);

		if (gl_restrictions_service(&list, service) != rows[i].index)
			fail_msg("not found where it is: %s", rows[i].text);
	}
}

static void the_end_is_where_nothing_gets_past(void **state)
{
	static const struct {
		const char *text;
		size_t index;
	} rows[] = {
		{ "permit_mynetworks, reject_unauth_destination", 2 },
		{ "permit_mynetworks, permit, reject", 1 },
		{ "reject_unauth_destination, REJECT", 1 },
		{ "warn_if_reject reject, permit_auth_destination", 1 },
		{ "check_client_access hash:permit, defer", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);

		if (gl_restrictions_end(&list) != rows[i].index)
			fail_msg("another end: %s", rows[i].text);
	}
}

static void maps_groups_and_classes_cannot_be_seen_through(void **state)
{
	static const struct {
		const char *text, *classes;
		size_t index;
	} rows[] = {
		{ "permit_mynetworks, reject", "", 2 },
		{ "permit_mynetworks, hash:/etc/postfix/access", "", 1 },
		{ "check_client_access hash:/x, strict", "lax, STRICT", 1 },
		{ "check_client_access hash:/x, strict", "lax", 2 },
		{ "{ permit }", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);
		struct gl_span classes = gl_span_of(rows[i].classes);

		if (gl_restrictions_opaque(&list, classes) != rows[i].index)
			fail_msg("seen otherwise: %s", rows[i].text);
	}
}

static void an_addition_leaves_the_rest_as_it_was(void **state)
{
	static const struct {
		const char *name, *text;
		size_t index;
		const char *expected;
	} rows[] = {
		{ "into nothing", "", 0, OURS },
		{ "at the end", "a  b,c", 3, "a  b,c, " OURS },
		{ "no comma twice", "a, b, ", 2, "a, b, " OURS },
		{ "in front of the last", "a  b,\n permit", 2, "a  b,\n " OURS ", permit" },
		{ "in front of all", "permit", 0, OURS ", permit" },
		{ "in front of a warning", "a warn_if_reject b", 1,
		    "a " OURS ", warn_if_reject b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);
		char buffer[512];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_restrictions_insert(&out, &list, rows[i].index, gl_span_of(OURS));
		assert_written(rows[i].name, &out, rows[i].expected);
	}
}

static void undoing_takes_out_what_was_added_and_nothing_else(void **state)
{
	static const struct {
		const char *name, *before, *after, *now, *expected;
	} rows[] = {
		{ "untouched", "a, b", "a, b, " OURS, "a, b, " OURS, "a, b" },
		{ "all of it was ours", "", "p, r, " OURS, "p, r, " OURS, "" },
		{ "the admin added behind", "a", "a, r, " OURS, "a, r, " OURS ", x y", "a, x y" },
		{ "the admin added before", "a", "a, " OURS, "z  a, " OURS, "z  a" },
		{ "the admin changed the options", "a", "a, " OURS,
		    "a, check_policy_service { unix:private/greylist, request_limit=1 }", "a" },
		{ "the admin took ours out", "a", "a, r, " OURS, "a", "a" },
		{ "one was there before", "p, a", "p, a, p, " OURS, "p, a, p, " OURS, "a, p" },
		{ "in front of permit", "a, permit", "a, " OURS ", permit", "a, " OURS ", permit",
		    "a, permit" },
		{ "another service is not ours", "a", "a, " OURS,
		    "a, check_policy_service unix:private/other, " OURS,
		    "a, check_policy_service unix:private/other" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions before = parsed(rows[i].before);
		struct gl_restrictions after = parsed(rows[i].after);
		struct gl_restrictions now = parsed(rows[i].now);
		struct gl_restrictions_edit edit = { &before, &after, service };
		char buffer[512];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_restrictions_revert(&out, &now, &edit);
		assert_written(rows[i].name, &out, rows[i].expected);
	}
}

static void one_is_removed_with_its_separator(void **state)
{
	static const struct {
		const char *text;
		size_t index;
		const char *expected;
	} rows[] = { { "a, b  c", 0, "b  c" }, { "a, b  c", 1, "a  c" }, { "a, b  c", 2, "a, b" },
		{ "a, b  c", 3, "a, b  c" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);
		char buffer[64];
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_restrictions_remove(&out, &list, rows[i].index);
		assert_written(rows[i].text, &out, rows[i].expected);
	}
}

static void options_are_read_in_braces(void **state)
{
	static const struct {
		const char *name, *text, *asked, *option, *value; /* value NULL: none */
	} rows[] = {
		{ "a bare service", "check_policy_service unix:x", "unix:x", "timeout", NULL },
		{ "an option", "check_policy_service { unix:x, timeout=10s }", "unix:x", "timeout",
		    "10s" },
		{ "without blanks", "check_policy_service {unix:x,timeout=10s}", "unix:x",
		    "timeout", "10s" },
		{ "in either case", "check_policy_service { unix:x, Timeout=1 }", "unix:x",
		    "timeout", "1" },
		{ "in braces", "check_policy_service { unix:x, { default_action = 451 Later, = } }",
		    "unix:x", "default_action", "451 Later, =" },
		{ "an empty one", "check_policy_service { unix:x, default_action= }", "unix:x",
		    "default_action", "" },
		{ "another one", "check_policy_service { unix:x, try_limit=1 }", "unix:x",
		    "timeout", NULL },
		{ "nothing", "check_policy_service {}", "", "timeout", NULL },
		{ "another restriction", "check_client_access hash:x", "", "timeout", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_restrictions list = parsed(rows[i].text);
		struct gl_span asked = gl_restriction_service(&list.at[0]);
		struct gl_span value = { NULL, 0 };
		bool found = gl_restriction_option(&value, &list.at[0], rows[i].option);

		if (!gl_span_equal(asked, gl_span_of(rows[i].asked)))
			fail_msg("%s: service %.*s", rows[i].name, (int)asked.len, asked.at);
		if (found != (rows[i].value != NULL) ||
		    !gl_span_equal(value, gl_span_of(rows[i].value)))
			fail_msg("%s: value \"%.*s\"", rows[i].name, (int)value.len, value.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_as_postfix_reads_it),
		cmocka_unit_test(what_postfix_would_refuse_is_refused),
		cmocka_unit_test(a_list_has_its_limit),
		cmocka_unit_test(a_warning_is_no_protection),
		cmocka_unit_test(our_service_is_found_however_it_is_written),
		cmocka_unit_test(the_end_is_where_nothing_gets_past),
		cmocka_unit_test(maps_groups_and_classes_cannot_be_seen_through),
		cmocka_unit_test(an_addition_leaves_the_rest_as_it_was),
		cmocka_unit_test(undoing_takes_out_what_was_added_and_nothing_else),
		cmocka_unit_test(one_is_removed_with_its_separator),
		cmocka_unit_test(options_are_read_in_braces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
