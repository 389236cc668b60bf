#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000, DELAY = 180 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

static struct conversation at(const struct site *site, int64_t now)
{
	return (struct conversation){ .config = site->config, .now = now };
}

static void expect(
    const struct site *site, const struct attempt *attempt, int64_t now, const char *answer)
{
	struct conversation talk = at(site, now);
	try_once(&talk, attempt);
	if (!answered(&talk, answer))
		fail_msg("expected %s, got %s", answer, talk.reply);
}

static void a_stranger_waits_and_then_passes(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START,
	    "DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180 seconds\n\n");
	expect(site, &usual, START + DELAY - 1,
	    "DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 1 seconds\n\n");
	expect(site, &usual, START + DELAY, "PREPEND X-Greylist: delayed 180 seconds by greylist-");
	expect(site, &usual, START + DELAY, "DUNNO\n\n");
	assert_true(site_logged(site,
	    "action=greylist, reason=new, client_name=mail.b.test, client_address=192.0.2.7, "
	    "sender=a@b.test, recipient=c@d.test\n"));
	assert_true(site_logged(site, "reason=early-retry (1s missing), "));
	assert_true(site_logged(site, "action=pass, reason=triplet found, delay=180, "));
}

static void a_retry_after_the_window_starts_anew(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 2 * 86400 + 1, "DEFER_IF_PERMIT");
	expect(site, &usual, START + 2 * 86400 + 1 + DELAY, "PREPEND");
}

static void another_host_of_the_network_passes(void **state)
{
	struct site *site = *state;
	struct attempt neighbour = usual, stranger = usual;
	neighbour.client = "192.0.2.200";
	stranger.client = "192.0.3.7";
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &neighbour, START + DELAY, "PREPEND");
	expect(site, &stranger, START + DELAY, "DEFER_IF_PERMIT");
}

static void a_mapped_client_is_the_client_it_is(void **state)
{
	struct site *site = *state;
	struct attempt mapped = usual;
	mapped.client = "::ffff:192.0.2.7";
	expect(site, &mapped, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + DELAY, "PREPEND");
}

static void an_ipv6_client_is_its_64(void **state)
{
	struct site *site = *state;
	struct attempt one = usual, two = usual, other = usual;
	one.client = "2001:db8:1:2::5";
	two.client = "2001:db8:1:2:ffff::9";
	other.client = "2001:db8:1:3::5";
	expect(site, &one, START, "DEFER_IF_PERMIT");
	expect(site, &two, START + DELAY, "PREPEND");
	expect(site, &other, START + DELAY, "DEFER_IF_PERMIT");
}

static void an_unknown_client_passes_and_is_logged(void **state)
{
	struct site *site = *state;
	struct attempt unknown = usual;
	unknown.client = "unknown";
	expect(site, &unknown, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=incomplete request, "));
}

static void a_bounce_is_greylisted_like_everything(void **state)
{
	struct site *site = *state;
	struct attempt bounce = usual;
	bounce.sender = "";
	expect(site, &bounce, START, "DEFER_IF_PERMIT");
	expect(site, &bounce, START + DELAY, "PREPEND");
	assert_true(site_logged(site, "client_address=192.0.2.7, recipient=c@d.test"));
}

static void nobody_sets_the_clock(void **state)
{
	struct site *site = *state;
	struct attempt hurried = usual;
	hurried.more = "policy_test_time=1700000180\n";
	expect(site, &hurried, START, "DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180");
	expect(site, &hurried, START + 1, "DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 179");
}

static void an_authenticated_client_passes(void **state)
{
	struct site *site = *state;
	struct attempt user = usual;
	user.more = "sasl_username=somebody\n";
	expect(site, &user, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=authenticated, "));
}

static void only_rcpt_is_greylisted(void **state)
{
	struct site *site = *state;
	static const char *const states[] = { "CONNECT", "EHLO", "HELO", "MAIL", "DATA",
		"END-OF-MESSAGE", "VRFY", "ETRN" };
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		char more[64];
		struct attempt other = usual;
		snprintf(more, sizeof more, "protocol_state=%s\n", states[i]);
		other.more = more;
		expect(site, &other, START, "DUNNO\n\n");
	}
	assert_false(site_logged(site, "action="));
	expect(site, &usual, START, "DEFER_IF_PERMIT");
}

static void lists_and_relays_count_at_the_next_request(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	site_list(site, "clients", "# ours\nb.test\n");
	expect(site, &usual, START + 1, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=client whitelist, "));
	site_list(site, "clients", "nothing.test\n");
	expect(site, &usual, START + 2, "DEFER_IF_PERMIT");
	site_list(site, "recipients", "c@\n");
	expect(site, &usual, START + 3, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=recipient whitelist, "));
	site_list(site, "recipients", "");
	site_list(site, "senders", "a@b.test\n");
	expect(site, &usual, START + 4, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=sender whitelist, "));
	site_list(site, "senders", "");
	site_configure(site, "relays = {\"192.0.2.0/28\"}");
	expect(site, &usual, START + 5, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=relay, "));
	site_configure(site, "");
	expect(site, &usual, START + 6, "DEFER_IF_PERMIT");
}

static void a_bad_line_costs_only_itself(void **state)
{
	struct site *site = *state;
	site_list(site, "clients", "10.0.0.1/99\n192.0.2.7\n");
	expect(site, &usual, START, "DUNNO");
	assert_true(site_logged(site, "clients:1: "));
}

static void a_client_with_two_good_messages_is_trusted(void **state)
{
	struct site *site = *state;
	int64_t now = START;
	for (int message = 0; message < 2; message++, now += 3600) {
		char sender[32];
		struct attempt attempt = usual;
		snprintf(sender, sizeof sender, "person-x%d@b.test", message);
		attempt.sender = sender;
		attempt.instance = sender;
		expect(site, &attempt, now, "DEFER_IF_PERMIT");
		expect(site, &attempt, now + DELAY, "PREPEND");
	}
	struct attempt third = usual, neighbour = usual;
	assert_true(site_logged(site, "whitelisted: mail.b.test[192.0.2.7]"));
	third.sender = "somebody.new@b.test";
	expect(site, &third, now, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=client AWL, "));
	neighbour.client = "192.0.2.8";
	neighbour.sender = "somebody.else@b.test";
	expect(site, &neighbour, now, "DEFER_IF_PERMIT");
}

static void two_good_messages_in_an_hour_count_once(void **state)
{
	struct site *site = *state;
	struct attempt other = usual, third = usual;
	other.sender = "z@b.test";
	third.sender = "y@b.test";
	third.instance = "4.5.6";
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &other, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + DELAY, "PREPEND");
	expect(site, &other, START + DELAY + 60, "DUNNO");
	expect(site, &third, START + DELAY + 61, "DEFER_IF_PERMIT");
}

static void a_network_is_trusted_where_told(void **state)
{
	struct site *site = *state;
	struct attempt neighbour = usual;
	site_configure(site, "auto_whitelist = 1\nauto_whitelist_per = network");
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + DELAY, "PREPEND");
	neighbour.client = "192.0.2.200";
	neighbour.sender = "somebody.else@b.test";
	expect(site, &neighbour, START + DELAY, "DUNNO");
	assert_true(site_logged(site, "action=pass, reason=client AWL, "));
}

/* What was waiting or had passed goes on as it was, whichever way the option is turned. */
static void privacy_can_be_turned_on_and_off(void **state)
{
	struct site *site = *state;
	struct attempt other = usual;
	other.sender = "other@b.test";
	other.instance = "4.5.6";
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	site_configure(site, "privacy = true");
	expect(site, &usual, START + DELAY, "PREPEND");
	expect(site, &other, START + DELAY, "DEFER_IF_PERMIT");
	assert_false(site_stored(site, "a@b.test"));
	assert_false(site_stored(site, "other@b.test"));
	site_configure(site, "auto_whitelist = 0");
	expect(site, &usual, START + DELAY + 1, "DUNNO");
	expect(site, &other, START + 2 * DELAY, "PREPEND");
	assert_true(site_stored(site, "other@b.test"));
}

static void one_header_a_message(void **state)
{
	struct site *site = *state;
	struct attempt second = usual, later = usual;
	second.recipient = "e@d.test";
	later.recipient = "f@d.test";
	later.instance = "9.9.9";
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	expect(site, &second, START, "DEFER_IF_PERMIT");
	expect(site, &later, START, "DEFER_IF_PERMIT");
	expect(site, &usual, START + DELAY, "PREPEND");
	expect(site, &second, START + DELAY, "DUNNO");
	expect(site, &later, START + DELAY, "PREPEND");
}

static void dry_run_says_what_it_would_do(void **state)
{
	struct site *site = *state;
	site_configure(site, "mode = dry-run");
	expect(site, &usual, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=would-greylist, reason=new, "));
	expect(site, &usual, START + DELAY, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=triplet found, delay=180, "));
}

static void off_is_off(void **state)
{
	struct site *site = *state;
	site_configure(site, "mode = off");
	expect(site, &usual, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=mode, "));
	assert_int_equal(access(tmpdir_path(site->database, "table"), F_OK), -1);
}

static void an_edited_configuration_counts_at_once(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	site_configure(site, "delay = 10s\naction = \"450\"\ntext = \"4.7.1 later: %r\"\n");
	struct attempt other = usual;
	other.sender = "new@b.test";
	expect(site, &other, START, "450 4.7.1 later: d.test\n\n");
	expect(site, &usual, START + 10, "PREPEND");
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(a_stranger_waits_and_then_passes),
		AT_SITE(a_retry_after_the_window_starts_anew),
		AT_SITE(another_host_of_the_network_passes),
		AT_SITE(a_mapped_client_is_the_client_it_is),
		AT_SITE(an_ipv6_client_is_its_64),
		AT_SITE(an_unknown_client_passes_and_is_logged),
		AT_SITE(a_bounce_is_greylisted_like_everything),
		AT_SITE(nobody_sets_the_clock),
		AT_SITE(an_authenticated_client_passes),
		AT_SITE(only_rcpt_is_greylisted),
		AT_SITE(lists_and_relays_count_at_the_next_request),
		AT_SITE(a_bad_line_costs_only_itself),
		AT_SITE(a_client_with_two_good_messages_is_trusted),
		AT_SITE(two_good_messages_in_an_hour_count_once),
		AT_SITE(a_network_is_trusted_where_told),
		AT_SITE(privacy_can_be_turned_on_and_off),
		AT_SITE(one_header_a_message),
		AT_SITE(dry_run_says_what_it_would_do),
		AT_SITE(off_is_off),
		AT_SITE(an_edited_configuration_counts_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
