/*
 * store_caps - how much of the table strangers may take.
 *
 * Without limits a flood of strangers fills the map, and then greylisting
 * is off (on_error = pass) or all mail waits. With them each newcomer
 * makes the room that it takes, inside its own transaction: no timer,
 * no daemon, and a bounded look at the table. Set `caps` in a struct
 * gl_sweep for that; ops that came without it may go over the limits,
 * and each newcomer after them then lets a few more go than come in.
 *
 * Waiting triplets of one client
 *
 * A client here is what all keys but for the digest at their end have in
 * common: a network, or a pool of servers (triplet.h). Each is limited
 * for itself: where a stranger is remembered under both and one of the
 * two records is displaced, the other one still lets the retry pass.
 *
 * A large sender's network may have a hundred thousand triplets that
 * passed. So one newcomer in sixteen (with limits below 1024 more
 * often: one in pending/64) looks at its client's entries, at no more
 * than 1024 of them, beginning at its own key; which newcomer it is,
 * and where its key lies, the keyed digest says. Where the client has
 * more, the 1024 have as large a share of the limit as of all digests,
 * up to a quarter more where that is small, and never below 16. What is
 * above goes, at most 64 at once, by the rule of crowd.h. Hence the
 * limit may be passed by some sixteen entries, for a while, and by a
 * client of very many triplets until one in 64 of them waits.
 *
 * Entries in all
 *
 * In the limit's last thirty-second, or with a tenth of the map left, a
 * newcomer does not look at its sweep's few entries but at 64 behind the
 * hand, up to four times until enough are found, and some of those go by
 * the order of crowd.h: at most eight, and expired ones. It begins with
 * clients of whom many wait, and the more of that room is taken the
 * fewer are enough: in its first quarter 8 among those that are looked
 * at, then 4, 2, and 1. Beyond the limit itself somebody goes whatever he
 * is, and in a full map likewise. While the hand is among the clients,
 * and where it comes there, the entries are those behind the newcomer's
 * own key.
 *
 * The hand comes by everywhere alike. A random place between two keys
 * would not do: with the client in front, a flood's keys lie close
 * together and would be hit least of all.
 */
#ifndef GREYLIST_STORE_CAPS_H
#define GREYLIST_STORE_CAPS_H

#include "greylist/store.h"

/*
 * The limits; each at most GL_CAP_MAX, 0 is none. Without a limit on
 * entries a newcomer still makes room where the map comes to its end.
 *
 * What came of it is in the sweep: `displaced` were waiting triplets of
 * a client with too many, `evicted` were living entries (not expired)
 * that had to go for the table.
 */
struct gl_caps {
	uint32_t pending; /* waiting triplets of one client */
	uint32_t entries; /* triplets in all */
};

enum { GL_CAP_MAX = 1000000000 };

#endif
