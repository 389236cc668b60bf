#include "wiring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define DEBIAN_RELAY "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"
#define OWN          "permit_mynetworks, permit_sasl_authenticated"

/* Decides with no references, no classes and the default of the last parameter. */
static enum gl_status decide(struct gl_wiring *wiring, const char *list, const char *relay)
{
	struct gl_wiring_input input = { gl_span_of(list), gl_span_of(list), gl_span_of(relay),
		{ NULL, 0 }, gl_span_of("yes") };

	return gl_wiring_decide(wiring, &input);
}

static void greylisting_comes_last_in_the_safe_order(void **state)
{
	static const struct {
		const char *name, *list, *relay, *expected;
	} rows[] = {
		{ "Debian: no list", "", DEBIAN_RELAY,
		    OWN
		    ", reject_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "no relay list either", "", "",
		    OWN
		    ", reject_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "all of it is there", OWN " reject_unauth_destination reject_unlisted_recipient",
		    "",
		    OWN " reject_unauth_destination reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "the usual list", OWN ", reject_unauth_destination, reject_rbl_client a.b", "",
		    OWN ", reject_unauth_destination, reject_rbl_client a.b, "
			"reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "only rejects; relaying is guarded elsewhere, for our own only",
		    "reject_rbl_client a.b", DEBIAN_RELAY,
		    "reject_rbl_client a.b, " OWN
		    ", reject_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "others may relay, too: they must not be refused", "",
		    "permit_mynetworks, permit_tls_clientcerts, reject_unauth_destination",
		    OWN ", reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "a defer guards as well", OWN ", defer_unauth_destination", "",
		    OWN ", defer_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "a warning is no guard", OWN ", warn_if_reject reject_unauth_destination", "",
		    OWN ", warn_if_reject reject_unauth_destination, reject_unauth_destination, "
			"reject_unlisted_recipient, " GL_WIRING_CHECK },
		{ "in front of a final permit", OWN ", reject_unauth_destination, permit", "",
		    OWN ", reject_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK
			", permit" },
		{ "what stands behind the permit does not count",
		    "permit, " OWN ", reject_unauth_destination", "",
		    OWN ", reject_unauth_destination, reject_unlisted_recipient, " GL_WIRING_CHECK
			", permit, " OWN ", reject_unauth_destination" },
	};
	static struct gl_wiring wiring;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (decide(&wiring, rows[i].list, rows[i].relay) != GL_OK)
			fail_msg("%s: %s", rows[i].name, wiring.why.text);
		if (strcmp(wiring.value, rows[i].expected) != 0)
			fail_msg("%s: \"%s\"", rows[i].name, wiring.value);
	}
}

static void what_is_left_out_is_explained(void **state)
{
	static struct gl_wiring wiring;
	struct gl_wiring_input input = { .unlisted = gl_span_of("no") };

	(void)state;
	assert_int_equal(gl_wiring_decide(&wiring, &input), GL_OK);
	assert_null(strstr(wiring.value, "reject_unlisted_recipient"));
	assert_non_null(strstr(wiring.notes, "reject_unlisted_recipient is left out"));
	assert_int_equal(decide(&wiring, "", "permit_mx_backup, reject_unauth_destination"), GL_OK);
	assert_null(strstr(wiring.value, "reject_unauth_destination"));
	assert_non_null(strstr(wiring.notes, "reject_unauth_destination is left out"));
}

static void what_is_wired_stays_as_it_is(void **state)
{
	static struct gl_wiring wiring;

	(void)state;
	assert_int_equal(decide(&wiring,
			     OWN ", reject_unauth_destination, reject_unlisted_recipient, "
				 "check_policy_service unix:private/greylist",
			     ""),
	    GL_NOT_FOUND);
	assert_string_equal(wiring.notes, "");
	assert_int_equal(decide(&wiring, GL_WIRING_CHECK ", " OWN, ""), GL_NOT_FOUND);
	assert_non_null(strstr(wiring.notes, "permit_mynetworks does not stand in front"));
}

static void references_are_understood_and_kept(void **state)
{
	static struct gl_wiring wiring;
	struct gl_wiring_input input = { gl_span_of("$first, $rest"),
		gl_span_of(OWN ", reject_unauth_destination, reject_unlisted_recipient"),
		gl_span_of(""), { NULL, 0 }, gl_span_of("yes") };

	(void)state;
	assert_int_equal(gl_wiring_decide(&wiring, &input), GL_OK);
	assert_string_equal(wiring.value, "$first, $rest, " GL_WIRING_CHECK);
	input.expanded = gl_span_of(OWN ", permit");
	assert_int_equal(gl_wiring_decide(&wiring, &input), GL_UNSUPPORTED);
	input.expanded = gl_span_of(OWN ", check_policy_service unix:private/greylist");
	assert_int_equal(gl_wiring_decide(&wiring, &input), GL_NOT_FOUND);
}

static void what_cannot_be_understood_is_refused(void **state)
{
	static const struct {
		const char *name, *list, *word;
	} rows[] = {
		{ "a class", "permit_mynetworks, strict", "\"strict\"" },
		{ "a map", "hash:/etc/postfix/access", "\"hash:/etc/postfix/access\"" },
		{ "a final reject", "permit_mynetworks, reject", "\"reject\"" },
		{ "own domains let through", "permit_auth_destination, reject",
		    "\"permit_auth_destination\"" },
		{ "an open brace", "check_policy_service { unix:x", "open brace" },
	};
	static struct gl_wiring wiring;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_wiring_input input = { gl_span_of(rows[i].list), gl_span_of(rows[i].list),
			{ NULL, 0 }, gl_span_of("lax, strict"), gl_span_of("yes") };

		if (gl_wiring_decide(&wiring, &input) != GL_UNSUPPORTED)
			fail_msg("%s: taken", rows[i].name);
		if (strstr(wiring.why.text, rows[i].word) == NULL)
			fail_msg("%s: \"%s\"", rows[i].name, wiring.why.text);
	}
}

static void a_list_too_long_is_not_cut(void **state)
{
	static struct gl_wiring wiring;
	static char list[GL_WIRING_VALUE_MAX];

	(void)state;
	memset(list, 'x', sizeof list - 1);
	assert_int_equal(decide(&wiring, list, ""), GL_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greylisting_comes_last_in_the_safe_order),
		cmocka_unit_test(what_is_left_out_is_explained),
		cmocka_unit_test(what_is_wired_stays_as_it_is),
		cmocka_unit_test(references_are_understood_and_kept),
		cmocka_unit_test(what_cannot_be_understood_is_refused),
		cmocka_unit_test(a_list_too_long_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
