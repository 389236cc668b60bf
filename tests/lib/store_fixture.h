/*
 * store_fixture - a fresh table for a test, and short ways to use it.
 *
 * The suites that go through it take the place of the table as a
 * string (`database`), so that every kind of store runs the same ones.
 */
#ifndef GREYLIST_TEST_STORE_FIXTURE_H
#define GREYLIST_TEST_STORE_FIXTURE_H

#include "greylist/store.h"

struct store_fixture {
	char *database; /* a directory of the test's own */
	struct gl_store *store;
};

/* cmocka setup and teardown: *state is a struct store_fixture. */
int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/* The options that the suites open with. */
struct gl_store_options store_fixture_options(const char *database);

/*
 * Opens the table of the fixture. Fails the test where it cannot. One
 * process must not have one LMDB table open twice: close the fixture's
 * own store first, or fork.
 */
struct gl_store *store_fixture_open(const struct store_fixture *fixture);

/* The triplet of a client, sender and recipient under the table's secret. */
void store_fixture_triplet(const struct gl_store *store, struct gl_triplet *triplet,
    const char *client, const char *sender, const char *recipient);

/* Remembers a triplet, decided on `base`. Fails the test where that fails. */
void store_fixture_remember(struct gl_store *store, const struct gl_triplet *triplet,
    struct gl_record record, int64_t base);

/* Whether the triplet is there; *record borrows from the store. */
bool store_fixture_recall(
    struct gl_store *store, const struct gl_triplet *triplet, struct gl_record *record);

#endif
