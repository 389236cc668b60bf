/* mode = learn, as the mail server sees it: nobody waits, now or after the switch to `on`. */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

enum { START = 1700000000, DELAY = 180, HOUR = 3600 };

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

static void a_stranger_passes_and_is_known_later(void **state)
{
	struct site *site = *state;
	struct attempt other = usual;
	other.sender = "z@b.test";
	site_configure(site, "mode = learn");
	expect(site, &usual, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=mode, client_name=mail.b.test, "));
	site_clear_log(site);
	expect(site, &usual, START + 60, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=triplet found, client_name="));
	site_configure(site, "");
	expect(site, &usual, START + 120, "DUNNO\n\n");
	expect(site, &other, START + 120, "DEFER_IF_PERMIT");
}

static void who_waits_waits_no_longer(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	site_configure(site, "mode = learn");
	expect(site, &usual, START + 30, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=mode, client_name="));
	site_configure(site, "");
	expect(site, &usual, START + 31, "DUNNO\n\n");
}

/* It did wait, and so it is said. */
static void who_has_waited_passes_as_ever(void **state)
{
	struct site *site = *state;
	expect(site, &usual, START, "DEFER_IF_PERMIT");
	site_configure(site, "mode = learn");
	expect(site, &usual, START + DELAY, "PREPEND X-Greylist: delayed 180 seconds");
	assert_true(site_logged(site, "action=pass, reason=triplet found, delay=180, "));
}

static void clients_are_counted_as_if_they_had_waited(void **state)
{
	struct site *site = *state;
	struct attempt second = usual, soon = usual, stranger = usual;
	soon.sender = "soon@b.test";
	second.sender = "second@b.test";
	stranger.sender = "stranger@b.test";
	site_configure(site, "mode = learn");
	expect(site, &usual, START, "DUNNO\n\n");
	expect(site, &soon, START + HOUR - 1, "DUNNO\n\n");
	assert_false(site_logged(site, "whitelisted: "));
	expect(site, &second, START + HOUR, "DUNNO\n\n");
	assert_true(site_logged(site, "whitelisted: mail.b.test[192.0.2.7]"));
	site_configure(site, "");
	expect(site, &stranger, START + HOUR + 1, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=client AWL, "));
}

static void clients_that_never_count_are_not_counted(void **state)
{
	struct site *site = *state;
	struct attempt second = usual, stranger = usual;
	second.sender = "second@b.test";
	stranger.sender = "stranger@b.test";
	site_configure(site, "mode = learn\nnever_auto_whitelist = {\"192.0.2.0/24\"}");
	expect(site, &usual, START, "DUNNO\n\n");
	expect(site, &second, START + HOUR, "DUNNO\n\n");
	site_configure(site, "");
	expect(site, &second, START + HOUR + 1, "DUNNO\n\n");
	expect(site, &stranger, START + HOUR + 2, "DEFER_IF_PERMIT");
}

/* Nobody waited with it, so it says nothing of a message that has waited. */
static void a_message_that_was_learnt_takes_no_header_away(void **state)
{
	struct site *site = *state;
	struct attempt other = usual;
	other.recipient = "e@d.test";
	expect(site, &other, START, "DEFER_IF_PERMIT");
	site_configure(site, "mode = learn");
	expect(site, &usual, START + DELAY, "DUNNO\n\n");
	expect(site, &other, START + DELAY, "PREPEND X-Greylist: ");
}

static void lists_still_say_why(void **state)
{
	struct site *site = *state;
	site_configure(site, "mode = learn");
	site_list(site, "senders", "a@b.test\n");
	expect(site, &usual, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=sender whitelist, "));
	assert_false(site_stored(site, "a@b.test"));
}

static void without_a_table_everybody_passes_whatever_on_error_says(void **state)
{
	struct site *site = *state;
	assert_int_equal(rmdir(site->database), 0);
	site_configure(site, "mode = learn\non_error = defer");
	expect(site, &usual, START, "DUNNO\n\n");
	assert_true(site_logged(site, "action=pass, reason=store error, "));
	assert_true(site_logged(site, "state: cannot be opened: No such file or directory"));
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(a_stranger_passes_and_is_known_later),
		AT_SITE(who_waits_waits_no_longer),
		AT_SITE(who_has_waited_passes_as_ever),
		AT_SITE(clients_are_counted_as_if_they_had_waited),
		AT_SITE(clients_that_never_count_are_not_counted),
		AT_SITE(a_message_that_was_learnt_takes_no_header_away),
		AT_SITE(lists_still_say_why),
		AT_SITE(without_a_table_everybody_passes_whatever_on_error_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
