/* What the statistics see of a session, and how often trouble is logged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "conversation.h"
#include "greylist/counters.h"
#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1.2.3",
	NULL };

static void try_at(const struct site *site, const struct attempt *attempt, int64_t now)
{
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, attempt);
}

static uint64_t counted(const struct site *site, enum gl_action action, enum gl_reason reason)
{
	struct gl_counters *counters;
	struct gl_totals totals;
	if (gl_counters_open_readonly(&counters, site->database) != GL_OK)
		return 0;
	gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	return totals.verdicts[action][reason];
}

static struct gl_totals totals_of(const struct site *site)
{
	struct gl_counters *counters;
	struct gl_totals totals;
	assert_int_equal(gl_counters_open_readonly(&counters, site->database), GL_OK);
	gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	return totals;
}

static void the_attempt_that_ends_a_wait_is_counted(void **state)
{
	struct site *site = *state;
	try_at(site, &usual, START);
	try_at(site, &usual, START + 10);
	assert_int_equal(totals_of(site).first_passes, 0);
	try_at(site, &usual, START + 400);
	try_at(site, &usual, START + 500);
	struct gl_totals totals = totals_of(site);
	assert_int_equal(totals.verdicts[GL_ACTION_PASS][GL_REASON_FOUND], 2);
	assert_int_equal(totals.first_passes, 1);
	assert_int_equal(totals.waited, 400);
	assert_int_equal(totals.waits[3], 1);
}

/* Nobody was turned away, so nobody has waited. */
static void a_dry_run_ends_no_wait(void **state)
{
	struct site *site = *state;
	site_configure(site, "mode = dry-run");
	try_at(site, &usual, START);
	try_at(site, &usual, START + 400);
	struct gl_totals totals = totals_of(site);
	assert_int_equal(totals.verdicts[GL_ACTION_WOULD_GREYLIST][GL_REASON_NEW], 1);
	assert_int_equal(totals.verdicts[GL_ACTION_PASS][GL_REASON_FOUND], 1);
	assert_int_equal(totals.first_passes, 0);
}

static void break_table(const struct site *site)
{
	tmpdir_write(site->database, "secret", "0123456789abcdef", 16);
}

static void what_needs_no_table_is_counted_too(void **state)
{
	struct site *site = *state;
	struct attempt authenticated = usual, nobody = usual;
	authenticated.more = "sasl_username=joe\n";
	nobody.client = "unknown";
	try_at(site, &authenticated, START);
	try_at(site, &nobody, START);
	site_configure(site, "mode = off");
	try_at(site, &usual, START);
	assert_int_equal(counted(site, GL_ACTION_PASS, GL_REASON_AUTHENTICATED), 1);
	assert_int_equal(counted(site, GL_ACTION_PASS, GL_REASON_INCOMPLETE), 1);
	assert_int_equal(counted(site, GL_ACTION_PASS, GL_REASON_MODE), 1);
}

static void a_table_that_cannot_be_opened_is_counted(void **state)
{
	struct site *site = *state;
	try_at(site, &usual, START);
	break_table(site);
	try_at(site, &usual, START + 1);
	assert_int_equal(counted(site, GL_ACTION_GREYLIST, GL_REASON_NEW), 1);
	assert_int_equal(counted(site, GL_ACTION_PASS, GL_REASON_STORE), 1);
}

static void lasting_trouble_is_told_once_a_minute(void **state)
{
	struct site *site = *state;
	try_at(site, &usual, START);
	break_table(site);
	try_at(site, &usual, START + 1);
	assert_true(site_logged(site, "warning: "));
	site_clear_log(site);
	try_at(site, &usual, START + 60);
	assert_false(site_logged(site, "warning: "));
	assert_true(site_logged(site, "reason=store error"));
	try_at(site, &usual, START + 61);
	assert_true(site_logged(site, "warning: "));
}

/* The directory may be root's, or another program's. */
static void nothing_is_left_in_somebody_elses_directory(void **state)
{
	struct site *site = *state;
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(site->database, 65534, 65534), 0);
	try_at(site, &usual, START);
	assert_int_equal(access(tmpdir_path(site->database, "counters"), F_OK), -1);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(what_needs_no_table_is_counted_too),
		AT_SITE(the_attempt_that_ends_a_wait_is_counted),
		AT_SITE(a_dry_run_ends_no_wait),
		AT_SITE(a_table_that_cannot_be_opened_is_counted),
		AT_SITE(lasting_trouble_is_told_once_a_minute),
		AT_SITE(nothing_is_left_in_somebody_elses_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
