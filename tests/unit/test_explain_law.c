/*
 * What `greylist-admin explain` says is what the helper then does, in
 * random worlds and however it is asked; and asking changes nothing.
 */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "dice.h"
#include "extent.h"
#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000, STEPS = 1500, STEPS_BOUNDED = 500 };

static const char *const clients[] = { "192.0.2.7", "192.0.2.8", "192.0.3.7", "198.51.100.1",
	"2001:db8:1::5", "2001:db8:1::6", "2001:db8:2::5", "::ffff:192.0.2.7" };
static const char *const names[] = { "mail.b.test", "unknown", "good.test", "x.good.test",
	"mx1.pool.test", "mx2.pool.test", "dsl-7.pool.test" };
static const char *const senders[] = { "", "a@b.test", "A+tag@b.test", "list-123@l.test",
	"list-456@l.test", "friend@f.test" };
static const char *const recipients[] = { "c@d.test", "C@D.test", "postmaster@d.test", "e@d.test" };

#define PICK(from, dice) from[dice_between(dice, 0, (int64_t)(sizeof from / sizeof *from) - 1)]

static const char *const settings[] = { "mode = off", "mode = on", "mode = dry-run", "delay = 60s",
	"delay = 10m", "retry_window = 20m", "retry_window = 3d", "max_age = 2h", "max_age = 60d",
	"exempt = true", "exempt = false", "text = later" };

static size_t add(char *text, size_t used, size_t size, const char *more)
{
	return used + (size_t)snprintf(text + used, size - used, "%s", more);
}

/* A few of the options, none of them twice. */
static size_t add_settings(char *text, size_t used, size_t size, struct dice *dice)
{
	static const size_t first[] = { 0, 3, 5, 7, 9, 11, 12 };
	for (size_t i = 0; i < 6; i++)
		if (dice_one_in(dice, 4)) {
			int64_t n = dice_between(
			    dice, (int64_t)first[i], (int64_t)first[i + 1] - 1);
			used = add(text, used, size, settings[n]);
			used = add(text, used, size, "\n");
		}
	return used;
}

static void edit_sections(const struct site *site, struct dice *dice)
{
	static const char *const titles[] = { "recipient d.test", "recipient 'C@d.test'",
		"recipient test", "sender b.test", "sender 'a@b.test'", "sender l.test",
		"policy_context p" };
	char text[4096];
	size_t used = add(text, 0, sizeof text, dice_one_in(dice, 4) ? "mode = off\n" : "");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		if (dice_one_in(dice, 2))
			continue;
		used = add(text, used, sizeof text, titles[i]);
		used = add(text, used, sizeof text, " {\n");
		used = add_settings(text, used, sizeof text, dice);
		if (i == 0 || i == 2)
			used += (size_t)snprintf(text + used, sizeof text - used,
			    "delegate = '%s/own%zu'\n", site->root, i);
		used = add(text, used, sizeof text, "}\n");
	}
	site_configure(site, text);
}

/* What the owner of a domain may write, and sometimes what nobody may. */
static void edit_delegation(const struct site *site, struct dice *dice)
{
	char text[1024];
	size_t used = add_settings(text, 0, sizeof text, dice);
	if (dice_one_in(dice, 4))
		used = add(text, used, sizeof text, "delay = never\ndatabase = '/'\n");
	tmpdir_write(site->root, dice_one_in(dice, 2) ? "own0" : "own2", text, used);
}

static void edit_something(const struct site *site, struct dice *dice)
{
	static const char *const configs[] = { "", "mode = dry-run", "delay = 60s",
		"auto_whitelist = 1\nmax_age = 2h", "auto_whitelist = 0\nipv4_prefix = 32",
		"relays = {\"198.51.100.0/24\"}", "mode = off", "retry_window = 10m",
		"auto_whitelist = 1\nnever_auto_whitelist = {\"192.0.2.0/28\"}", "mode = learn",
		"mode = learn\nauto_whitelist = 0", "identity = network", "recipients = each",
		"suspects_only = true", "client_certificates = ignore",
		"remember_recipients = true\nauto_whitelist = 0", "privacy = true" };
	switch (dice_between(dice, 0, 6)) {
	case 4:
		edit_sections(site, dice);
		break;
	case 5:
		edit_delegation(site, dice);
		break;
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
	case 3:
		site_list(site, "suffixes", dice_one_in(dice, 2) ? "test\n" : "pool.test\n");
		break;
	default:
		site_configure(site, PICK(configs, dice));
	}
}

/* What was asked: operands, or with `input` what standard input holds. */
struct question {
	int count;
	const char *operands[4];
	const char *input;
};

static void fill_standard_input(const char *text)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
}

/* The first line that explain prints: "VERDICT REASON". */
static void explain(
    const struct site *site, const struct question *question, int64_t now, char line[256])
{
	char command[] = "explain";
	char *owned[4] = { NULL };
	char *argv[6] = { command };
	char *text = NULL;
	size_t size = 0;
	struct gl_admin admin = { .now = now, .err = stderr };
	for (int i = 0; i < question->count; i++)
		argv[i + 1] = owned[i] = strdup(question->operands[i]);
	if (question->input != NULL)
		fill_standard_input(question->input);
	admin.out = open_memstream(&text, &size);
	gl_world_init(&admin.world, site->config, GL_ACCESS_READ);
	assert_int_equal(gl_command_run(&admin, question->count + 1, argv), GL_EXIT_OK);
	gl_world_clear(&admin.world);
	fclose(admin.out);
	snprintf(line, 256, "%.*s", (int)strcspn(text, "\n"), text);
	assert_null(strstr(text, "\n\n"));
	assert_null(strstr(text, "note: "));
	free(text);
	for (int i = 0; i < question->count; i++)
		free(owned[i]);
}

static uint64_t file_sum(const char *directory, const char *name)
{
	static uint8_t bytes[1 << 16];
	char path[600];
	uint64_t sum = 14695981039346656037u;
	size_t got;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
		for (size_t i = 0; i < got; i++)
			sum = (sum ^ bytes[i]) * 1099511628211u;
	fclose(file);
	return sum;
}

static void explain_changing_nothing(
    const struct site *site, const struct question *question, int64_t now, char line[256])
{
	uint64_t table = file_sum(site->database, "table/data.mdb");
	uint64_t counters = file_sum(site->database, "counters");
	uint64_t log = file_sum(site->root, "log");
	explain(site, question, now, line);
	assert_true(table == file_sum(site->database, "table/data.mdb"));
	assert_true(counters == file_sum(site->database, "counters"));
	assert_true(log == file_sum(site->root, "log"));
}

/* The log's last line with a verdict, as it stands there; false: there is none. */
static bool last_line(const struct site *site, char line[4096])
{
	char path[600], text[4096];
	bool found = false;
	snprintf(path, sizeof path, "%s/log", site->root);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(text, sizeof text, file) != NULL) {
		if (strstr(text, "action=") == NULL)
			continue;
		found = true;
		snprintf(line, 4096, "%.*s", (int)strcspn(text, "\n"), text);
	}
	fclose(file);
	return found;
}

/* Its action and reason in explain's order and without its seconds. */
static void verdict_of(const char *logged, char line[256])
{
	const char *action = strstr(logged, "action=");
	assert_non_null(action);
	const char *reason = strstr(action, ", reason=");
	assert_non_null(reason);
	int action_len = (int)(reason - action - 7);
	int reason_len = (int)strcspn(reason + 9, ",(");
	while (reason[9 + reason_len - 1] == ' ')
		reason_len--;
	snprintf(line, 256, "%.*s %.*s", action_len, action + 7, reason_len, reason + 9);
}

enum form { OPERANDS, REQUEST, LINE, LINE_ON_INPUT, FORMS };

static const char *more_lines(struct dice *dice)
{
	static const char *const more[] = { "sasl_username=joe\n", "protocol_state=DATA\n",
		"sasl_username=\nsize=1000\npolicy_test_time=5\n",
		"sasl_username=joe\nprotocol_state=END-OF-MESSAGE\n", "ccert_subject=mail.b.test\n",
		"helo_name=[192.0.2.7]\n", "policy_context=suspect\n", "policy_context=p\n",
		"helo_name=mail.b.test\n" };
	return dice_one_in(dice, 3) ? PICK(more, dice) : NULL;
}

/* The attempt that is made next, and the question that is put before; `logged` is of the one
 * that was made last. */
static enum form choose(
    struct dice *dice, struct attempt *attempt, const char *logged, struct question *question)
{
	enum form form = (enum form)dice_between(dice, 0, FORMS - 1);
	bool again = form == LINE || form == LINE_ON_INPUT;
	if (!again)
		*attempt = (struct attempt){ PICK(clients, dice), PICK(names, dice),
			PICK(senders, dice), PICK(recipients, dice), attempt->instance, NULL };
	else
		attempt->more = strstr(logged, "reason=authenticated") != NULL
				    ? "sasl_username=joe\n"
				: strstr(logged, "reason=client certificate") != NULL
				    ? "ccert_subject=x\n"
				    : NULL;
	if (form == REQUEST)
		attempt->more = more_lines(dice);
	*question = (struct question){ .count = form == REQUEST || form == LINE_ON_INPUT ? 0 : 1,
		.operands = { logged },
		.input = form == REQUEST ? attempt_bytes(attempt) : logged };
	if (form == OPERANDS)
		*question = (struct question){ .count = 4,
			.operands = {
			    attempt->client, attempt->name, attempt->sender, attempt->recipient } };
	return form;
}

/* Another recipient of the last message. */
static enum form choose_recipient(
    struct dice *dice, struct attempt *attempt, struct question *question)
{
	static char fresh[32];
	snprintf(fresh, sizeof fresh, "f%d@d.test", (int)dice_between(dice, 0, 999));
	attempt->recipient = fresh;
	attempt->more = NULL;
	*question = (struct question){ .input = attempt_bytes(attempt) };
	return REQUEST;
}

static void explain_says_what_the_helper_does(void **state)
{
	struct site *site = *state;
	struct dice dice = { 20261123 };
	int64_t now = START;
	int steps = extent_full() ? STEPS : STEPS_BOUNDED;
	int deferred = 0, found = 0, authenticated = 0, opened = 0;
	bool opens = false; /* the last request, for the rest of its message */
	char logged[4096], instance[32] = "0";
	struct attempt attempt = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", instance,
		NULL };
	struct conversation talk = { .config = site->config, .now = now };
	try_once(&talk, &attempt);
	assert_true(last_line(site, logged));
	struct attempt last = attempt;
	for (int step = 0; step < steps; step++) {
		char said[256], done[256] = "pass not at RCPT";
		struct question question;
		bool more = opens && dice_one_in(&dice, 2);
		attempt = last;
		if (!more)
			snprintf(instance, sizeof instance, "%d.0", step);
		enum form form = more ? choose_recipient(&dice, &attempt, &question)
				      : choose(&dice, &attempt, logged, &question);
		if (!more && dice_one_in(&dice, 10))
			edit_something(site, &dice);
		now += dice_one_in(&dice, 20) ? dice_between(&dice, -90000, 200000)
					      : dice_between(&dice, 0, 400);
		explain_changing_nothing(site, &question, now, said);
		site_clear_log(site);
		talk.now = now;
		try_once(&talk, &attempt);
		opens = false;
		if (last_line(site, logged)) {
			verdict_of(logged, done);
			last = attempt;
		} else {
			assert_true(answered(&talk, "DUNNO"));
		}
		if (strcmp(said, done) != 0)
			fail_msg("step %d, form %d: explained as '%s', done as '%s'", step,
			    (int)form, said, done);
		deferred += strncmp(done, "greylist", 8) == 0;
		found += strstr(done, "triplet found") != NULL;
		authenticated += strstr(done, "authenticated") != NULL;
		opened += strstr(done, "same message") != NULL;
		opens = strstr(logged, "triplet found, delay=") != NULL;
	}
	/* The worlds were worth it: neither verdict is rare. */
	assert_true(deferred > steps / 50 && found > steps / 50 && authenticated > steps / 50 &&
		    opened > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    explain_says_what_the_helper_does, site_setup, site_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
