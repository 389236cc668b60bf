#include "greylist/record.h"

#include <string.h>

#include <sodium/crypto_shorthash_siphash24.h>

enum { VERSION = 1, FIELD_ORIGIN = 1, FIELD_CHECK = 2, FIELD_HEAD = 2, CHECK_SIZE = 4 };

static uint64_t number_at(struct gl_span bytes, size_t at, size_t octets)
{
	uint64_t number = 0;
	for (size_t i = 0; i < octets; i++)
		number = number << 8 | (uint8_t)bytes.at[at + i];
	return number;
}

static bool time_at(struct gl_span bytes, size_t at)
{
	return number_at(bytes, at, 8) <= (uint64_t)GL_TIME_MAX;
}

static void out_number(struct gl_out *out, uint64_t number, size_t octets)
{
	for (size_t i = octets; i > 0; i--)
		gl_out_byte(out, (char)(number >> (8 * (i - 1)) & 0xff));
}

static enum gl_status head_check(struct gl_span bytes, size_t head)
{
	if (bytes.len == 0)
		return GL_CORRUPT;
	if (bytes.at[0] != VERSION)
		return bytes.at[0] == 0 ? GL_CORRUPT : GL_VERSION;
	return bytes.len < head ? GL_CORRUPT : GL_OK;
}

/* What does not begin like an origin is a field of a later version. */
static void read_origin(struct gl_record *record)
{
	struct gl_span rest = record->rest;
	if (rest.len < FIELD_HEAD || rest.at[0] != FIELD_ORIGIN)
		return;
	size_t len = (uint8_t)rest.at[1];
	if (len == 0 || len > GL_ORIGIN_MAX || len > rest.len - FIELD_HEAD)
		return;
	record->origin = gl_span_head(gl_span_skip(rest, FIELD_HEAD), len);
	record->rest = gl_span_skip(rest, FIELD_HEAD + len);
}

static void check_of(uint8_t check[CHECK_SIZE], struct gl_span bytes)
{
	static const uint8_t key[crypto_shorthash_siphash24_KEYBYTES];
	uint8_t digest[crypto_shorthash_siphash24_BYTES];
	crypto_shorthash_siphash24(digest, (const uint8_t *)bytes.at, bytes.len, key);
	memcpy(check, digest, CHECK_SIZE);
}

/* Takes the check off the fields behind the others, which `bytes` has too. */
static enum gl_status read_check(struct gl_span bytes, struct gl_span *rest, bool *unchecked)
{
	uint8_t check[CHECK_SIZE];
	*unchecked = rest->len < FIELD_HEAD + CHECK_SIZE || rest->at[0] != FIELD_CHECK ||
		     rest->at[1] != CHECK_SIZE;
	if (*unchecked)
		return GL_OK;
	check_of(check, gl_span_head(bytes, bytes.len - rest->len));
	if (memcmp(check, rest->at + FIELD_HEAD, CHECK_SIZE) != 0)
		return GL_CORRUPT;
	*rest = gl_span_skip(*rest, FIELD_HEAD + CHECK_SIZE);
	return GL_OK;
}

/* Of all that was put out from `start` on. */
static void out_check(struct gl_out *out, size_t start)
{
	uint8_t check[CHECK_SIZE];
	if (out->full)
		return;
	check_of(check, gl_span_skip(gl_out_done(out), start));
	gl_out_byte(out, FIELD_CHECK);
	gl_out_byte(out, CHECK_SIZE);
	gl_out_span(out, (struct gl_span){ (const char *)check, CHECK_SIZE });
}

enum gl_status gl_record_decode(struct gl_record *record, struct gl_span bytes)
{
	enum gl_status status = head_check(bytes, GL_RECORD_HEAD);
	if (status != GL_OK)
		return status;
	if (!time_at(bytes, 1) || !time_at(bytes, 9) || !time_at(bytes, 17))
		return GL_CORRUPT;
	size_t text_len = (size_t)number_at(bytes, 33, 2);
	struct gl_span tail = gl_span_skip(bytes, GL_RECORD_HEAD);
	if (text_len > tail.len)
		return GL_CORRUPT;
	*record = (struct gl_record){
		.first_seen = (int64_t)number_at(bytes, 1, 8),
		.last_seen = (int64_t)number_at(bytes, 9, 8),
		.passed_at = (int64_t)number_at(bytes, 17, 8),
		.attempts = (uint32_t)number_at(bytes, 25, 4),
		.passes = (uint32_t)number_at(bytes, 29, 4),
		.text = gl_span_head(tail, text_len),
		.rest = gl_span_skip(tail, text_len),
	};
	read_origin(record);
	return read_check(bytes, &record->rest, &record->unchecked);
}

enum gl_status gl_client_decode(struct gl_client *client, struct gl_span bytes)
{
	enum gl_status status = head_check(bytes, GL_CLIENT_HEAD);
	if (status != GL_OK)
		return status;
	if (!time_at(bytes, 1) || !time_at(bytes, 9))
		return GL_CORRUPT;
	*client = (struct gl_client){
		.last_counted = (int64_t)number_at(bytes, 1, 8),
		.last_seen = (int64_t)number_at(bytes, 9, 8),
		.count = (uint32_t)number_at(bytes, 17, 4),
		.rest = gl_span_skip(bytes, GL_CLIENT_HEAD),
	};
	memcpy(client->message, bytes.at + 21, GL_DIGEST_SIZE);
	return read_check(bytes, &client->rest, &client->unchecked);
}

void gl_record_encode(struct gl_out *out, const struct gl_record *record)
{
	size_t start = out->len;
	gl_out_byte(out, VERSION);
	out_number(out, (uint64_t)record->first_seen, 8);
	out_number(out, (uint64_t)record->last_seen, 8);
	out_number(out, (uint64_t)record->passed_at, 8);
	out_number(out, record->attempts, 4);
	out_number(out, record->passes, 4);
	out_number(out, record->text.len, 2);
	gl_out_span(out, record->text);
	if (record->origin.len > 0) {
		gl_out_byte(out, FIELD_ORIGIN);
		gl_out_byte(out, (char)record->origin.len);
	}
	gl_out_span(out, record->origin);
	if (!record->unchecked)
		out_check(out, start);
	gl_out_span(out, record->rest);
}

void gl_client_encode(struct gl_out *out, const struct gl_client *client)
{
	size_t start = out->len;
	gl_out_byte(out, VERSION);
	out_number(out, (uint64_t)client->last_counted, 8);
	out_number(out, (uint64_t)client->last_seen, 8);
	out_number(out, client->count, 4);
	gl_out_span(out, (struct gl_span){ (const char *)client->message, GL_DIGEST_SIZE });
	if (!client->unchecked)
		out_check(out, start);
	gl_out_span(out, client->rest);
}

struct gl_span gl_record_sender(const struct gl_record *record)
{
	return gl_span_head(record->text, gl_span_find(record->text, '\0'));
}

struct gl_span gl_record_recipient(const struct gl_record *record)
{
	return gl_span_skip(record->text, gl_span_find(record->text, '\0') + 1);
}

bool gl_text_agrees(struct gl_span a, struct gl_span b)
{
	return a.len == 0 || b.len == 0 || gl_span_equal(a, b);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t earlier_pass(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return later(a, b);
	return earlier(a, b);
}

static struct gl_record join(const struct gl_record *stored, const struct gl_record *next)
{
	struct gl_record joined = *next;
	if (next->origin.len == 0 ||
	    (stored->origin.len > 0 && stored->first_seen < next->first_seen))
		joined.origin = stored->origin;
	joined.first_seen = earlier(stored->first_seen, next->first_seen);
	joined.last_seen = later(stored->last_seen, next->last_seen);
	joined.passed_at = earlier_pass(stored->passed_at, next->passed_at);
	joined.attempts = stored->attempts > next->attempts ? stored->attempts : next->attempts;
	joined.passes = stored->passes > next->passes ? stored->passes : next->passes;
	return joined;
}

struct gl_record gl_record_merge(const struct gl_record *stored, const struct gl_op *op)
{
	struct gl_record next = op->record;
	next.rest = (struct gl_span){ NULL, 0 };
	next.unchecked = false;
	if (stored == NULL || !gl_text_agrees(stored->text, next.text))
		return next;
	bool decided_on_it = stored->first_seen == op->base &&
			     stored->first_seen != next.first_seen;
	struct gl_record merged = decided_on_it ? next : join(stored, &next);
	merged.rest = stored->rest;
	if (op->keep_text)
		merged.text = stored->text;
	return merged;
}

static bool no_message(const uint8_t message[GL_DIGEST_SIZE])
{
	static const uint8_t zeros[GL_DIGEST_SIZE];
	return memcmp(message, zeros, GL_DIGEST_SIZE) == 0;
}

static struct gl_client join_clients(const struct gl_client *stored, const struct gl_op *op)
{
	struct gl_client joined = { .last_counted = op->client.last_counted,
		.last_seen = op->client.last_seen,
		.count = op->client.count };
	if (stored == NULL)
		return joined;
	joined.rest = stored->rest;
	if (stored->last_seen < op->forget)
		return joined;
	joined.last_counted = later(stored->last_counted, joined.last_counted);
	joined.last_seen = later(stored->last_seen, joined.last_seen);
	joined.count = stored->count > joined.count ? stored->count : joined.count;
	memcpy(joined.message, stored->message, GL_DIGEST_SIZE);
	return joined;
}

static void count_success(struct gl_client *client, int64_t now)
{
	bool due = now >= client->last_counted + GL_HOUR;
	if (due && client->count < UINT32_MAX)
		client->count++;
	if (due || client->last_counted > now)
		client->last_counted = now;
}

struct gl_client gl_client_merge(const struct gl_client *stored, const struct gl_op *op)
{
	if (op->kind == GL_OP_CLIENT_MEMORY)
		return join_clients(stored, op);
	struct gl_client merged = { .last_counted = op->uncounted ? 0 : op->now,
		.last_seen = op->now,
		.count = !op->uncounted };
	if (stored != NULL && stored->last_seen >= op->forget) {
		merged = *stored;
		merged.last_seen = later(stored->last_seen, op->now);
		if (!op->uncounted)
			count_success(&merged, op->now);
	} else if (stored != NULL) {
		merged.rest = stored->rest;
	}
	merged.unchecked = false;
	if (!no_message(op->message))
		memcpy(merged.message, op->message, GL_DIGEST_SIZE);
	return merged;
}
