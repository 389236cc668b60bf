/* The exempt lists and never_auto_whitelist, as the session heeds them. */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "greylist/regex.h"
#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000, DELAY = 180 };

static const struct attempt usual = { "192.0.2.7", "mx12.dyn.b.test", "News-12@b.test", "c@d.test",
	"1.2.3", NULL };

static void expect(
    const struct site *site, const struct attempt *attempt, int64_t now, const char *answer)
{
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, attempt);
	if (!answered(&talk, answer))
		fail_msg("expected %s, got %s", answer, talk.reply);
}

static bool without_regexes(void)
{
	return strcmp(gl_regex_engine(), "no pcre2") == 0;
}

struct list_case {
	const char *list;
	const char *entry;
	bool passes;
};

static void an_expression_lets_whom_it_finds_pass(void **state)
{
	static const struct list_case cases[] = {
		{ "clients", "/^MX\\d+\\.dyn\\./", true },
		{ "clients", "/^mx\\d\\.dyn\\./", false },
		{ "clients", "/192\\.0\\.2/", false },
		{ "clients", "/c@d/", false },
		{ "recipients", "/^c@D\\.test$/", true },
		{ "recipients", "/news/", false },
		{ "senders", "/^news-\\d+@/", true },
		{ "senders", "/^news@/", false },
	};
	struct site *site = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct list_case *row = &cases[i];
		char text[64];
		snprintf(text, sizeof text, "# %zu\n%s # ours\n", i, row->entry);
		site_list(site, row->list, text);
		site_clear_log(site);
		expect(site, &usual, START,
		    row->passes && !without_regexes() ? "DUNNO" : "DEFER_IF_PERMIT");
		assert_int_equal(site_logged(site, ":2: \""), without_regexes());
		site_list(site, row->list, "");
	}
}

static void a_client_without_a_name_has_the_name_unknown(void **state)
{
	struct site *site = *state;
	struct attempt nameless = usual;
	nameless.name = "unknown";
	site_list(site, "clients", "/^unknown$/\n");
	expect(site, &nameless, START, without_regexes() ? "DEFER_IF_PERMIT" : "DUNNO");
	expect(site, &usual, START, "DEFER_IF_PERMIT");
}

static void a_bad_expression_costs_only_itself(void **state)
{
	struct site *site = *state;
	site_list(site, "clients", "/(/\n/x/i\ndyn.b.test\n");
	expect(site, &usual, START, "DUNNO");
	assert_true(site_logged(site, "clients:1: \"/(/\": "));
	assert_true(site_logged(site, "clients:2: \"/x/i\": nothing may follow"));
}

static void a_hostile_name_holds_nobody_up(void **state)
{
	struct site *site = *state;
	struct attempt hostile = usual;
	char name[900];
	memset(name, 'a', sizeof name);
	name[sizeof name - 2] = '!';
	name[sizeof name - 1] = '\0';
	hostile.name = name;
	site_list(site, "clients", "/^(a|aa)+$/\n/^(a*)*b/\n/^([a-z]+)*\\d$/\n");
	clock_t before = clock();
	expect(site, &hostile, START, "DEFER_IF_PERMIT");
	assert_in_range(clock() - before, 0, 2 * CLOCKS_PER_SEC);
	assert_int_equal(site_logged(site, "clients:1: searching for"), !without_regexes());
	site_list(site, "clients", "/^a/\n");
	site_clear_log(site);
	expect(site, &hostile, START + 60, without_regexes() ? "DEFER_IF_PERMIT" : "DUNNO");
	assert_false(site_logged(site, "searching for"));
}

/* Two messages an hour apart that pass after waiting; returns when that was done. */
static int64_t earn_trust(const struct site *site, const struct attempt *client, int64_t now)
{
	for (int message = 0; message < 2; message++, now += 3600) {
		char sender[32];
		struct attempt attempt = *client;
		snprintf(sender, sizeof sender, "person-x%d@b.test", message);
		attempt.sender = sender;
		attempt.instance = sender;
		expect(site, &attempt, now, "DEFER_IF_PERMIT");
		expect(site, &attempt, now + DELAY, "PREPEND");
	}
	return now;
}

static void the_never_listed_earn_nothing(void **state)
{
	static const char *const options[] = { "never_auto_whitelist = {\"192.0.2.0/28\"}",
		"never_auto_whitelist = {\"10.0.0.1\", \"DYN.b.test\"}",
		"auto_whitelist_per = network\nnever_auto_whitelist = {\"b.test\"}" };
	struct site *site = *state;
	struct attempt next = usual;
	int64_t now = START;
	next.sender = "somebody@b.test";
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		site_configure(site, options[i]);
		struct attempt client = usual;
		char recipient[32];
		snprintf(recipient, sizeof recipient, "c%zu@d.test", i);
		client.recipient = next.recipient = recipient;
		now = earn_trust(site, &client, now + 10 * 86400);
		expect(site, &next, now, "DEFER_IF_PERMIT");
		assert_false(site_logged(site, "whitelisted: "));
	}
}

static void what_was_earned_before_does_not_count(void **state)
{
	struct site *site = *state;
	struct attempt next = usual;
	int64_t now = earn_trust(site, &usual, START);
	next.sender = "somebody@b.test";
	site_configure(site, "never_auto_whitelist = {\"192.0.2.7\"}");
	expect(site, &next, now, "DEFER_IF_PERMIT");
	/* a triplet that passed goes on passing, and nothing was forgotten */
	next.sender = "person-x1@b.test";
	expect(site, &next, now, "DUNNO");
	site_configure(site, "");
	next.sender = "somebody.else@b.test";
	expect(site, &next, now, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=client AWL, "));
}

static void the_never_listed_get_one_header_a_message_too(void **state)
{
	struct site *site = *state;
	struct attempt second = usual;
	second.recipient = "e@d.test";
	site_configure(site, "never_auto_whitelist = {\"192.0.2.7\"}");
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &second, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + DELAY, "PREPEND");
	expect(site, &second, START + DELAY, "DUNNO");
}

static void whoever_is_exempt_stays_exempt(void **state)
{
	struct site *site = *state;
	site_configure(site, "never_auto_whitelist = {\"192.0.2.7\"}");
	site_list(site, "clients", "192.0.2.7\n");
	expect(site, &usual, START, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=client whitelist, "));
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(an_expression_lets_whom_it_finds_pass),
		AT_SITE(a_client_without_a_name_has_the_name_unknown),
		AT_SITE(a_bad_expression_costs_only_itself),
		AT_SITE(a_hostile_name_holds_nobody_up),
		AT_SITE(the_never_listed_earn_nothing),
		AT_SITE(what_was_earned_before_does_not_count),
		AT_SITE(the_never_listed_get_one_header_a_message_too),
		AT_SITE(whoever_is_exempt_stays_exempt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
