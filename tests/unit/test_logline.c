/*
 * The log line. The rows marked so were put to Postgrey 1.37 on
 * loopback, and these are the lines it wrote to syslog.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/logline.h"
#include "same.h"

static struct gl_request *request;
static char buffer[GL_LOGLINE_MAX];

static int set_up(void **state)
{
	(void)state;
	request = malloc(sizeof *request);
	if (request == NULL)
		return -1;
	gl_request_init(request);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(request);
	return 0;
}

struct row {
	const char *queue_id, *name, *address, *sender, *recipient;
	enum gl_action action;
	enum gl_reason reason;
	int64_t wait, delayed;
	const char *line;
};

static void set(enum gl_attribute attribute, const char *value)
{
	assert_int_equal(gl_request_set(request, attribute, gl_span_of(value)), GL_OK);
}

static void hold(const struct row *row)
{
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_logline line = { row->action, row->reason, row->wait, row->delayed, request };

	gl_request_init(request);
	set(GL_ATTR_QUEUE_ID, row->queue_id);
	set(GL_ATTR_CLIENT_NAME, row->name);
	set(GL_ATTR_CLIENT_ADDRESS, row->address);
	set(GL_ATTR_SENDER, row->sender);
	set(GL_ATTR_RECIPIENT, row->recipient);
	gl_out_logline(&out, &line);
	assert_false(out.full);
	same_text(row->line, gl_out_done(&out), row->line);
}

#define MX       "mx.client.test", "192.0.2.7"
#define FROM_TO  "a@sender.test", "u@rcpt.test"
#define MX_LINE  "client_name=mx.client.test, client_address=192.0.2.7"
#define TO_LINE  "recipient=u@rcpt.test"
#define ALL_LINE MX_LINE ", sender=a@sender.test, " TO_LINE
#define NEW      GL_ACTION_GREYLIST, GL_REASON_NEW, 180, -1

static void as_postgrey_writes_it(void **state)
{
	static const struct row rows[] = {
		{ "", MX, FROM_TO, NEW, "action=greylist, reason=new, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_GREYLIST, GL_REASON_EARLY, 299, -1,
		    "action=greylist, reason=early-retry (299s missing), " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_GREYLIST, GL_REASON_EARLY, 1, -1,
		    "action=greylist, reason=early-retry (1s missing), " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_FOUND, 0, 300,
		    "action=pass, reason=triplet found, delay=300, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_FOUND, 0, -1,
		    "action=pass, reason=triplet found, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_AUTO_WHITELIST, 0, -1,
		    "action=pass, reason=client AWL, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_CLIENT_LIST, 0, -1,
		    "action=pass, reason=client whitelist, " ALL_LINE },
		{ "", MX, "a@sender.test", "postmaster@rcpt.test", GL_ACTION_PASS,
		    GL_REASON_RECIPIENT_LIST, 0, -1,
		    "action=pass, reason=recipient whitelist, " MX_LINE
		    ", sender=a@sender.test, recipient=postmaster@rcpt.test" },
		{ "", MX, "", "u@rcpt.test", NEW,
		    "action=greylist, reason=new, " MX_LINE ", " TO_LINE },
		{ "4AbC12", MX, FROM_TO, NEW, "4AbC12: action=greylist, reason=new, " ALL_LINE },
		{ "", "unknown", "2001:db8::5", "v6@x.test", "\"o dd\"@rcpt.test", NEW,
		    "action=greylist, reason=new, client_name=unknown, client_address=2001:db8::5, "
		    "sender=v6@x.test, recipient=\"o dd\"@rcpt.test" },
		{ "", "", "192.0.2.7", FROM_TO, NEW,
		    "action=greylist, reason=new, client_address=192.0.2.7, sender=a@sender.test, "
		    "recipient=u@rcpt.test" },
		{ "0", "0", "192.0.2.7", "0", "u@rcpt.test", NEW,
		    "action=greylist, reason=new, client_address=192.0.2.7, "
		    "recipient=u@rcpt.test" },
		{ "", MX, "50%@x.test", "u@rcpt.test", NEW,
		    "action=greylist, reason=new, " MX_LINE ", sender=50%%@x.test, " TO_LINE },
		{ "", MX, "\xc3\xa9@x.test", "u@rcpt.test", NEW,
		    "action=greylist, reason=new, " MX_LINE ", sender=\xc3\xa9@x.test, " TO_LINE },
		{ "", MX, "Big@Case.TEST", "U+e@Rcpt.TEST", NEW,
		    "action=greylist, reason=new, " MX_LINE
		    ", sender=Big@Case.TEST, recipient=U+e@Rcpt.TEST" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		hold(&rows[i]);
}

static void beyond_postgrey(void **state)
{
	static const struct row rows[] = {
		{ "", MX, FROM_TO, GL_ACTION_WOULD_GREYLIST, GL_REASON_NEW, 180, -1,
		    "action=would-greylist, reason=new, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_RELAY, 0, -1,
		    "action=pass, reason=relay, " ALL_LINE },
		{ "", MX, FROM_TO, GL_ACTION_PASS, GL_REASON_FOUND, 0, 0,
		    "action=pass, reason=triplet found, delay=0, " ALL_LINE },
		{ "", MX, "a\tb\r\x1b[2J\xe9@x", "u@rcpt.test", NEW,
		    "action=greylist, reason=new, " MX_LINE ", sender=a?b??[2J?@x, " TO_LINE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		hold(&rows[i]);
}

static void attributes_that_were_not_sent_are_left_out(void **state)
{
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_logline line = { GL_ACTION_PASS, GL_REASON_INCOMPLETE, 0, -1, request };

	(void)state;
	gl_out_logline(&out, &line);
	same_text("nothing sent", gl_out_done(&out), "action=pass, reason=incomplete request");
}

/* Postgrey reads 512 bytes of a value: seen on loopback. */
static void a_long_value_is_cut_and_the_line_goes_on(void **state)
{
	char value[GL_VALUE_MAX];
	char want[GL_LOGLINE_MAX];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_out wanted = gl_out_into(want, sizeof want);
	struct gl_logline line = { NEW, request };

	(void)state;
	memset(value, 'x', sizeof value);
	assert_int_equal(
	    gl_request_set(request, GL_ATTR_SENDER, (struct gl_span){ value, sizeof value }),
	    GL_OK);
	set(GL_ATTR_RECIPIENT, "u@rcpt.test");
	gl_out_logline(&out, &line);
	gl_out_text(&wanted, "action=greylist, reason=new, sender=");
	gl_out_span(&wanted, (struct gl_span){ value, 512 });
	gl_out_text(&wanted, ", recipient=u@rcpt.test");
	same_bytes("cut", gl_out_done(&out), gl_out_done(&wanted));
}

static void the_longest_line_fits(void **state)
{
	static const enum gl_attribute shown[] = { GL_ATTR_QUEUE_ID, GL_ATTR_CLIENT_NAME,
		GL_ATTR_CLIENT_ADDRESS, GL_ATTR_SENDER, GL_ATTR_RECIPIENT };
	char value[GL_VALUE_MAX];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);
	struct gl_logline line = { GL_ACTION_WOULD_GREYLIST, GL_REASON_EARLY, INT64_MAX, INT64_MAX,
		request };

	(void)state;
	memset(value, '%', sizeof value);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		assert_int_equal(
		    gl_request_set(request, shown[i], (struct gl_span){ value, sizeof value }),
		    GL_OK);
	gl_out_logline(&out, &line);
	assert_false(out.full);
	assert_true(out.len > 5 * 1024);
}

static void whitelisted_clients(void **state)
{
	static const struct {
		const char *name, *address, *line;
	} rows[] = {
		/* these four as Postgrey writes them */
		{ "awl.test", "198.51.100.9", "whitelisted: awl.test[198.51.100.9]" },
		{ "six.test", "2001:db8:1:3:ffff::1",
		    "whitelisted: six.test[2001:DB8:1:3:FFFF:0:0:1]" },
		{ "", "2001:db8:1:2:ffff::1", "whitelisted: 2001:DB8:1:2:FFFF:0:0:1" },
		{ "", "198.51.100.9", "whitelisted: 198.51.100.9" },
		{ "a.test", "::ffff:192.0.2.7", "whitelisted: a.test[192.0.2.7]" },
		{ "a.test", "::", "whitelisted: a.test[0:0:0:0:0:0:0:0]" },
		{ "a.test", "1234:567:89:a:ffff::f0",
		    "whitelisted: a.test[1234:567:89:A:FFFF:0:0:F0]" },
		{ "a\t.test", "192.0.2.7", "whitelisted: a?.test[192.0.2.7]" },
		{ "0", "unknown", "whitelisted: unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_out out = gl_out_into(buffer, sizeof buffer);

		gl_request_init(request);
		set(GL_ATTR_CLIENT_NAME, rows[i].name);
		set(GL_ATTR_CLIENT_ADDRESS, rows[i].address);
		gl_out_whitelisted(&out, request);
		same_text(rows[i].line, gl_out_done(&out), rows[i].line);
	}
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(as_postgrey_writes_it),
		UNIT(beyond_postgrey),
		UNIT(attributes_that_were_not_sent_are_left_out),
		UNIT(a_long_value_is_cut_and_the_line_goes_on),
		UNIT(the_longest_line_fits),
		UNIT(whitelisted_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
