/* What the sections of greylist.conf and the delegation files do to a request. */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000, DAY = 86400 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

static void expect(
    const struct site *site, const struct attempt *attempt, int64_t now, const char *answer)
{
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, attempt);
	if (!answered(&talk, answer))
		fail_msg("expected %s, got %s", answer, talk.reply);
}

struct section_case {
	const char *config;
	const char *answer;
	const char *logged;
	bool stored;
};

static const struct section_case cases[] = {
	{ "recipient e.test { mode = off }", "DEFER_IF_PERMIT", "action=greylist, reason=new",
	    true },
	{ "recipient d.test { mode = off }", "DUNNO", "action=pass, reason=mode", false },
	{ "mode = off recipient d.test { mode = on }", "DEFER_IF_PERMIT",
	    "action=greylist, reason=new", true },
	{ "mode = off recipient e.test { mode = on }", "DUNNO", "action=pass, reason=mode", false },
	{ "sender b.test { mode = dry-run }", "DUNNO", "action=would-greylist, reason=new", true },
	{ "recipient c@d.test { exempt = true }", "DUNNO",
	    "action=pass, reason=recipient whitelist", false },
	{ "sender b.test { exempt = true }", "DUNNO", "action=pass, reason=sender whitelist",
	    false },
	{ "policy_context p { exempt = true }", "DUNNO", "action=pass, reason=mode", false },
	{ "policy_context q { exempt = true }", "DEFER_IF_PERMIT", "action=greylist, reason=new",
	    true },
	{ "sender b.test { exempt = true } recipient c@d.test { exempt = false }",
	    "DEFER_IF_PERMIT", "action=greylist, reason=new", true },
	{ "recipient d.test { text = 'Noch %s s fuer %r' delay = 1m }",
	    "DEFER_IF_PERMIT 4.2.0 Noch 60 s fuer d.test\n", "action=greylist, reason=new", true },
};

static void a_section_decides_for_its_mail(void **state)
{
	struct site *site = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt attempt = usual;
		char sender[64];
		attempt.more = "policy_context=p\n";
		snprintf(sender, sizeof sender, "a%c@b.test", (int)('a' + i));
		attempt.sender = sender;
		site_clear_log(site);
		site_configure(site, cases[i].config);
		expect(site, &attempt, START, cases[i].answer);
		if (!site_logged(site, cases[i].logged))
			fail_msg("%s: not logged", cases[i].config);
		assert_int_equal(site_stored(site, sender), cases[i].stored);
	}
}

static void times_are_those_of_the_section(void **state)
{
	struct site *site = *state;
	struct attempt other = usual;
	other.recipient = "c@e.test";
	site_configure(site, "auto_whitelist = 0\nrecipients = each\n"
			     "recipient d.test { delay = 1m retry_window = 1h max_age = 60d }");
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &other, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 59, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 60, "PREPEND");
	expect(site, &other, START + 179, "DEFER_IF_PERMIT");
	expect(site, &other, START + 180, "DUNNO");
	expect(site, &other, START + 180 + 36 * DAY, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 60 + 60 * DAY, "DUNNO");
	expect(site, &usual, START + 61 + 121 * DAY, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 61 + 121 * DAY + 3601, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 61 + 121 * DAY + 3660, "DEFER_IF_PERMIT");
}

/* Newcomers sweep what expired; none takes a record that a section still counts. */
static void a_sweep_leaves_what_a_section_still_counts(void **state)
{
	struct site *site = *state;
	static const char *const kept[] = { "kept@d.test", "ctx@f.test", "own@g.test" };
	struct attempt attempt = usual;
	char config[1024], path[512];
	tmpdir_write(site->root, "own.conf", "max_age = 90d\n", 14);
	snprintf(path, sizeof path, "%s/own.conf", site->root);
	snprintf(config, sizeof config,
	    "auto_whitelist = 0\nrecipients = each\nrecipient d.test { max_age = 60d }\n"
	    "recipient g.test { delegate = \"%s\" }\npolicy_context p { max_age = 50d }\n",
	    path);
	site_configure(site, config);
	for (int i = 0; i < 4; i++) {
		attempt.recipient = i < 3 ? kept[i] : "lost@e.test";
		attempt.more = i == 1 ? "policy_context=p\n" : NULL;
		/* nothing but the context speaks of this one, and e.test falls under it too */
		expect(site, &attempt, START, "DEFER_IF_PERMIT");
		expect(site, &attempt, START + 200, i == 0 ? "PREPEND" : "DUNNO");
	}
	for (int i = 0; i < 9; i++) {
		char sender[32];
		snprintf(sender, sizeof sender, "new%d@b.test", i);
		attempt.sender = sender;
		attempt.recipient = "x@h.test";
		attempt.more = NULL;
		expect(site, &attempt, START + 49 * DAY, "DEFER_IF_PERMIT");
	}
	attempt.sender = usual.sender;
	for (int i = 0; i < 3; i++)
		assert_true(site_stored(site, kept[i]));
	for (int i = 0; i < 9; i++) {
		char sender[32];
		snprintf(sender, sizeof sender, "late%d@b.test", i);
		attempt.sender = sender;
		expect(site, &attempt, START + 55 * DAY, "DEFER_IF_PERMIT");
	}
	assert_true(site_stored(site, kept[0]));
	assert_true(site_stored(site, kept[2]));
	assert_false(site_stored(site, kept[1]));
	assert_false(site_stored(site, "lost@e.test"));
}

static void a_delegation_file_counts_at_the_next_request(void **state)
{
	struct site *site = *state;
	char config[600];
	struct attempt other = usual;
	other.recipient = "c@e.test";
	snprintf(
	    config, sizeof config, "recipient d.test { delegate = \"%s/own.conf\" }", site->root);
	site_configure(site, config);
	expect(site, &usual, START, "DEFER_IF_PERMIT 4.2.0 Greylisted");
	tmpdir_write(site->root, "own.conf", "text = 'Ours'\n", 14);
	expect(site, &usual, START, "DEFER_IF_PERMIT 4.2.0 Ours\n");
	tmpdir_write(site->root, "own.conf", "mode = off\ntext = \n", 18);
	site_clear_log(site);
	expect(site, &usual, START, "DUNNO");
	assert_true(site_logged(site, "own.conf:"));
	assert_true(site_logged(site, "greylist-admin check shows them"));
	site_clear_log(site);
	expect(site, &other, START, "DEFER_IF_PERMIT");
	assert_int_equal(unlink(tmpdir_path(site->root, "own.conf")), 0);
	expect(site, &usual, START + 1, "DEFER_IF_PERMIT 4.2.0 Greylisted");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_section_decides_for_its_mail),
		CASE(times_are_those_of_the_section),
		CASE(a_sweep_leaves_what_a_section_still_counts),
		CASE(a_delegation_file_counts_at_the_next_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
