#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"

static bool grown(const struct moment *moment)
{
	return moment->size_newest > moment->size_durable;
}

static size_t versions(const struct moment *moment, size_t page)
{
	return moment->newest[page] - moment->durable[page] + 1;
}

static size_t written_page(const struct moment *moment, const struct cut *cut)
{
	return cut->written ? moment->history->steps[cut->step - 1].page : SIZE_MAX;
}

/* How many there are, or one more than `most` where there are more than that. */
static uint64_t count_subsets(const struct moment *moment, const struct cut *cut, uint64_t most)
{
	uint64_t count = grown(moment) ? 2 : 1;
	size_t written = written_page(moment, cut);
	for (size_t i = 0; i < moment->loose_count && count <= most; i++) {
		size_t page = moment->loose[i];
		if (page != written)
			count *= versions(moment, page);
	}
	return count <= most ? count : most + 1;
}

static void add_cut(struct plan *plan, const struct moment *moment, enum step_kind kind,
    const struct plan_bounds *bounds)
{
	struct cut *cut = &plan->cuts[plan->cut_count++];
	*cut = (struct cut){ .step = moment->step,
		.first = plan->states,
		.written = kind == STEP_PAGE,
		.whole = kind == STEP_SYNC };
	uint64_t count = cut->whole ? 1 : count_subsets(moment, cut, bounds->subsets);
	cut->all = count <= bounds->subsets;
	cut->subsets = cut->all ? count : bounds->subsets;
	cut->torn = cut->whole || moment->loose_count == 0 ? 0 : bounds->torn;
	plan->states += cut->subsets + cut->torn;
}

void plan_make(struct plan *plan, const struct history *history, uint64_t seed,
    const struct plan_bounds *bounds)
{
	struct moment moment;
	*plan = (struct plan){ .history = history, .seed = seed };
	plan->cuts = calloc(history->count, sizeof *plan->cuts);
	if (plan->cuts == NULL)
		abort();
	moment_begin(&moment, history);
	for (size_t i = 0; i < history->count; i++) {
		moment_advance(&moment);
		if (moment.mark >= 0)
			add_cut(plan, &moment, history->steps[i].kind, bounds);
	}
	moment_end(&moment);
}

void plan_free(struct plan *plan)
{
	free(plan->cuts);
}

const struct cut *plan_cut(const struct plan *plan, uint64_t number)
{
	size_t low = 0, high = plan->cut_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (plan->cuts[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return &plan->cuts[low];
}

static void choose_by_number(
    const struct moment *moment, const struct cut *cut, uint64_t number, struct choice *choice)
{
	size_t written = written_page(moment, cut);
	if (grown(moment)) {
		choice->size = number % 2 != 0 ? moment->size_newest : 0;
		number /= 2;
	}
	for (size_t i = 0; i < moment->loose_count; i++) {
		size_t page = moment->loose[i], count = versions(moment, page);
		if (page == written)
			continue;
		choice->version[page] = moment->durable[page] + number % count;
		number /= count;
	}
}

/* Hardly any, half of, or nearly all that is not synced. */
static void choose_by_dice(
    const struct moment *moment, const struct cut *cut, struct dice *dice, struct choice *choice)
{
	static const int64_t eighths[] = { 1, 4, 7 };
	int64_t kept = eighths[dice_between(dice, 0, 2)];
	size_t written = written_page(moment, cut);
	for (size_t i = 0; i < moment->loose_count; i++) {
		size_t page = moment->loose[i];
		int64_t last = (int64_t)moment->newest[page],
			first = (int64_t)moment->durable[page];
		if (page == written)
			continue;
		choice->version[page] = dice_between(dice, 1, 8) <= kept
					    ? (size_t)dice_between(dice, first + 1, last)
					    : (size_t)first;
	}
	if (grown(moment) && dice_one_in(dice, 2))
		choice->size = (uint64_t)dice_between(dice, (int64_t)moment->size_durable / PAGE,
				   (int64_t)moment->size_newest / PAGE) *
			       PAGE;
}

static void tear(const struct moment *moment, struct dice *dice, struct choice *choice)
{
	choice->tear_count = (size_t)dice_between(dice, 1, TEARS_MAX);
	for (size_t i = 0; i < choice->tear_count; i++) {
		int64_t which = dice_between(dice, 0, (int64_t)moment->loose_count - 1);
		size_t page = moment->loose[which];
		int64_t others = (int64_t)versions(moment, page) - 1;
		size_t other = moment->durable[page] + (size_t)dice_between(dice, 0, others - 1);
		if (other >= choice->version[page])
			other++;
		choice->tears[i] = (struct tear){
			.page = page, .other = other, .sectors = (uint8_t)dice_between(dice, 1, 254)
		};
	}
}

/* Not smaller than what is in it. */
static void settle_size(const struct moment *moment, struct choice *choice)
{
	if (choice->size < moment->size_durable)
		choice->size = moment->size_durable;
	for (size_t i = 0; i < moment->loose_count; i++) {
		size_t page = moment->loose[i];
		bool torn = false;
		for (size_t t = 0; t < choice->tear_count; t++)
			torn = torn || choice->tears[t].page == page;
		uint64_t end = ((uint64_t)page + 1) * PAGE;
		if ((torn || choice->version[page] > moment->durable[page]) && end > choice->size)
			choice->size = end;
	}
}

void plan_choose(
    const struct plan *plan, const struct moment *moment, uint64_t number, struct choice *choice)
{
	const struct cut *cut = plan_cut(plan, number);
	uint64_t which = number - cut->first;
	struct dice dice = { .state = plan->seed ^ (number + 1) * UINT64_C(0x9e3779b97f4a7c15) };
	memcpy(
	    choice->version, moment->newest, moment->history->page_count * sizeof *choice->version);
	choice->size = 0;
	choice->tear_count = 0;
	if (cut->whole)
		choice->size = moment->size_newest;
	else if (which == 0 && !cut->all)
		choice->size = moment->size_newest; /* the whole, before parts of it */
	else if (which >= cut->subsets || !cut->all)
		choose_by_dice(moment, cut, &dice, choice);
	else
		choose_by_number(moment, cut, which, choice);
	if (which >= cut->subsets)
		tear(moment, &dice, choice);
	settle_size(moment, choice);
}

void choice_print(const struct choice *choice, const struct moment *moment)
{
	printf("  behind step %zu, with commit %" PRId64 " acknowledged; %" PRIu64
	       " pages, of %" PRIu64 " that are certain and %" PRIu64 " written\n",
	    moment->step, moment->mark, choice->size / PAGE, moment->size_durable / PAGE,
	    moment->size_newest / PAGE);
	for (size_t i = 0; i < moment->loose_count; i++) {
		size_t page = moment->loose[i];
		printf("  page %zu: version %zu of %zu to %zu\n", page, choice->version[page],
		    moment->durable[page], moment->newest[page]);
	}
	for (size_t i = 0; i < choice->tear_count; i++)
		printf("  page %zu torn: sectors %02x are of version %zu\n", choice->tears[i].page,
		    choice->tears[i].sectors, choice->tears[i].other);
}
