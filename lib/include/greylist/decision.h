/*
 * decision - whether a delivery attempt may pass now.
 *
 * Pure: the same timing, memory and time always give the same verdict.
 * Time is seconds since the epoch and comes from the caller. A clock
 * that steps back counts as standing still: ages are never negative,
 * and a stranger who was first seen "in the future" starts anew now, so
 * that nobody waits longer than the delay.
 *
 * The rules (RFC 6647 section 5, and Postgrey where the RFC is silent):
 *
 *   stranger                          deferred; seen from now on
 *   waiting, age < delay              deferred; nothing that changes a later verdict moves
 *   waiting, delay <= age <= window   passes, and passed_at is stored
 *   waiting, age > retry window       a stranger again (item 2: "considered to be a new message")
 *   passed, unseen <= max_age         passes
 *   passed, unseen > max_age          a stranger again (item 3)
 *
 * The limits are inclusive for the sender: a retry at the very second
 * that the delay ends passes, and one at the very second that the
 * window ends passes too.
 */
#ifndef GREYLIST_DECISION_H
#define GREYLIST_DECISION_H

#include "greylist/record.h"

/* Seconds. delay < retry_window; the configuration sees to it. */
struct gl_timing {
	int64_t delay;        /* how long a stranger waits */
	int64_t retry_window; /* how long after the first attempt a retry still counts */
	int64_t max_age;      /* how long a passed triplet, or a client, is remembered unseen */
};

/* Why, in the order in which the rules are asked. */
enum gl_reason {
	GL_REASON_CONFIG,     /* configuration error */
	GL_REASON_STORE,      /* store error */
	GL_REASON_STATE,      /* not RCPT: not logged */
	GL_REASON_INCOMPLETE, /* an attribute is missing or client_address is no address */
	GL_REASON_MODE,       /* mode = off, or learn where the attempt would have waited */
	GL_REASON_AUTHENTICATED,
	GL_REASON_CERTIFICATE, /* client certificate that Postfix trusts */
	GL_REASON_NULL_SENDER, /* at RCPT, to be decided at DATA */
	GL_REASON_RELAY,
	GL_REASON_CLIENT_LIST,
	GL_REASON_RECIPIENT_LIST,
	GL_REASON_SENDER_LIST,
	GL_REASON_ALLOWED, /* by hand, for a while */
	GL_REASON_AUTO_WHITELIST,
	GL_REASON_UNSUSPICIOUS, /* suspects_only, and nothing looks wrong */
	GL_REASON_FOUND,        /* triplet found: passes */
	GL_REASON_SAME_MESSAGE, /* as a recipient of the same message did by its own triplet */
	GL_REASON_ANSWERED,     /* our own users wrote to this sender */
	GL_REASON_NEW,          /* deferred */
	GL_REASON_EARLY,        /* deferred: early-retry */
	GL_REASONS              /* how many there are */
};

/* As the log has it, such as "client whitelist"; "early-retry" without its seconds. Static. */
const char *gl_reason_text(enum gl_reason reason);

/* A minute: early retries are recorded at most once in it, so hammering costs no disk. */
enum { GL_MINUTE = 60 };

struct gl_verdict {
	bool pass;
	bool first_pass;       /* this very attempt ends the waiting */
	bool remember;         /* `next` differs from what is stored and is worth a write */
	enum gl_reason reason; /* FOUND, NEW or EARLY; of gl_learn FOUND or MODE */
	int64_t wait;          /* seconds until a retry passes; 0 when it passes now */
	int64_t delayed;       /* seconds since first_seen, for a pass */
	struct gl_record
	    next; /* what to remember from now on; text as in `seen`, empty for a stranger */
};

/*
 * `seen` is what the table holds for this triplet, or NULL for a
 * stranger. Cannot fail. `remember` is set for a stranger, for a first
 * pass, for a passed triplet whose last_seen is an hour old, and for an
 * early retry a minute after the last recorded attempt.
 */
struct gl_verdict gl_decide(
    const struct gl_timing *timing, const struct gl_record *seen, int64_t now);

/*
 * Which of two memories of one sender and recipient, under two
 * identities, is to be decided on: one that passed, else the one that
 * has waited longer; `a` where neither is worth more, or `b` is NULL.
 */
const struct gl_record *gl_decide_between(const struct gl_timing *timing, const struct gl_record *a,
    const struct gl_record *b, int64_t now);

/* Turns a deferral into a pass that is remembered as one, for the caller's reason. */
void gl_verdict_admit(struct gl_verdict *verdict, enum gl_reason reason, int64_t now);

/*
 * The same where nobody is to wait (mode = learn): what gl_decide lets
 * pass passes for that reason, and anything else passes for the mode
 * (GL_REASON_MODE, a first pass) and is remembered as passed now.
 */
struct gl_verdict gl_learn(
    const struct gl_timing *timing, const struct gl_record *seen, int64_t now);

enum gl_state { GL_STATE_WAITING, GL_STATE_PASSED, GL_STATE_EXPIRED };

/* What a record is worth now. An expired one is a stranger to gl_decide and may be deleted. */
enum gl_state gl_record_state(
    const struct gl_timing *timing, const struct gl_record *record, int64_t now);

/* "waiting", "passed", "expired". Static. */
const char *gl_state_text(enum gl_state state);

/* The second at which a retry passes; 0 for a record that is expired. For a passed one, passed_at.
 */
int64_t gl_record_retry_at(
    const struct gl_timing *timing, const struct gl_record *record, int64_t now);

/* Whether a client's memory is older than max_age. NULL is no memory. */
bool gl_client_expired(const struct gl_timing *timing, const struct gl_client *client, int64_t now);

/*
 * Whether the auto-whitelist lets this client pass: `threshold`
 * successes or more, and not forgotten. A threshold of 0 is off.
 */
bool gl_client_passes(const struct gl_timing *timing, const struct gl_client *client,
    uint32_t threshold, int64_t now);

/* Whether one more success would change the client's record: an hour since the last, or clock back.
 */
bool gl_client_counts(const struct gl_timing *timing, const struct gl_client *client, int64_t now);

#endif
