/*
 * stats - the forms in which `stats` prints its figures.
 *
 * Each prints all of them, and returns false where the output failed.
 * What a form has and in which order is an interface (greylist-admin(8),
 * OUTPUT).
 */
#ifndef GREYLIST_STATS_H
#define GREYLIST_STATS_H

#include "figures.h"

/* For people: at most 80 columns. */
bool gl_stats_text(FILE *to, const struct gl_figures *figures);

/* One object on one line. */
bool gl_stats_json(FILE *to, const struct gl_figures *figures);

/* The text format of Prometheus, as node_exporter's textfile collector reads it. */
bool gl_stats_prometheus(FILE *to, const struct gl_figures *figures);

/* A label's value between its quotes, escaped as that format has it. */
void gl_stats_label(FILE *to, const char *value);

/* "2026-01-31", UTC. Returns `text`. */
const char *gl_stats_date(char text[32], int64_t day);

/*
 * Shows them anew every `pause` milliseconds until a signal ends it, on
 * a terminal over one another, elsewhere with an empty line in between.
 * The time is admin->now at the first and goes on from there. Returns
 * where the table or the output failed, or the signal is one that the
 * program survives.
 */
enum gl_exit gl_stats_watch(struct gl_admin *admin, struct gl_figures *figures, int pause);

/*
 * Whether the table may be walked once more, where walking it has taken
 * `walked` of `elapsed` microseconds: not more than a twentieth.
 */
bool gl_stats_affords_walk(int64_t walked, int64_t elapsed);

/* The lines above the figures of a watch. `all` are the totals at the look before; NULL: none. */
void gl_stats_rates(
    FILE *to, const struct gl_figures *figures, const struct gl_totals *all, int64_t milliseconds);

#endif
