/*
 * Records that version 1 wrote, kept for ever: records/v1-*.hex. Every
 * later version has to read them as this table does.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/record.h"
#include "hex.h"
#include "source.h"

#define TEXT(text)                                                                                 \
	{                                                                                          \
		text, sizeof text - 1                                                              \
	}
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* first_seen, last_seen, passed_at, attempts, passes, text, origin, fields of later versions,
 * unchecked */
static const struct triplet_case {
	const char *file;
	struct gl_record record;
} triplets[] = {
	{ "v1-triplet-waiting", { 1700000000, 1700000000, 0, 1, 0,
				    TEXT("ann@example.com\0bob@example.org"), NONE, NONE, true } },
	{ "v1-triplet-passed",
	    { 1700000000, 1702592300, 1700000300, 31, 30,
		TEXT("news-#@lists.example\0bob@example.org"), NONE, NONE, true } },
	{ "v1-triplet-bounce",
	    { 1700000000, 1700000061, 0, 2, 0, TEXT("\0bob@example.org"), NONE, NONE, true } },
	{ "v1-triplet-later-fields", { 1700000000, 1700000300, 1700000300, 2, 1, TEXT("a@b\0c@d"),
					 NONE, TEXT("\x81\4\0\0\0*"), true } },
	{ "v1-triplet-no-text",
	    { 1700000000, 1700000300, 1700000300, 2, 1, NONE, NONE, NONE, true } },
	{ "v1-triplet-largest", { GL_TIME_MAX, GL_TIME_MAX, GL_TIME_MAX, UINT32_MAX, UINT32_MAX,
				    TEXT("a@b\0c@d"), NONE, NONE, true } },
	{ "v1-triplet-checked", { 1700000000, 1700000300, 1700000300, 2, 1, TEXT("a@b\0c@d"),
				    { "4\x18\xc0\x00\x02", 5 }, TEXT("\x81\4\0\0\0*"), false } },
	{ "v1-triplet-utf8",
	    { 1700000000, 1700000000, 0, 1, 0, TEXT("jürgen@bücher.example\0björn@example.org"),
		NONE, NONE, true } },
};

/* last_counted, last_seen, count, message, fields of later versions, unchecked */
static const struct client_case {
	const char *file;
	struct gl_client client;
} clients[] = {
	{ "v1-client", { 1700003900, 1700003900, 2,
			   { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab,
			       0xac, 0xad, 0xae, 0xaf },
			   NONE, true } },
	{ "v1-client-checked", { 1700003900, 1700003900, 2, { 0xa0 }, NONE, false } },
	{ "v1-client-later-fields", { 1700000300, 1700000360, 1, { 0 }, TEXT("later"), true } },
};

enum {
	TRIPLETS = sizeof triplets / sizeof *triplets,
	CLIENTS = sizeof clients / sizeof *clients,
	MOST = 512
};

static struct gl_span kept(unsigned char bytes[MOST], const char *file)
{
	char path[128];
	snprintf(path, sizeof path, "tests/golden/records/%s.hex", file);
	size_t len = hex_read_file(bytes, MOST, path);
	return (struct gl_span){ (const char *)bytes, len };
}

static void triplet_is_read_and_written_back(void **state)
{
	const struct triplet_case *wanted = *(const struct triplet_case **)*state;
	unsigned char bytes[MOST];
	struct gl_span old = kept(bytes, wanted->file);
	struct gl_record record;
	assert_int_equal(gl_record_decode(&record, old), GL_OK);
	assert_int_equal(record.first_seen, wanted->record.first_seen);
	assert_int_equal(record.last_seen, wanted->record.last_seen);
	assert_int_equal(record.passed_at, wanted->record.passed_at);
	assert_int_equal(record.attempts, wanted->record.attempts);
	assert_int_equal(record.passes, wanted->record.passes);
	assert_true(gl_span_equal(record.text, wanted->record.text));
	assert_true(gl_span_equal(record.rest, wanted->record.rest));

	char again[MOST];
	struct gl_out out = gl_out_into(again, sizeof again);
	gl_record_encode(&out, &record);
	assert_true(gl_span_equal(gl_out_done(&out), old));
}

static void client_is_read_and_written_back(void **state)
{
	const struct client_case *wanted = *(const struct client_case **)*state;
	unsigned char bytes[MOST];
	struct gl_span old = kept(bytes, wanted->file);
	struct gl_client client;
	assert_int_equal(gl_client_decode(&client, old), GL_OK);
	assert_int_equal(client.last_counted, wanted->client.last_counted);
	assert_int_equal(client.last_seen, wanted->client.last_seen);
	assert_int_equal(client.count, wanted->client.count);
	assert_memory_equal(client.message, wanted->client.message, GL_DIGEST_SIZE);
	assert_true(gl_span_equal(client.rest, wanted->client.rest));

	char again[MOST];
	struct gl_out out = gl_out_into(again, sizeof again);
	gl_client_encode(&out, &client);
	assert_true(gl_span_equal(gl_out_done(&out), old));
}

/* Fields of a later version must outlive every change that this one makes. */
static void later_fields_outlive_decode_merge_and_encode(void **state)
{
	(void)state;
	unsigned char bytes[MOST];
	struct gl_record stored, got;
	assert_int_equal(gl_record_decode(&stored, kept(bytes, "v1-triplet-later-fields")), GL_OK);
	struct gl_op op = { .base = stored.first_seen, .record = stored };
	op.record.last_seen += GL_HOUR;
	op.record.rest = (struct gl_span)NONE;
	struct gl_record merged = gl_record_merge(&stored, &op);
	char again[MOST];
	struct gl_out out = gl_out_into(again, sizeof again);
	gl_record_encode(&out, &merged);
	assert_int_equal(gl_record_decode(&got, gl_out_done(&out)), GL_OK);
	assert_int_equal(got.last_seen, stored.last_seen + GL_HOUR);
	assert_true(gl_span_equal(got.rest, stored.rest));
}

static void no_kept_record_is_left_out(void **state)
{
	(void)state;
	glob_t found;
	assert_int_equal(glob(source_path("tests/golden/records/v1-*.hex"), 0, NULL, &found), 0);
	size_t count = found.gl_pathc;
	globfree(&found);
	assert_int_equal(count, TRIPLETS + CLIENTS);
}

int main(void)
{
	struct CMUnitTest tests[TRIPLETS + CLIENTS + 2] = {
		cmocka_unit_test(later_fields_outlive_decode_merge_and_encode),
		cmocka_unit_test(no_kept_record_is_left_out),
	};
	struct CMUnitTest *next = tests + 2;
	const struct triplet_case *triplet_at[TRIPLETS];
	const struct client_case *client_at[CLIENTS];
	for (size_t i = 0; i < TRIPLETS; i++) {
		triplet_at[i] = &triplets[i];
		*next++ = (struct CMUnitTest){ triplets[i].file, triplet_is_read_and_written_back,
			NULL, NULL, &triplet_at[i] };
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		client_at[i] = &clients[i];
		*next++ = (struct CMUnitTest){ clients[i].file, client_is_read_and_written_back,
			NULL, NULL, &client_at[i] };
	}
	return cmocka_run_group_tests_name("kept records", tests, NULL, NULL);
}
