/* The codec of triplets and clients: bytes to struct and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/record.h"
#include "hex.h"
#include "source.h"

enum { ROWS = 3000 };

static struct gl_span span(const void *bytes, size_t len)
{
	return (struct gl_span){ bytes, len };
}

/* Cuts the indented lines behind `words` out of a header's comment. */
static size_t example_of(unsigned char *bytes, size_t size, const char *path, const char *words)
{
	char *text = source_text(path);
	char *found = strstr(text, words);
	assert_non_null(found);
	char *first = strstr(found, "\n *     ");
	assert_non_null(first);
	char *last = strstr(first, "\n *\n");
	assert_non_null(last);
	*last = '\0';
	for (char *star = first; star != NULL; star = strchr(star, '*'))
		*star = ' ';
	size_t len = hex_read(bytes, size, first);
	free(text);
	return len;
}

static void the_example_of_the_header_is_what_it_says(void **state)
{
	(void)state;
	unsigned char bytes[128];
	size_t len = example_of(
	    bytes, sizeof bytes, "lib/include/greylist/record.h", "Example of a triplet");
	struct gl_record record;
	assert_int_equal(gl_record_decode(&record, span(bytes, len)), GL_OK);
	assert_int_equal(record.first_seen, 1000);
	assert_int_equal(record.passed_at, 1300);
	assert_int_equal(record.last_seen, 1300);
	assert_int_equal(record.attempts, 2);
	assert_int_equal(record.passes, 1);
	assert_true(gl_span_equal(record.text, span("a@b\0c@d", 7)));
	assert_int_equal(record.rest.len, 0);

	char again[sizeof bytes];
	struct gl_out out = gl_out_into(again, sizeof again);
	gl_record_encode(&out, &record);
	assert_int_equal(out.len, len);
	assert_memory_equal(again, bytes, len);
}

static void the_octets_stand_where_the_header_has_them(void **state)
{
	(void)state;
	const struct gl_client client = {
		.last_counted = 0x010203040506,
		.last_seen = 0x111213141516,
		.count = 0x21222324,
		.message = { 0x31, 0x32 },
		.rest = { "later", 5 },
		.unchecked = true,
	};
	char bytes[64];
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_client_encode(&out, &client);
	assert_int_equal(out.len, GL_CLIENT_HEAD + 5);
	assert_memory_equal(bytes, "\1\0\0\1\2\3\4\5\6", 9);
	assert_memory_equal(bytes + 9, "\0\0\x11\x12\x13\x14\x15\x16", 8);
	assert_memory_equal(bytes + 17, "\x21\x22\x23\x24", 4);
	assert_memory_equal(bytes + 21, client.message, GL_DIGEST_SIZE);
	assert_memory_equal(bytes + 37, "later", 5);
}

static const struct gl_record sample = {
	.first_seen = 1700000000,
	.last_seen = 1700000300,
	.passed_at = 1700000300,
	.attempts = 3,
	.passes = 1,
	.text = { "a@b\0c@d", 7 },
	.rest = { "\x81later", 6 },
	.unchecked = true,
};

static size_t encoded(char *bytes, size_t size, const struct gl_record *record)
{
	struct gl_out out = gl_out_into(bytes, size);
	gl_record_encode(&out, record);
	assert_false(out.full);
	return out.len;
}

static void a_record_cut_short_anywhere_is_corrupt(void **state)
{
	(void)state;
	char bytes[128];
	size_t len = encoded(bytes, sizeof bytes, &sample);
	struct gl_record record;
	for (size_t cut = 0; cut < len - sample.rest.len; cut++)
		assert_int_equal(gl_record_decode(&record, span(bytes, cut)), GL_CORRUPT);
	for (size_t cut = len - sample.rest.len; cut <= len; cut++)
		assert_int_equal(gl_record_decode(&record, span(bytes, cut)), GL_OK);
}

static void a_client_cut_short_anywhere_is_corrupt(void **state)
{
	(void)state;
	char bytes[GL_CLIENT_HEAD];
	const struct gl_client none = { .count = 1, .unchecked = true };
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_client_encode(&out, &none);
	struct gl_client client;
	assert_int_equal(gl_client_decode(&client, gl_out_done(&out)), GL_OK);
	for (size_t cut = 0; cut < sizeof bytes; cut++)
		assert_int_equal(gl_client_decode(&client, span(bytes, cut)), GL_CORRUPT);
}

/* An empty span may have no address at all. */
static void nothing_is_corrupt(void **state)
{
	(void)state;
	struct gl_record record;
	struct gl_client client;
	assert_int_equal(gl_record_decode(&record, span(NULL, 0)), GL_CORRUPT);
	assert_int_equal(gl_client_decode(&client, span(NULL, 0)), GL_CORRUPT);
}

static void every_newer_version_is_refused_by_name(void **state)
{
	(void)state;
	char bytes[128];
	size_t len = encoded(bytes, sizeof bytes, &sample);
	struct gl_record record;
	struct gl_client client;
	for (int version = 0; version < 256; version++) {
		enum gl_status expected = version == 0   ? GL_CORRUPT
					  : version == 1 ? GL_OK
							 : GL_VERSION;
		bytes[0] = (char)version;
		assert_int_equal(gl_record_decode(&record, span(bytes, len)), expected);
		assert_int_equal(gl_client_decode(&client, span(bytes, len)), expected);
	}
	bytes[0] = 2;
	assert_int_equal(gl_record_decode(&record, span(bytes, 1)), GL_VERSION);
}

static void a_text_longer_than_the_record_is_corrupt(void **state)
{
	(void)state;
	char bytes[128];
	size_t len = encoded(bytes, sizeof bytes, &sample);
	struct gl_record record;
	bytes[34] = (char)(len - GL_RECORD_HEAD);
	assert_int_equal(gl_record_decode(&record, span(bytes, len)), GL_OK);
	assert_int_equal(record.rest.len, 0);
	bytes[34]++;
	assert_int_equal(gl_record_decode(&record, span(bytes, len)), GL_CORRUPT);
	bytes[33] = (char)0xff;
	assert_int_equal(gl_record_decode(&record, span(bytes, len)), GL_CORRUPT);
}

static void a_time_beyond_the_last_is_corrupt(void **state)
{
	(void)state;
	static const char last[] = "\0\1\0\0\0\0\0\0", beyond[] = "\0\1\0\0\0\0\0\1",
			  negative[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
	char bytes[128];
	size_t len = encoded(bytes, sizeof bytes, &sample);
	struct gl_record record;
	struct gl_client client;
	for (size_t at = 1; at <= 17; at += 8) {
		char changed[sizeof bytes];
		memcpy(changed, bytes, sizeof bytes);
		memcpy(changed + at, last, 8);
		assert_int_equal(gl_record_decode(&record, span(changed, len)), GL_OK);
		memcpy(changed + at, beyond, 8);
		assert_int_equal(gl_record_decode(&record, span(changed, len)), GL_CORRUPT);
		memcpy(changed + at, negative, 8);
		assert_int_equal(gl_record_decode(&record, span(changed, len)), GL_CORRUPT);
		if (at < 17)
			assert_int_equal(gl_client_decode(&client, span(changed, len)), GL_CORRUPT);
	}
}

static void fill(struct dice *dice, char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)dice_roll(dice);
}

/* Most of these are corrupt; those that are not must come back byte for byte. */
static void what_decodes_encodes_to_the_same_bytes(void **state)
{
	(void)state;
	int good = 0;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		char bytes[96], again[sizeof bytes];
		size_t len = (size_t)dice_between(&dice, GL_CLIENT_HEAD, sizeof bytes);
		fill(&dice, bytes, len);
		bytes[0] = 1;
		bytes[1] = bytes[2] = bytes[9] = bytes[10] = bytes[17] = bytes[18] = bytes[33] = 0;

		struct gl_client client;
		assert_int_equal(gl_client_decode(&client, span(bytes, len)), GL_OK);
		struct gl_out out = gl_out_into(again, sizeof again);
		gl_client_encode(&out, &client);
		assert_true(gl_span_equal(gl_out_done(&out), span(bytes, len)));

		struct gl_record record;
		if (gl_record_decode(&record, span(bytes, len)) != GL_OK)
			continue;
		good++;
		assert_int_equal(encoded(again, sizeof again, &record), len);
		assert_memory_equal(again, bytes, len);
	}
	assert_true(good > ROWS / 20);
}

static void what_is_encoded_decodes_to_the_same_record(void **state)
{
	(void)state;
	static char bytes[GL_RECORD_MAX], text[GL_TEXT_MAX], rest[1024];
	for (uint64_t seed = 1; seed <= ROWS / 10; seed++) {
		struct dice dice = { seed };
		fill(&dice, text, sizeof text);
		fill(&dice, rest, sizeof rest);
		bool most = seed == 1;
		struct gl_record put = {
			.first_seen = dice_between(&dice, 0, GL_TIME_MAX),
			.last_seen = dice_between(&dice, 0, GL_TIME_MAX),
			.passed_at = dice_between(&dice, 0, GL_TIME_MAX),
			.attempts = (uint32_t)dice_roll(&dice),
			.passes = (uint32_t)dice_roll(&dice),
			.text = { text, most ? sizeof text : dice_roll(&dice) % sizeof text },
			.rest = { rest, most ? sizeof rest : dice_roll(&dice) % sizeof rest },
		};
		struct gl_record got;
		size_t len = encoded(bytes, sizeof bytes, &put);
		assert_int_equal(gl_record_decode(&got, span(bytes, len)), GL_OK);
		assert_int_equal(got.first_seen, put.first_seen);
		assert_int_equal(got.last_seen, put.last_seen);
		assert_int_equal(got.passed_at, put.passed_at);
		assert_int_equal(got.attempts, put.attempts);
		assert_int_equal(got.passes, put.passes);
		assert_true(gl_span_equal(got.text, put.text));
		assert_true(gl_span_equal(got.rest, put.rest));
	}
}

static void a_buffer_too_small_is_told(void **state)
{
	(void)state;
	char bytes[128];
	size_t len = encoded(bytes, sizeof bytes, &sample);
	for (size_t size = 0; size < len; size++) {
		char small[128];
		memset(small, '!', sizeof small);
		struct gl_out out = gl_out_into(small, size);
		gl_record_encode(&out, &sample);
		assert_true(out.full);
		assert_int_equal(small[size], '!');
	}
}

static void the_text_comes_apart_at_its_nul(void **state)
{
	(void)state;
	static const struct {
		struct gl_span text;
		const char *sender, *recipient;
	} cases[] = {
		{ { "a@b\0c@d", 7 }, "a@b", "c@d" },
		{ { "\0c@d", 4 }, "", "c@d" },
		{ { "a@b\0", 4 }, "a@b", "" },
		{ { "\0", 1 }, "", "" },
		{ { NULL, 0 }, "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gl_record record = { .text = cases[i].text };
		assert_true(gl_span_equal(gl_record_sender(&record), gl_span_of(cases[i].sender)));
		assert_true(
		    gl_span_equal(gl_record_recipient(&record), gl_span_of(cases[i].recipient)));
	}
}

static void the_origin_stands_behind_the_text(void **state)
{
	(void)state;
	struct gl_record record = sample, again;
	char bytes[128];
	record.origin = (struct gl_span){ "4\x18\xc0\x00\x02", 5 };
	size_t len = encoded(bytes, sizeof bytes, &record);
	assert_memory_equal(bytes + GL_RECORD_HEAD + 7,
	    "\1\5"
	    "4\x18\xc0\x00\x02"
	    "\x81later",
	    13);
	assert_int_equal(gl_record_decode(&again, span(bytes, len)), GL_OK);
	assert_true(gl_span_equal(again.origin, record.origin));
	assert_true(gl_span_equal(again.rest, record.rest));
}

/* Turns each bit in turn; what decodes all the same has lost its check, and is as it was. */
static void a_turned_bit_is_corrupt(void **state)
{
	(void)state;
	struct gl_record record = sample, again;
	char bytes[128];
	unsigned taken = 0;
	record.origin = (struct gl_span){ "4\x18\xc0\x00\x02", 5 };
	record.unchecked = false;
	size_t len = encoded(bytes, sizeof bytes, &record) - record.rest.len;
	assert_int_equal(gl_record_decode(&again, span(bytes, len)), GL_OK);
	assert_false(again.unchecked);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		if (gl_record_decode(&again, span(bytes, len)) == GL_OK) {
			taken++;
			assert_true(again.unchecked);
			assert_int_equal(again.passed_at, record.passed_at);
			assert_int_equal(again.first_seen, record.first_seen);
		}
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	assert_in_range(taken, 1, 8 * 8); /* the heads of the fields, and lengths */
}

static void a_turned_bit_of_a_client_is_corrupt(void **state)
{
	(void)state;
	const struct gl_client five = { 1000, 2000, 5, { 7 }, { NULL, 0 }, false };
	struct gl_client again;
	char bytes[GL_CLIENT_HEAD + 6];
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_client_encode(&out, &five);
	assert_int_equal(out.len, sizeof bytes);
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		if (gl_client_decode(&again, gl_out_done(&out)) == GL_OK)
			assert_true(again.unchecked && again.count == 5);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
}

/* What only looks like the beginning of one is kept as it is. */
static void half_an_origin_is_a_field_of_a_later_version(void **state)
{
	(void)state;
	static const struct gl_span rests[] = { { "\1", 1 }, { "\1\0", 2 },
		{ "\1\5"
		  "4abc",
		    6 },
		{ "\1\x13"
		  "4234567890123456789",
		    21 } };
	for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
		struct gl_record record = sample, again;
		char bytes[128];
		record.rest = rests[i];
		size_t len = encoded(bytes, sizeof bytes, &record);
		assert_int_equal(gl_record_decode(&again, span(bytes, len)), GL_OK);
		assert_int_equal(again.origin.len, 0);
		assert_true(gl_span_equal(again.rest, record.rest));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_header_is_what_it_says),
		cmocka_unit_test(the_octets_stand_where_the_header_has_them),
		cmocka_unit_test(a_record_cut_short_anywhere_is_corrupt),
		cmocka_unit_test(a_client_cut_short_anywhere_is_corrupt),
		cmocka_unit_test(nothing_is_corrupt),
		cmocka_unit_test(every_newer_version_is_refused_by_name),
		cmocka_unit_test(a_text_longer_than_the_record_is_corrupt),
		cmocka_unit_test(a_time_beyond_the_last_is_corrupt),
		cmocka_unit_test(what_decodes_encodes_to_the_same_bytes),
		cmocka_unit_test(what_is_encoded_decodes_to_the_same_record),
		cmocka_unit_test(a_buffer_too_small_is_told),
		cmocka_unit_test(the_text_comes_apart_at_its_nul),
		cmocka_unit_test(the_origin_stands_behind_the_text),
		cmocka_unit_test(a_turned_bit_is_corrupt),
		cmocka_unit_test(a_turned_bit_of_a_client_is_corrupt),
		cmocka_unit_test(half_an_origin_is_a_field_of_a_later_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
