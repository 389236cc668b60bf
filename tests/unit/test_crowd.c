/* Who goes where there are too many, in named rows; and what follows from it, in random floods. */
#include "greylist/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "extent.h"

#define T0  ((int64_t)1700000000)
#define DAY ((int64_t)86400)

enum { DELAY = 180, HOURS_6 = GL_CROWD_PATIENCE };

static const struct gl_timing timing = { DELAY, 2 * DAY, 35 * DAY };

/* A key of a network and a number in the place of the digest. */
static struct gl_span key_of(struct gl_key *key, unsigned network, uint64_t number)
{
	*key = (struct gl_key){ .len = 5 + GL_DIGEST_SIZE, .bytes = { '4', 24, 10 } };
	key->bytes[3] = (uint8_t)(network >> 8);
	key->bytes[4] = (uint8_t)network;
	for (int i = 0; i < 8; i++)
		key->bytes[5 + i] = (uint8_t)(number >> (56 - 8 * i));
	return gl_key_span(key);
}

static struct gl_member member_at(
    struct gl_key *key, const struct gl_record *record, unsigned network, int64_t now)
{
	struct gl_member member;
	gl_member_look(&member, key_of(key, network, 1), record, &timing, now);
	return member;
}

static void a_record_stands_by_its_age(void **state)
{
	(void)state;
	const struct {
		const char *name;
		int64_t first_seen, last_seen, passed_at, now;
		enum gl_standing standing;
	} rows[] = {
		{ "just now", T0, T0, 0, T0, GL_STANDING_YOUNG },
		{ "a second before the delay ends", T0, T0, 0, T0 + DELAY - 1, GL_STANDING_YOUNG },
		{ "at its end", T0, T0, 0, T0 + DELAY, GL_STANDING_RIPE },
		{ "six hours ripe", T0, T0, 0, T0 + DELAY + HOURS_6, GL_STANDING_RIPE },
		{ "a second more", T0, T0, 0, T0 + DELAY + HOURS_6 + 1, GL_STANDING_LEFT },
		{ "at the window's end", T0, T0, 0, T0 + 2 * DAY, GL_STANDING_LEFT },
		{ "behind it", T0, T0, 0, T0 + 2 * DAY + 1, GL_STANDING_EXPIRED },
		{ "the clock went back", T0 + 999, T0 + 999, 0, T0, GL_STANDING_YOUNG },
		{ "passed", T0, T0 + 300, T0 + 300, T0 + 3 * DAY, GL_STANDING_PASSED },
		{ "passed, unseen", T0, T0 + 300, T0 + 300, T0 + 99 * DAY, GL_STANDING_EXPIRED },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_key key;
		struct gl_record record = { .first_seen = rows[i].first_seen,
			.last_seen = rows[i].last_seen,
			.passed_at = rows[i].passed_at };
		if (member_at(&key, &record, 1, rows[i].now).standing != rows[i].standing)
			fail_msg("%s", rows[i].name);
	}
}

static void a_new_attempt_draws_a_new_lot(void **state)
{
	(void)state;
	struct gl_key key;
	int lower = 0;
	for (int i = 0; i < 1000; i++) {
		struct gl_record now = { .first_seen = T0 + i, .last_seen = T0 + i };
		struct gl_record again = { .first_seen = T0 + i + 300, .last_seen = T0 + i + 300 };
		lower += member_at(&key, &again, 1, T0).lot < member_at(&key, &now, 1, T0).lot;
	}
	assert_in_range(lower, 430, 570);
}

enum { MOST = 32 };

/* Letters: y young, r ripe, l left, p passed, x expired; a digit in front is the network. Those
 * further on were seen earlier, and have lower lots. */
struct line {
	size_t count;
	struct gl_key keys[MOST];
	struct gl_member at[MOST];
};

static void draw_up(struct line *line, const char *text)
{
	static const char letters[] = "xyrlp";
	unsigned network = 0;
	line->count = 0;
	for (; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9') {
			network = (unsigned)(*text - '0');
			continue;
		}
		size_t i = line->count++;
		line->at[i] = (struct gl_member){ .key = key_of(&line->keys[i], network, i),
			.standing = (enum gl_standing)(strchr(letters, *text) - letters),
			.first_seen = T0 - (int64_t)i,
			.last_seen = T0 - (int64_t)i,
			.lot = 1000 - i };
	}
}

/* Who goes, as upper-case letters. */
static void expect(const struct line *line, const char *text, const char *wanted)
{
	char got[2 * MOST + 1] = "";
	size_t len = 0;
	for (size_t i = 0; *text != '\0'; text++) {
		bool digit = *text >= '0' && *text <= '9';
		got[len++] = (char)(!digit && line->at[i].goes ? *text - 'a' + 'A' : *text);
		i += !digit;
	}
	if (strcmp(got, wanted) != 0)
		fail_msg("of %s: %s instead of %s", text - len, got, wanted);
}

static void of_one_client_the_young_may_be_an_eighth(void **state)
{
	(void)state;
	const struct {
		const char *before;
		size_t many;
		const char *after;
	} rows[] = {
		{ "rrrrrrr", 2, "rrrrrRR" },
		{ "rrrrrrry", 1, "rrrrrrRy" },
		{ "rrrrrryy", 1, "rrrrrryY" },
		{ "yyyyyyyy", 3, "yyyyyYYY" },
		/* behind the first young one the rest is again an eighth */
		{ "rrrrrrrrrrrrrryyy", 2, "rrrrrrrrrrrrrRyyY" },
		{ "rllrrrry", 2, "rllrrrRY" },
		{ "pxrpx", 2, "pxRpx" },
		{ "pxpx", 2, "pxpx" },
		{ "", 2, "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct line line;
		draw_up(&line, rows[i].before);
		size_t chosen = gl_crowd_thin(line.at, line.count, rows[i].many);
		expect(&line, rows[i].before, rows[i].after);
		assert_true(chosen <= rows[i].many);
	}
}

static void room_is_made_in_this_order(void **state)
{
	(void)state;
	const struct {
		const char *name, *before;
		struct gl_need need;
		const char *after;
	} rows[] = {
		{ "all that are expired", "1xpx2ypx", { 1, 1, 1 }, "1XpX2ypX" },
		{ "then the left", "1lp2lp3yyyyyyyyy", { 1, 1, 1 }, "1lp2Lp3yyyyyyyyy" },
		{ "wherever they are", "1lppppppppppppp", { 2, 0, 1 }, "1Lppppppppppppp" },
		{ "then of whom most wait", "1ry2rrrrrrrr3rr", { 1, 0, 1 }, "1ry2rrrrrrrR3rr" },
		{ "and again", "1rrrrrrrr2rrrrrrr", { 2, 0, 1 }, "1rrrrrrrR2rrrrrrr" },
		{ "fewer, when it presses", "1rrr2rrrr", { 1, 0, 2 }, "1rrr2rrrR" },
		{ "and fewer", "1r2rr3rr", { 3, 0, 3 }, "1r2rR3rR" },
		{ "and at last of all", "1r2r3r", { 1, 0, 4 }, "1r2r3R" },
		{ "not where few wait", "1pppppp2pppp3ppppp4yp", { 1, 0, 4 },
		    "1pppppp2pppp3ppppp4yp" },
		{ "unless somebody has to go", "1pppppp2pppp3ppppp4yp", { 1, 1, 1 },
		    "1pppppp2pppp3ppppp4Yp" },
		{ "whoever was not seen longest", "1pp2pp", { 3, 2, 1 }, "1pp2PP" },
		{ "nobody is there", "", { 3, 2, 1 }, "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct line line;
		draw_up(&line, rows[i].before);
		(void)gl_crowd_make_room(line.at, line.count, &rows[i].need);
		print_message("%s\n", rows[i].name);
		expect(&line, rows[i].before, rows[i].after);
	}
}

/* A client's waiting records under a limit, in a flood of the test's own making. */
enum { LIMIT = 200, ROOM = LIMIT + 512 };

struct crowd {
	size_t count;
	struct gl_member at[ROOM];
	struct gl_key keys[ROOM];
	struct gl_record records[ROOM];
};

static void come(struct crowd *crowd, uint64_t digest, int64_t now)
{
	size_t i = crowd->count++;
	assert_true(crowd->count <= ROOM);
	key_of(&crowd->keys[i], 1, digest);
	crowd->records[i] = (struct gl_record){ .first_seen = now, .last_seen = now };
}

static void thin(struct crowd *crowd, int64_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < crowd->count; i++)
		gl_member_look(
		    &crowd->at[i], gl_key_span(&crowd->keys[i]), &crowd->records[i], &timing, now);
	if (crowd->count > LIMIT)
		(void)gl_crowd_thin(crowd->at, crowd->count, crowd->count - LIMIT);
	for (size_t i = 0; i < crowd->count; i++)
		if (!crowd->at[i].goes) {
			crowd->keys[kept] = crowd->keys[i];
			crowd->records[kept++] = crowd->records[i];
		}
	crowd->count = kept;
}

static bool is_there(const struct crowd *crowd, uint64_t digest)
{
	struct gl_key key;
	struct gl_span wanted = key_of(&key, 1, digest);
	for (size_t i = 0; i < crowd->count; i++)
		if (gl_span_equal(gl_key_span(&crowd->keys[i]), wanted))
			return true;
	return false;
}

enum { HONEST_EVERY = 25 };

/*
 * The share in thousand of honest senders that are still there when they
 * come back `later` seconds after their first attempt. `each` of the
 * flood come together every `pause` seconds.
 */
static unsigned share_of_honest(uint64_t seed, unsigned each, int pause, int later)
{
	static struct crowd crowd;
	int seconds = extent_full() ? 200000 : 40000;
	struct dice dice = { seed };
	unsigned there = 0, all = 0;
	crowd.count = 0;
	for (int second = 0; second < seconds; second++) {
		int64_t now = T0 + second;
		int first = second - later;
		for (unsigned i = 0; second % pause == 0 && i < each; i++)
			come(&crowd, dice_roll(&dice), now);
		if (second % HONEST_EVERY == 0)
			come(&crowd, (uint64_t)second * UINT64_C(0x9e3779b97f4a7c15), now);
		thin(&crowd, now);
		/* when the flood has lasted for a while */
		if (first < 10 * DELAY * 8 || first % HONEST_EVERY != 0)
			continue;
		all++;
		there += is_there(&crowd, (uint64_t)first * UINT64_C(0x9e3779b97f4a7c15));
	}
	return 1000 * there / all;
}

/* Fewer than an eighth of the limit come within a delay: 180/10 + 180/25 are just 25. */
static void below_an_eighth_a_delay_who_retries_within_eight_passes(void **state)
{
	(void)state;
	assert_int_equal(share_of_honest(1, 1, 11, DELAY), 1000);
	assert_int_equal(share_of_honest(2, 1, 11, 300), 1000);
	assert_int_equal(share_of_honest(3, 1, 11, 8 * DELAY - 1), 1000);
}

/* With the honest ones 187 come within a delay, where 25 would be few: one in seven and a half. */
static void in_a_worse_flood_the_chance_is_the_same_for_all(void **state)
{
	(void)state;
	const struct {
		const char *name;
		unsigned each;
		int pause, later;
	} rows[] = {
		{ "one by one", 1, 1, 300 },
		{ "late", 1, 1, 6 * DELAY },
		{ "every delay at once", DELAY, DELAY, 300 },
		{ "in fits of a minute", 60, 60, 300 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned share = share_of_honest(
		    10 + i, rows[i].each, rows[i].pause, rows[i].later);
		print_message("%s: %u of 1000\n", rows[i].name, share);
		if (share < 95 || share > 175)
			fail_msg("%s: %u of 1000", rows[i].name, share);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_stands_by_its_age),
		cmocka_unit_test(a_new_attempt_draws_a_new_lot),
		cmocka_unit_test(of_one_client_the_young_may_be_an_eighth),
		cmocka_unit_test(room_is_made_in_this_order),
		cmocka_unit_test(below_an_eighth_a_delay_who_retries_within_eight_passes),
		cmocka_unit_test(in_a_worse_flood_the_chance_is_the_same_for_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
