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
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "rig.h"
#include "tmpdir.h"

enum {
	KEPT = 3, /* helpers that live on */
	NEW = 2,  /* and that come in each round */
	ROUNDS = 14,
	AGAIN = 5, /* the round in the middle of which it happens once more */
	QUIET = 4, /* rounds at the end without trouble */
	ENTRIES = 10 + (ROUNDS + QUIET) * (KEPT + NEW),
	DELAY = 3600,
	HEAD = 8, /* octets of a lock file that say what it is */
	PATIENCE = 60000
};

struct place {
	char lock[600];
	char other[600]; /* the lock file of a table elsewhere, in use there */
	char coming[600];
};

struct trial {
	struct rig rig, elsewhere;
	struct place place;
	struct peer abroad; /* has the other table open */
	struct ledger ledger;
	uint64_t number;
	unsigned trouble, late_trouble, wrong;
};

struct damage {
	const char *name;
	void (*fn)(const struct place *place);
	bool may_last; /* LMDB takes it for its own, with mutexes that nobody gives back */
};

static void put(const char *path, const void *bytes, size_t len, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static size_t get(const char *path, char *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, bytes, size);
	if (len < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
	return (size_t)len;
}

static void take_place(const struct place *place)
{
	if (rename(place->coming, place->lock) != 0) {
		perror(place->lock);
		exit(1);
	}
}

static void remove_it(const struct place *place)
{
	unlink(place->lock);
}

static void empty_in_its_place(const struct place *place)
{
	put(place->coming, "", 0, 0);
	take_place(place);
}

static void empty_it(const struct place *place)
{
	put(place->lock, "", 0, O_TRUNC);
}

static void cut_it_off(const struct place *place)
{
	if (truncate(place->lock, 4096 + 1000) != 0)
		perror(place->lock);
}

static char octets[1 << 20];

static size_t garbage(void)
{
	enum { WHOLE = 266240 };
	for (size_t i = 0; i < WHOLE; i++)
		octets[i] = (char)workload_random(1, i);
	return WHOLE;
}

static void garbage_in_its_place(const struct place *place)
{
	put(place->coming, octets, garbage(), 0);
	take_place(place);
}

static void garbage_over_it(const struct place *place)
{
	put(place->lock, octets, garbage(), 0);
}

static void garbage_over_its_head(const struct place *place)
{
	garbage();
	put(place->lock, octets, HEAD, 0);
}

static void other_in_its_place(const struct place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	put(place->coming, octets, len, 0);
	take_place(place);
}

static void other_over_it(const struct place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	put(place->lock, octets, len, 0);
}

/* The last of the octets that say what it is, one of the format's. */
static size_t other_version(const struct place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	octets[HEAD - 4] = (char)(octets[HEAD - 4] + 1);
	return len;
}

static void other_version_in_its_place(const struct place *place)
{
	put(place->coming, octets, other_version(place), 0);
	take_place(place);
}

static void other_version_over_it(const struct place *place)
{
	put(place->lock, octets, other_version(place), 0);
}

static const struct damage damages[] = {
	{ "removed", remove_it, false },
	{ "an empty file in its place", empty_in_its_place, false },
	{ "emptied", empty_it, false },
	{ "cut off", cut_it_off, false },
	{ "garbage in its place", garbage_in_its_place, false },
	{ "overwritten with garbage", garbage_over_it, true },
	{ "its head overwritten", garbage_over_its_head, false },
	{ "another table's in its place", other_in_its_place, false },
	{ "overwritten with another table's", other_over_it, true },
	{ "another version's in its place", other_version_in_its_place, false },
	{ "overwritten with another version's", other_version_over_it, true },
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
    struct trial *trial, struct peer kept[KEPT], const struct damage *damage, bool late)
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
	remove_it(&trial->place);
	for (int i = 0; i < QUIET; i++)
		run_round(trial, kept, NULL, true);
}

static unsigned run(const struct damage *damage, bool living, char **argv)
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
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		if (argc == 4 && strcmp(argv[3], damages[i].name) != 0)
			continue;
		wrong += run(&damages[i], true, argv);
		wrong += run(&damages[i], false, argv);
	}
	printf("%u wrong\n", wrong);
	return wrong == 0 ? 0 : 1;
}
