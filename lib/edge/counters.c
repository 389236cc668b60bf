#include "counters_room.h"

#include <string.h>

enum { DAY_SECONDS = 86400 };

static word *snapshot_of(const struct gl_counters *counters, int64_t day)
{
	return counters->words + AT_RING + (size_t)(day % GL_COUNTERS_DAYS) * SNAPSHOT;
}

static void copy_block(word *to, const word *from)
{
	for (size_t i = 0; i < BLOCK; i++)
		atomic_store_explicit(&to[i], atomic_load(&from[i]), memory_order_relaxed);
}

static void take_snapshot(struct gl_counters *counters, int64_t day)
{
	word *snapshot = snapshot_of(counters, day);
	word *before = &counters->words[AT_BEFORE];

	atomic_store(&snapshot[AT_STAMP], 0);
	/* whoever sees one of the new numbers sees that the old day is gone */
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&snapshot[AT_BASE], atomic_load(before), memory_order_relaxed);
	copy_block(snapshot + AT_BLOCK, counters->words + AT_TOTALS);
	atomic_store_explicit(&snapshot[AT_STAMP], (uint64_t)day, memory_order_release);
	atomic_store(before, (uint64_t)day);
}

/*
 * Whoever moves the day word on takes the snapshot. A day back is a
 * process that read its clock before midnight; more is a clock that was
 * put right, and the days are counted from there again.
 */
static void turn_day(struct gl_counters *counters, int64_t today)
{
	word *word_of_day = &counters->words[AT_DAY];
	uint64_t seen = atomic_load(word_of_day);
	int64_t day = (int64_t)seen;

	if (today == day || today == day - 1 || today <= 0)
		return;
	if (!atomic_compare_exchange_strong(word_of_day, &seen, (uint64_t)today))
		return;
	if (day > 0 && today > day)
		take_snapshot(counters, day);
}

/* Numbers for ever, whatever the order of the enum: the file outlives this version. */
static size_t cell_of(enum gl_reason reason)
{
	switch (reason) {
	case GL_REASON_CONFIG:
		return 0;
	case GL_REASON_STORE:
		return 1;
	case GL_REASON_STATE:
		return 2;
	case GL_REASON_INCOMPLETE:
		return 3;
	case GL_REASON_MODE:
		return 4;
	case GL_REASON_AUTHENTICATED:
		return 5;
	case GL_REASON_RELAY:
		return 6;
	case GL_REASON_CLIENT_LIST:
		return 7;
	case GL_REASON_RECIPIENT_LIST:
		return 8;
	case GL_REASON_SENDER_LIST:
		return 9;
	case GL_REASON_AUTO_WHITELIST:
		return 10;
	case GL_REASON_FOUND:
		return 11;
	case GL_REASON_NEW:
		return 12;
	case GL_REASON_EARLY:
		return 13;
	case GL_REASON_ALLOWED:
		return 14;
	case GL_REASON_CERTIFICATE:
		return 15;
	case GL_REASON_NULL_SENDER:
		return 16;
	case GL_REASON_UNSUSPICIOUS:
		return 17;
	case GL_REASON_SAME_MESSAGE:
		return 18;
	case GL_REASON_ANSWERED:
		return 19;
	case GL_REASONS:
		break;
	}
	return REASONS_ROOM - 1;
}

void gl_counters_add(
    struct gl_counters *counters, enum gl_action action, enum gl_reason reason, int64_t now)
{
	if (counters == NULL || counters->readonly || action >= GL_ACTIONS || reason >= GL_REASONS)
		return;
	turn_day(counters, now / DAY_SECONDS);
	size_t cell = (size_t)action * REASONS_ROOM + cell_of(reason);

	atomic_fetch_add(&counters->words[AT_TOTALS + cell], 1);
}

const int64_t gl_wait_bounds[GL_WAITS - 1] = { 60, 180, 300, 600, 900, 1800, 3600, 7200, 14400,
	28800, 86400, 172800 };

void gl_counters_first_pass(struct gl_counters *counters, int64_t waited)
{
	size_t wait = 0;

	if (counters == NULL || counters->readonly || waited < 0)
		return;
	while (wait < GL_WAITS - 1 && waited > gl_wait_bounds[wait])
		wait++;
	atomic_fetch_add(&counters->words[AT_TOTALS + AT_WAITS + wait], 1);
	atomic_fetch_add(&counters->words[AT_TOTALS + AT_WAITED], (uint64_t)waited);
}

void gl_counters_gone(struct gl_counters *counters, unsigned displaced, unsigned evicted)
{
	if (counters == NULL || counters->readonly || displaced + evicted == 0)
		return;
	atomic_fetch_add(&counters->words[AT_TOTALS + AT_DISPLACED], displaced);
	atomic_fetch_add(&counters->words[AT_TOTALS + AT_EVICTED], evicted);
}

static uint64_t read_word(const word *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

static void read_block(struct gl_totals *totals, const word *block)
{
	for (size_t i = 0; i < GL_ACTIONS; i++)
		for (size_t j = 0; j < GL_REASONS; j++)
			totals->verdicts[i][j] = read_word(
			    &block[i * REASONS_ROOM + cell_of((enum gl_reason)j)]);
	totals->waited = read_word(&block[AT_WAITED]);
	totals->displaced = read_word(&block[AT_DISPLACED]);
	totals->evicted = read_word(&block[AT_EVICTED]);
	for (size_t i = 0; i < GL_WAITS; i++) {
		totals->waits[i] = read_word(&block[AT_WAITS + i]);
		totals->first_passes += totals->waits[i];
	}
}

void gl_counters_totals(const struct gl_counters *counters, struct gl_totals *totals)
{
	memset(totals, 0, sizeof *totals);
	if (counters == NULL)
		return;
	totals->day = (int64_t)atomic_load(&counters->words[AT_DAY]);
	totals->before = (int64_t)atomic_load(&counters->words[AT_BEFORE]);
	read_block(totals, counters->words + AT_TOTALS);
}

enum gl_status gl_counters_day(
    const struct gl_counters *counters, int64_t day, struct gl_totals *totals)
{
	memset(totals, 0, sizeof *totals);
	if (counters == NULL || day <= 0)
		return GL_NOT_FOUND;
	const word *snapshot = snapshot_of(counters, day);
	uint64_t stamp = (uint64_t)day;

	if (atomic_load_explicit(&snapshot[AT_STAMP], memory_order_acquire) != stamp)
		return GL_NOT_FOUND;
	totals->day = day;
	totals->before = (int64_t)read_word(&snapshot[AT_BASE]);
	read_block(totals, snapshot + AT_BLOCK);
	/* it may have been overwritten while it was read */
	atomic_thread_fence(memory_order_acquire);
	if (read_word(&snapshot[AT_STAMP]) == stamp)
		return GL_OK;
	memset(totals, 0, sizeof *totals);
	return GL_NOT_FOUND;
}

/* Not below zero: where a clock was put back, a day may have been counted twice. */
static void take_off(uint64_t *number, uint64_t before)
{
	*number = *number > before ? *number - before : 0;
}

enum gl_status gl_counters_of_day(
    const struct gl_counters *counters, int64_t day, struct gl_totals *totals)
{
	struct gl_totals before;
	enum gl_status status = GL_OK;

	gl_counters_totals(counters, totals);
	if (day <= 0 || totals->day != day)
		status = gl_counters_day(counters, day, totals);
	if (status != GL_OK || totals->before == 0)
		return status;
	status = gl_counters_day(counters, totals->before, &before);
	if (status != GL_OK) {
		memset(totals, 0, sizeof *totals);
		return status;
	}
	for (size_t i = 0; i < GL_ACTIONS; i++)
		for (size_t j = 0; j < GL_REASONS; j++)
			take_off(&totals->verdicts[i][j], before.verdicts[i][j]);
	take_off(&totals->waited, before.waited);
	take_off(&totals->displaced, before.displaced);
	take_off(&totals->evicted, before.evicted);
	totals->first_passes = 0;
	for (size_t i = 0; i < GL_WAITS; i++) {
		take_off(&totals->waits[i], before.waits[i]);
		totals->first_passes += totals->waits[i];
	}
	return GL_OK;
}

/*
 * Less than a minute either way: two processes may read the clock in one
 * order and get here in the other, while a clock that was put back by
 * more must not silence warnings.
 */
/* The word is the second, and in its last bits the cause. */
bool gl_counters_warning_due(struct gl_counters *counters, enum gl_status cause, int64_t now)
{
	enum { CAUSE_BITS = 5, CAUSES = 1 << CAUSE_BITS };

	if (counters == NULL || counters->readonly)
		return true;
	word *warned = &counters->words[AT_WARNED];
	uint64_t last = atomic_load(warned);
	int64_t since = now - (int64_t)(last >> CAUSE_BITS);
	bool same = last != 0 && last % CAUSES == (uint64_t)cause % CAUSES;

	if (same && since > -GL_MINUTE && since < GL_MINUTE)
		return false;
	uint64_t next = (uint64_t)now << CAUSE_BITS | ((uint64_t)cause % CAUSES);

	return atomic_compare_exchange_strong(warned, &last, next);
}

void gl_counters_hand_get(const struct gl_counters *counters, uint8_t hand[GL_HAND_MAX])
{
	uint64_t words[HAND_WORDS] = { 0 };

	if (counters != NULL)
		for (size_t i = 0; i < HAND_WORDS; i++)
			words[i] = atomic_load_explicit(
			    &counters->words[AT_HAND + i], memory_order_relaxed);
	memcpy(hand, words, GL_HAND_MAX);
}

void gl_counters_hand_set(struct gl_counters *counters, const uint8_t hand[GL_HAND_MAX])
{
	uint64_t words[HAND_WORDS] = { 0 };

	if (counters == NULL || counters->readonly)
		return;
	memcpy(words, hand, GL_HAND_MAX);
	for (size_t i = 0; i < HAND_WORDS; i++)
		atomic_store_explicit(
		    &counters->words[AT_HAND + i], words[i], memory_order_relaxed);
}
