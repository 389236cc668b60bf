/*
 * Random damage to the table's file. Whatever it is, every request gets
 * one well-formed answer in time and a line in the log; who has not
 * waited passes by on_error only, never by what the damage made of a
 * record; and who comes later is greylisted.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dice.h"
#include "extent.h"
#include "helper_process.h"
#include "site.h"
#include "tmpdir.h"

enum { KNOWN = 400, ASKED = 6, PAGE = 4096, FULL = 10000, BOUNDED = 200, DEATHS = 3 };

struct world {
	struct site *site;
	char other_config[600]; /* has other lists: the rules are compiled anew */
	struct dice dice;
	char *bytes; /* the whole table, and what damage made of it */
	char *harmed;
	size_t size;
	unsigned answers, passed, afresh, by_signal, afterwards;
};

static size_t request_of(char *request, size_t room, int n)
{
	int len = snprintf(request, room,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=10.%d.%d.7\n"
	    "client_name=mx.example%d.test\nsender=s%d@example.org\nrecipient=a@b.test\n\n",
	    n / 200, n % 200, n, n);
	return (size_t)len;
}

/* The answer to attempt n: true where it passes. */
static bool ask(struct world *world, struct helper_process *helper, int n)
{
	char request[512];
	helper->len = 0;
	assert_true(helper_send(helper, request, request_of(request, sizeof request, n)));
	helper_read_reply(helper);
	world->answers++;
	bool passes = strcmp(helper->reply, "action=DUNNO\n\n") == 0 ||
		      strncmp(helper->reply, "action=PREPEND ", 15) == 0;
	assert_true(passes || strncmp(helper->reply, "action=DEFER_IF_PERMIT 4.2.0 ", 29) == 0);
	return passes;
}

static void read_table(struct world *world)
{
	struct stat info;
	int fd = open(tmpdir_path(world->site->database, "table/data.mdb"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	world->size = (size_t)info.st_size;
	world->bytes = malloc(world->size);
	world->harmed = malloc(world->size);
	assert_int_equal(read(fd, world->bytes, world->size), info.st_size);
	close(fd);
}

static size_t somewhere(struct world *world, size_t end)
{
	return (size_t)dice_between(&world->dice, 0, (int64_t)end - 1);
}

static void turn_bits(struct world *world)
{
	for (int64_t left = INT64_C(1) << dice_between(&world->dice, 0, 6); left > 0; left--) {
		char *octet = &world->harmed[somewhere(world, world->size)];
		*octet = (char)(*octet ^ 1 << dice_between(&world->dice, 0, 7));
	}
}

static void put_over(struct world *world)
{
	size_t from = somewhere(world, world->size), most = world->size - from;
	size_t len = 1 + somewhere(world, most < 4 * PAGE ? most : 4 * PAGE);
	int64_t kind = dice_between(&world->dice, 0, 2);
	for (size_t i = 0; i < len; i++)
		world->harmed[from + i] = kind == 0   ? 0
					  : kind == 1 ? (char)0xff
						      : (char)dice_roll(&world->dice);
}

static void swap_pages(struct world *world)
{
	size_t pages = world->size / PAGE;
	size_t a = PAGE * somewhere(world, pages), b = PAGE * somewhere(world, pages);
	memcpy(world->harmed + a, world->bytes + b, PAGE);
	memcpy(world->harmed + b, world->bytes + a, PAGE);
}

/* How long the file is then. */
static size_t harm(struct world *world)
{
	memcpy(world->harmed, world->bytes, world->size);
	switch (dice_between(&world->dice, 0, 4)) {
	case 0:
	case 1:
		turn_bits(world);
		break;
	case 2:
		put_over(world);
		break;
	case 3:
		swap_pages(world);
		break;
	default:
		return somewhere(world, world->size);
	}
	return world->size;
}

static void lay_out(const struct world *world, size_t size)
{
	char command[700];
	snprintf(command, sizeof command,
	    "cd %s && rm -rf table* && mkdir table.1 && ln -s table.1 table",
	    world->site->database);
	assert_int_equal(system(command), 0);
	int fd = open(tmpdir_path(world->site->database, "table.1/data.mdb"),
	    O_WRONLY | O_CREAT | O_TRUNC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, world->harmed, size), size);
	close(fd);
	site_clear_log(world->site);
}

/* The line comes behind the answer. */
static bool logged_soon(const struct world *world, const char *one, const char *other)
{
	for (int left = 5000; left > 0; left--) {
		if (site_logged(world->site, one) || site_logged(world->site, other))
			return true;
		usleep(1000);
	}
	return false;
}

/* One that dies with nothing left to answer says so. */
static void finish(struct world *world, struct helper_process *helper)
{
	helper_finish(helper);
	if (helper->status == 0)
		return;
	assert_true(site_logged(world->site, "when all requests were answered"));
	world->afterwards++;
}

/* A pass without having waited is on_error's, and the log says so. Who dies of the table tells the
 * next ones: three deaths, and it is put aside. */
static void ask_all(struct world *world, unsigned number)
{
	struct helper_process helper;
	bool running = false;
	unsigned deaths = 0;
	const char *config = dice_one_in(&world->dice, 4) ? world->other_config
							  : world->site->config;
	for (int i = 0; i < ASKED; i++) {
		int n = i % 2 == 0 ? (int)somewhere(world, KNOWN) : KNOWN + (int)number * ASKED + i;
		if (!running)
			helper_start(&helper, config);
		running = true;
		bool passes = ask(world, &helper, n % 20000);
		world->passed += passes;
		if (passes && !logged_soon(world, "reason=store error", "answered per on_error"))
			fail_msg("number %u: attempt %d passed", number, n);
		if (site_logged(world->site, "answered per on_error")) {
			helper_finish(&helper);
			site_clear_log(world->site);
			world->by_signal++;
			running = false;
			if (++deaths > DEATHS)
				fail_msg("number %u: %u died of it", number, deaths);
		} else if (passes) {
			site_clear_log(world->site);
		}
	}
	if (running)
		finish(world, &helper);
}

static void make_other_config(struct world *world)
{
	char command[1300];
	snprintf(world->other_config, sizeof world->other_config, "%s.other", world->site->config);
	snprintf(command, sizeof command, "sed 's/^client_lists = .*/client_lists = {}/' %s >%s",
	    world->site->config, world->other_config);
	assert_int_equal(system(command), 0);
}

static void random_damage(void **state)
{
	struct world world = { .site = *state };
	struct helper_process helper;
	const char *seed = getenv("GREYLIST_TEST_SEED");
	int episodes = extent_of(FULL, BOUNDED);
	world.dice.state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	site_configure(world.site, "delay = 1d\nrequest_timeout = 20s");
	make_other_config(&world);
	helper_start(&helper, world.site->config);
	for (int n = 0; n < KNOWN; n++)
		assert_false(ask(&world, &helper, n));
	helper_finish(&helper);
	read_table(&world);
	for (int i = 0; i < episodes; i++) {
		lay_out(&world, harm(&world));
		ask_all(&world, (unsigned)i);
		world.afresh += access(tmpdir_path(world.site->database, "table.1.corrupt"),
				    F_OK) == 0;
	}
	print_message(
	    "%d tables of %zu octets harmed: %u answers, %u of them by on_error, %u deaths "
	    "in LMDB answered, %u behind the last answer, %u tables put aside\n",
	    episodes, world.size, world.answers, world.passed, world.by_signal, world.afterwards,
	    world.afresh);
	assert_true(world.by_signal > 0 && world.afresh > 0);
	free(world.bytes);
	free(world.harmed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_damage, site_setup, site_teardown),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
