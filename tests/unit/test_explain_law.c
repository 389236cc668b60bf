/* What `greylist-admin explain` says is what the helper then does, in random worlds. */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "dice.h"
#include "site.h"

enum { START = 1700000000, STEPS = 1500 };

static const char *const clients[] = { "192.0.2.7", "192.0.2.8", "192.0.3.7", "198.51.100.1",
	"2001:db8:1::5", "2001:db8:1::6", "2001:db8:2::5", "::ffff:192.0.2.7" };
static const char *const names[] = { "mail.b.test", "unknown", "good.test", "x.good.test" };
static const char *const senders[] = { "", "a@b.test", "A+tag@b.test", "list-123@l.test",
	"list-456@l.test", "friend@f.test" };
static const char *const recipients[] = { "c@d.test", "C@D.test", "postmaster@d.test", "e@d.test" };

#define PICK(from, dice) from[dice_between(dice, 0, (int64_t)(sizeof from / sizeof *from) - 1)]

static void edit_something(const struct site *site, struct dice *dice)
{
	static const char *const configs[] = { "", "mode = dry-run", "delay = 60s",
		"auto_whitelist = 1\nmax_age = 2h", "auto_whitelist = 0\nipv4_prefix = 32",
		"relays = {\"198.51.100.0/24\"}", "mode = off", "retry_window = 10m",
		"auto_whitelist = 1\nnever_auto_whitelist = {\"192.0.2.0/28\"}" };
	switch (dice_between(dice, 0, 3)) {
	case 0:
		site_list(
		    site, "clients", dice_one_in(dice, 2) ? "good.test\n" : "2001:db8:2::/48\n");
		break;
	case 1:
		site_list(site, "recipients", dice_one_in(dice, 2) ? "postmaster@\n" : "");
		break;
	case 2:
		site_list(site, "senders",
		    dice_one_in(dice, 2) ? "friend@f.test\n/^list-\\d+5\\d@/\n" : "# none\n");
		break;
	default:
		site_configure(site, PICK(configs, dice));
	}
}

/* The first line that explain prints: "VERDICT REASON". */
static void explain(
    const struct site *site, const struct attempt *attempt, int64_t now, char line[256])
{
	char command[] = "explain";
	char *owned[] = { strdup(attempt->client), strdup(attempt->name), strdup(attempt->sender),
		strdup(attempt->recipient) };
	char *argv[6] = { command, owned[0], owned[1], owned[2], owned[3], NULL };
	char *text = NULL;
	size_t size = 0;
	struct gl_admin admin = { .now = now, .err = stderr };
	admin.out = open_memstream(&text, &size);
	gl_world_init(&admin.world, site->config, GL_ACCESS_READ);
	assert_int_equal(gl_command_run(&admin, 5, argv), GL_EXIT_OK);
	gl_world_clear(&admin.world);
	fclose(admin.out);
	snprintf(line, 256, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		free(owned[i]);
}

/* The action and reason of the log's only line, in explain's order and without its seconds. */
static void logged(const struct site *site, char line[256])
{
	char path[600], text[4096];
	snprintf(path, sizeof path, "%s/log", site->root);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	line[0] = '\0';
	while (fgets(text, sizeof text, file) != NULL) {
		char *action = strstr(text, "action=");
		if (action == NULL)
			continue;
		char *reason = strstr(action, ", reason=");
		assert_non_null(reason);
		int action_len = (int)(reason - action - 7);
		int reason_len = (int)strcspn(reason + 9, ",(");
		while (reason[9 + reason_len - 1] == ' ')
			reason_len--;
		snprintf(line, 256, "%.*s %.*s", action_len, action + 7, reason_len, reason + 9);
	}
	fclose(file);
}

static void explain_says_what_the_helper_does(void **state)
{
	struct site *site = *state;
	struct dice dice = { 20261123 };
	int64_t now = START;
	unsigned deferred = 0, found = 0;
	struct attempt first = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "0", NULL };
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, &first);
	for (int step = 0; step < STEPS; step++) {
		char instance[32], said[256], done[256];
		snprintf(instance, sizeof instance, "%d.0", step / 2);
		struct attempt attempt = { PICK(clients, &dice), PICK(names, &dice),
			PICK(senders, &dice), PICK(recipients, &dice), instance, NULL };
		if (dice_one_in(&dice, 10))
			edit_something(site, &dice);
		now += dice_one_in(&dice, 20) ? dice_between(&dice, -90000, 200000)
					      : dice_between(&dice, 0, 400);
		explain(site, &attempt, now, said);
		site_clear_log(site);
		talk.now = now;
		try_once(&talk, &attempt);
		logged(site, done);
		if (strcmp(said, done) != 0)
			fail_msg("step %d: explained as '%s', done as '%s'", step, said, done);
		deferred += strncmp(done, "greylist", 8) == 0;
		found += strstr(done, "triplet found") != NULL;
	}
	/* The worlds were worth it: neither verdict is rare. */
	assert_true(deferred > STEPS / 10 && found > STEPS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    explain_says_what_the_helper_does, site_setup, site_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
