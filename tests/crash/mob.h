/*
 * mob - everything that greylist-admin can do to a table, several at a
 * time on that of a rig, about half of them killed with SIGKILL on the way.
 *
 * What a command said was done has to be there in the end: the entries of
 * an import, what was allowed by hand, who was denied. A restore brings
 * back a backup made before, and merges it with the table, so it takes
 * none of that away; what is deleted and purged is of senders that nobody
 * else asks about, and may come back with a restore.
 */
#ifndef GREYLIST_CRASH_MOB_H
#define GREYLIST_CRASH_MOB_H

#include <sys/types.h>

#include "dice.h"
#include "rig.h"

enum { MOB_SLOTS = 3, MOB_NUMBERS = 4096, MOB_COMMANDS = 11 };

struct mob_slot {
	pid_t pid; /* 0: none */
	int command;
	unsigned number; /* of an import, an allow or a deny */
	bool killed;
	int64_t kill_at; /* nanoseconds; 0: it may finish */
};

struct mob {
	const char *admin; /* NULL: there is no mob, and all calls do nothing */
	const struct rig *rig;
	char backup[600];
	struct mob_slot slots[MOB_SLOTS];
	/* In this episode: how many were begun, and which are known to be done. */
	unsigned numbers[MOB_COMMANDS];
	bool done[MOB_COMMANDS][MOB_NUMBERS];
	unsigned finished[MOB_COMMANDS], cut[MOB_COMMANDS];
	unsigned kills, acknowledged, failed;
};

/* At the beginning of an episode, and at its end, when the last commands may finish. */
void mob_begin(struct mob *mob, const struct rig *rig);
void mob_end(struct mob *mob);

/* Kills what is due, notes what ended, and starts the next commands. `now` in nanoseconds. */
void mob_go_on(struct mob *mob, struct dice *dice, int64_t now);

/* Holds the table, as export prints it, against what was acknowledged; returns what is missing. */
uint64_t mob_compare(struct mob *mob);

/* Prints how many there were; returns how many failed, and 1 where a sort never finished. */
unsigned mob_report(const struct mob *mob);

#endif
