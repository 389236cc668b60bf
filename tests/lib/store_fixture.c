#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tmpdir.h"

struct gl_store_options store_fixture_options(const char *database)
{
	return (struct gl_store_options){
		.directory = database,
		.map_limit = (uint64_t)256 << 20,
		.sync_meta = true,
		.sync_data = true,
		.create = true,
	};
}

struct gl_store *store_fixture_open(const struct store_fixture *fixture)
{
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_options options = store_fixture_options(fixture->database);
	if (gl_store_open(&store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	return store;
}

int store_fixture_setup(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);
	if (fixture == NULL)
		return -1;
	fixture->database = tmpdir_make();
	fixture->store = store_fixture_open(fixture);
	*state = fixture;
	return 0;
}

int store_fixture_teardown(void **state)
{
	struct store_fixture *fixture = *state;
	gl_store_close(fixture->store);
	tmpdir_remove(fixture->database);
	free(fixture);
	return 0;
}

void store_fixture_triplet(const struct gl_store *store, struct gl_triplet *triplet,
    const char *client, const char *sender, const char *recipient)
{
	struct gl_network network;
	assert_int_equal(gl_network_parse(&network, gl_span_of(client)), GL_OK);
	assert_int_equal(gl_triplet_make(triplet, &network, gl_span_of(sender),
			     gl_span_of(recipient), gl_store_secret(store)),
	    GL_OK);
}

void store_fixture_remember(
    struct gl_store *store, const struct gl_triplet *triplet, struct gl_record record, int64_t base)
{
	record.text = gl_triplet_text(triplet);
	struct gl_op op = {
		.kind = GL_OP_TRIPLET, .key = &triplet->key, .base = base, .record = record
	};
	assert_int_equal(gl_store_apply(store, &op, 1, NULL), GL_OK);
}

bool store_fixture_recall(
    struct gl_store *store, const struct gl_triplet *triplet, struct gl_record *record)
{
	struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET, .key = gl_key_span(&triplet->key) };
	assert_int_equal(gl_store_lookup(store, &lookup, 1), GL_OK);
	if (!lookup.found)
		return false;
	assert_int_equal(gl_record_decode(record, lookup.value), GL_OK);
	return true;
}
