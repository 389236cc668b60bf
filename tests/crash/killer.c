/*
 * killer HELPER [ADMIN [all]] - helpers killed with SIGKILL at random moments.
 *
 * In each episode a few helpers start on no table at all and are asked
 * about new triplets as fast as they answer, while each of them is killed
 * after a random time and replaced. Whatever was answered has to be in the
 * table afterwards, and nobody may be left locked out. This proves what the
 * death of a process does, not what a power cut does.
 *
 * With ADMIN, greylist-admin backs the table up, restores it and writes it
 * anew all the while, and is killed at random moments too. With `all` it
 * does whatever it can do, half of the helpers answer one request each, and
 * the exempt list and the configuration are edited meanwhile; whatever was
 * acknowledged has to be there in the end.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dice.h"
#include "editor.h"
#include "extent.h"
#include "ledger.h"
#include "mob.h"
#include "replacer.h"
#include "rig.h"

enum { WORKERS = 8, ENTRIES = 1 << 16, DELAY = 3600, PATIENCE = 20000 /* milliseconds */ };

/* The full form with `all` goes on until there were as many. */
enum { STORM_KILLS = 10000, STORM_TRIPLETS = 100000 };

struct worker {
	struct peer peer;
	struct ledger_entry *entry; /* asked about now, or NULL */
	struct ledger_entry exempt; /* of a client that the list names */
	bool single;                /* answers one request */
	int64_t asked, asked_at;    /* seconds, nanoseconds */
	int64_t kill_at;            /* nanoseconds */
};

struct hunt {
	struct rig rig;
	struct ledger ledger;
	struct dice dice;
	struct worker workers[WORKERS];
	uint64_t number; /* makes envelopes unlike those of other episodes */
	uint64_t answers, kills, wrong, triplets, lock_files;
	int64_t longest; /* wait for an answer, nanoseconds */
	bool all;
	char once_option[3];
	char *single[5];
	struct target once;
	struct replacer replacer;
	struct mob mob;
	struct editor editor;
};

static int64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void start(struct hunt *hunt, struct worker *worker)
{
	if (!peer_open(&worker->peer, worker->single ? &hunt->once : &hunt->rig.target)) {
		perror(hunt->rig.program[0]);
		exit(1);
	}
	/* from a blink to many requests: 0.2 to 100 ms at the most, all sizes alike likely; in the
	 * storm sessions live up to 3 s */
	bool lasting = hunt->all && !worker->single;
	int64_t span = INT64_C(200000) << dice_between(&hunt->dice, 0, lasting ? 14 : 9);
	worker->kill_at = clock_now() + dice_between(&hunt->dice, 0, span);
	worker->entry = NULL;
}

static struct ledger_entry *choose_exempt(struct hunt *hunt, struct worker *worker)
{
	struct workload exempt = { .mix = WORKLOAD_ALL_EXEMPT, .seed = 1 };
	worker->exempt = (struct ledger_entry){ .asked = 0 };
	workload_envelope(&exempt, hunt->number++, &worker->exempt.envelope);
	return &worker->exempt;
}

/* Mostly a stranger; one in four is asked about before, so that readers die too. */
static struct ledger_entry *choose(struct hunt *hunt, struct worker *worker)
{
	struct ledger *ledger = &hunt->ledger;
	if (hunt->all && dice_one_in(&hunt->dice, 16))
		return choose_exempt(hunt, worker);
	if (ledger->count > 0 && (ledger->count == ENTRIES || dice_one_in(&hunt->dice, 4))) {
		int64_t last = (int64_t)ledger->count - 1;
		return &ledger->entries[dice_between(&hunt->dice, 0, last)];
	}
	struct workload strangers = { .mix = WORKLOAD_ALL_NEW, .seed = 1 };
	struct ledger_entry *entry = &ledger->entries[ledger->count++];
	*entry = (struct ledger_entry){ .asked = 0 };
	workload_envelope(&strangers, hunt->number++, &entry->envelope);
	return entry;
}

static void ask(struct hunt *hunt, struct worker *worker)
{
	char request[2048];
	worker->entry = choose(hunt, worker);
	worker->asked = time(NULL);
	worker->asked_at = clock_now();
	ledger_ask(worker->entry, worker->asked);
	size_t len = workload_request(request, sizeof request, &worker->entry->envelope);
	/* a helper that is gone shows itself at the read */
	(void)peer_ask(&worker->peer, request, len);
}

static void complain(struct hunt *hunt, const char *what)
{
	hunt->wrong++;
	printf("  %s\n", what);
}

static void note_answer(struct hunt *hunt, struct worker *worker)
{
	struct ledger_entry *entry = worker->entry;
	enum answer_verb verb = worker->peer.got.verb;
	int64_t waited = clock_now() - worker->asked_at;
	if (waited > hunt->longest)
		hunt->longest = waited;
	hunt->answers++;
	if (entry == &worker->exempt) {
		if (!answer_passes(verb))
			complain(hunt, "a client that the list names was not let through");
		return;
	}
	hunt->triplets += entry->answered == 0;
	if (!ledger_answer(&hunt->ledger, entry, verb, worker->asked, time(NULL)))
		complain(hunt, "a stranger was let through");
}

/* Reads what there is; the worker is idle after its answer. */
static void hear(struct hunt *hunt, struct worker *worker, bool killed)
{
	struct ledger_entry *entry = worker->entry;
	switch (peer_read(&worker->peer, false)) {
	case PEER_MORE:
		return;
	case PEER_ANSWERED:
		note_answer(hunt, worker);
		break;
	case PEER_MALFORMED:
		complain(hunt, "a malformed answer");
		break;
	case PEER_GONE:
		if (!killed)
			complain(hunt, "a helper ended that nobody killed");
		entry->in_doubt = true;
		break;
	}
	worker->entry = NULL;
	if (worker->single && !killed && peer_close(&worker->peer) != 0)
		complain(hunt, "a helper of one request ended badly");
}

static void kill_worker(struct hunt *hunt, struct worker *worker)
{
	hunt->kills++;
	peer_kill(&worker->peer);
	if (worker->entry != NULL)
		hear(hunt, worker, true);
	peer_close(&worker->peer);
}

/* Waits for answers until the next kill is due, or for `most` milliseconds; hears them all. */
static int listen_once(struct hunt *hunt, int most)
{
	struct pollfd polls[WORKERS];
	int64_t now = clock_now();
	int64_t until = now + (int64_t)most * 1000000;
	for (int i = 0; i < WORKERS; i++) {
		const struct worker *worker = &hunt->workers[i];
		polls[i] = (struct pollfd){ .fd = worker->entry != NULL ? worker->peer.fd : -1,
			.events = POLLIN };
		if (worker->peer.fd >= 0 && worker->kill_at < until)
			until = worker->kill_at > now ? worker->kill_at : now;
	}
	struct timespec left = { .tv_sec = (until - now) / 1000000000,
		.tv_nsec = (until - now) % 1000000000 };
	int ready = ppoll(polls, WORKERS, &left, NULL);
	for (int i = 0; i < WORKERS; i++) {
		if (polls[i].revents != 0)
			hear(hunt, &hunt->workers[i], false);
	}
	return ready;
}

static void kill_the_due(struct hunt *hunt)
{
	for (int i = 0; i < WORKERS; i++) {
		struct worker *worker = &hunt->workers[i];
		if (clock_now() >= worker->kill_at)
			kill_worker(hunt, worker);
		if (worker->peer.fd < 0)
			start(hunt, worker);
		if (worker->entry == NULL)
			ask(hunt, worker);
	}
}

static bool anyone_busy(const struct hunt *hunt)
{
	bool busy = false;
	for (int i = 0; i < WORKERS; i++)
		busy = busy || hunt->workers[i].entry != NULL;
	return busy;
}

/* Nobody is killed any more: everybody has to get an answer. */
static void let_live(struct hunt *hunt)
{
	for (int i = 0; i < WORKERS; i++)
		hunt->workers[i].kill_at = INT64_MAX;
	while (anyone_busy(hunt) && listen_once(hunt, PATIENCE) > 0)
		continue;
	if (anyone_busy(hunt))
		complain(hunt, "a helper does not answer any more");
}

static void end_all(struct hunt *hunt)
{
	for (int i = 0; i < WORKERS; i++) {
		struct worker *worker = &hunt->workers[i];
		if (worker->entry != NULL)
			peer_kill(&worker->peer);
		if (peer_close(&worker->peer) != 0)
			complain(hunt, "a helper ended badly");
	}
}

static void begin_episode(struct hunt *hunt, const char *helper)
{
	rig_make(&hunt->rig, helper, DELAY);
	hunt->single[0] = hunt->rig.program[0];
	hunt->single[1] = hunt->once_option;
	hunt->single[2] = hunt->rig.program[1];
	hunt->single[3] = hunt->rig.conf;
	target_program(&hunt->once, hunt->single);
	hunt->ledger.count = 0;
	if (hunt->all)
		editor_begin(&hunt->editor, &hunt->rig, DELAY);
	for (int i = 0; i < WORKERS; i++) {
		hunt->workers[i].single = hunt->all && i % 2 == 1;
		start(hunt, &hunt->workers[i]);
	}
	replacer_begin(&hunt->replacer, &hunt->rig);
	mob_begin(&hunt->mob, &hunt->rig);
}

static void rage(struct hunt *hunt, int64_t until)
{
	bool alone = hunt->replacer.admin == NULL && hunt->mob.admin == NULL;
	for (int64_t now = clock_now(); now < until; now = clock_now()) {
		kill_the_due(hunt);
		replacer_go_on(&hunt->replacer, &hunt->dice, now);
		mob_go_on(&hunt->mob, &hunt->dice, now);
		editor_go_on(&hunt->editor, now);
		listen_once(hunt, alone ? 1000 : 5);
	}
	replacer_end(&hunt->replacer);
	mob_end(&hunt->mob);
}

/* Who dies while he is the first to open a table leaves its lock.mdb half made to those who wait.
 */
static void discount_lock_files(struct hunt *hunt)
{
	uint64_t made = rig_logged(&hunt->rig, "/table/lock.mdb was missing or not LMDB's");
	hunt->wrong -= made;
	hunt->lock_files += made;
}

static void run_episode(struct hunt *hunt, int64_t seconds, const char *helper)
{
	uint64_t answers = hunt->answers, kills = hunt->kills, wrong = hunt->wrong;
	begin_episode(hunt, helper);
	rage(hunt, clock_now() + seconds * 1000000000);
	let_live(hunt);
	printf("  %" PRIu64 " answers, %" PRIu64 " kills\n", hunt->answers - answers,
	    hunt->kills - kills);
	hunt->wrong += editor_probe(&hunt->editor);
	hunt->wrong += ledger_compare(&hunt->ledger, hunt->rig.state);
	hunt->wrong += mob_compare(&hunt->mob);
	end_all(hunt);
	hunt->wrong += rig_trouble(&hunt->rig);
	discount_lock_files(hunt);
	if (hunt->answers == answers || hunt->kills == kills)
		complain(hunt, "nothing was answered, or nobody killed");
	rig_remove(&hunt->rig, hunt->wrong != wrong && getenv("GREYLIST_TEST_KEEP") != NULL);
}

static bool is_over(const struct hunt *hunt, int episode)
{
	if (!hunt->all)
		return episode == (extent_full() ? 20 : 4);
	if (!extent_full())
		return episode == 2;
	return hunt->kills + hunt->mob.kills >= STORM_KILLS &&
	       hunt->triplets + hunt->mob.acknowledged >= STORM_TRIPLETS;
}

static void report(struct hunt *hunt)
{
	hunt->wrong += replacer_report(&hunt->replacer);
	hunt->wrong += mob_report(&hunt->mob);
	if (hunt->all)
		printf(
		    "%" PRIu64 " triplets acknowledged by helpers and %u by imports; %u commands "
		    "killed; %" PRIu64 " lock files made anew; the longest wait for an answer took "
		    "%" PRId64 " ms\n",
		    hunt->triplets, hunt->mob.acknowledged, hunt->mob.kills, hunt->lock_files,
		    hunt->longest / 1000000);
	printf("%" PRIu64 " answers, %" PRIu64 " kills, %" PRIu64 " wrong\n", hunt->answers,
	    hunt->kills, hunt->wrong);
}

int main(int argc, char **argv)
{
	static struct hunt hunt = { .once_option = "-1" };
	hunt.all = argc == 4 && strcmp(argv[3], "all") == 0;
	if (argc < 2 || argc > 4 || (argc == 4 && !hunt.all)) {
		fprintf(stderr, "usage: killer HELPER [ADMIN [all]]\n");
		return 64;
	}
	int64_t seconds = extent_full() ? 10 : hunt.all ? 4 : 2;
	hunt.dice.state = rig_seed();
	hunt.replacer.admin = hunt.all || argc < 3 ? NULL : argv[2];
	hunt.mob.admin = hunt.all ? argv[2] : NULL;
	hunt.ledger.delay = DELAY;
	hunt.ledger.entries = calloc(ENTRIES, sizeof *hunt.ledger.entries);
	if (hunt.ledger.entries == NULL)
		return 1;
	printf("episodes of %" PRId64 " s, %d helpers, seed %" PRIu64 "\n", seconds, WORKERS,
	    hunt.dice.state);
	for (int i = 0; !is_over(&hunt, i); i++)
		run_episode(&hunt, seconds, argv[1]);
	free(hunt.ledger.entries);
	report(&hunt);
	return hunt.wrong == 0 ? 0 : 1;
}
