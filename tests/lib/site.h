/*
 * site - a whole greylist installation in a directory of the test's own:
 * configuration, lists, state directory, log.
 */
#ifndef GREYLIST_TEST_SITE_H
#define GREYLIST_TEST_SITE_H

#include <stdbool.h>
#include <stddef.h>

struct site {
	char *root;
	char config[512];   /* path of greylist.conf */
	char database[512]; /* path of the state directory */
};

/* cmocka setup and teardown: *state is a struct site with default options and empty lists. */
int site_setup(void **state);
int site_teardown(void **state);

/* Rewrites greylist.conf: what every site needs, and `options` behind it. */
void site_configure(const struct site *site, const char *options);

/* Replaces a list: "clients", "recipients", "senders" or "suffixes". */
void site_list(const struct site *site, const char *name, const char *text);

/* Whether the log holds the text; the log may be emptied with site_clear_log. */
bool site_logged(const struct site *site, const char *text);
void site_clear_log(const struct site *site);

/* Whether a record in the table holds the text. */
bool site_stored(const struct site *site, const char *text);

#endif
