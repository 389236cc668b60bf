/*
 * day ADMIN_AT - a day of mail on a simulated clock.
 *
 * Four sessions share a table: the first lives all day, the others end
 * and are killed again and again. Regular correspondents, strangers that
 * never come back and strangers that do ask them, four at a time, each
 * about a triplet of its own, and a simple model says what the answer has
 * to be. The postmaster edits a list, forgets and allows somebody, asks
 * why, purges and compacts. Each hour shows the size of the table's file,
 * which must not exceed what its live triplets take, and the memory and
 * descriptors of the first session, which must not grow.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "greylist/store.h"

#include "clocked.h"
#include "dice.h"
#include "extent.h"
#include "gauge.h"
#include "model.h"
#include "rig.h"
#include "tmpdir.h"
#include "workload.h"

enum {
	HELPERS = 4,
	HOURS = 24,
	HOUR = 3600,
	SETTLED = 2,    /* the hour from which memory is compared */
	RING = 64,      /* strangers of each helper that may come back */
	REMEMBERED = 7, /* hours within which a triplet expires */
	ENTRY = 400,    /* octets of a live triplet: twice what one takes in full pages, and more */
	BASE = 1 << 20,
	GROWTH = 4096 /* kilobytes: LMDB's lists of a writer are 2 MiB, once they are used */
};

static const int64_t dawn = 1800000000;

struct triplet {
	uint64_t number;
	struct model_fate fate;
};

struct asking {
	struct peer peer;
	struct triplet ring[RING];
	struct triplet *about; /* NULL: a client that the list names */
	struct envelope envelope;
};

struct day {
	struct rig rig;
	const char *admin;
	struct model_law law;
	struct dice dice;
	int64_t *clock; /* shared with the sessions */
	struct asking helpers[HELPERS];
	struct triplet *regulars;
	unsigned regular_count;
	uint64_t requests, number, asked, deferred, passed, either, wrong;
	uint64_t fresh[HOURS + 1];
	unsigned restarts, edits, commands, chores;
	long memory, descriptors;
};

static void complain(struct day *day, const char *what, const char *about)
{
	if (day->wrong++ < 20)
		printf("  %+" PRId64 " s: %s: %s\n", *day->clock - dawn, about, what);
}

static void start(const struct day *day, struct asking *helper)
{
	if (!clocked_open(&helper->peer, day->rig.conf, day->clock)) {
		perror("a session");
		exit(1);
	}
}

/* One of the three that do not live all day. */
static void restart(struct day *day)
{
	struct asking *helper = &day->helpers[1 + day->restarts % (HELPERS - 1)];
	bool killed = dice_one_in(&day->dice, 2);
	if (killed)
		peer_kill(&helper->peer);
	if (peer_close(&helper->peer) != 0)
		complain(day, "ended badly", "a helper");
	start(day, helper);
	day->restarts++;
}

static void make_stranger(struct day *day, struct triplet *triplet)
{
	*triplet = (struct triplet){ .number = day->number++ };
	day->fresh[(*day->clock - dawn) / HOUR]++;
}

static void choose(struct day *day, int which)
{
	static struct triplet passing[HELPERS];
	struct asking *helper = &day->helpers[which];
	struct workload strangers = { .mix = WORKLOAD_ALL_NEW, .seed = 7 };
	struct workload exempt = { .mix = WORKLOAD_ALL_EXEMPT };
	int64_t kind = dice_between(&day->dice, 0, 99);
	if (kind < 5) {
		helper->about = NULL;
		workload_envelope(&exempt, day->asked, &helper->envelope);
		return;
	}
	if (kind < 20) {
		helper->about = &passing[which];
		make_stranger(day, helper->about);
	} else if (kind < 35) {
		helper->about = &helper->ring[dice_between(&day->dice, 0, RING - 1)];
		if (helper->about->fate.first == 0 || dice_one_in(&day->dice, 3))
			make_stranger(day, helper->about);
	} else {
		int64_t each = day->regular_count / HELPERS;
		helper->about =
		    &day->regulars[which + HELPERS * dice_between(&day->dice, 0, each - 1)];
	}
	workload_envelope(&strangers, helper->about->number, &helper->envelope);
}

static void ask(struct day *day, int which)
{
	char request[2048];
	struct asking *helper = &day->helpers[which];
	choose(day, which);
	size_t len = workload_request(request, sizeof request, &helper->envelope);
	if (!peer_ask(&helper->peer, request, len))
		complain(day, "gone", "a helper");
	day->asked++;
}

static void hear(struct day *day, struct asking *helper)
{
	enum peer_news news;
	while ((news = peer_read(&helper->peer, true)) == PEER_MORE)
		continue;
	if (news != PEER_ANSWERED) {
		complain(day, "no answer", helper->envelope.sender);
		return;
	}
	bool passes = answer_passes(helper->peer.got.verb);
	day->passed += passes;
	day->deferred += !passes;
	if (helper->about == NULL) {
		if (!passes)
			complain(
			    day, "deferred, though the list names it", helper->envelope.client);
		return;
	}
	struct model_fate *fate = &helper->about->fate;
	enum model_verdict expected = model_expect(&day->law, fate, *day->clock);
	day->either += expected == MODEL_EITHER;
	if (expected != MODEL_EITHER && passes != (expected == MODEL_PASSES))
		complain(day, passes ? "passes" : "is deferred", helper->envelope.sender);
	model_learn(&day->law, fate, passes, *day->clock);
}

/* Runs a command of greylist-admin now; its first line goes to `line`. Exit status. */
__attribute__((format(printf, 3, 4))) static int command(
    struct day *day, char line[256], const char *format, ...)
{
	char words[512], text[2048], more[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	snprintf(text, sizeof text, "'%s' %" PRId64 " '%s' %s", day->admin, *day->clock,
	    day->rig.conf, words);
	day->commands++;
	FILE *said = popen(text, "r");
	if (said == NULL || fgets(line, 256, said) == NULL)
		line[0] = '\0';
	while (said != NULL && fgets(more, sizeof more, said) != NULL)
		continue;
	int status = said == NULL ? -1 : pclose(said);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void name_somebody(struct day *day, struct triplet **who, struct envelope *envelope)
{
	struct workload strangers = { .mix = WORKLOAD_ALL_NEW, .seed = 7 };
	*who = &day->regulars[dice_between(&day->dice, 0, day->regular_count - 1)];
	workload_envelope(&strangers, (*who)->number, envelope);
}

static void ask_why(struct day *day)
{
	char line[256];
	struct triplet *who;
	struct envelope envelope;
	name_somebody(day, &who, &envelope);
	enum model_verdict expected = model_expect(&day->law, &who->fate, *day->clock);
	int status = command(
	    day, line, "explain %s %s %s", envelope.client, envelope.sender, envelope.recipient);
	bool passes = strncmp(line, "pass ", 5) == 0;
	if (status != 0 || (expected != MODEL_EITHER && passes != (expected == MODEL_PASSES)))
		complain(day, line, "explain");
}

static void forget_somebody(struct day *day)
{
	char line[256];
	struct triplet *who;
	struct envelope envelope;
	name_somebody(day, &who, &envelope);
	int status = command(
	    day, line, "delete %s %s %s", envelope.client, envelope.sender, envelope.recipient);
	if (status > 1 ||
	    (status == 1 && model_expect(&day->law, &who->fate, *day->clock) == MODEL_PASSES))
		complain(day, line, "delete");
	who->fate = (struct model_fate){ .first = 0 };
}

static void edit_list(struct day *day)
{
	char text[256];
	int len = snprintf(
	    text, sizeof text, "%s\nedition%u.example\n", WORKLOAD_EXEMPT_NETWORK, day->edits++);
	tmpdir_write(day->rig.dir, "exempt", text, (size_t)len);
}

/* In turn; none of them may change what anybody is answered. The first one has all sessions open
 * the table again, for which malloc keeps two megabytes from then on. */
static void look_after(struct day *day)
{
	static const char *const words[] = { "compact", "purge", "list --state passed --limit 20",
		"stats", "allow --client 203.0.113.9 --for 10m", "export >/dev/null",
		"deny-auto-whitelist 203.0.113.8" };
	char line[256];
	const char *which = words[day->chores++ % (sizeof words / sizeof *words)];
	int status = command(day, line, "%s", which);
	if (status != 0)
		complain(day, line, which);
}

static void judge_hour(struct day *day, int hour)
{
	char path[600];
	struct stat info = { .st_size = -1 };
	uint64_t live = day->regular_count;
	pid_t pid = day->helpers[0].peer.pid;
	long memory = gauge_memory(pid), descriptors = gauge_descriptors(pid);
	for (int i = hour > REMEMBERED ? hour - REMEMBERED : 0; i < hour; i++)
		live += day->fresh[i];
	int64_t bound = BASE + (int64_t)live * ENTRY;
	snprintf(path, sizeof path, "%s/table/data.mdb", day->rig.state);
	if (stat(path, &info) != 0 || info.st_size > bound)
		complain(day, "is too large", "the table");
	printf("  hour %2d: table %7jd KiB (at most %7" PRId64
	       "), memory %ld KiB, %ld descriptors, %" PRIu64 " requests\n",
	    hour, (intmax_t)info.st_size / 1024, bound / 1024, memory, descriptors, day->asked);
	if (hour == SETTLED) {
		day->memory = memory;
		day->descriptors = descriptors;
	}
	if (hour > SETTLED && descriptors != day->descriptors)
		complain(day, "were left open", "descriptors");
	if (hour > SETTLED && !rig_sanitized() && memory > day->memory + GROWTH)
		complain(day, "grows", "the memory of a helper");
}

static void live_an_hour(struct day *day, int hour)
{
	uint64_t steps = day->requests / HOURS / HELPERS;
	uint64_t chores = extent_full() ? 4 : 1, every = steps / chores;
	edit_list(day);
	for (uint64_t step = 0; step < steps; step++) {
		*day->clock = dawn + (int64_t)hour * HOUR + (int64_t)(step * HOUR / steps);
		if (step % every == every / 2) {
			restart(day);
			ask_why(day);
			forget_somebody(day);
			look_after(day);
		}
		for (int i = 0; i < HELPERS; i++)
			ask(day, i);
		for (int i = 0; i < HELPERS; i++)
			hear(day, &day->helpers[i]);
	}
	*day->clock = dawn + (int64_t)(hour + 1) * HOUR;
	judge_hour(day, hour + 1);
}

/* Whoever opens the table frees the slots of the killed; none may be left then. */
static void judge_slots(struct day *day)
{
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_figures figures = { .triplets = 0 };
	struct gl_store_options options = { .directory = day->rig.state,
		.map_limit = UINT64_C(2) << 30 };
	look_after(day);
	if (gl_store_open(&store, &options, &why) != GL_OK) {
		complain(day, why.text, "the table");
		return;
	}
	if (gl_store_reap(store) != 0)
		complain(day, "were not freed", "reader slots of the dead");
	if (gl_store_measure(store, &figures) != GL_OK || figures.readers_used > 2 * HELPERS)
		complain(day, "too many", "reader slots");
	printf("  %" PRIu64 " triplets at the end, %u reader slots\n", figures.triplets,
	    figures.readers_used);
	gl_store_close(store);
}

static void prepare(struct day *day)
{
	char more[1024];
	rig_make(&day->rig, "none", day->law.delay);
	snprintf(more, sizeof more,
	    "retry_window = \"%" PRId64 "s\"\nmax_age = \"%" PRId64 "s\"\nauto_whitelist = 0\n"
	    "recipients = \"each\"\nidentity = \"network\"\nrequest_timeout = \"60s\"\n"
	    "idle_timeout = \"1d\"\nclient_lists = {\"%s/exempt\"}\nrecipient_lists = {}\n"
	    "sender_lists = {}\n",
	    day->law.window, day->law.age, day->rig.dir);
	edit_list(day);
	rig_configure(&day->rig, day->law.delay, more);
	day->clock = clocked_make();
	day->regulars = calloc(day->regular_count, sizeof *day->regulars);
	if (day->regulars == NULL)
		exit(1);
	*day->clock = dawn;
	for (unsigned i = 0; i < day->regular_count; i++)
		day->regulars[i].number = day->number++;
	for (int i = 0; i < HELPERS; i++)
		start(day, &day->helpers[i]);
}

int main(int argc, char **argv)
{
	static struct day day = { .law = { .delay = 300, .window = 7200, .age = 6 * HOUR } };
	if (argc != 2) {
		fprintf(stderr, "usage: day ADMIN_AT\n");
		return 64;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	day.admin = argv[1];
	day.dice.state = rig_seed();
	day.requests = (uint64_t)extent_of(2000000, 20000);
	day.regular_count = (unsigned)day.requests / 100;
	printf("%" PRIu64 " requests in a day, seed %" PRIu64 "\n", day.requests, day.dice.state);
	prepare(&day);
	for (int hour = 0; hour < HOURS; hour++)
		live_an_hour(&day, hour);
	judge_slots(&day);
	for (int i = 0; i < HELPERS; i++)
		if (peer_close(&day.helpers[i].peer) != 0)
			complain(&day, "ended badly", "a helper");
	day.wrong += rig_trouble(&day.rig);
	rig_remove(&day.rig, day.wrong != 0 && getenv("GREYLIST_TEST_KEEP") != NULL);
	free(day.regulars);
	printf("%" PRIu64 " requests, %" PRIu64 " deferred, %" PRIu64 " passed, %" PRIu64
	       " either way; %u commands, %u restarts, %u editions; %" PRIu64 " wrong\n",
	    day.asked, day.deferred, day.passed, day.either, day.commands, day.restarts, day.edits,
	    day.wrong);
	return day.wrong == 0 ? 0 : 1;
}
