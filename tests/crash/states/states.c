/*
 * states [full|meta|none NUMBER] - what a power cut may leave of the table.
 *
 * A table is used for a while, with every write and sync of its file
 * noted. Then the states that a power cut could leave are made one by
 * one and read as greylist-admin check --deep does: none may be bad with
 * sync = full or meta, and with none some have to be, or this finds nothing.
 *
 * With a mode and the number of a state that one is made and described;
 * it takes the seed and the extent of the run that named it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "extent.h"
#include "tmpdir.h"

struct mode {
	const char *name;
	enum life_sync sync;
	int transactions[2];          /* in full, and in the bounded form */
	uint64_t subsets[2], torn[2]; /* of a cut */
};

static const struct mode modes[] = {
	{ "full", LIFE_FULL, { 2000, 70 }, { 256, 32 }, { 32, 6 } },
	{ "meta", LIFE_META, { 2000, 60 }, { 256, 32 }, { 32, 6 } },
	{ "none", LIFE_NONE, { 500, 40 }, { 4, 2 }, { 2, 1 } },
};

struct era {
	struct life life;
	struct history history;
	struct plan plan;
};

static uint64_t seed_of_run(void)
{
	const char *text = getenv("GREYLIST_TEST_SEED");
	return text != NULL ? strtoull(text, NULL, 0) : 20240229;
}

static bool live(struct era *era, const struct mode *mode)
{
	uint64_t seed = seed_of_run();
	bool bounded = !extent_full();
	struct plan_bounds bounds = { mode->subsets[bounded], mode->torn[bounded] };
	size_t transactions = (size_t)extent_of(mode->transactions[0], mode->transactions[1]);
	if (!life_lead(&era->life, mode->sync, seed, transactions))
		return false;
	const struct journal *journal = &era->life.journal;
	int file = journal_find(journal, journal_find(journal, 0, "table.1"), "data.mdb");
	if (file < 0) {
		printf("nobody saw the table being made\n");
		return false;
	}
	if (!history_make(&era->history, journal, file))
		return false;
	if (!history_is(&era->history, tmpdir_path(era->life.directory, "table.1/data.mdb"))) {
		printf("the table's file is not what was noted\n");
		return false;
	}
	plan_make(&era->plan, &era->history, seed, &bounds);
	return true;
}

static void forget(struct era *era)
{
	plan_free(&era->plan);
	history_free(&era->history);
	life_free(&era->life);
}

static void print_bad(const struct mode *mode, const struct crowd_report *report)
{
	for (uint64_t i = 0; i < report->bad && i < CROWD_EXAMPLES; i++)
		printf("  %s %" PRIu64 ": %s: %s\n", mode->name, report->examples[i].number,
		    verdict_text(report->examples[i].judgement.verdict),
		    report->examples[i].judgement.why);
}

static void print_report(
    const struct mode *mode, const struct era *era, const struct crowd_report *report)
{
	const uint64_t *verdicts = report->verdicts;
	printf("%s: %" PRIu64 " states of %zu cuts in %zu commits: %" PRIu64 " subsets, %" PRIu64
	       " with torn pages; %" PRIu64 " bad\n",
	    mode->name, report->subsets + report->torn, era->plan.cut_count, era->life.commits,
	    report->subsets, report->torn, report->bad);
	printf("  with the last commit %" PRIu64 ", with the one under way %" PRIu64
	       ", without the last %" PRIu64 "; written to again %" PRIu64 "\n",
	    verdicts[VERDICT_LAST], verdicts[VERDICT_NEWER], verdicts[VERDICT_OLDER],
	    report->went_on);
	printf("  damaged %" PRIu64 ", lost %" PRIu64 ", stray %" PRIu64
	       ", ended the process %" PRIu64 "\n",
	    verdicts[VERDICT_DAMAGED], verdicts[VERDICT_LOST], verdicts[VERDICT_STRAY],
	    verdicts[VERDICT_ENDED]);
}

/* Each mode has to differ from the others in what a power cut takes. */
static bool as_expected(const struct mode *mode, const struct crowd_report *report)
{
	const uint64_t *verdicts = report->verdicts;
	switch (mode->sync) {
	case LIFE_FULL:
		return report->bad == 0 && verdicts[VERDICT_LAST] > 0 &&
		       verdicts[VERDICT_NEWER] > 0;
	case LIFE_META:
		return report->bad == 0 && verdicts[VERDICT_LAST] > 0 &&
		       verdicts[VERDICT_OLDER] > 0;
	case LIFE_NONE:
		break;
	}
	return verdicts[VERDICT_DAMAGED] > 0 && verdicts[VERDICT_LOST] > 0;
}

static bool try_mode(const struct mode *mode)
{
	struct era era = { .plan = { .states = 0 } };
	struct crowd_report report;
	bool right = live(&era, mode) && crowd_judge(&report, &era.life, &era.plan);
	if (right) {
		print_report(mode, &era, &report);
		if (mode->sync != LIFE_NONE)
			print_bad(mode, &report);
		right = as_expected(mode, &report);
	}
	if (!right)
		printf("%s: NOT as it has to be\n", mode->name);
	fflush(stdout);
	forget(&era);
	return right;
}

static int show_one(const char *name, const char *number)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		struct era era = { .plan = { .states = 0 } };
		if (strcmp(modes[i].name, name) != 0)
			continue;
		uint64_t which = strtoull(number, NULL, 10);
		bool there = live(&era, &modes[i]) && which < era.plan.states;
		printf("%s: %" PRIu64 " states, seed %" PRIu64 "\n", name, era.plan.states,
		    seed_of_run());
		if (there)
			crowd_show(&era.life, &era.plan, which);
		forget(&era);
		return there ? 0 : 1;
	}
	return 64;
}

int main(int argc, char **argv)
{
	bool right = true;
	if (argc == 3)
		return show_one(argv[1], argv[2]);
	if (argc != 1) {
		fprintf(stderr, "usage: states [full|meta|none NUMBER]\n");
		return 64;
	}
	printf("seed %" PRIu64 "\n", seed_of_run());
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		right = try_mode(&modes[i]) && right;
	return right ? 0 : 1;
}
