/* What happens between the choice of an entry and its deletion; and what is said of a part. */
#include "erase.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

enum { NOW = 1767225600, LONG_AGO = NOW - 90 * 86400, TRIPLETS = 40 };

/* What comes in between; each only at the first deletion. */
struct between {
	const struct gl_triplet *touched; /* a helper writes to this one */
	int signal;                       /* arrives */
	enum gl_status fails;             /* from the second deletion on */
	unsigned calls;
};

static struct between between;

enum gl_status __real_gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_keys *keys, gl_still_fn *still, void *context, size_t *deleted);
enum gl_status __wrap_gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_keys *keys, gl_still_fn *still, void *context, size_t *deleted);

enum gl_status __wrap_gl_store_delete(struct gl_store *store, enum gl_table table,
    const struct gl_keys *keys, gl_still_fn *still, void *context, size_t *deleted)
{
	struct gl_record fresh = { .first_seen = NOW, .last_seen = NOW, .attempts = 1 };
	if (between.calls++ > 0 && between.fails != GL_OK)
		return between.fails;
	if (between.touched != NULL && between.calls == 1)
		store_fixture_remember(store, between.touched, fresh, LONG_AGO);
	if (between.signal != 0 && between.calls == 1)
		raise(between.signal);
	return __real_gl_store_delete(store, table, keys, still, context, deleted);
}

struct scene {
	struct gl_store *store;
	struct gl_admin admin;
	struct gl_filter *filter;
	struct gl_triplet first; /* by its key */
	char *said;
	size_t said_len;
};

static void begin(struct scene *scene, void **state)
{
	struct store_fixture *fixture = *state;
	struct gl_record old = { .first_seen = LONG_AGO, .last_seen = LONG_AGO, .attempts = 1 };
	memset(scene, 0, sizeof *scene);
	scene->store = scene->admin.world.store = fixture->store;
	scene->admin.world.config.timing =
	    (struct gl_timing){ .delay = 180, .retry_window = 172800, .max_age = 3024000 };
	for (unsigned i = 0; i < TRIPLETS; i++) {
		static struct gl_triplet triplet;
		char client[32];
		snprintf(client, sizeof client, "10.0.%u.0/24", i);
		store_fixture_triplet(fixture->store, &triplet, client, "s@a.test", "r@b.test");
		store_fixture_remember(fixture->store, &triplet, old, 0);
		if (i == 0)
			scene->first = triplet;
	}
	scene->admin.err = stderr;
	scene->admin.out = open_memstream(&scene->said, &scene->said_len);
	scene->admin.now = NOW;
	scene->admin.state = "expired";
	scene->filter = malloc(sizeof *scene->filter);
	assert_int_equal(gl_filter_read(scene->filter, &scene->admin), GL_EXIT_OK);
	between = (struct between){ .calls = 0 };
}

static uint64_t triplets(const struct scene *scene)
{
	struct gl_store_figures figures;
	assert_int_equal(gl_store_measure(scene->store, &figures), GL_OK);
	return figures.triplets;
}

static void end(struct scene *scene)
{
	fclose(scene->admin.out);
	free(scene->said);
	free(scene->filter);
}

static void all_that_fits_is_erased(void **state)
{
	static struct scene scene;
	struct gl_erased erased = { .together = NULL };
	begin(&scene, state);
	assert_int_equal(gl_erase(&scene.admin, scene.filter, &erased), GL_OK);
	assert_string_equal(scene.said, "40 triplets and 0 clients deleted\n");
	assert_int_equal(triplets(&scene), 0);
	assert_true(between.calls > 1);
	end(&scene);
}

static void what_a_helper_wrote_to_meanwhile_stays(void **state)
{
	static struct scene scene;
	struct gl_erased erased = { .together = NULL };
	struct gl_record record;
	begin(&scene, state);
	between.touched = &scene.first;
	assert_int_equal(gl_erase(&scene.admin, scene.filter, &erased), GL_OK);
	assert_string_equal(scene.said, "39 triplets and 0 clients deleted\n");
	assert_true(store_fixture_recall(scene.store, &scene.first, &record));
	assert_int_equal(record.first_seen, NOW);
	assert_int_equal(triplets(&scene), 1);
	end(&scene);
}

static volatile sig_atomic_t caught;

static void catch_it(int number)
{
	caught = number;
}

static void a_signal_ends_it_between_two_transactions(void **state)
{
	static struct scene scene;
	struct gl_erased erased = { .together = NULL };
	char expected[80];
	begin(&scene, state);
	caught = 0;
	between.signal = SIGTERM;
	signal(SIGTERM, catch_it);
	assert_int_equal(gl_erase(&scene.admin, scene.filter, &erased), GL_OK);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(caught, SIGTERM);
	assert_true(erased.interrupted);
	assert_int_equal(between.calls, 1);
	assert_int_equal(erased.triplets, TRIPLETS - triplets(&scene));
	snprintf(expected, sizeof expected, "interrupted: %d triplets and 0 clients deleted\n",
	    (int)erased.triplets);
	assert_string_equal(scene.said, expected);
	assert_in_range(erased.triplets, 1, TRIPLETS - 1);
	end(&scene);
}

static void what_was_done_before_a_failure_is_said(void **state)
{
	static struct scene scene;
	struct gl_erased erased = { .together = "expired entries" };
	char expected[80];
	begin(&scene, state);
	between.fails = GL_FULL;
	assert_int_equal(gl_erase(&scene.admin, scene.filter, &erased), GL_FULL);
	snprintf(expected, sizeof expected, "%d expired entries deleted\n",
	    (int)(TRIPLETS - triplets(&scene)));
	assert_string_equal(scene.said, expected);
	assert_int_equal(erased.triplets, TRIPLETS - triplets(&scene));
	assert_in_range(erased.triplets, 1, TRIPLETS - 1);
	end(&scene);
}

static void a_dry_run_counts_the_same_and_deletes_none(void **state)
{
	static struct scene scene;
	struct gl_erased erased = { .together = NULL };
	begin(&scene, state);
	scene.admin.dry_run = true;
	assert_int_equal(gl_erase(&scene.admin, scene.filter, &erased), GL_OK);
	assert_string_equal(scene.said, "40 triplets and 0 clients would be deleted\n");
	assert_int_equal(triplets(&scene), TRIPLETS);
	assert_int_equal(between.calls, 0);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    all_that_fits_is_erased, store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(what_a_helper_wrote_to_meanwhile_stays,
		    store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_signal_ends_it_between_two_transactions,
		    store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(what_was_done_before_a_failure_is_said,
		    store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_dry_run_counts_the_same_and_deletes_none,
		    store_fixture_setup, store_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
