/*
 * editor - somebody who edits an exempt list and greylist.conf of a rig
 * all the while, so that one helper after the other compiles the rules.
 *
 * WORKLOAD_EXEMPT_NETWORK is in the list at all times; beside it each
 * edition names one address that no other names.
 */
#ifndef GREYLIST_CRASH_EDITOR_H
#define GREYLIST_CRASH_EDITOR_H

#include "rig.h"

struct editor {
	const struct rig *rig; /* NULL: nobody edits, and all calls do nothing */
	int64_t delay;
	unsigned edition;
	int64_t due; /* nanoseconds */
};

/* Writes the first edition. The rig is borrowed. */
void editor_begin(struct editor *editor, const struct rig *rig, int64_t delay);

/* Writes the next edition where it is due. `now` in nanoseconds. */
void editor_go_on(struct editor *editor, int64_t now);

/* Asks a new helper about the addresses of the last editions; returns how many answers are wrong.
 */
unsigned editor_probe(const struct editor *editor);

#endif
