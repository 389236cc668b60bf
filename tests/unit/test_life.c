/*
 * Sixty days in the life of a mail server: senders with the retry
 * schedules of well-known programs against key, decision, merge and
 * codec in a small table, beside a naive judge that keeps every attempt
 * in a list and reads the rules of decision.h off it. Both must agree on
 * every attempt, and the mail must fare as the README promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "memory.h"

#define T0  ((int64_t)1700000000)
#define DAY ((int64_t)86400)
#define END (60 * DAY) /* after T0 */

enum { WORLDS = 20, SENDERS = 32, TABLE = 1 << 12, ATTEMPTS = 4096 };

static const struct gl_timing timing = { 180, 2 * DAY, 35 * DAY };

/* ---- the naive judge ---- */

struct attempt {
	int64_t at;
	bool anew;  /* as from a stranger */
	bool noted; /* worth a write */
	bool pass;
	int64_t wait, delayed;
};

struct history {
	size_t count;
	struct attempt attempts[ATTEMPTS];
};

static struct attempt deferred_anew(int64_t now)
{
	return (struct attempt){ .at = now, .anew = true, .noted = true, .wait = timing.delay };
}

static struct attempt judge(const struct history *history, int64_t now)
{
	size_t start = history->count;
	while (start > 0 && !history->attempts[start - 1].anew)
		start--;
	if (start == 0)
		return deferred_anew(now);
	int64_t first = history->attempts[start - 1].at, noted = first;
	bool passed = false;
	for (size_t i = start; i < history->count; i++) {
		passed = passed || history->attempts[i].pass;
		if (history->attempts[i].noted)
			noted = history->attempts[i].at;
	}
	if (passed && now - noted <= timing.max_age)
		return (struct attempt){ .at = now,
			.noted = now - noted >= GL_HOUR,
			.pass = true,
			.delayed = now > first ? now - first : 0 };
	if (passed || now < first || now - first > timing.retry_window)
		return deferred_anew(now);
	if (now - first >= timing.delay)
		return (struct attempt){
			.at = now, .noted = true, .pass = true, .delayed = now - first
		};
	return (struct attempt){
		.at = now, .noted = now - noted >= GL_MINUTE, .wait = first + timing.delay - now
	};
}

/* ---- the table ---- */

struct entry {
	struct gl_key key; /* length 0: free */
	struct memory memory;
	char text[64];
};

static struct entry *entry_of(struct entry table[TABLE], const struct gl_triplet *triplet)
{
	const struct gl_key *key = &triplet->key;
	size_t at = (size_t)(key->bytes[key->len - 1] << 8 | key->bytes[key->len - 2]) % TABLE;
	while (
	    table[at].key.len != 0 && !gl_span_equal(gl_key_span(&table[at].key), gl_key_span(key)))
		at = (at + 1) % TABLE;
	struct entry *entry = &table[at];
	if (entry->key.len == 0) {
		assert_true(triplet->text_len <= sizeof entry->text);
		entry->key = *key;
		memcpy(entry->text, triplet->text, triplet->text_len);
		entry->memory.text = (struct gl_span){ entry->text, triplet->text_len };
	}
	return entry;
}

/* The sweep: what is expired may go at any time. */
static void sweep(struct entry table[TABLE], int64_t now)
{
	for (size_t i = 0; i < TABLE; i++) {
		struct gl_record record;
		if (memory_get(&record, &table[i].memory) &&
		    gl_record_state(&timing, &record, now) == GL_STATE_EXPIRED)
			table[i].memory.len = 0;
	}
}

/* ---- the senders ---- */

enum kind {
	POSTFIX,  /* minimal_backoff_time 300s, doubled up to maximal_backoff_time 4000s, 5 days */
	EXIM,     /* F,2h,15m; G,16h,1h,1.5; F,4d,6h */
	SENDMAIL, /* a queue run every 30 minutes, 5 days */
	VERP,     /* a list server: another sender address for every message, retries hourly */
	RARE,     /* writes every 20 to 50 days */
	ONE_SHOT, /* spamware: never retries, never the same sender again */
	HAMMER,   /* spamware: every five seconds for two minutes */
	PEDANT,   /* comes at the very second of a limit, or one beside it */
	KINDS
};

static bool is_honest(enum kind kind)
{
	return kind <= RARE;
}

static bool is_spamware(enum kind kind)
{
	return kind == ONE_SHOT || kind == HAMMER;
}

static int64_t some_limit(struct dice *dice)
{
	const int64_t limits[] = { GL_MINUTE, timing.delay, timing.delay - GL_MINUTE,
		timing.retry_window - timing.delay, timing.retry_window, GL_HOUR, timing.max_age };
	return limits[dice_between(dice, 0, 6)] + dice_between(dice, -1, 1);
}

static int64_t postfix_pause(int64_t queued, struct dice *dice)
{
	int64_t backoff = queued < 300 ? 300 : queued > 4000 ? 4000 : queued;
	return queued > 5 * DAY ? 0 : backoff + dice_between(dice, 0, 300);
}

static int64_t exim_pause(int64_t queued)
{
	if (queued < 2 * GL_HOUR)
		return 900;
	if (queued < 16 * GL_HOUR)
		return queued / 2;
	return queued > 4 * DAY ? 0 : 6 * GL_HOUR;
}

/* Seconds until the next try of a message that has been queued so long; 0: given up. */
static int64_t pause_after(enum kind kind, int64_t queued, struct dice *dice)
{
	switch (kind) {
	case POSTFIX:
	case RARE:
		return postfix_pause(queued, dice);
	case EXIM:
		return exim_pause(queued);
	case SENDMAIL:
		return queued > 5 * DAY ? 0 : dice_between(dice, 1750, 1850);
	case VERP:
		return queued > 3 * DAY ? 0 : GL_HOUR;
	case HAMMER:
		return queued >= 120 ? 0 : 5;
	case PEDANT:
		return some_limit(dice);
	case ONE_SHOT:
	case KINDS:
		break;
	}
	return 0;
}

struct sender {
	enum kind kind;
	unsigned number, serial; /* of the message */
	int64_t queued_at, due;
	unsigned tries;
	struct history *history;
};

struct world {
	struct dice dice;
	bool steady;    /* the clock never jumps */
	int64_t offset; /* of the clock from the true time */
	struct sender senders[SENDERS];
	struct entry *table;
	unsigned delivered, delayed;
};

static void queue_message(struct world *world, struct sender *sender, int64_t now)
{
	struct dice *dice = &world->dice;
	int64_t gap = dice_between(dice, 60, dice_one_in(dice, 10) ? 20 * DAY : 2 * DAY);
	if (sender->kind == RARE)
		gap = dice_between(dice, 20 * DAY, 50 * DAY);
	if (sender->kind == PEDANT)
		gap = some_limit(dice);
	sender->serial++;
	sender->tries = 0;
	sender->queued_at = sender->due = now + gap;
	if (is_spamware(sender->kind))
		sender->history->count = 0; /* another triplet */
}

/* Any host of the sender's pool, as the pool of a large provider would do. */
static struct gl_network network_of(const struct sender *sender, struct dice *dice)
{
	char text[64];
	unsigned host = (unsigned)dice_between(dice, 0, 255);
	bool v6 = sender->number % 3 == 0, mapped = dice_one_in(dice, 4);
	snprintf(text, sizeof text,
	    v6       ? "2001:db8:0:%x::%x"
	    : mapped ? "::ffff:198.51.%u.%u"
		     : "198.51.%u.%u",
	    sender->number, host);
	struct gl_address address;
	assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
	return gl_network_of(&address, v6 ? 64 : 24);
}

static void triplet_of(struct gl_triplet *triplet, const struct sender *sender, struct dice *dice)
{
	static const struct gl_secret secret = { "sixteen octets.." };
	char from[64];
	if (sender->kind == VERP)
		snprintf(
		    from, sizeof from, "list-%u+u=s@S%u.example", sender->serial, sender->number);
	else if (!is_spamware(sender->kind))
		snprintf(from, sizeof from, "ann@s%u.example", sender->number);
	else
		snprintf(from, sizeof from, "x%ux@s%u.example", sender->serial, sender->number);
	struct gl_network network = network_of(sender, dice);
	assert_int_equal(gl_triplet_make(triplet, &network, gl_span_of(from),
			     gl_span_of("Bob@Example.Org"), &secret),
	    GL_OK);
}

/* ---- one attempt ---- */

static bool attempt(struct world *world, struct sender *sender, int64_t now)
{
	static struct gl_triplet triplet;
	triplet_of(&triplet, sender, &world->dice);
	struct entry *entry = entry_of(world->table, &triplet);

	struct attempt expected = judge(sender->history, now);
	struct gl_verdict verdict = memory_ask(&entry->memory, &timing, now);
	assert_int_equal(verdict.pass, expected.pass);
	assert_int_equal(verdict.wait, expected.wait);
	assert_int_equal(verdict.delayed, expected.delayed);
	assert_int_equal(verdict.remember, expected.noted);

	assert_true(sender->history->count < ATTEMPTS);
	sender->history->attempts[sender->history->count++] = expected;
	sender->tries++;
	return verdict.pass;
}

static void delivered(struct world *world, const struct sender *sender)
{
	world->delivered++;
	world->delayed += sender->tries > 1;
	if (!world->steady || sender->kind == PEDANT)
		return;
	/* Who keeps to its program's schedule is asked back once, spamware for ever. */
	assert_true(is_honest(sender->kind));
	assert_true(sender->tries <= 2);
}

static void given_up(const struct world *world, const struct sender *sender)
{
	if (is_honest(sender->kind))
		fail_msg("sender %u lost a message after %u tries", sender->number, sender->tries);
	if (world->steady)
		assert_int_equal(sender->tries, sender->kind == HAMMER ? 25 : 1);
}

static void step(struct world *world, struct sender *sender)
{
	static const int64_t jumps[] = { -1, 1, -GL_HOUR, GL_HOUR, -DAY, DAY, -40 * DAY, 40 * DAY };
	struct dice *dice = &world->dice;
	int64_t due = sender->due;
	if (!world->steady && dice_one_in(dice, 100))
		world->offset += jumps[dice_between(dice, 0, 7)];
	if (world->steady && dice_one_in(dice, 50))
		sweep(world->table, T0 + due);
	if (attempt(world, sender, T0 + due + world->offset)) {
		delivered(world, sender);
		queue_message(world, sender, due);
		return;
	}
	int64_t pause = pause_after(sender->kind, due - sender->queued_at, dice);
	sender->due = due + pause;
	if (pause == 0) {
		given_up(world, sender);
		queue_message(world, sender, due);
	}
}

static struct sender *next_sender(struct world *world)
{
	struct sender *next = &world->senders[0];
	for (size_t i = 1; i < SENDERS; i++)
		if (world->senders[i].due < next->due)
			next = &world->senders[i];
	return next;
}

static void live(struct world *world)
{
	world->table = calloc(TABLE, sizeof *world->table);
	struct history *histories = calloc(SENDERS, sizeof *histories);
	assert_non_null(world->table);
	assert_non_null(histories);
	for (unsigned i = 0; i < SENDERS; i++) {
		struct sender *sender = &world->senders[i];
		*sender = (struct sender){ .kind = i % KINDS, .number = i + 1 };
		sender->history = &histories[i];
		queue_message(world, sender, 0);
	}
	for (struct sender *next = next_sender(world); next->due < END; next = next_sender(world))
		step(world, next);
	free(histories);
	free(world->table);
}

static void on_a_steady_clock_mail_is_delayed_once_and_spamware_for_ever(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world world = { .dice = { seed }, .steady = true };
		live(&world);
		assert_true(world.delivered > 200);
		assert_true(world.delayed < world.delivered / 4);
	}
}

static void on_a_jumping_clock_no_honest_mail_is_lost(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world world = { .dice = { 1000 + seed }, .offset = 1000 * DAY };
		live(&world);
		assert_true(world.delivered > 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_steady_clock_mail_is_delayed_once_and_spamware_for_ever),
		cmocka_unit_test(on_a_jumping_clock_no_honest_mail_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
