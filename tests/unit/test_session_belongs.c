/* Where greylisting does not belong, whole sessions through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conversation.h"
#include "site.h"

enum { START = 1700000000, DELAY = 180, DAY = 86400 };

static bool passes(const struct site *site, const struct attempt *attempt, int64_t later)
{
	struct conversation talk = { .config = site->config, .now = START + later };
	try_once(&talk, attempt);
	return answered(&talk, "DUNNO") || answered(&talk, "PREPEND");
}

static const struct attempt first = { "192.0.2.7", "mx1.pool.test", "a@b.test", "c@d.test", NULL,
	NULL };

static struct attempt with(const char *more)
{
	struct attempt attempt = first;
	attempt.more = more;
	return attempt;
}

static void test_a_trusted_certificate_passes(void **state)
{
	const struct attempt certified = with("ccert_subject=mx1.pool.test\n");
	const struct attempt unverified = with("ccert_subject=\nccert_fingerprint=12:34\n");
	assert_true(passes(*state, &certified, 0));
	assert_true(site_logged(*state, "action=pass, reason=client certificate"));
	assert_false(passes(*state, &unverified, 0));
	site_configure(*state, "client_certificates = ignore");
	assert_false(passes(*state, &certified, 0));
}

static void test_other_states_pass_unlogged(void **state)
{
	static const char *const states[] = { "CONNECT", "EHLO", "MAIL", "DATA", "END-OF-MESSAGE",
		"VRFY", "ETRN" };
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		char more[64];
		snprintf(more, sizeof more, "protocol_state=%s\n", states[i]);
		const struct attempt attempt = with(more);
		assert_true(passes(*state, &attempt, 0));
	}
	assert_false(site_logged(*state, "action="));
}

static struct attempt bounce(const char *recipient, const char *more)
{
	struct attempt attempt = with(more);
	attempt.sender = "";
	attempt.recipient = recipient;
	return attempt;
}

static void test_the_null_sender_waits_at_rcpt(void **state)
{
	const struct attempt rcpt = bounce("c@d.test", NULL);
	const struct attempt data = bounce("c@d.test", "protocol_state=DATA\n");
	assert_false(passes(*state, &rcpt, 0));
	assert_true(passes(*state, &data, 0));
	assert_true(passes(*state, &rcpt, DELAY));
}

static void test_the_null_sender_waits_at_data(void **state)
{
	const struct attempt rcpt = bounce("c@d.test", NULL);
	const struct attempt data = bounce("c@d.test", "protocol_state=DATA\n");
	const struct attempt many = bounce("", "protocol_state=DATA\n");
	const struct attempt mail = with("protocol_state=DATA\n");
	site_configure(*state, "null_sender = data");
	assert_true(passes(*state, &rcpt, 0));
	assert_true(site_logged(*state, "action=pass, reason=null sender"));
	assert_false(passes(*state, &data, 0));
	assert_false(passes(*state, &many, 0));
	assert_true(passes(*state, &mail, 0));
	assert_true(passes(*state, &data, DELAY));
	assert_true(passes(*state, &many, DELAY));
	assert_false(passes(*state, &first, 0));
}

static void test_only_suspects_wait(void **state)
{
	static const struct {
		bool waits;
		struct attempt attempt;
	} rows[] = {
		{ false, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u1@d.test", NULL,
			     "helo_name=mx1.pool.test\n" } },
		{ false, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u1@d.test", NULL,
			     "helo_name=other.name.test\npolicy_context=partners\n" } },
		{ true,
		    { "192.0.2.1", NULL, "a@b.test", "u2@d.test", NULL, "helo_name=x.test\n" } },
		{ true, { "192.0.2.1", "host-192-0-2-1.isp.test", "a@b.test", "u3@d.test", NULL,
			    "helo_name=x.test\n" } },
		{ true, { "192.0.2.1", "dsl-4.isp.test", "a@b.test", "u4@d.test", NULL,
			    "helo_name=x.test\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u5@d.test", NULL,
			    "helo_name=[192.0.2.1]\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u6@d.test", NULL,
			    "helo_name=192.0.2.1\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u7@d.test", NULL,
			    "helo_name=MX.example.test\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u8@d.test", NULL,
			    "helo_name=localhost\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u9@d.test", NULL,
			    "helo_name=\n" } },
		{ true, { "192.0.2.1", "mx1.pool.test", "a@b.test", "u10@d.test", NULL,
			    "helo_name=x.test\npolicy_context=suspect\n" } },
	};
	site_configure(*state, "suspects_only = true");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (passes(*state, &rows[i].attempt, 0) == rows[i].waits)
			fail_msg("row %zu %s", i, rows[i].waits ? "passed" : "waits");
	assert_true(site_logged(*state, "action=pass, reason=unsuspicious"));
	assert_false(site_stored(*state, "u1@d.test"));
}

static void test_whom_our_users_wrote_to_may_answer(void **state)
{
	struct attempt ours = with("sasl_username=c\n"), answer = first, other = first;
	ours.sender = "C@d.test";
	ours.recipient = "A@b.test";
	other.sender = "z@b.test";
	assert_true(passes(*state, &ours, 0));
	assert_false(passes(*state, &answer, 0));
	site_configure(*state, "remember_recipients = true");
	answer.client = "198.51.100.1";
	assert_false(passes(*state, &answer, 1));
	assert_true(passes(*state, &ours, 2));
	assert_true(site_logged(*state, "action=pass, reason=authenticated"));
	assert_true(passes(*state, &answer, 3));
	assert_true(site_logged(*state, "action=pass, reason=answered"));
	assert_false(passes(*state, &other, 4));
	answer.client = "203.0.113.9";
	assert_true(passes(*state, &answer, 35 * DAY));
	answer.client = "203.0.114.9";
	assert_false(passes(*state, &answer, 36 * DAY));
}

/* A user who has logged in passes, whatever becomes of the table. */
static void test_our_users_pass_without_a_table(void **state)
{
	const struct attempt ours = with("sasl_username=c\n");
	struct site *site = *state;
	site_configure(site, "remember_recipients = true\non_error = defer");
	assert_int_equal(rmdir(site->database), 0);
	assert_true(passes(site, &ours, 0));
	assert_true(site_logged(site, "action=pass, reason=authenticated"));
	assert_false(passes(site, &first, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SITE_TEST(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
		SITE_TEST(test_a_trusted_certificate_passes),
		SITE_TEST(test_other_states_pass_unlogged),
		SITE_TEST(test_the_null_sender_waits_at_rcpt),
		SITE_TEST(test_the_null_sender_waits_at_data),
		SITE_TEST(test_only_suspects_wait),
		SITE_TEST(test_whom_our_users_wrote_to_may_answer),
		SITE_TEST(test_our_users_pass_without_a_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
