/*
 * figures - everything that `stats` knows, gathered but not yet printed.
 *
 * What the counters have and the size of the table cost next to nothing
 * and are gathered by gl_figures_look. States, waits and the clients that
 * wait are in the triplets only: gl_figures_walk reads all of them.
 */
#ifndef GREYLIST_FIGURES_H
#define GREYLIST_FIGURES_H

#include "command.h"
#include "durations.h"
#include "interrupt.h"
#include "ranking.h"

/* About 200 KiB; borrows nothing. Set `days`, the rest to zeros. */
struct gl_figures {
	unsigned days; /* wanted, 1 to GL_COUNTERS_DAYS, the day that is not over included */

	/* By gl_figures_look: */
	int64_t now;                             /* when */
	struct gl_totals all;                    /* since the counters were made */
	struct gl_totals today;                  /* of this day, UTC */
	struct gl_totals each[GL_COUNTERS_DAYS]; /* the days, the earliest first; zeros where
						    there was no request */
	struct gl_store_figures table;

	/* By gl_figures_walk: */
	int64_t walked;            /* when; 0: never */
	uint64_t states[3];        /* triplets by enum gl_state */
	struct gl_durations waits; /* from the first attempt to the first pass, of passed ones */
	struct gl_ranking top;
};

/* At admin->now. Statuses as gl_store_measure. */
GL_CHECKED enum gl_status gl_figures_look(struct gl_figures *figures, struct gl_admin *admin);

/*
 * At admin->now, behind gl_figures_look, a slice after another; who waits
 * at a terminal sees how far it is. Ends early, with what was read so
 * far, where a signal comes; `interrupt` may be NULL. Statuses as gl_walk.
 */
GL_CHECKED enum gl_status gl_figures_walk(
    struct gl_figures *figures, struct gl_admin *admin, const struct gl_interrupt *interrupt);

/* Verdicts of the action, without the errors, which are neither. */
uint64_t gl_figures_verdicts(const struct gl_totals *totals, enum gl_action action);

/* Answered without the table or with a broken configuration. */
bool gl_figures_is_error(enum gl_reason reason);
uint64_t gl_figures_errors(const struct gl_totals *totals);

/* Attempts of a triplet that was not known, whatever `mode` made of them. */
uint64_t gl_figures_strangers(const struct gl_totals *totals);

/*
 * Of the strangers that were turned away on the days, how many did not
 * end their wait on these days: they never came back, or not yet.
 */
struct gl_never {
	uint64_t retried_never;
	uint64_t strangers; /* 0: there is no share */
};

struct gl_never gl_figures_never(const struct gl_figures *figures);

#endif
