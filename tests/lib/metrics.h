/*
 * metrics - whether a text is what Prometheus reads, and nothing else.
 *
 * Stricter than Prometheus itself: every metric has one HELP and one
 * TYPE line in front of its samples, values are whole numbers, names are
 * those that promtool does not complain about, and a histogram adds up.
 */
#ifndef GREYLIST_TEST_METRICS_H
#define GREYLIST_TEST_METRICS_H

/* NULL, or what is wrong with it; static. */
const char *metrics_wrong(const char *text);

#endif
