/* What `greylist-admin stats` counts is what the log and the table say, in random worlds. */
#include "conversation.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "dice.h"
#include "metrics.h"
#include "site.h"
#include "tmpdir.h"

enum { START = 1700000000, STEPS = 700, LOOK_EVERY = 70, DAY = 86400, DAYS = 64, TEXT = 4096 };

static const char *const clients[] = { "192.0.2.7", "192.0.2.8", "192.0.3.7", "198.51.100.1",
	"2001:db8:1::5", "2001:db8:2::5", "203.0.113.4" };
static const char *const senders[] = { "", "a@b.test", "A+tag@b.test", "friend@f.test",
	"news@l.test", "shop@s.test" };
static const char *const recipients[] = { "c@d.test", "postmaster@d.test", "e@d.test", "f@d.test" };

#define PICK(from, dice) from[dice_between(dice, 0, (int64_t)(sizeof from / sizeof *from) - 1)]

/* What the log said. */
struct tally {
	json_int_t pass, greylist, would_greylist, error, strangers, first_passes;
};

struct telling {
	struct site *site;
	bool dry_run;
	int64_t now;
	struct attempt attempt; /* the last one */
	struct tally all;
	struct tally days[DAYS * 2]; /* since START */
	char secret[16];
};

static void edit_something(struct telling *telling, struct dice *dice)
{
	static const char *const configs[] = { "auto_whitelist = 0",
		"auto_whitelist = 0\nmode = dry-run", "auto_whitelist = 0\ndelay = 60s", "",
		"auto_whitelist = 0\nretry_window = 10h", "auto_whitelist = 0\nmax_age = 3d",
		"auto_whitelist = 0\nmode = learn" };
	size_t n = (size_t)dice_between(dice, 0, 6);
	telling->dry_run = n == 1;
	site_configure(telling->site, configs[n]);
	site_list(telling->site, "recipients", dice_one_in(dice, 2) ? "postmaster@\n" : "");
}

static void tally(const struct telling *telling, struct tally *tally, const char *line)
{
	const char *action = strstr(line, "action=") + 7;
	bool is_error = strstr(line, "reason=store error") != NULL;
	tally->error += is_error;
	tally->pass += !is_error && strncmp(action, "pass,", 5) == 0;
	tally->greylist += !is_error && strncmp(action, "greylist,", 9) == 0;
	tally->would_greylist += strncmp(action, "would-greylist,", 15) == 0;
	tally->strangers += strstr(line, "reason=new,") != NULL;
	tally->first_passes += !telling->dry_run && strstr(line, ", delay=") != NULL;
}

static void read_log(struct telling *telling)
{
	char path[600], line[TEXT];
	snprintf(path, sizeof path, "%s/log", telling->site->root);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (strstr(line, "action=") != NULL) {
			tally(telling, &telling->all, line);
			tally(telling, &telling->days[telling->now / DAY - START / DAY], line);
		}
	fclose(file);
}

/* One attempt, as often as not the last one again; now and then the table cannot be used meanwhile.
 */
static void try_something(struct telling *telling, struct dice *dice, int step)
{
	char instance[32];
	bool broken = dice_one_in(dice, 40) && step > 0;
	snprintf(instance, sizeof instance, "%d.0", step / 2);
	if (step == 0 || dice_one_in(dice, 2))
		telling->attempt = (struct attempt){ PICK(clients, dice), "mail.b.test",
			PICK(senders, dice), PICK(recipients, dice), NULL, NULL };
	struct attempt attempt = telling->attempt;
	attempt.instance = instance;
	struct conversation talk = { .config = telling->site->config, .now = telling->now };
	const char *database = telling->site->database;
	if (broken)
		tmpdir_write(database, "secret", "0123456789abcdef", 16);
	site_clear_log(telling->site);
	try_once(&talk, &attempt);
	read_log(telling);
	if (broken)
		tmpdir_write(database, "secret", telling->secret, 16);
}

/* What the command prints, to be freed. */
static char *admin_says(const struct telling *telling, const char *name, const char *option)
{
	char *argv[] = { strdup(name), strdup(option), NULL, NULL };
	char *text = NULL;
	size_t size = 0;
	struct gl_admin admin = { .now = telling->now, .err = stderr };
	bool days = strcmp(name, "stats") == 0 && strcmp(option, "--json") == 0;
	if (days)
		argv[2] = strdup("--days=64");
	char *owned[] = { argv[0], argv[1], argv[2] };
	admin.out = open_memstream(&text, &size);
	gl_world_init(&admin.world, telling->site->config, GL_ACCESS_READ);
	assert_int_equal(gl_command_run(&admin, days ? 3 : 2, argv), GL_EXIT_OK);
	gl_world_clear(&admin.world);
	fclose(admin.out);
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		free(owned[i]);
	return text;
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void same_requests(const json_t *said, const struct tally *tally)
{
	assert_int_equal(number(said, "pass"), tally->pass);
	assert_int_equal(number(said, "greylist"), tally->greylist);
	assert_int_equal(number(said, "would_greylist"), tally->would_greylist);
	assert_int_equal(number(said, "error"), tally->error);
}

static void same_days(const struct telling *telling, const json_t *said)
{
	const json_t *days = json_object_get(said, "days");
	int64_t first = telling->now / DAY - DAYS + 1 - START / DAY;
	assert_int_equal(json_array_size(days), DAYS);
	for (int64_t i = 0; i < DAYS; i++) {
		static const struct tally nothing;
		const json_t *day = json_array_get(days, (size_t)i);
		const struct tally *tally = first + i < 0 ? &nothing : &telling->days[first + i];
		same_requests(day, tally);
		assert_int_equal(number(day, "strangers"), tally->strangers);
		assert_int_equal(number(day, "first_passes"), tally->first_passes);
	}
	same_requests(json_object_get(said, "today"), &telling->days[first + DAYS - 1]);
}

struct table {
	size_t waiting, passed, expired;
	json_int_t waits[STEPS];
	struct {
		char client[64];
		json_int_t waiting;
	} top[16];
	size_t networks;
};

static void count_waiting(struct table *table, const char *client)
{
	size_t i = 0;
	while (i < table->networks && strcmp(table->top[i].client, client) != 0)
		i++;
	assert_true(i < sizeof table->top / sizeof *table->top);
	if (i == table->networks)
		snprintf(table->top[table->networks++].client, 64, "%s", client);
	table->top[i].waiting++;
}

static void look_at(struct table *table, const char *line)
{
	json_t *entry = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(entry);
	const char *state = json_string_value(json_object_get(entry, "state"));
	if (state != NULL && strcmp(state, "waiting") == 0) {
		table->waiting++;
		count_waiting(table, json_string_value(json_object_get(entry, "client")));
	} else if (state != NULL && strcmp(state, "passed") == 0) {
		table->waits[table->passed++] = number(entry, "passed_at") -
						number(entry, "first_seen");
	} else if (state != NULL) {
		table->expired++;
	}
	json_decref(entry);
}

static int by_size(const void *a, const void *b)
{
	json_int_t left = *(const json_int_t *)a, right = *(const json_int_t *)b;
	return left < right ? -1 : left > right;
}

static void same_wait(const struct table *table, const json_t *said, size_t percent)
{
	if (table->passed == 0) {
		assert_true(json_is_null(said));
		return;
	}
	json_int_t exact = table->waits[(table->passed * percent + 99) / 100 - 1];
	assert_true(json_is_integer(said));
	assert_in_range(json_integer_value(said) * 100, exact * 98, exact * 102);
}

/* Each has as many as it says, none that is left out has more, and the first has most. */
static void same_top(const struct table *table, const json_t *top)
{
	size_t shown = json_array_size(top), more = 0;
	json_int_t least = 0;
	assert_int_equal(shown, table->networks < 10 ? table->networks : 10);
	for (size_t i = 0; i < shown; i++) {
		const json_t *one = json_array_get(top, i);
		const char *client = json_string_value(json_object_get(one, "client"));
		size_t at = 0;
		while (at < table->networks && strcmp(table->top[at].client, client) != 0)
			at++;
		assert_true(at < table->networks);
		assert_int_equal(number(one, "waiting"), table->top[at].waiting);
		assert_true(i == 0 || number(one, "waiting") <= least);
		least = number(one, "waiting");
	}
	for (size_t i = 0; i < table->networks; i++)
		more += table->top[i].waiting > least;
	assert_true(more <= shown);
}

static size_t same_table(const struct telling *telling, const json_t *said)
{
	static struct table table;
	const json_t *triplets = json_object_get(said, "triplets");
	const json_t *wait = json_object_get(said, "wait");
	char *list = admin_says(telling, "list", "--json");
	memset(&table, 0, sizeof table);
	for (const char *line = list; *line != 0; line = strchr(line, '\n') + 1)
		look_at(&table, line);
	free(list);
	qsort(table.waits, table.passed, sizeof *table.waits, by_size);
	assert_int_equal(number(triplets, "waiting"), table.waiting);
	assert_int_equal(number(triplets, "passed"), table.passed);
	assert_int_equal(number(triplets, "expired"), table.expired);
	same_wait(&table, json_object_get(wait, "median"), 50);
	same_wait(&table, json_object_get(wait, "p95"), 95);
	same_top(&table, json_object_get(said, "top"));
	return table.passed;
}

static size_t compare(const struct telling *telling)
{
	char *text = admin_says(telling, "stats", "--json");
	json_t *said = json_loads(text, 0, NULL);
	assert_non_null(said);
	same_requests(json_object_get(said, "requests"), &telling->all);
	assert_int_equal(number(said, "first_passes"), telling->all.first_passes);
	same_days(telling, said);
	size_t passed = same_table(telling, said);
	json_decref(said);
	free(text);
	text = admin_says(telling, "stats", "--prometheus");
	assert_null(metrics_wrong(text));
	free(text);
	return passed;
}

static void read_secret(struct telling *telling)
{
	char path[600];
	snprintf(path, sizeof path, "%s/secret", telling->site->database);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(telling->secret, 1, 16, file), 16);
	fclose(file);
}

static void stats_say_what_happened(void **state)
{
	struct telling telling = { .site = *state, .now = START };
	struct dice dice = { 20260131 };
	size_t passed = 0;
	site_configure(telling.site, "auto_whitelist = 0");
	for (int step = 0; step < STEPS; step++) {
		if (dice_one_in(&dice, 25))
			edit_something(&telling, &dice);
		/* mostly a retry's time, sometimes the next day or the one after */
		telling.now += dice_one_in(&dice, 20) ? dice_between(&dice, 0, 2 * DAY)
						      : dice_between(&dice, 0, 400);
		try_something(&telling, &dice, step);
		if (step == 0)
			read_secret(&telling);
		if (step % LOOK_EVERY == LOOK_EVERY - 1)
			passed += compare(&telling);
	}
	/* The world was worth it: nothing that is compared was nothing. */
	const struct tally *all = &telling.all;
	assert_true(all->pass > STEPS / 20 && all->greylist > STEPS / 10);
	assert_true(all->would_greylist > 0 && all->error > 0 && all->first_passes > STEPS / 50);
	assert_true(telling.now / DAY - START / DAY > 10 && passed > STEPS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stats_say_what_happened, site_setup, site_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
