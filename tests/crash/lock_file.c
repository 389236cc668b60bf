/*
 * lock_file HELPER ADMIN - the table's lock.mdb removed, replaced or spoilt.
 *
 * Once while helpers have the table open, once while none has; and once
 * more while some are at work. Every request has to be answered; what
 * cannot be remembered passes, and the log says why. Whatever was answered with "later" is in the
 * table, which is whole, and nobody is in trouble any more after a few requests. The lock file of a
 * table elsewhere stands for one that another machine, or this one before it was started again,
 * left behind.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "rig.h"
#include "spoil.h"
#include "tmpdir.h"

enum {
	KEPT = 3, /* helpers that live on */
	NEW = 2,  /* and that come in each round */
	ROUNDS = 14,
	AGAIN = 5, /* the round in the middle of which it happens once more */
	QUIET = 4, /* rounds at the end without trouble */
	ENTRIES = 10 + (ROUNDS + QUIET) * (KEPT + NEW),
	DELAY = 3600,
	PATIENCE = 60000
};

struct trial {
	struct rig rig, elsewhere;
	struct spoil_place place;
	struct peer abroad; /* has the other table open */
	struct ledger ledger;
	uint64_t number;
	unsigned trouble, late_trouble, wrong;
};

static void complain(struct trial *trial, const char *what)
{
	trial->wrong++;
	printf("  %s\n", what);
}

static struct ledger_entry *stranger(struct trial *trial)
{
	struct workload strangers = { .mix = WORKLOAD_ALL_NEW, .seed = 1 };
	struct ledger_entry *entry = &trial->ledger.entries[trial->ledger.count++];
	*entry = (struct ledger_entry){ .asked = 0 };
	workload_envelope(&strangers, trial->number++, &entry->envelope);
	return entry;
}

static void start(struct trial *trial, struct peer *peer)
{
	if (!peer_open(peer, &trial->rig.target)) {
		perror(trial->rig.program[0]);
		exit(1);
	}
}

static void ask(struct peer *peer, struct ledger_entry *entry)
{
	char request[2048];
	ledger_ask(entry, time(NULL));
	size_t len = workload_request(request, sizeof request, &entry->envelope);
	(void)peer_ask(peer, request, len);
}

/* A stranger who passes was not remembered. */
static void hear(struct trial *trial, struct peer *peer, struct ledger_entry *entry, bool late)
{
	enum peer_news news;
	struct pollfd waiting = { .fd = peer->fd, .events = POLLIN };
	while (poll(&waiting, 1, PATIENCE) > 0 && (news = peer_read(peer, false)) == PEER_MORE)
		continue;
	if (news == PEER_MORE)
		complain(trial, "no answer in a minute");
	else if (news != PEER_ANSWERED)
		complain(trial, "a request was not answered");
	else if (!answer_passes(peer->got.verb))
		ledger_answer(&trial->ledger, entry, peer->got.verb, entry->asked, time(NULL));
	else if (late)
		trial->late_trouble++;
	else
		trial->trouble++;
	/* its last words may have been an answer per on_error */
	waiting = (struct pollfd){ .fd = peer->fd, .events = POLLIN };
	if (answer_passes(peer->got.verb) && poll(&waiting, 1, 50) > 0) {
		peer_close(peer);
		start(trial, peer);
	}
}

/* All at once: those who live on, and newcomers; with `damage`, in the middle of it. */
static void run_round(
    struct trial *trial, struct peer kept[KEPT], const struct spoil *damage, bool late)
{
	struct peer *all[KEPT + NEW], fresh[NEW];
	struct ledger_entry *entries[KEPT + NEW];
	for (int i = 0; i < KEPT + NEW; i++) {
		all[i] = i < KEPT ? &kept[i] : &fresh[i - KEPT];
		if (i >= KEPT || all[i]->fd < 0)
			start(trial, all[i]);
		entries[i] = stranger(trial);
	}
	for (int i = 0; i < KEPT + NEW; i++)
		ask(all[i], entries[i]);
	if (damage != NULL)
		damage->fn(&trial->place);
	for (int i = 0; i < KEPT + NEW; i++)
		hear(trial, all[i], entries[i], late);
	for (int i = 0; i < NEW; i++)
		if (peer_close(&fresh[i]) != 0)
			complain(trial, "a newcomer ended badly");
}

static void begin(struct trial *trial, struct peer kept[KEPT], bool living)
{
	for (int i = 0; i < KEPT; i++) {
		start(trial, &kept[i]);
		struct ledger_entry *entry = stranger(trial);
		ask(&kept[i], entry);
		hear(trial, &kept[i], entry, true);
	}
	for (int i = 0; !living && i < KEPT; i++) {
		/* one of them leaves its slot behind */
		if (i == 0)
			peer_kill(&kept[i]);
		peer_close(&kept[i]);
	}
}

static void judge(struct trial *trial, const char *admin)
{
	char aside[600];
	if (trial->late_trouble != 0)
		complain(trial, "it is not over after some requests");
	if (trial->trouble != 0 && rig_logged(&trial->rig, "warning: ") == 0)
		complain(trial, "the log does not say why strangers passed");
	snprintf(aside, sizeof aside, "%s/table.1.corrupt", trial->rig.state);
	if (access(aside, F_OK) == 0)
		complain(trial, "a good table was put aside");
	trial->wrong += (unsigned)ledger_compare(&trial->ledger, trial->rig.state);
	trial->wrong += (unsigned)rig_damage(&trial->rig, admin);
}

static void make_places(struct trial *trial, const char *helper)
{
	struct ledger_entry *entry;
	rig_make(&trial->rig, helper, DELAY);
	rig_make(&trial->elsewhere, helper, DELAY);
	rig_configure(&trial->rig, DELAY, "request_timeout = \"4s\"\n" RIG_NO_LISTS);
	snprintf(
	    trial->place.lock, sizeof trial->place.lock, "%s/table.1/lock.mdb", trial->rig.state);
	snprintf(trial->place.coming, sizeof trial->place.coming, "%s/coming", trial->rig.dir);
	snprintf(trial->place.other, sizeof trial->place.other, "%s/table.1/lock.mdb",
	    trial->elsewhere.state);
	trial->ledger.count = 0;
	entry = stranger(trial);
	if (!peer_open(&trial->abroad, &trial->elsewhere.target))
		exit(1);
	ask(&trial->abroad, entry);
	hear(trial, &trial->abroad, entry, true);
	trial->ledger.count = 0;
}

/* What greylist-policy(8) has to say about it: remove the file. */
static void mend(struct trial *trial, struct peer kept[KEPT])
{
	printf("  lasts until it is removed\n");
	trial->trouble += trial->late_trouble;
	trial->late_trouble = 0;
	if (rig_logged(&trial->rig, "request_timeout passed") == 0)
		complain(trial, "and the log does not say so");
	unlink(trial->place.lock);
	for (int i = 0; i < QUIET; i++)
		run_round(trial, kept, NULL, true);
}

static unsigned run(const struct spoil *damage, bool living, char **argv)
{
	static struct ledger_entry entries[ENTRIES];
	static struct trial trial;
	struct peer kept[KEPT];
	trial = (struct trial){ .ledger = { .delay = DELAY, .entries = entries } };
	printf("%s, %s\n", damage->name, living ? "helpers live" : "no helper lives");
	make_places(&trial, argv[1]);
	begin(&trial, kept, living);
	damage->fn(&trial.place);
	for (int i = 0; i < ROUNDS; i++)
		run_round(&trial, kept, i == AGAIN ? damage : NULL, i >= ROUNDS - QUIET);
	if (damage->may_last && trial.late_trouble > 0)
		mend(&trial, kept);
	printf("  %u of %d strangers passed\n", trial.trouble + trial.late_trouble,
	    ROUNDS * (KEPT + NEW));
	judge(&trial, argv[2]);
	for (int i = 0; i < KEPT; i++)
		peer_close(&kept[i]);
	peer_close(&trial.abroad);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	bool keep = trial.wrong != 0 && getenv("GREYLIST_TEST_KEEP") != NULL;
	rig_remove(&trial.rig, keep);
	rig_remove(&trial.elsewhere, false);
	return trial.wrong;
}

int main(int argc, char **argv)
{
	unsigned wrong = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: lock_file HELPER ADMIN [DAMAGE]\n");
		return 64;
	}
	for (size_t i = 0; i < SPOILS; i++) {
		if (argc == 4 && strcmp(argv[3], spoils[i].name) != 0)
			continue;
		wrong += run(&spoils[i], true, argv);
		wrong += run(&spoils[i], false, argv);
	}
	printf("%u wrong\n", wrong);
	return wrong == 0 ? 0 : 1;
}
