#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

static const char greylisted[] =
    "action=DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180 seconds\n\n";

static struct conversation say(const struct site *site, const char *bytes, size_t len)
{
	struct conversation talk = { .config = site->config, .now = 1700000000 };
	converse(&talk, bytes, len);
	return talk;
}

static struct conversation say_text(const struct site *site, const char *text)
{
	return say(site, text, strlen(text));
}

static void two_requests_in_one_read_get_two_replies(void **state)
{
	struct site *site = *state;
	char twice[8192];
	const char *once = attempt_bytes(&usual);
	size_t len = (size_t)snprintf(twice, sizeof twice, "%s%s", once, once) / 2;
	struct conversation talk = say(site, twice, 2 * len);
	assert_int_equal(talk.end, GL_END_CLOSED);
	assert_int_equal(strlen(talk.reply), 2 * strlen(greylisted));
	assert_memory_equal(talk.reply, greylisted, strlen(greylisted));
}

static void crlf_is_fine(void **state)
{
	struct site *site = *state;
	struct conversation talk = say_text(site,
	    "request=smtpd_access_policy\r\nprotocol_state=RCPT\r\nclient_address=192.0.2.7\r\n"
	    "client_name=unknown\r\nsender=\r\nrecipient=a@b.test\r\n\r\n");
	assert_string_equal(talk.reply, greylisted);
}

static void as_many_requests_as_allowed(void **state)
{
	struct site *site = *state;
	char twice[8192];
	const char *once = attempt_bytes(&usual);
	size_t len = (size_t)snprintf(twice, sizeof twice, "%s%s", once, once) / 2;
	struct conversation talk = { .config = site->config, .now = 1, .requests_max = 1 };
	converse(&talk, twice, 2 * len);
	assert_int_equal(talk.end, GL_END_DONE);
	assert_string_equal(talk.reply, greylisted);
	site_configure(site, "requests_per_connection = 1");
	talk = say(site, twice, 2 * len);
	assert_int_equal(talk.end, GL_END_DONE);
}

struct bad {
	const char *name;
	const char *bytes;
	enum gl_session_end end;
	const char *logged; /* NULL: nothing */
};

/* Postfix SMTPD_POLICY_README: in case of trouble send no reply, log a warning, disconnect. */
static void what_is_no_request_gets_no_reply(void **state)
{
	struct site *site = *state;
	static const struct bad bads[] = {
		{ "nothing at all", "", GL_END_CLOSED, NULL },
		{ "an empty request", "\n", GL_END_MALFORMED, "without request=" },
		{ "no request=", "client_address=192.0.2.7\n\n", GL_END_MALFORMED,
		    "without request=" },
		{ "another request=", "request=junk\n\n", GL_END_MALFORMED, "without request=" },
		{ "a line without =", "request=smtpd_access_policy\ngarbage\n\n", GL_END_MALFORMED,
		    "none of the policy protocol" },
		{ "SMTP", "EHLO there\r\n", GL_END_MALFORMED, "none of the policy protocol" },
		{ "end of file midway", "request=smtpd_access_policy\nsender=a@b", GL_END_CUT,
		    "ended inside a request" },
		{ "no empty line", "request=smtpd_access_policy\n", GL_END_CUT,
		    "ended inside a request" },
	};
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		site_clear_log(site);
		struct conversation talk = say_text(site, bads[i].bytes);
		if (talk.reply[0] != '\0' || talk.end != bads[i].end)
			fail_msg("%s: end %d, reply %s", bads[i].name, (int)talk.end, talk.reply);
		if (!site_logged(site, bads[i].logged != NULL ? bads[i].logged : ""))
			fail_msg("%s: not logged", bads[i].name);
	}
}

static void a_nul_closes(void **state)
{
	static const char bytes[] = "request=smtpd_access_policy\nsender=a\0b\n\n";
	struct conversation talk = say(*state, bytes, sizeof bytes - 1);
	assert_int_equal(talk.end, GL_END_MALFORMED);
	assert_string_equal(talk.reply, "");
}

static void a_value_over_the_limit_closes(void **state)
{
	struct site *site = *state;
	size_t size = GL_VALUE_MAX + 100;
	char *bytes = malloc(size);
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	memcpy(bytes, "sender=", 7);
	struct conversation talk = say(site, bytes, size);
	assert_int_equal(talk.end, GL_END_MALFORMED);
	assert_true(site_logged(site, "over the limits"));
	free(bytes);
}

static void an_attribute_missing_passes_and_is_logged(void **state)
{
	struct site *site = *state;
	static const char *const lines[] = { "client_address=192.0.2.7\n", "client_name=unknown\n",
		"sender=a@b.test\n", "recipient=c@d.test\n" };
	for (size_t missing = 0; missing < 4; missing++) {
		char bytes[512] = "request=smtpd_access_policy\nprotocol_state=RCPT\n";
		for (size_t i = 0; i < 4; i++)
			if (i != missing)
				strncat(bytes, lines[i], sizeof bytes - strlen(bytes) - 1);
		strncat(bytes, "\n", sizeof bytes - strlen(bytes) - 1);
		site_clear_log(site);
		struct conversation talk = say_text(site, bytes);
		assert_string_equal(talk.reply, "action=DUNNO\n\n");
		assert_true(site_logged(site, "reason=incomplete request"));
	}
}

/* Nothing of the client's reaches the reply but a domain that looks like one. */
static void the_reply_is_ours_alone(void **state)
{
	struct site *site = *state;
	struct attempt hostile = usual;
	site_configure(site, "text = \"see %r\"");
	hostile.recipient = "c@d.test%0aaction=OK:;\\";
	struct conversation talk = { .config = site->config, .now = 1 };
	try_once(&talk, &hostile);
	assert_true(answered(&talk, "DEFER_IF_PERMIT 4.2.0 see "));
	assert_null(strstr(talk.reply, "OK"));
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(two_requests_in_one_read_get_two_replies),
		AT_SITE(crlf_is_fine),
		AT_SITE(as_many_requests_as_allowed),
		AT_SITE(what_is_no_request_gets_no_reply),
		AT_SITE(a_nul_closes),
		AT_SITE(a_value_over_the_limit_closes),
		AT_SITE(an_attribute_missing_passes_and_is_logged),
		AT_SITE(the_reply_is_ours_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
