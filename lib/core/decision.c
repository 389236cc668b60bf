#include "greylist/decision.h"

const char *gl_reason_text(enum gl_reason reason)
{
	static const char *const texts[GL_REASONS] = {
		[GL_REASON_CONFIG] = "configuration error",
		[GL_REASON_STORE] = "store error",
		[GL_REASON_STATE] = "not at RCPT",
		[GL_REASON_INCOMPLETE] = "incomplete request",
		[GL_REASON_MODE] = "mode",
		[GL_REASON_AUTHENTICATED] = "authenticated",
		[GL_REASON_CERTIFICATE] = "client certificate",
		[GL_REASON_NULL_SENDER] = "null sender",
		[GL_REASON_RELAY] = "relay",
		[GL_REASON_CLIENT_LIST] = "client whitelist",
		[GL_REASON_RECIPIENT_LIST] = "recipient whitelist",
		[GL_REASON_SENDER_LIST] = "sender whitelist",
		[GL_REASON_ALLOWED] = "allowed",
		[GL_REASON_AUTO_WHITELIST] = "client AWL",
		[GL_REASON_UNSUSPICIOUS] = "unsuspicious",
		[GL_REASON_FOUND] = "triplet found",
		[GL_REASON_SAME_MESSAGE] = "same message",
		[GL_REASON_ANSWERED] = "answered",
		[GL_REASON_NEW] = "new",
		[GL_REASON_EARLY] = "early-retry",
	};
	return reason < GL_REASONS ? texts[reason] : "unknown";
}

const char *gl_state_text(enum gl_state state)
{
	static const char *const texts[] = { "waiting", "passed", "expired" };
	return state <= GL_STATE_EXPIRED ? texts[state] : "unknown";
}

/* A clock that stepped back stands still: nothing is ever younger than new. */
static int64_t age(int64_t since, int64_t now)
{
	return now > since ? now - since : 0;
}

static uint32_t one_more(uint32_t count)
{
	return count < UINT32_MAX ? count + 1 : count;
}

enum gl_state gl_record_state(
    const struct gl_timing *timing, const struct gl_record *record, int64_t now)
{
	/* RFC 6647 section 5, items 2 and 3 */
	if (record->passed_at != 0)
		return age(record->last_seen, now) > timing->max_age ? GL_STATE_EXPIRED
								     : GL_STATE_PASSED;
	return age(record->first_seen, now) > timing->retry_window ? GL_STATE_EXPIRED
								   : GL_STATE_WAITING;
}

int64_t gl_record_retry_at(
    const struct gl_timing *timing, const struct gl_record *record, int64_t now)
{
	switch (gl_record_state(timing, record, now)) {
	case GL_STATE_EXPIRED:
		return 0;
	case GL_STATE_PASSED:
		return record->passed_at;
	case GL_STATE_WAITING:
		break;
	}
	int64_t since = record->first_seen < now ? record->first_seen : now;
	return since + timing->delay;
}

static struct gl_verdict stranger(const struct gl_timing *timing, int64_t now)
{
	return (struct gl_verdict){
		.remember = true,
		.reason = GL_REASON_NEW,
		.wait = timing->delay,
		.next = { .first_seen = now, .last_seen = now, .attempts = 1 },
	};
}

static struct gl_verdict passed(const struct gl_record *seen, int64_t now)
{
	struct gl_verdict verdict = {
		.pass = true,
		.reason = GL_REASON_FOUND,
		.delayed = age(seen->first_seen, now),
		.next = *seen,
	};
	verdict.remember = age(seen->last_seen, now) >= GL_HOUR;
	if (verdict.remember) {
		verdict.next.last_seen = now;
		verdict.next.attempts = one_more(seen->attempts);
		verdict.next.passes = one_more(seen->passes);
	}
	return verdict;
}

static struct gl_verdict first_pass(const struct gl_record *seen, int64_t now)
{
	struct gl_verdict verdict = {
		.pass = true,
		.first_pass = true,
		.remember = true,
		.reason = GL_REASON_FOUND,
		.delayed = now - seen->first_seen,
		.next = *seen,
	};
	verdict.next.last_seen = now;
	verdict.next.passed_at = now;
	verdict.next.attempts = one_more(seen->attempts);
	verdict.next.passes = one_more(seen->passes);
	return verdict;
}

static struct gl_verdict early(
    const struct gl_timing *timing, const struct gl_record *seen, int64_t now)
{
	struct gl_verdict verdict = {
		.reason = now == seen->first_seen ? GL_REASON_NEW : GL_REASON_EARLY,
		.wait = timing->delay - (now - seen->first_seen),
		.next = *seen,
	};
	verdict.remember = age(seen->last_seen, now) >= GL_MINUTE;
	if (verdict.remember) {
		verdict.next.last_seen = now;
		verdict.next.attempts = one_more(seen->attempts);
	}
	return verdict;
}

struct gl_verdict gl_decide(
    const struct gl_timing *timing, const struct gl_record *seen, int64_t now)
{
	if (seen == NULL)
		return stranger(timing, now);
	switch (gl_record_state(timing, seen, now)) {
	case GL_STATE_EXPIRED:
		break;
	case GL_STATE_PASSED:
		return passed(seen, now);
	case GL_STATE_WAITING:
		if (seen->first_seen > now)
			break;
		if (now - seen->first_seen >= timing->delay)
			return first_pass(seen, now);
		return early(timing, seen, now);
	}
	struct gl_verdict again = stranger(timing, now);
	again.next.text = seen->text;
	return again;
}

static int worth(const struct gl_timing *timing, const struct gl_record *record, int64_t now)
{
	if (record == NULL)
		return 0;
	switch (gl_record_state(timing, record, now)) {
	case GL_STATE_EXPIRED:
		break;
	case GL_STATE_WAITING:
		return record->first_seen <= now ? 1 : 0;
	case GL_STATE_PASSED:
		return 2;
	}
	return 0;
}

const struct gl_record *gl_decide_between(const struct gl_timing *timing, const struct gl_record *a,
    const struct gl_record *b, int64_t now)
{
	int of_a = worth(timing, a, now);
	int of_b = worth(timing, b, now);
	if (of_a != of_b)
		return of_a > of_b ? a : b;
	return of_a == 1 && b->first_seen < a->first_seen ? b : a;
}

void gl_verdict_admit(struct gl_verdict *verdict, enum gl_reason reason, int64_t now)
{
	if (!verdict->remember)
		verdict->next.attempts = one_more(verdict->next.attempts);
	verdict->pass = true;
	verdict->remember = true;
	verdict->reason = reason;
	verdict->wait = 0;
	verdict->delayed = age(verdict->next.first_seen, now);
	verdict->next.last_seen = now;
	verdict->next.passed_at = now;
	verdict->next.passes = one_more(verdict->next.passes);
}

struct gl_verdict gl_learn(
    const struct gl_timing *timing, const struct gl_record *seen, int64_t now)
{
	struct gl_verdict verdict = gl_decide(timing, seen, now);
	if (verdict.pass)
		return verdict;
	gl_verdict_admit(&verdict, GL_REASON_MODE, now);
	verdict.first_pass = true;
	return verdict;
}

bool gl_client_expired(const struct gl_timing *timing, const struct gl_client *client, int64_t now)
{
	return client == NULL || age(client->last_seen, now) > timing->max_age;
}

bool gl_client_passes(
    const struct gl_timing *timing, const struct gl_client *client, uint32_t threshold, int64_t now)
{
	return threshold != 0 && !gl_client_expired(timing, client, now) &&
	       client->count >= threshold;
}

bool gl_client_counts(const struct gl_timing *timing, const struct gl_client *client, int64_t now)
{
	return gl_client_expired(timing, client, now) || now < client->last_counted ||
	       now - client->last_counted >= GL_HOUR;
}
