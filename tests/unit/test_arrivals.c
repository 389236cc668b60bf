/* Mails by queue id: in little room, with ids that come again, and beside a model that forgets
 * nothing it need not. */
#include "arrivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

static struct gl_mailline named(const char *host, const char *id)
{
	static struct gl_mailline line;
	line.host = gl_span_of(host);
	line.queue_id = gl_span_of(id);
	return line;
}

static void begin(struct gl_arrivals *arrivals, const char *host, const char *id, int64_t time)
{
	struct gl_mailline line = named(host, id);
	struct gl_arrival *arrival = gl_arrivals_begin(arrivals, &line);
	assert_int_equal(arrival->time, 0);
	assert_false(arrival->has_sender);
	arrival->time = time;
	arrival->has_sender = true;
}

static int64_t found(struct gl_arrivals *arrivals, const char *host, const char *id)
{
	struct gl_mailline line = named(host, id);
	const struct gl_arrival *arrival = gl_arrivals_find(arrivals, &line);
	return arrival != NULL ? arrival->time : -1;
}

static void end(struct gl_arrivals *arrivals, const char *host, const char *id)
{
	struct gl_mailline line = named(host, id);
	gl_arrivals_end(arrivals, &line);
}

static void ids_are_of_a_host_and_used_again(void **state)
{
	(void)state;
	struct gl_arrivals *arrivals = gl_arrivals_new(4);
	begin(arrivals, "mx1", "AAAAA", 1);
	begin(arrivals, "mx2", "AAAAA", 2);
	assert_int_equal(found(arrivals, "mx1", "AAAAA"), 1);
	assert_int_equal(found(arrivals, "mx2", "AAAAA"), 2);
	assert_int_equal(found(arrivals, "mx1", "AAAAB"), -1);
	begin(arrivals, "mx1", "AAAAA", 3);
	assert_int_equal(found(arrivals, "mx1", "AAAAA"), 3);
	end(arrivals, "mx1", "AAAAA");
	end(arrivals, "mx1", "AAAAA");
	assert_int_equal(found(arrivals, "mx1", "AAAAA"), -1);
	assert_int_equal(found(arrivals, "mx2", "AAAAA"), 2);
	assert_int_equal(gl_arrivals_dropped(arrivals), 0);
	gl_arrivals_free(arrivals);
}

static void the_one_that_was_asked_for_longest_ago_goes(void **state)
{
	(void)state;
	struct gl_arrivals *arrivals = gl_arrivals_new(3);
	begin(arrivals, "mx", "AAAAA", 1);
	begin(arrivals, "mx", "BBBBB", 2);
	begin(arrivals, "mx", "CCCCC", 3);
	assert_int_equal(found(arrivals, "mx", "AAAAA"), 1);
	begin(arrivals, "mx", "DDDDD", 4);
	assert_int_equal(gl_arrivals_dropped(arrivals), 1);
	assert_int_equal(found(arrivals, "mx", "BBBBB"), -1);
	assert_int_equal(found(arrivals, "mx", "AAAAA"), 1);
	assert_int_equal(found(arrivals, "mx", "CCCCC"), 3);
	assert_int_equal(found(arrivals, "mx", "DDDDD"), 4);
	gl_arrivals_free(arrivals);
}

static void no_two_mails_have_the_same_number(void **state)
{
	(void)state;
	struct gl_arrivals *arrivals = gl_arrivals_new(1);
	struct gl_mailline line = named("mx", "AAAAA");
	uint64_t before = 0;
	for (int i = 0; i < 5; i++) {
		uint64_t serial = gl_arrivals_begin(arrivals, &line)->serial;
		assert_true(serial > before);
		before = serial;
	}
	gl_arrivals_free(arrivals);
}

/* The model: when each of few ids was asked for last, and what it holds. */
static void it_is_what_a_simple_list_would_be(void **state)
{
	enum { IDS = 40, ROOM = 16, STEPS = 20000 };
	(void)state;
	struct gl_arrivals *arrivals = gl_arrivals_new(ROOM);
	struct dice dice = { 20261124 };
	int64_t asked[IDS] = { 0 }, holds[IDS];
	uint64_t dropped = 0;
	for (int step = 1; step <= STEPS; step++) {
		char id[16];
		int n = (int)dice_between(&dice, 0, IDS - 1), oldest = -1, there = 0;
		snprintf(id, sizeof id, "ID%04d", n);
		for (int i = 0; i < IDS; i++) {
			there += asked[i] > 0;
			if (asked[i] > 0 && (oldest < 0 || asked[i] < asked[oldest]))
				oldest = i;
		}
		switch (dice_between(&dice, 0, 3)) {
		case 0:
			end(arrivals, "mx", id);
			asked[n] = 0;
			break;
		case 1:
			assert_int_equal(found(arrivals, "mx", id), asked[n] > 0 ? holds[n] : -1);
			asked[n] = asked[n] > 0 ? step : 0;
			break;
		default:
			begin(arrivals, "mx", id, step);
			if (asked[n] == 0 && there == ROOM) {
				asked[oldest] = 0;
				dropped++;
			}
			asked[n] = holds[n] = step;
		}
	}
	assert_int_equal(gl_arrivals_dropped(arrivals), dropped);
	assert_true(dropped > STEPS / 20);
	gl_arrivals_free(arrivals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_of_a_host_and_used_again),
		cmocka_unit_test(the_one_that_was_asked_for_longest_ago_goes),
		cmocka_unit_test(no_two_mails_have_the_same_number),
		cmocka_unit_test(it_is_what_a_simple_list_would_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
