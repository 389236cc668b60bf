/*
 * A flood of strangers against max_entries, or against the map alone,
 * while honest senders retry on time: the table stays as large as it may
 * be, the honest pass at their first retry, and nobody else does. What happens to an honest sender
 * inside a flooding network is counted and printed.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "conversation.h"
#include "dice.h"
#include "extent.h"
#include "site.h"
#include "tmpdir.h"

enum {
	START = 1700000000,
	STRANGERS = 200000,
	STRANGERS_BOUNDED = 16000,
	SECONDS = 2000,
	STEP = 5,
	NETWORKS = 500,
	ENTRIES = 10000,
	RETRY = 300, /* of the honest: a delay of 180, Postfix's first retry */
	EVERY = 20,  /* seconds, one more honest sender of each kind */
	HONEST = (SECONDS - RETRY) / EVERY,
	REQUESTS_ROOM = 1 << 16
};

struct flood {
	struct site *site;
	struct conversation talk;
	struct dice dice;
	const char *domain;    /* of the flood's client names; NULL: unknown */
	int padding;           /* of its senders */
	off_t most;            /* octets */
	bool pressed, refused; /* so the log said, whose end alone is read */
	char bytes[REQUESTS_ROOM];
	size_t len;
	int asked, deferred;
	int honest_passed, inside, inside_passed;
};

static void ask(struct flood *flood, const struct attempt *attempt)
{
	const char *bytes = attempt_bytes(attempt);
	size_t len = strlen(bytes);
	assert_true(flood->len + len <= sizeof flood->bytes);
	memcpy(flood->bytes + flood->len, bytes, len);
	flood->len += len;
	flood->asked++;
}

static void hear(struct flood *flood)
{
	static const char deferral[] = "action=DEFER_IF_PERMIT 4.2.0 ";
	converse(&flood->talk, flood->bytes, flood->len);
	for (const char *at = flood->talk.reply; (at = strstr(at, deferral)) != NULL; at++)
		flood->deferred++;
	flood->len = 0;
}

static void make_address(char *text, size_t size, int network, int host)
{
	snprintf(text, size, "10.%d.%d.%d", network / 250, network % 250, host);
}

static void pour(struct flood *flood, int strangers)
{
	char client[32], name[64], sender[512], recipient[64];
	struct attempt attempt = { client, NULL, sender, recipient, NULL, NULL };
	for (int i = 0; i < strangers; i++) {
		int network = (int)dice_between(&flood->dice, 0, NETWORKS - 1);
		make_address(
		    client, sizeof client, network, (int)dice_between(&flood->dice, 1, 254));
		snprintf(sender, sizeof sender, "x%08" PRIx32 "%0*d@flood.test",
		    (uint32_t)dice_roll(&flood->dice), flood->padding, 0);
		snprintf(recipient, sizeof recipient, "u%d@example.test",
		    (int)dice_between(&flood->dice, 0, 9999));
		snprintf(name, sizeof name, "mail.n%d.%s", network,
		    flood->domain != NULL ? flood->domain : "");
		attempt.name = flood->domain != NULL ? name : NULL;
		ask(flood, &attempt);
		if (i % 50 == 49 || i == strangers - 1)
			hear(flood);
	}
}

/* The i-th honest sender, in a network of its own or in one of the flood's. */
static bool honest(struct flood *flood, int i, bool inside)
{
	char client[32], name[64], sender[64];
	struct attempt attempt = { client, NULL, sender, "postmaster@example.test", NULL, NULL };
	snprintf(client, sizeof client, "192.0.%d.25", i);
	if (inside)
		make_address(client, sizeof client, i % NETWORKS, 25);
	snprintf(sender, sizeof sender, "friend-%c@h%d.test", inside ? 'i' : 'o', i);
	snprintf(name, sizeof name, "mx.h%d.test", i);
	if (flood->domain != NULL)
		attempt.name = name;
	try_once(&flood->talk, &attempt);
	return answered(&flood->talk, "PREPEND") || answered(&flood->talk, "DUNNO");
}

static struct gl_store_figures measure(const struct flood *flood)
{
	struct gl_store *store;
	struct gl_store_figures figures;
	struct gl_complaint why;
	struct gl_store_options options = {
		.directory = flood->site->database, .map_limit = (uint64_t)1 << 30, .readonly = true
	};
	assert_int_equal(gl_store_open(&store, &options, &why), GL_OK);
	assert_int_equal(gl_store_measure(store, &figures), GL_OK);
	gl_store_close(store);
	return figures;
}

static off_t file_size(const struct flood *flood)
{
	struct stat info;
	char path[600];
	snprintf(path, sizeof path, "%s/table/data.mdb", flood->site->database);
	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void come_and_come_again(struct flood *flood, int second)
{
	if (second % EVERY != 0)
		return;
	int coming = second / EVERY, returning = (second - RETRY) / EVERY;
	if (coming < HONEST) {
		assert_false(honest(flood, coming, false));
		assert_false(honest(flood, coming, true));
	}
	if (second < RETRY || returning >= HONEST)
		return;
	flood->honest_passed += honest(flood, returning, false);
	flood->inside_passed += honest(flood, returning, true);
	flood->inside++;
}

static void run(struct flood *flood, uint64_t most)
{
	int strangers = extent_full() ? STRANGERS : STRANGERS_BOUNDED;
	off_t half = 0;
	for (int second = 0; second < SECONDS; second += STEP) {
		flood->talk.now = START + second;
		pour(flood, strangers / SECONDS * STEP);
		come_and_come_again(flood, second);
		flood->pressed |= site_logged(flood->site, "close to map_limit");
		flood->refused |= site_logged(flood->site, "no space left");
		if (second == SECONDS * 3 / 4)
			half = file_size(flood);
	}
	struct gl_store_figures figures = measure(flood);
	printf("%d strangers of %d networks: %d deferred; table: %" PRIu64
	       " triplets, %jd bytes; honest at the first retry: %d of %d, inside a flooding "
	       "network %d of %d\n",
	    flood->asked, NETWORKS, flood->deferred, figures.triplets, (intmax_t)file_size(flood),
	    flood->honest_passed, HONEST, flood->inside_passed, flood->inside);
	assert_int_equal(flood->deferred, flood->asked);
	assert_in_range(figures.triplets, most / 2, most);
	assert_int_equal(flood->honest_passed, HONEST);
	assert_true(file_size(flood) <= half + half / 4);
	assert_true(file_size(flood) <= flood->most);
}

static struct flood *begin(struct site *site, const char *options)
{
	struct flood *flood = calloc(1, sizeof *flood);
	assert_non_null(flood);
	site_configure(site, options);
	flood->site = site;
	flood->talk.config = site->config;
	flood->dice.state = 20261123;
	flood->padding = 1;
	flood->most = (off_t)8 << 20;
	return flood;
}

static void max_entries_holds_and_the_honest_pass(void **state)
{
	struct flood *flood = begin(*state, "max_entries = 10000\n");
	run(flood, ENTRIES);
	free(flood);
}

/* With names there are two records for each; the flood's names are all of one domain. */
static void pools_are_bounded_as_well(void **state)
{
	struct flood *flood = begin(*state, "max_entries = 10000\n");
	site_list(flood->site, "suffixes", "test\nco.test\n");
	flood->domain = "flood.test";
	run(flood, ENTRIES);
	free(flood);
}

/* Nobody is answered as if there were no table, which is what `deferred` counts. */
static void the_map_alone_holds_as_well(void **state)
{
	enum { MAP = 16 << 20, LARGE = 350 };
	struct flood *flood = begin(*state,
	    "max_entries = 0\nmax_pending_per_client = 0\nmap_limit = \"16M\"\n"
	    "on_error = \"pass\"\n");
	site_list(flood->site, "suffixes", "test\nco.test\n");
	flood->domain = "flood.test";
	flood->padding = LARGE;
	flood->most = MAP;
	run(flood, MAP / 2 / LARGE);
	assert_true(file_size(flood) > MAP / 4 * 3);
	assert_true(flood->pressed);
	assert_false(flood->refused);
	free(flood);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    max_entries_holds_and_the_honest_pass, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(
		    pools_are_bounded_as_well, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(
		    the_map_alone_holds_as_well, site_setup, site_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
