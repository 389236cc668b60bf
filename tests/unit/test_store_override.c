/* What was said by hand, in the table: how much there may be, and how it comes back. */
#include "greylist/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_fixture.h"
#include "tmpdir.h"

enum { NOW = 1000, MOST = GL_OVERRIDES_MAX };

static struct said {
	char key[24];
	char value[64];
} said[MOST];
static struct gl_override_change changes[MOST];

static int64_t ticks(void)
{
	return 1;
}

/* Overrides of that many clients, from number `from` on. */
static enum gl_status say(struct gl_store *store, unsigned from, unsigned count, int64_t until)
{
	size_t changed;
	for (unsigned i = 0; i < count; i++) {
		struct gl_override override = { .made = NOW, .until = until };
		struct gl_out out = gl_out_into(said[i].value, sizeof said[i].value);
		gl_override_encode(&out, &override);
		snprintf(said[i].key, sizeof said[i].key, "cdhost%u.example", from + i);
		changes[i] = (struct gl_override_change){ gl_span_of(said[i].key),
			gl_out_done(&out) };
	}
	return gl_store_override(store, changes, count, NOW, &changed);
}

static bool is_said(struct gl_store *store, unsigned n)
{
	char key[24];
	snprintf(key, sizeof key, "cdhost%u.example", n);
	struct gl_lookup lookup = { .table = GL_TABLE_OVERRIDE, .key = gl_span_of(key) };
	assert_int_equal(gl_store_lookup(store, &lookup, 1), GL_OK);
	return lookup.found;
}

static void one_over_the_most_changes_nothing(void **state)
{
	const struct store_fixture *fixture = *state;
	assert_int_equal(say(fixture->store, 0, MOST, 0), GL_OK);
	assert_int_equal(say(fixture->store, MOST, 1, 0), GL_TOO_LONG);
	assert_true(is_said(fixture->store, MOST - 1));
	assert_false(is_said(fixture->store, MOST));
}

static void what_is_past_its_time_makes_room(void **state)
{
	const struct store_fixture *fixture = *state;
	assert_int_equal(say(fixture->store, 0, MOST, NOW), GL_OK);
	struct gl_override_change one = changes[0];
	size_t changed;
	one.value.len = 0;
	assert_int_equal(gl_store_override(fixture->store, &one, 1, NOW + 1, &changed), GL_OK);
	assert_int_equal(changed, 1);
	assert_false(is_said(fixture->store, 0));
	assert_false(is_said(fixture->store, 1));
}

static void a_restore_over_the_most_says_so(void **state)
{
	struct store_fixture *fixture = *state;
	char *backup = tmpdir_make();
	int dir = open(backup, O_RDONLY | O_DIRECTORY);
	struct gl_complaint why = { "" };
	struct gl_copied copied;
	struct gl_copy *copy;
	size_t count = 1;
	assert_int_equal(say(fixture->store, 0, MOST, 0), GL_OK);
	assert_int_equal(gl_store_copy_begin(&copy, fixture->store, dir, "data.mdb", &why), GL_OK);
	while (count > 0)
		assert_int_equal(gl_store_copy_slice(copy, fixture->store, MOST, &count), GL_OK);
	assert_int_equal(gl_store_copy_end(copy, &copied, &why), GL_OK);
	assert_int_equal(copied.overrides, MOST);
	close(dir);
	changes[0].value.len = 0;
	assert_int_equal(gl_store_override(fixture->store, changes, 1, NOW, &count), GL_OK);
	assert_int_equal(say(fixture->store, MOST, 1, 0), GL_OK);
	gl_store_close(fixture->store);
	fixture->store = NULL;
	struct gl_store_options options = store_fixture_options(fixture->database);
	struct gl_replacing how = { .backup = backup, .now = NOW, .clock = ticks };
	struct gl_replaced result;
	assert_int_equal(gl_store_replace(&options, &how, &result, &why), GL_TOO_LONG);
	assert_non_null(strstr(why.text, "more than 10000"));
	fixture->store = store_fixture_open(fixture);
	assert_true(is_said(fixture->store, MOST));
	tmpdir_remove(backup);
}

int main(void)
{
#define WITH_TABLE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup, store_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TABLE(one_over_the_most_changes_nothing),
		WITH_TABLE(what_is_past_its_time_makes_room),
		WITH_TABLE(a_restore_over_the_most_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
