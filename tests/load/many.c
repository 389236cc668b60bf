/*
 * many HELPER [ADMIN] - hundreds of helpers on one table, in the full form a
 * thousand, all open and at work at once.
 *
 * Each asks half of its requests about triplets of its own and half
 * about triplets that all share; then everybody waits out the delay and
 * asks the same again. No answer may be impossible, and the table, the
 * counters and the log have to agree with what was answered. No process
 * and no descriptor is left in the end.
 *
 * With ADMIN, greylist-admin purges, exports, backs up and replaces the
 * table all the while, and that must make no difference.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "greylist/counters.h"

#include "extent.h"
#include "gauge.h"
#include "ledger.h"
#include "meddler.h"
#include "rig.h"

enum { REQUESTS = 20 /* in each of the two rounds */, SHARED = 100, DELAY = 3 };

struct worker {
	struct peer peer;
	struct ledger_entry *entry; /* asked about now */
	int64_t asked;
	unsigned done; /* requests of this round */
};

struct crowd {
	struct rig rig;
	struct ledger ledger;
	struct worker *workers;
	struct pollfd *polls;
	unsigned size;
	uint64_t seed;
	uint64_t answers;
	uint64_t wrong;
	struct meddler meddler;
};

/* The i-th request of a worker is about one of its own, or about a shared one, by turns. */
static struct ledger_entry *entry_of(const struct crowd *crowd, unsigned who, unsigned i)
{
	uint64_t number = (uint64_t)who * REQUESTS + i;
	if (i % 2 == 0)
		return &crowd->ledger.entries[workload_random(crowd->seed, number) % SHARED];
	return &crowd->ledger.entries[SHARED + number / 2];
}

static void fill_ledger(struct crowd *crowd)
{
	struct workload shared = { .mix = WORKLOAD_ALL_KNOWN, .pool = SHARED };
	struct workload own = { .mix = WORKLOAD_ALL_NEW, .seed = crowd->seed };
	for (size_t i = 0; i < crowd->ledger.count; i++) {
		struct ledger_entry *entry = &crowd->ledger.entries[i];
		workload_envelope(i < SHARED ? &shared : &own, i, &entry->envelope);
	}
}

static void give_up(struct crowd *crowd, const struct worker *worker, const char *what)
{
	crowd->wrong++;
	printf("  helper %d, request %u: %s\n", (int)worker->peer.pid, worker->done, what);
}

static void ask(struct crowd *crowd, struct worker *worker)
{
	char request[2048];
	unsigned who = (unsigned)(worker - crowd->workers);
	worker->entry = entry_of(crowd, who, worker->done);
	worker->asked = time(NULL);
	ledger_ask(worker->entry, worker->asked);
	size_t len = workload_request(request, sizeof request, &worker->entry->envelope);
	/* a helper that is gone shows itself at the read */
	(void)peer_ask(&worker->peer, request, len);
}

static void hear(struct crowd *crowd, struct worker *worker)
{
	enum answer_verb verb = worker->peer.got.verb;
	crowd->answers++;
	if (!ledger_answer(&crowd->ledger, worker->entry, verb, worker->asked, time(NULL)))
		give_up(crowd, worker, answer_verb_text(verb));
	worker->done++;
}

/* Reads on; returns whether the worker is still at work in this round. */
static bool serve(struct crowd *crowd, struct worker *worker)
{
	switch (peer_read(&worker->peer, false)) {
	case PEER_MORE:
		return true;
	case PEER_ANSWERED:
		hear(crowd, worker);
		if (worker->done == REQUESTS)
			return false;
		ask(crowd, worker);
		return true;
	case PEER_MALFORMED:
		give_up(crowd, worker, "a malformed answer");
		return false;
	case PEER_GONE:
		give_up(crowd, worker, "gone without an answer");
		return false;
	}
	return false;
}

/* All workers ask their requests once. */
static void round_of_requests(struct crowd *crowd)
{
	unsigned busy = crowd->size;
	for (unsigned i = 0; i < crowd->size; i++) {
		crowd->workers[i].done = 0;
		crowd->polls[i] = (struct pollfd){ .fd = crowd->workers[i].peer.fd,
			.events = POLLIN };
		ask(crowd, &crowd->workers[i]);
	}
	while (busy > 0 && poll(crowd->polls, crowd->size, 60000) > 0) {
		for (unsigned i = 0; i < crowd->size; i++) {
			if (crowd->polls[i].revents == 0 || serve(crowd, &crowd->workers[i]))
				continue;
			crowd->polls[i].fd = -1;
			busy--;
		}
	}
	if (busy > 0) {
		printf("  %u helpers did not answer within a minute\n", busy);
		crowd->wrong++;
	}
}

static void start_all(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->size; i++) {
		if (!peer_open(&crowd->workers[i].peer, &crowd->rig.target)) {
			perror(crowd->rig.program[0]);
			exit(1);
		}
	}
}

static void end_some(struct crowd *crowd, unsigned first, unsigned behind)
{
	for (unsigned i = first; i < behind; i++) {
		int status = peer_close(&crowd->workers[i].peer);
		if (status == 0)
			continue;
		printf("  helper %u ended with wait status %#x\n", i, (unsigned)status);
		crowd->wrong++;
	}
}

/* The counters and the log each know of every answer. */
static void compare_counts(struct crowd *crowd)
{
	struct gl_counters *counters;
	static struct gl_totals totals;
	uint64_t counted = 0;
	uint64_t logged = rig_logged(&crowd->rig, "action=");
	if (gl_counters_open_readonly(&counters, crowd->rig.state) == GL_OK)
		gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	for (int action = 0; action < GL_ACTIONS; action++) {
		for (int reason = 0; reason < GL_REASONS; reason++)
			counted += totals.verdicts[action][reason];
	}
	printf("  %" PRIu64 " answers, %" PRIu64 " counted, %" PRIu64 " logged\n", crowd->answers,
	    counted, logged);
	if (counted != crowd->answers || logged != crowd->answers)
		crowd->wrong++;
}

/* Each helper takes a descriptor of ours. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		perror("setrlimit");
}

static void compare_rest(struct crowd *crowd, long descriptors)
{
	long now = gauge_descriptors(getpid());
	if (now == descriptors && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
		return;
	printf("  %ld descriptors were open at the beginning, %ld now; or a process is left\n",
	    descriptors, now);
	crowd->wrong++;
}

static void run_crowd(struct crowd *crowd)
{
	start_all(crowd);
	round_of_requests(crowd);
	sleep(DELAY + 1);
	round_of_requests(crowd);
	crowd->wrong += meddler_end(&crowd->meddler);
	end_some(crowd, 1, crowd->size);
	for (size_t i = 0; i < crowd->ledger.count; i++) {
		const struct ledger_entry *entry = &crowd->ledger.entries[i];
		crowd->wrong += entry->answered != 0 && entry->passed == 0;
	}
	compare_counts(crowd);
	crowd->wrong += rig_trouble(&crowd->rig);
	crowd->wrong += ledger_compare(&crowd->ledger, crowd->rig.state);
	end_some(crowd, 0, 1);
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: many HELPER [ADMIN]\n");
		return 64;
	}
	struct crowd crowd = { .size = rig_sanitized() ? 40
				       : extent_full() ? 1000
						       : 300,
		.seed = rig_seed() };
	crowd.ledger = (struct ledger){ .delay = DELAY,
		.count = SHARED + crowd.size * REQUESTS / 2 };
	crowd.ledger.entries = calloc(crowd.ledger.count, sizeof *crowd.ledger.entries);
	crowd.workers = calloc(crowd.size, sizeof *crowd.workers);
	crowd.polls = calloc(crowd.size, sizeof *crowd.polls);
	if (crowd.ledger.entries == NULL || crowd.workers == NULL || crowd.polls == NULL)
		return 1;
	allow_descriptors();
	long descriptors = gauge_descriptors(getpid());
	printf("%u helpers, %d requests each, seed %" PRIu64 "\n", crowd.size, 2 * REQUESTS,
	    crowd.seed);
	fill_ledger(&crowd);
	rig_make(&crowd.rig, argv[1], DELAY);
	/* whoever comes last in a queue of hundreds waits for as many syncs of the disk */
	rig_configure(&crowd.rig, DELAY, "request_timeout = \"55s\"\n" RIG_NO_LISTS);
	if (argc == 3 && !meddler_begin(&crowd.meddler, argv[2], &crowd.rig)) {
		perror("fork");
		return 1;
	}
	run_crowd(&crowd);
	rig_remove(&crowd.rig, crowd.wrong != 0 && getenv("GREYLIST_TEST_KEEP") != NULL);
	compare_rest(&crowd, descriptors);
	free(crowd.polls);
	free(crowd.workers);
	free(crowd.ledger.entries);
	printf("%" PRIu64 " wrong\n", crowd.wrong);
	return crowd.wrong == 0 ? 0 : 1;
}
