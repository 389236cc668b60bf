/*
 * Records: what can be decoded encodes to the very same bytes, and
 * merging a change once more changes nothing.
 *
 * The first byte says how the rest is cut in two: what is stored, and
 * what the change would store.
 */
#include <string.h>

#include "greylist/record.h"
#include "target.h"

static void check_triplet(struct gl_span bytes)
{
	static char again[1 << 20];
	struct gl_out out = gl_out_into(again, sizeof again);
	struct gl_record record;
	enum gl_status status = gl_record_decode(&record, bytes);

	if (status != GL_OK) {
		REQUIRE(status == GL_CORRUPT || status == GL_VERSION);
		return;
	}
	gl_record_encode(&out, &record);
	REQUIRE(gl_span_equal(gl_out_done(&out), bytes));
	size_t halves = gl_record_sender(&record).len + gl_record_recipient(&record).len;

	REQUIRE(halves == record.text.len || halves + 1 == record.text.len);
}

static void check_client(struct gl_span bytes)
{
	static char again[1 << 20];
	struct gl_out out = gl_out_into(again, sizeof again);
	struct gl_client client;
	enum gl_status status = gl_client_decode(&client, bytes);

	if (status != GL_OK) {
		REQUIRE(status == GL_CORRUPT || status == GL_VERSION);
		return;
	}
	gl_client_encode(&out, &client);
	REQUIRE(gl_span_equal(gl_out_done(&out), bytes));
}

static bool same_record(const struct gl_record *a, const struct gl_record *b)
{
	return a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	       a->passed_at == b->passed_at && a->attempts == b->attempts &&
	       a->passes == b->passes && gl_span_equal(a->text, b->text) &&
	       gl_span_equal(a->rest, b->rest);
}

static void merge_triplets(struct gl_span stored_bytes, struct gl_span next_bytes)
{
	struct gl_record stored;
	struct gl_op op = { .kind = GL_OP_TRIPLET };

	if (gl_record_decode(&stored, stored_bytes) != GL_OK ||
	    gl_record_decode(&op.record, next_bytes) != GL_OK)
		return;
	/* decided on nothing, on what is stored, or on something in between */
	const int64_t bases[] = { 0, stored.first_seen, op.record.last_seen };

	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		op.base = bases[i];
		struct gl_record once = gl_record_merge(&stored, &op);
		struct gl_record twice = gl_record_merge(&once, &op);

		REQUIRE(same_record(&once, &twice));
	}
	struct gl_record fresh = gl_record_merge(NULL, &op);

	op.record.rest = (struct gl_span){ NULL, 0 };
	REQUIRE(same_record(&fresh, &op.record));
}

static bool same_client(const struct gl_client *a, const struct gl_client *b)
{
	return a->last_counted == b->last_counted && a->last_seen == b->last_seen &&
	       a->count == b->count && memcmp(a->message, b->message, sizeof a->message) == 0 &&
	       gl_span_equal(a->rest, b->rest);
}

static void merge_clients(struct gl_span stored_bytes, struct gl_span next_bytes)
{
	struct gl_client stored;
	struct gl_client next;
	struct gl_op op = { .kind = GL_OP_CLIENT };

	if (gl_client_decode(&stored, stored_bytes) != GL_OK ||
	    gl_client_decode(&next, next_bytes) != GL_OK)
		return;
	op.now = next.last_seen;
	op.forget = next.last_counted < op.now ? next.last_counted : op.now;
	memcpy(op.message, next.message, sizeof op.message);
	struct gl_client once = gl_client_merge(&stored, &op);
	struct gl_client twice = gl_client_merge(&once, &op);

	REQUIRE(same_client(&once, &twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gl_span all = { (const char *)data, size };
	struct gl_span rest = gl_span_skip(all, 1);
	size_t cut = size == 0 ? 0 : data[0];

	if (size > GL_RECORD_MAX)
		return 0;
	check_triplet(rest);
	check_client(rest);
	merge_triplets(gl_span_head(rest, cut), gl_span_skip(rest, cut));
	merge_clients(gl_span_head(rest, cut), gl_span_skip(rest, cut));
	return 0;
}
