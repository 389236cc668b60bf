#include "ranking.h"

#include <string.h>

static bool same(const struct gl_network *a, const struct gl_network *b)
{
	return a->prefix == b->prefix && a->base.family == b->base.family &&
	       memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes) == 0;
}

void gl_ranking_end(struct gl_ranking *ranking)
{
	size_t place = ranking->count;
	if (ranking->last.waiting == 0)
		return;
	while (place > 0 && ranking->at[place - 1].waiting < ranking->last.waiting)
		place--;
	if (ranking->count < GL_RANKING_MAX)
		ranking->count++;
	else if (place == GL_RANKING_MAX)
		return;
	memmove(&ranking->at[place + 1], &ranking->at[place],
	    (ranking->count - 1 - place) * sizeof ranking->at[0]);
	ranking->at[place] = ranking->last;
}

void gl_ranking_add(struct gl_ranking *ranking, const struct gl_network *client)
{
	if (ranking->last.waiting > 0 && !same(&ranking->last.client, client)) {
		gl_ranking_end(ranking);
		ranking->last.waiting = 0;
	}
	ranking->last.client = *client;
	ranking->last.waiting++;
}
