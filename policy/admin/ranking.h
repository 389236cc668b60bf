/*
 * ranking - the client networks with the most waiting triplets.
 *
 * The keys of triplets begin with their client's network, so all of one
 * network come behind one another when the table is read: one number is
 * counted at a time, and the ten largest so far are kept.
 */
#ifndef GREYLIST_RANKING_H
#define GREYLIST_RANKING_H

#include <stddef.h>

#include "greylist/address.h"

enum { GL_RANKING_MAX = 10 };

struct gl_ranked {
	struct gl_network client;
	uint64_t waiting;
};

/* Zeros are none yet. */
struct gl_ranking {
	size_t count;
	struct gl_ranked at[GL_RANKING_MAX]; /* most first; of equals the one that came first */
	struct gl_ranked last;               /* private: still being counted */
};

/* One more of this network. */
void gl_ranking_add(struct gl_ranking *ranking, const struct gl_network *client);

/* Puts the last network in its place; due once, behind the last triplet. */
void gl_ranking_end(struct gl_ranking *ranking);

#endif
