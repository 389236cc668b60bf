/*
 * load - many connections asking one policy server as fast as it answers,
 * or at a pace.
 *
 * Each connection has one request under way, as an smtpd process has.
 * With a pace, requests become due at even distances whatever the answers
 * do, as mail comes in, and a request's time begins when it was due: a
 * server that stands still for a second is charged for all who waited.
 * One thread drives them all, so figures at many connections hold only
 * as far as this program is not the slower side.
 */
#ifndef GREYLIST_BENCH_LOAD_H
#define GREYLIST_BENCH_LOAD_H

#include "latency.h"
#include "peer.h"
#include "workload.h"

enum { LOAD_PARALLEL_MAX = 1024 };

struct load_options {
	struct target target;
	struct workload workload;
	unsigned parallel;       /* connections at one time */
	uint64_t requests;       /* in all; 0: until `seconds` are over */
	double seconds;          /* 0: until `requests` are answered */
	uint64_t per_connection; /* requests, then a fresh one; 0: all on one */
	double rate;             /* requests a second over all connections; 0: no pace */
	int stop;                /* descriptor: nothing more is asked once it can be read. 0: none;
				    never looked at with one connection and no pace */
};

/*
 * With per_connection = 0, each connection gets one answer before the
 * clock starts: what starting costs is then no part of the figures.
 * Otherwise a request's time begins before its connection is opened.
 */
struct load_figures {
	double seconds;
	uint64_t answers;
	uint64_t verbs[ANSWER_VERBS];
	uint64_t unexpected; /* known or exempt deferred, new let through */
	uint64_t malformed;
	uint64_t gone;     /* connections that ended before the answer */
	uint64_t bad_ends; /* programs that ended otherwise than with 0 */
	struct latency latency;
	struct latency by_kind[WORKLOAD_KINDS];
};

/* False, with a word on stderr, where a connection cannot be opened. */
bool load_run(const struct load_options *options, struct load_figures *figures);

#endif
