/* The line that shows how far a command has come. */
#include "progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

enum { LINE = 160 };

static const struct row {
	const char *name;
	uint64_t total, done;
	int64_t elapsed;
	const char *text;
} rows[] = {
	{ "nothing yet", 0, 0, 0, "0 entries" },
	{ "nothing yet, of how many is known", 8, 0, 0,
	    "[                              ] 0 %, 0 entries" },
	{ "some, and no time has passed", 8, 4, 0,
	    "[###############               ] 50 %, 4 entries" },
	{ "of how many is not known", 0, 500, 2000, "500 entries, 250/s" },
	{ "half way", 100000, 50000, 10000,
	    "[###############               ] 50 %, 50000 entries, 5000/s, 10 s left" },
	{ "half way, slowly", 10000000, 5000000, 500000000,
	    "[###############               ] 50 %, 5000000 entries, 10/s, 5 d 18 h left" },
	{ "less than one a second", 10, 1, 1001,
	    "[###                           ] 10 %, 1 entries" },
	{ "the end", 1000, 1000, 1000,
	    "[##############################] 100 %, 1000 entries, 1000/s, 0 s left" },
	{ "more than there were at the beginning", 1000, 4000, 1000,
	    "[##############################] 100 %, 4000 entries, 4000/s, 0 s left" },
	{ "a clock that went back", 10, 5, -1000,
	    "[###############               ] 50 %, 5 entries" },
};

static void every_row_reads_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[LINE];
		const struct row *row = &rows[i];
		struct gl_progress progress = {
			.noun = "entries", .total = row->total, .done = row->done
		};
		gl_progress_text(&progress, row->elapsed, text, sizeof text);
		if (strcmp(text, row->text) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", row->name, text, row->text);
	}
}

static void a_short_line_is_cut(void **state)
{
	char whole[LINE], cut[LINE + 1];
	struct gl_progress progress = { .noun = "entries", .total = 1000, .done = 500 };
	(void)state;
	gl_progress_text(&progress, 1000, whole, sizeof whole);
	for (size_t size = 1; size <= strlen(whole) + 1; size++) {
		memset(cut, 'x', sizeof cut);
		gl_progress_text(&progress, 1000, cut, size);
		assert_int_equal(strlen(cut), size - 1);
		assert_memory_equal(cut, whole, size - 1);
		assert_int_equal(cut[size], 'x');
	}
}

/* Whatever the numbers: a line, and a share that is one. */
static void any_numbers_make_a_line(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		struct dice dice = { seed };
		char text[LINE];
		struct gl_progress progress = { .noun = "entries" };
		progress.total = (uint64_t)dice_between(
		    &dice, 0, INT64_C(1) << dice_between(&dice, 0, 40));
		progress.done = (uint64_t)dice_between(
		    &dice, 0, INT64_C(1) << dice_between(&dice, 0, 40));
		gl_progress_text(&progress,
		    dice_between(&dice, -10, INT64_C(1) << dice_between(&dice, 0, 40)), text,
		    sizeof text);
		assert_true(strlen(text) < LINE - 1);
		assert_null(strchr(text, '-'));
		const char *share = strchr(text, ']');
		assert_true((share != NULL) == (progress.total > 0));
		assert_true(share == NULL || strtol(share + 1, NULL, 10) <= 100);
	}
}

static void nobody_watches_where_there_is_no_terminal(void **state)
{
	FILE *err = tmpfile();
	struct gl_admin admin = { .err = err };
	struct gl_progress progress;
	(void)state;
	gl_progress_begin(&progress, &admin, "entries", 10);
	for (unsigned i = 0; i < 10; i++)
		gl_progress_add(&progress, 1);
	gl_progress_end(&progress);
	assert_int_equal(progress.done, 10);
	assert_int_equal(ftell(err), 0);
	fclose(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_reads_as_it_should),
		cmocka_unit_test(a_short_line_is_cut),
		cmocka_unit_test(any_numbers_make_a_line),
		cmocka_unit_test(nobody_watches_where_there_is_no_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
