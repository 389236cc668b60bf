#include "arrivals.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* A mail, in one of the chains and in the row of all from the newest to the oldest. */
struct place {
	uint32_t chained;      /* the next one of the chain; of a free place, of the free ones */
	uint32_t newer, older; /* by when they were asked for */
	uint64_t host;
	uint8_t id_len;
	char id[GL_QUEUE_ID_MAX];
	struct gl_arrival arrival;
};

struct gl_arrivals {
	uint64_t begun, dropped;
	size_t room; /* places */
	size_t used; /* that were ever used: memory is touched only as it is needed */
	uint32_t free, newest, oldest;
	size_t chains; /* a power of two */
	uint32_t *chain;
	struct place *at;
};

/* FNV-1a: neither a host's name nor a queue id is a stranger's to choose. */
static uint64_t hash(uint64_t from, struct gl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		from = (from ^ (uint8_t)text.at[i]) * 1099511628211u;
	return from;
}

static uint64_t host_of(const struct gl_mailline *line)
{
	return hash(14695981039346656037u, line->host);
}

static uint32_t *chain_of(struct gl_arrivals *arrivals, uint64_t host, struct gl_span id)
{
	return &arrivals->chain[hash(host, id) & (arrivals->chains - 1)];
}

static struct gl_span id_of(const struct place *place)
{
	return (struct gl_span){ place->id, place->id_len };
}

struct gl_arrivals *gl_arrivals_new(size_t room)
{
	struct gl_arrivals *arrivals = calloc(1, sizeof *arrivals);
	if (arrivals == NULL)
		return NULL;
	arrivals->room = room;
	arrivals->free = arrivals->newest = arrivals->oldest = NONE;
	for (arrivals->chains = 1; arrivals->chains < room;)
		arrivals->chains *= 2;
	arrivals->at = calloc(room, sizeof *arrivals->at);
	arrivals->chain = malloc(arrivals->chains * sizeof *arrivals->chain);
	if (arrivals->at == NULL || arrivals->chain == NULL) {
		gl_arrivals_free(arrivals);
		return NULL;
	}
	for (size_t i = 0; i < arrivals->chains; i++)
		arrivals->chain[i] = NONE;
	return arrivals;
}

void gl_arrivals_free(struct gl_arrivals *arrivals)
{
	if (arrivals == NULL)
		return;
	free(arrivals->at);
	free(arrivals->chain);
	free(arrivals);
}

uint64_t gl_arrivals_dropped(const struct gl_arrivals *arrivals)
{
	return arrivals->dropped;
}

/* NONE where it is not there. */
static uint32_t look_up(struct gl_arrivals *arrivals, const struct gl_mailline *line)
{
	uint64_t host = host_of(line);
	uint32_t i = *chain_of(arrivals, host, line->queue_id);
	while (i != NONE && (arrivals->at[i].host != host ||
				!gl_span_equal(id_of(&arrivals->at[i]), line->queue_id)))
		i = arrivals->at[i].chained;
	return i;
}

static void leave_row(struct gl_arrivals *arrivals, uint32_t i)
{
	const struct place *place = &arrivals->at[i];
	*(place->newer == NONE ? &arrivals->newest
			       : &arrivals->at[place->newer].older) = place->older;
	*(place->older == NONE ? &arrivals->oldest
			       : &arrivals->at[place->older].newer) = place->newer;
}

static void join_row(struct gl_arrivals *arrivals, uint32_t i)
{
	struct place *place = &arrivals->at[i];
	place->newer = NONE;
	place->older = arrivals->newest;
	*(arrivals->newest == NONE ? &arrivals->oldest : &arrivals->at[arrivals->newest].newer) = i;
	arrivals->newest = i;
}

static void release(struct gl_arrivals *arrivals, uint32_t i)
{
	struct place *place = &arrivals->at[i];
	uint32_t *link = chain_of(arrivals, place->host, id_of(place));
	while (*link != i)
		link = &arrivals->at[*link].chained;
	*link = place->chained;
	leave_row(arrivals, i);
	place->chained = arrivals->free;
	arrivals->free = i;
}

static uint32_t take_place(struct gl_arrivals *arrivals)
{
	if (arrivals->free == NONE && arrivals->used < arrivals->room)
		return (uint32_t)arrivals->used++;
	if (arrivals->free == NONE) {
		release(arrivals, arrivals->oldest);
		arrivals->dropped++;
	}
	uint32_t i = arrivals->free;
	arrivals->free = arrivals->at[i].chained;
	return i;
}

struct gl_arrival *gl_arrivals_begin(struct gl_arrivals *arrivals, const struct gl_mailline *line)
{
	gl_arrivals_end(arrivals, line);
	uint32_t i = take_place(arrivals);
	struct place *place = &arrivals->at[i];
	uint64_t host = host_of(line);
	uint32_t *chain = chain_of(arrivals, host, line->queue_id);
	place->host = host;
	place->id_len = (uint8_t)line->queue_id.len;
	memcpy(place->id, line->queue_id.at, line->queue_id.len);
	place->chained = *chain;
	*chain = i;
	join_row(arrivals, i);
	memset(&place->arrival, 0, offsetof(struct gl_arrival, sender));
	place->arrival.serial = ++arrivals->begun;
	return &place->arrival;
}

struct gl_arrival *gl_arrivals_find(struct gl_arrivals *arrivals, const struct gl_mailline *line)
{
	uint32_t i = look_up(arrivals, line);
	if (i == NONE)
		return NULL;
	leave_row(arrivals, i);
	join_row(arrivals, i);
	return &arrivals->at[i].arrival;
}

void gl_arrivals_end(struct gl_arrivals *arrivals, const struct gl_mailline *line)
{
	uint32_t i = look_up(arrivals, line);
	if (i != NONE)
		release(arrivals, i);
}
