/* From lines to deliveries: which of them are worth remembering, and why the others are not. */
#include "learning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "same.h"

enum { NOW = 1767225600 /* 2026-01-01 00:00:00 UTC */, DAY = 86400 };

#define STAMP        "Dec 31 10:00:00 mx "
#define SMTPD        STAMP "postfix/smtpd[1]: 4XyZ9k1Qm2z3Bc: "
#define QMGR         STAMP "postfix/qmgr[2]: 4XyZ9k1Qm2z3Bc: "
#define LMTP         STAMP "postfix/lmtp[3]: 4XyZ9k1Qm2z3Bc: "
#define CAME         SMTPD "client=mail.example.org[192.0.2.7]"
#define FROM         QMGR "from=<alice@example.org>, size=123, nrcpt=1 (queue active)"
#define SENT_TO(who) LMTP "to=<" who ">, relay=x, delay=1, dsn=2.0.0, status=sent (ok)"
#define SENT         SENT_TO("bob@example.com")
#define REMOVED      QMGR "removed"
#define BOUNCED      LMTP "to=<bob@example.com>, relay=x, dsn=5.0.0, status=bounced (no)"

static struct gl_learning learning;

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	memset(&learning, 0, sizeof learning);
	learning.now = learning.latest = NOW;
	learning.arrivals = gl_arrivals_new(16);
	return learning.arrivals == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	gl_arrivals_free(learning.arrivals);
	return 0;
}

/* How many deliveries of these lines, up to a NULL, are worth it. */
static int take(const char *const lines[])
{
	int worth = 0;
	for (size_t i = 0; lines[i] != NULL; i++)
		worth += gl_learning_line(&learning, gl_span_of(lines[i])) == GL_OK;
	return worth;
}

#define TAKE(...) take((const char *const[]){ __VA_ARGS__, NULL })

static void what_a_client_brought_and_postfix_delivered(void **state)
{
	(void)state;
	assert_int_equal(TAKE(CAME, FROM, SENT), 1);
	const struct gl_delivery *delivery = &learning.delivery;
	struct gl_address client;
	assert_int_equal(gl_address_parse(&client, gl_span_of("192.0.2.7")), GL_OK);
	assert_memory_equal(delivery->client->bytes, client.bytes, sizeof client.bytes);
	assert_int_equal(delivery->time, NOW - 14 * 3600);
	same_text("sender", delivery->sender, "alice@example.org");
	same_text("recipient", delivery->recipient, "bob@example.com");
	assert_int_equal(TAKE(REMOVED), 0);
	assert_int_equal(gl_learning_left_out(&learning), 0);
	assert_int_equal(learning.deliveries, 1);
}

static void a_mail_with_several_recipients_is_one_mail(void **state)
{
	(void)state;
	assert_int_equal(TAKE(CAME, FROM, SENT_TO("a@example.com")), 1);
	uint64_t mail = learning.delivery.mail;
	assert_int_equal(TAKE(SENT_TO("b@example.com"), REMOVED), 1);
	assert_int_equal(learning.delivery.mail, mail);
	assert_int_equal(TAKE(CAME, FROM, SENT), 1);
	assert_int_not_equal(learning.delivery.mail, mail);
}

/* Tried from the queue again, its sender is said again. */
static void a_delivery_that_succeeds_later_counts_from_when_it_came_in(void **state)
{
	(void)state;
	assert_int_equal(
	    TAKE(CAME, FROM, LMTP "to=<bob@example.com>, relay=x, dsn=4.0.0, status=deferred (no)",
		FROM,
		"Dec 31 11:00:00 mx postfix/lmtp[3]: 4XyZ9k1Qm2z3Bc: "
		"to=<bob@example.com>, relay=x, status=sent (ok)"),
	    1);
	assert_int_equal(learning.delivery.time, NOW - 14 * 3600);
}

struct row {
	const char *name;
	enum gl_left left;
	const char *lines[5];
};

static void what_is_left_out_is_counted_by_its_reason(void **state)
{
	static const struct row rows[] = {
		{ "a user", GL_LEFT_AUTHENTICATED,
		    { CAME ", sasl_method=PLAIN, sasl_username=joe", FROM, SENT } },
		{ "no address", GL_LEFT_NO_ADDRESS,
		    { SMTPD "client=unknown[unknown]", FROM, SENT } },
		{ "no client", GL_LEFT_ELSEWHERE, { FROM, SENT } },
		{ "no sender", GL_LEFT_NO_SENDER, { CAME, SENT } },
		{ "the id's mail is gone", GL_LEFT_ELSEWHERE, { CAME, FROM, REMOVED, SENT } },
		{ "two readings", GL_LEFT_UNCLEAR,
		    { CAME, FROM, SENT_TO("a>, relay=x, status=sent (b@example.com") } },
		{ "of the future", GL_LEFT_FUTURE,
		    { "2026-01-02T00:00:01Z mx postfix/smtpd[1]: 4XyZ9k1Qm2z3Bc: "
		      "client=mail.example.org[192.0.2.7]",
			FROM, SENT } },
		{ "no day", GL_LEFT_NO_TIME,
		    { "Feb 30 00:00:00 mx postfix/smtpd[1]: 4XyZ9k1Qm2z3Bc: "
		      "client=mail.example.org[192.0.2.7]",
			FROM, SENT } },
		{ "no recipient", GL_LEFT_LENGTH, { CAME, FROM, SENT_TO("") } },
		/* the same id at another host */
		{ "another host", GL_LEFT_ELSEWHERE,
		    { CAME, FROM,
			"Dec 31 10:00:00 mx2 postfix/lmtp[3]: 4XyZ9k1Qm2z3Bc: "
			"to=<bob@example.com>, relay=x, status=sent (ok)" } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		setup(state);
		if (take(rows[i].lines) != 0)
			fail_msg("%s: is learnt", rows[i].name);
		if (learning.left[rows[i].left] != 1 || gl_learning_left_out(&learning) != 1)
			fail_msg("%s: is not counted for its reason", rows[i].name);
		assert_int_equal(learning.deliveries, 1);
		teardown(state);
	}
	setup(state);
}

static void what_was_not_delivered_is_not_learnt(void **state)
{
	(void)state;
	assert_int_equal(TAKE(CAME, FROM, BOUNCED, REMOVED), 0);
	assert_int_equal(learning.deliveries, 0);
}

static void a_clock_that_is_ahead_does_not_lead_into_the_future(void **state)
{
	(void)state;
	assert_int_equal(TAKE("2026-01-02T00:00:00Z mx postfix/smtpd[1]: 4XyZ9k1Qm2z3Bc: "
			      "client=mail.example.org[192.0.2.7]",
			     FROM, SENT),
	    1);
	assert_int_equal(learning.delivery.time, NOW);
}

static void since_is_inclusive(void **state)
{
	(void)state;
	learning.since = NOW - 14 * 3600;
	assert_int_equal(TAKE(CAME, FROM, SENT, REMOVED), 1);
	learning.since++;
	assert_int_equal(TAKE(CAME, FROM, SENT, REMOVED), 0);
	assert_int_equal(learning.left[GL_LEFT_SINCE], 1);
}

static void a_sender_has_a_limit(void **state)
{
	char line[1024];
	(void)state;
	for (int len = GL_ARRIVAL_SENDER_MAX; len <= GL_ARRIVAL_SENDER_MAX + 1; len++) {
		snprintf(
		    line, sizeof line, QMGR "from=<%0*d>, size=1, nrcpt=1 (queue active)", len, 7);
		assert_int_equal(TAKE(CAME, line, SENT, REMOVED), len == GL_ARRIVAL_SENDER_MAX);
	}
	assert_int_equal(learning.left[GL_LEFT_LENGTH], 1);
}

static void the_id_of_a_mail_whose_end_was_lost_comes_again(void **state)
{
	(void)state;
	assert_int_equal(TAKE(CAME, FROM), 0);
	assert_int_equal(TAKE(SMTPD "client=unknown[198.51.100.9]",
			     QMGR "from=<>, size=1, nrcpt=1 (queue active)", SENT),
	    1);
	struct gl_address client;
	assert_int_equal(gl_address_parse(&client, gl_span_of("198.51.100.9")), GL_OK);
	assert_memory_equal(learning.delivery.client->bytes, client.bytes, sizeof client.bytes);
	assert_int_equal(learning.delivery.sender.len, 0);
}

int main(void)
{
#define WITH_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_ROOM(what_a_client_brought_and_postfix_delivered),
		WITH_ROOM(a_mail_with_several_recipients_is_one_mail),
		WITH_ROOM(a_delivery_that_succeeds_later_counts_from_when_it_came_in),
		cmocka_unit_test_teardown(what_is_left_out_is_counted_by_its_reason, teardown),
		WITH_ROOM(what_was_not_delivered_is_not_learnt),
		WITH_ROOM(a_clock_that_is_ahead_does_not_lead_into_the_future),
		WITH_ROOM(since_is_inclusive),
		WITH_ROOM(a_sender_has_a_limit),
		WITH_ROOM(the_id_of_a_mail_whose_end_was_lost_comes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
