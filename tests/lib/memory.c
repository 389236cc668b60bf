#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct gl_span bytes_of(const struct memory *memory)
{
	return (struct gl_span){ memory->bytes, memory->len };
}

void memory_set(struct memory *memory, const struct gl_record *record)
{
	/* The record may borrow from the very bytes that are written. */
	char bytes[sizeof memory->bytes];
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_record_encode(&out, record);
	assert_false(out.full);
	memcpy(memory->bytes, bytes, out.len);
	memory->len = out.len;
}

bool memory_get(struct gl_record *record, const struct memory *memory)
{
	if (memory->len == 0)
		return false;
	assert_int_equal(gl_record_decode(record, bytes_of(memory)), GL_OK);
	return gl_span_equal(record->text, memory->text);
}

void memory_apply(struct memory *memory, const struct gl_op *op)
{
	struct gl_record stored;
	const struct gl_record *there = NULL;
	if (memory->len != 0) {
		assert_int_equal(gl_record_decode(&stored, bytes_of(memory)), GL_OK);
		there = &stored;
	}
	struct gl_record merged = gl_record_merge(there, op);
	memory_set(memory, &merged);
}

struct gl_verdict memory_ask(struct memory *memory, const struct gl_timing *timing, int64_t now)
{
	struct gl_record seen;
	bool known = memory_get(&seen, memory);
	struct gl_verdict verdict = gl_decide(timing, known ? &seen : NULL, now);
	if (verdict.remember) {
		struct gl_op op = {
			.kind = GL_OP_TRIPLET,
			.base = known ? seen.first_seen : 0,
			.record = verdict.next,
		};
		op.record.text = memory->text;
		memory_apply(memory, &op);
	}
	verdict.next.text = verdict.next.rest = (struct gl_span){ NULL, 0 };
	return verdict;
}
