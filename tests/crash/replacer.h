/*
 * replacer - greylist-admin at work on a rig's table, one command after
 * the other, about half of them killed with SIGKILL on the way.
 */
#ifndef GREYLIST_CRASH_REPLACER_H
#define GREYLIST_CRASH_REPLACER_H

#include <sys/types.h>

#include "dice.h"
#include "rig.h"

enum { REPLACER_COMMANDS = 3 };

struct replacer {
	const char
	    *admin; /* the program; NULL: nobody replaces anything, and all calls do nothing */
	const struct rig *rig;
	char backup[512]; /* directory, beside the state directory */
	pid_t pid;        /* of the command at work; 0: none */
	int command;
	bool killed;
	int64_t kill_at; /* nanoseconds; 0: it may finish */
	unsigned finished[REPLACER_COMMANDS], cut[REPLACER_COMMANDS], failed;
};

/* At the beginning of an episode, and at its end, when the last command may finish. */
void replacer_begin(struct replacer *replacer, const struct rig *rig);
void replacer_end(struct replacer *replacer);

/* Kills what is due, notes what ended, and starts the next command. `now` in nanoseconds. */
void replacer_go_on(struct replacer *replacer, struct dice *dice, int64_t now);

/* Prints how many there were; returns how many failed, and 1 where a sort never finished. */
unsigned replacer_report(const struct replacer *replacer);

#endif
