/*
 * workload - which requests a load is made of.
 *
 * Deterministic: the same mix, seed, pool and number always give the
 * same envelope, so a run can be repeated and what was asked can be
 * looked up afterwards. `pool` requests in a row of the known kind name
 * each known triplet once.
 *
 * Known triplets have each its own client network in 10.0.0.0/8, new
 * ones live in 100.64.0.0/10 and 2001:db8::/32, exempt clients in
 * WORKLOAD_EXEMPT_NETWORK, which the list of the table under load has to
 * name.
 */
#ifndef GREYLIST_BENCH_WORKLOAD_H
#define GREYLIST_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKLOAD_EXEMPT_NETWORK "198.51.100.0/24"

enum workload_kind { WORKLOAD_KNOWN, WORKLOAD_NEW, WORKLOAD_EXEMPT, WORKLOAD_KINDS };

/* WORKLOAD_MIXED: 80 known, 15 new, 5 exempt in a hundred. */
enum workload_mix { WORKLOAD_ALL_KNOWN, WORKLOAD_ALL_NEW, WORKLOAD_ALL_EXEMPT, WORKLOAD_MIXED };

struct workload {
	enum workload_mix mix;
	uint64_t seed;
	uint32_t pool; /* known triplets, at least 1 and below 2^24 */
};

struct envelope {
	enum workload_kind kind;
	char client[46];
	char sender[64];
	char recipient[64];
};

/* "known", "new", "exempt" or "mixed"; false for another word. */
bool workload_mix_parse(enum workload_mix *mix, const char *word);
const char *workload_mix_text(enum workload_mix mix);

/* The known triplet of this number, below 2^24. */
void workload_known(uint32_t index, struct envelope *envelope);

/* The n-th envelope. */
void workload_envelope(const struct workload *workload, uint64_t number, struct envelope *envelope);

/*
 * The request that Postfix would send for it at RCPT, with the attributes
 * of Postfix 3.7 in their order. Returns its length; 0 where it does not
 * fit.
 */
size_t workload_request(char *buffer, size_t size, const struct envelope *envelope);

/* A pseudo-random number that depends on both and on nothing else. */
uint64_t workload_random(uint64_t seed, uint64_t number);

#endif
