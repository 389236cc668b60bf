#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* One of the connections, and the request it has under way. */
struct lane {
	struct peer peer;
	enum workload_kind kind;
	uint64_t since; /* nanoseconds */
	uint64_t asked; /* requests on this connection */
	bool busy;      /* a request is under way */
};

struct load {
	const struct load_options *options;
	struct load_figures *figures;
	struct lane *lanes;
	int events;      /* epoll; -1 with a single lane, which simply waits */
	int timer;       /* of the pace; -1 without one */
	uint64_t number; /* of the next request */
	uint64_t last;   /* 0: no end by number */
	uint64_t until;  /* nanoseconds; 0: no end by time */
	double due;      /* nanoseconds: when a paced request is next */
	unsigned busy;   /* lanes with a request under way */
	bool warming;
	bool stopped;
};

enum { SECOND = 1000000000 };

static uint64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void lane_close(struct load *load, struct lane *lane)
{
	if (peer_close(&lane->peer) != 0)
		load->figures->bad_ends++;
}

static bool lane_open(struct load *load, struct lane *lane)
{
	if (!peer_open(&lane->peer, &load->options->target)) {
		fprintf(stderr, "policy-load: cannot open a connection: %s\n", strerror(errno));
		return false;
	}
	lane->asked = 0;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = lane };
	if (load->events >= 0 &&
	    epoll_ctl(load->events, EPOLL_CTL_ADD, lane->peer.fd, &event) != 0) {
		perror("policy-load: epoll_ctl");
		return false;
	}
	return true;
}

/* Whether one more request is wanted. */
static bool wanted(const struct load *load)
{
	if (load->warming || load->stopped)
		return false;
	if (load->last != 0 && load->number >= load->last)
		return false;
	return load->until == 0 || clock_now() < load->until;
}

static bool paced(const struct load *load)
{
	return load->timer >= 0 && !load->warming;
}

/* A request's time begins when it is asked, or with a pace when it was to be asked. */
static uint64_t next_since(struct load *load)
{
	if (!paced(load))
		return clock_now();
	uint64_t since = (uint64_t)load->due;
	load->due += SECOND / load->options->rate;
	return since;
}

/* Asks the next request on a lane, over a fresh connection where one is due. */
static bool lane_ask(struct load *load, struct lane *lane)
{
	struct envelope envelope;
	char request[2048];
	uint64_t each = load->options->per_connection;
	workload_envelope(&load->options->workload, load->number++, &envelope);
	size_t len = workload_request(request, sizeof request, &envelope);
	lane->kind = envelope.kind;
	lane->since = next_since(load);
	if (lane->peer.fd >= 0 && each != 0 && lane->asked >= each)
		lane_close(load, lane);
	if (lane->peer.fd < 0 && !lane_open(load, lane))
		return false;
	lane->asked++;
	lane->busy = true;
	load->busy++;
	/* a peer that is gone shows itself at the read */
	(void)peer_ask(&lane->peer, request, len);
	return true;
}

static void count_answer(struct load *load, const struct lane *lane)
{
	struct load_figures *figures = load->figures;
	enum answer_verb verb = lane->peer.got.verb;
	figures->answers++;
	figures->verbs[verb]++;
	if (answer_passes(verb) != (lane->kind != WORKLOAD_NEW))
		figures->unexpected++;
	uint64_t took = clock_now() - lane->since;
	latency_add(&figures->latency, took);
	latency_add(&figures->by_kind[lane->kind], took);
}

static bool may_ask(const struct load *load)
{
	return wanted(load) && (!paced(load) || load->due <= (double)clock_now());
}

/* A connection that nothing was asked on: all that it can have to say is its end. */
static void lane_hear(struct load *load, struct lane *lane)
{
	if (lane->peer.fd < 0)
		return;
	load->figures->gone++;
	lane_close(load, lane);
}

/* Reads on a lane and, once its answer is there, asks the next. */
static bool lane_serve(struct load *load, struct lane *lane)
{
	switch (peer_read(&lane->peer, load->events < 0)) {
	case PEER_MORE:
		return true;
	case PEER_ANSWERED:
		count_answer(load, lane);
		break;
	case PEER_MALFORMED:
		load->figures->malformed++;
		lane_close(load, lane);
		break;
	case PEER_GONE:
		load->figures->gone++;
		lane_close(load, lane);
		break;
	}
	lane->busy = false;
	load->busy--;
	return may_ask(load) ? lane_ask(load, lane) : true;
}

/* Asks on every lane that is free, as far as there is something to ask. */
static bool ask_all(struct load *load)
{
	for (unsigned i = 0; i < load->options->parallel; i++) {
		if (load->lanes[i].busy)
			continue;
		if (!load->warming && !may_ask(load))
			break;
		if (!lane_ask(load, &load->lanes[i]))
			return false;
	}
	return true;
}

/* To wake when the next request is due; with all lanes busy, never. */
static void set_timer(const struct load *load)
{
	uint64_t due = load->busy < load->options->parallel ? (uint64_t)load->due : 0;
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(due / SECOND),
				     .tv_nsec = (long)(due % SECOND) } };
	timerfd_settime(load->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void stop(struct load *load)
{
	load->stopped = true;
	epoll_ctl(load->events, EPOLL_CTL_DEL, load->options->stop, NULL);
}

static bool serve_ready(struct load *load)
{
	struct epoll_event ready[64];
	if (paced(load))
		set_timer(load);
	int count = epoll_wait(load->events, ready, 64, -1);
	for (int i = 0; i < count; i++) {
		struct lane *lane = ready[i].data.ptr;
		if (ready[i].data.ptr == load->options)
			stop(load);
		else if (ready[i].data.ptr == load)
			continue;
		else if (!lane->busy)
			lane_hear(load, lane);
		else if (!lane_serve(load, lane))
			return false;
	}
	return !paced(load) || ask_all(load);
}

static bool serve_all(struct load *load)
{
	while (load->busy > 0 || (paced(load) && wanted(load))) {
		if (load->events >= 0 ? !serve_ready(load) : !lane_serve(load, &load->lanes[0]))
			return false;
	}
	return true;
}

static bool warm_up(struct load *load)
{
	load->warming = true;
	bool good = ask_all(load) && serve_all(load);
	load->warming = false;
	uint64_t bad = load->figures->malformed + load->figures->gone;
	*load->figures = (struct load_figures){ .gone = bad };
	return good;
}

static bool run_lanes(struct load *load)
{
	const struct load_options *options = load->options;
	if (options->per_connection == 0 && !warm_up(load))
		return false;
	if (options->requests != 0)
		load->last = load->number + options->requests;
	uint64_t begin = clock_now();
	load->due = (double)begin;
	if (options->seconds > 0)
		load->until = begin + (uint64_t)(options->seconds * 1e9);
	bool good = ask_all(load) && serve_all(load);
	load->figures->seconds = (double)(clock_now() - begin) / 1e9;
	return good;
}

static bool watch(const struct load *load, int fd, const void *mark)
{
	union {
		const void *in;
		void *out;
	} at = { .in = mark };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = at.out };
	return epoll_ctl(load->events, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* A single lane without a pace simply waits at its connection: that costs least. */
static bool open_events(struct load *load)
{
	const struct load_options *options = load->options;
	if (options->parallel == 1 && options->rate <= 0)
		return true;
	load->events = epoll_create1(EPOLL_CLOEXEC);
	if (load->events < 0 || (options->stop > 0 && !watch(load, options->stop, options)))
		return false;
	if (options->rate <= 0)
		return true;
	load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return load->timer >= 0 && watch(load, load->timer, load);
}

bool load_run(const struct load_options *options, struct load_figures *figures)
{
	*figures = (struct load_figures){ .answers = 0 };
	struct load load = { .options = options, .figures = figures, .events = -1, .timer = -1 };
	bool good = false;
	load.lanes = calloc(options->parallel, sizeof *load.lanes);
	if (load.lanes == NULL)
		goto out;
	for (unsigned i = 0; i < options->parallel; i++)
		load.lanes[i].peer.fd = -1;
	if (!open_events(&load))
		goto out;
	good = run_lanes(&load);
out:
	for (unsigned i = 0; load.lanes != NULL && i < options->parallel; i++)
		lane_close(&load, &load.lanes[i]);
	if (load.timer >= 0)
		close(load.timer);
	if (load.events >= 0)
		close(load.events);
	free(load.lanes);
	return good;
}
