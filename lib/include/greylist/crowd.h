/*
 * crowd - who has to go where there are too many.
 *
 * Pure: the store looks at some records, says how many have to go, and
 * here it is chosen which.
 *
 * Of the waiting records of one client, a flood and an honest sender in
 * its midst look alike. A retry proves nothing, since a flood can retry
 * as well, and to keep whoever did would hand it all the places for
 * twice the requests. What no flood can hurry is time. So:
 *
 *   young   has not waited its delay yet
 *   ripe    has, and passes when it comes back
 *
 * Where more than an eighth of those that wait are young, the young one
 * with the lowest lot goes, and else the ripe one that was seen first. A
 * lot is a number out of the record's digest, which nobody outside can
 * guess, and its first attempt: whoever comes again as a stranger draws
 * again, and neither order nor moment of arrival are of any use.
 *
 * With a limit of N it follows that:
 *
 *   - while fewer than N/8 strangers come within one delay, nobody young
 *     goes, and whoever retries within eight delays passes;
 *   - where x times as many come, each stranger's chance to ripen is nearly 1/x,
 *     at each first attempt anew, and who ripened has about seven delays
 *     to come back: a young one takes the place of a ripe one only as
 *     fast as they ripen.
 *
 * Oldest first would be simpler, and would keep nobody at all where
 * N strangers come within one delay.
 */
#ifndef GREYLIST_CROWD_H
#define GREYLIST_CROWD_H

#include "greylist/decision.h"

/* Whoever is ripe and did not come back for this long will not: seconds. */
enum { GL_CROWD_PATIENCE = 6 * 3600 };

enum gl_standing {
	GL_STANDING_EXPIRED,
	GL_STANDING_YOUNG,
	GL_STANDING_RIPE,
	GL_STANDING_LEFT, /* ripe for longer than GL_CROWD_PATIENCE */
	GL_STANDING_PASSED
};

/* One record that was looked at. */
struct gl_member {
	struct gl_span key; /* borrowed */
	enum gl_standing standing;
	int64_t first_seen, last_seen;
	uint64_t lot; /* of those that wait */
	bool goes;    /* out: it was chosen */
};

/* A key's first octets, which say whose it is: all but the digest at its end. Borrowed from it. */
struct gl_span gl_crowd_owner(struct gl_span key);

/* What a record in the table is worth by these times; `goes` is false. */
void gl_member_look(struct gl_member *member, struct gl_span key, const struct gl_record *record,
    const struct gl_timing *timing, int64_t now);

/* How many of them wait: young, ripe or left. */
size_t gl_crowd_waiting(const struct gl_member *members, size_t count);

/*
 * Chooses up to `many` of those that wait by the rule above: members
 * are of one client. Returns how many it chose.
 */
size_t gl_crowd_thin(struct gl_member *members, size_t count, size_t many);

/* What is wanted of some neighbours. */
struct gl_need {
	size_t many;    /* how many should go, expired ones included */
	size_t must;    /* how many have to, whatever they are; at most `many` */
	unsigned press; /* 1 to GL_PRESS_MAX: how hard it presses */
};

enum { GL_PRESS_MAX = 4 };

/*
 * Chooses among neighbours in the table, in the order of their keys:
 *
 *   first     all that are expired
 *   then      the left, the longest first
 *   then      of the client with most that wait, by the rule above; where
 *             each has one, of all of them together
 *   at last   the one not seen for the longest, whatever it is
 *
 * Neighbours are few, and what crowds the table may be elsewhere. So the
 * third lets somebody go only where an eighth of the members wait, and
 * one client has 8 of them, or 4, 2 or 1 by how hard it presses: where
 * clients with many are to be found, those with few are left alone. That
 * does not hold until `must` are chosen, and for the last goes no
 * further than that. Returns how many it chose.
 */
size_t gl_crowd_make_room(struct gl_member *members, size_t count, const struct gl_need *need);

#endif
