/* Who counts as the same sender, whole sessions through: pools, and the recipients of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "site.h"

enum { START = 1700000000, DELAY = 180, DAY = 86400 };

static void suffixes(const struct site *site)
{
	site_list(site, "suffixes", "test\nco.test\nhoster.test\n");
}

static int setup(void **state)
{
	int failed = site_setup(state);
	if (failed == 0)
		suffixes(*state);
	return failed;
}

/* An attempt at START + later, in a session of its own. */
static bool passes(const struct site *site, const struct attempt *attempt, int64_t later)
{
	struct conversation talk = { .config = site->config, .now = START + later };
	try_once(&talk, attempt);
	return answered(&talk, "DUNNO") || answered(&talk, "PREPEND");
}

static const struct attempt first = { "192.0.2.7", "mx1.pool.test", "a@b.test", "c@d.test", NULL,
	NULL };

static struct attempt from(const char *client, const char *name)
{
	struct attempt attempt = first;
	attempt.client = client;
	attempt.name = name;
	return attempt;
}

static void test_a_retry_from_elsewhere_in_the_pool_passes(void **state)
{
	const struct attempt retry = from("198.51.100.9", "OUT-22.Pool.Test");
	assert_false(passes(*state, &first, 0));
	assert_false(passes(*state, &retry, DELAY - 1));
	assert_true(passes(*state, &retry, DELAY));
	assert_true(site_logged(*state, "action=pass, reason=triplet found, delay=180"));
	/* from now on from everywhere in it, and from where it began whatever the name */
	const struct attempt third = from("203.0.113.1", "x.pool.test");
	const struct attempt nameless = from("192.0.2.200", NULL);
	assert_true(passes(*state, &third, DELAY + 5));
	assert_true(passes(*state, &nameless, DELAY + 6));
}

static void test_nobody_else_passes_by_a_pool(void **state)
{
	static const struct {
		const char *name;
		struct attempt first, other;
	} rows[] = {
		{ "another domain",
		    { "192.0.2.7", "mx1.pool.test", "a1@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "mx1.loop.test", "a1@b.test", "c@d.test", NULL, NULL } },
		{ "no name", { "192.0.2.7", "mx1.pool.test", "a2@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", NULL, "a2@b.test", "c@d.test", NULL, NULL } },
		{ "names that carry the address",
		    { "192.0.2.7", "192-0-2-7.pool.test", "a3@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "198-51-100-9.pool.test", "a3@b.test", "c@d.test", NULL,
			NULL } },
		{ "names of lines",
		    { "192.0.2.7", "dsl-17.pool.test", "a4@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "dsl-18.pool.test", "a4@b.test", "c@d.test", NULL, NULL } },
		{ "two customers of one hoster",
		    { "192.0.2.7", "mx.a.hoster.test", "a5@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "mx.b.hoster.test", "a5@b.test", "c@d.test", NULL, NULL } },
		{ "a public suffix itself",
		    { "192.0.2.7", "hoster.test", "a6@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "hoster.test", "a6@b.test", "c@d.test", NULL, NULL } },
		{ "another sender",
		    { "192.0.2.7", "mx1.pool.test", "a7@b.test", "c@d.test", NULL, NULL },
		    { "198.51.100.9", "mx1.pool.test", "z7@b.test", "c@d.test", NULL, NULL } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_false(passes(*state, &rows[i].first, 0));
		if (passes(*state, &rows[i].other, DELAY))
			fail_msg("passed: %s", rows[i].name);
	}
}

static void test_with_identity_network_each_network_waits(void **state)
{
	const struct attempt retry = from("198.51.100.9", "mx2.pool.test");
	const struct attempt neighbour = from("192.0.2.8", "mx2.pool.test");
	site_configure(*state, "identity = network");
	assert_false(passes(*state, &first, 0));
	assert_false(passes(*state, &retry, DELAY));
	assert_true(passes(*state, &neighbour, DELAY));
}

/* One retry in a shared pool must not admit all its customers. */
static void test_the_auto_whitelist_never_goes_by_the_pool(void **state)
{
	site_configure(*state, "auto_whitelist = 1");
	struct attempt other = from("198.51.100.9", "mx2.pool.test");
	assert_false(passes(*state, &first, 0));
	assert_true(passes(*state, &first, DELAY));
	other.sender = "somebody@else.test";
	assert_false(passes(*state, &other, DELAY + 1));
	struct attempt same = first;
	same.sender = "somebody@else.test";
	assert_true(passes(*state, &same, DELAY + 2));
}

/* A name server that is down for a moment costs nobody a second wait. */
static void test_a_name_that_comes_and_goes_does_not_matter(void **state)
{
	const struct attempt nameless = from("192.0.2.7", NULL);
	const struct attempt elsewhere = from("198.51.100.9", "mx2.pool.test");
	assert_false(passes(*state, &nameless, 0));
	assert_false(passes(*state, &first, 60));
	assert_true(passes(*state, &first, DELAY));
	assert_true(passes(*state, &elsewhere, DELAY + 1));
	assert_true(passes(*state, &nameless, DELAY + 2));
}

static void test_without_suffixes_there_are_no_pools(void **state)
{
	const struct attempt retry = from("198.51.100.9", "mx2.pool.test");
	site_list(*state, "suffixes", "");
	assert_false(passes(*state, &first, 0));
	assert_false(passes(*state, &retry, DELAY));
}

static void test_with_privacy_the_pool_still_counts(void **state)
{
	const struct attempt retry = from("198.51.100.9", "mx2.pool.test");
	site_configure(*state, "privacy = true");
	assert_false(passes(*state, &first, 0));
	assert_true(passes(*state, &retry, DELAY));
	assert_false(site_stored(*state, "a@b.test"));
}

static struct attempt to(const char *recipient, const char *instance)
{
	struct attempt attempt = first;
	attempt.recipient = recipient;
	attempt.instance = instance;
	return attempt;
}

static void test_a_matured_recipient_opens_for_the_rest_of_its_message(void **state)
{
	const struct attempt early = to("u1@d.test", "1"), again = to("u1@d.test", "2");
	const struct attempt before = to("u0@d.test", "2"), behind = to("u2@d.test", "2");
	const struct attempt other = to("u3@d.test", "3"), later = to("u2@d.test", "9");
	assert_false(passes(*state, &early, 0));
	assert_false(passes(*state, &before, DELAY));
	assert_true(passes(*state, &again, DELAY));
	assert_true(passes(*state, &behind, DELAY));
	assert_true(site_logged(*state, "action=pass, reason=same message"));
	assert_false(passes(*state, &other, DELAY));
	assert_true(passes(*state, &later, DELAY + DAY));
}

static void test_with_recipients_each_they_wait_for_themselves(void **state)
{
	const struct attempt early = to("u1@d.test", "1"), again = to("u1@d.test", "2");
	const struct attempt behind = to("u2@d.test", "2");
	site_configure(*state, "recipients = each");
	assert_false(passes(*state, &early, 0));
	assert_true(passes(*state, &again, DELAY));
	assert_false(passes(*state, &behind, DELAY));
}

/* A known triplet writes nothing, so the connection alone remembers that it opened. */
static void test_a_known_recipient_opens_within_the_connection(void **state)
{
	char both[4096];
	const struct attempt early = to("u1@d.test", "1"), passed = to("u1@d.test", "2");
	const struct attempt known = to("u1@d.test", "3"), behind = to("u2@d.test", "3");
	struct site *site = *state;
	assert_false(passes(site, &early, 0));
	assert_true(passes(site, &passed, DELAY));
	int len = snprintf(both, sizeof both, "%s", attempt_bytes(&known));
	snprintf(both + len, sizeof both - (size_t)len, "%s", attempt_bytes(&behind));
	struct conversation talk = { .config = site->config, .now = START + DELAY + 9 };
	converse(&talk, both, strlen(both));
	assert_string_equal(talk.reply, "action=DUNNO\n\naction=DUNNO\n\n");
	assert_true(site_logged(site, "reason=same message"));
}

/* postmaster@ listed first must not open the gate, nor may anything else but a wait. */
static void test_exemptions_open_nothing(void **state)
{
	const struct attempt exempt = to("postmaster@d.test", "1"), behind = to("u1@d.test", "1");
	char both[4096];
	struct site *site = *state;
	site_list(site, "recipients", "postmaster@\n");
	int len = snprintf(both, sizeof both, "%s", attempt_bytes(&exempt));
	snprintf(both + len, sizeof both - (size_t)len, "%s", attempt_bytes(&behind));
	struct conversation talk = { .config = site->config, .now = START };
	converse(&talk, both, strlen(both));
	assert_true(site_logged(site, "reason=recipient whitelist"));
	assert_true(site_logged(site, "action=greylist, reason=new"));
	/* nor one that passes with another's message */
	const struct attempt late = to("u1@d.test", "2"), opened = to("u2@d.test", "2");
	const struct attempt third = to("u3@d.test", "4"), chain = to("u2@d.test", "4");
	assert_true(passes(site, &late, DELAY));
	assert_true(passes(site, &opened, DELAY));
	assert_false(passes(site, &third, DELAY));
	assert_true(passes(site, &chain, DELAY));
}

static void test_the_header_comes_once_a_message(void **state)
{
	const struct attempt one = to("u1@d.test", "1"), two = to("u2@d.test", "1");
	const struct attempt one_again = to("u1@d.test", "2"), two_again = to("u2@d.test", "2");
	struct site *site = *state;
	assert_false(passes(site, &one, 0));
	assert_false(passes(site, &two, 0));
	struct conversation talk = { .config = site->config, .now = START + DELAY };
	try_once(&talk, &one_again);
	assert_true(answered(&talk, "PREPEND X-Greylist"));
	try_once(&talk, &two_again);
	assert_true(answered(&talk, "DUNNO"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SITE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, site_teardown)
		SITE_TEST(test_a_retry_from_elsewhere_in_the_pool_passes),
		SITE_TEST(test_nobody_else_passes_by_a_pool),
		SITE_TEST(test_with_identity_network_each_network_waits),
		SITE_TEST(test_the_auto_whitelist_never_goes_by_the_pool),
		SITE_TEST(test_a_name_that_comes_and_goes_does_not_matter),
		SITE_TEST(test_without_suffixes_there_are_no_pools),
		SITE_TEST(test_with_privacy_the_pool_still_counts),
		SITE_TEST(test_a_matured_recipient_opens_for_the_rest_of_its_message),
		SITE_TEST(test_with_recipients_each_they_wait_for_themselves),
		SITE_TEST(test_a_known_recipient_opens_within_the_connection),
		SITE_TEST(test_exemptions_open_nothing),
		SITE_TEST(test_the_header_comes_once_a_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
