/*
 * Requests: read whole, byte by byte and in odd pieces, the same comes
 * out; and a request that was read, written down and read again is the
 * same request.
 */
#include "greylist/request.h"
#include "target.h"

enum { TRACE_MAX = 1 << 21 };

/* CRLF, because a value may end in a CR of its own. */
static void write_down(struct gl_out *out, const struct gl_request *request)
{
	for (int i = 0; i < GL_ATTRIBUTES; i++) {
		enum gl_attribute attribute = (enum gl_attribute)i;

		if (!gl_request_has(request, attribute))
			continue;
		gl_out_text(out, gl_attribute_name(attribute));
		gl_out_byte(out, '=');
		gl_out_span(out, gl_request_get(request, attribute));
		gl_out_text(out, "\r\n");
	}
	gl_out_text(out, "\r\n");
}

static bool same_value(
    const struct gl_request *a, const struct gl_request *b, enum gl_attribute attribute)
{
	return gl_request_has(a, attribute) == gl_request_has(b, attribute) &&
	       gl_span_equal(gl_request_get(a, attribute), gl_request_get(b, attribute));
}

static void read_back(const struct gl_request *request)
{
	static struct gl_request again;
	static char bytes[2 * GL_REQUEST_MAX];
	struct gl_out out = gl_out_into(bytes, sizeof bytes);

	write_down(&out, request);
	struct gl_span input = gl_out_done(&out);

	REQUIRE(!out.full);
	/* the CRs, and names for values that stood under one name before, can make it too long */
	if (input.len > GL_REQUEST_MAX)
		return;
	gl_request_init(&again);
	REQUIRE(gl_request_feed(&again, &input) == GL_OK);
	REQUIRE(input.len == 0);
	for (int i = 0; i < GL_ATTRIBUTES; i++)
		REQUIRE(same_value(request, &again, (enum gl_attribute)i));
}

static void set_again(const struct gl_request *request)
{
	static struct gl_request set;

	gl_request_init(&set);
	for (int i = 0; i < GL_ATTRIBUTES; i++) {
		enum gl_attribute attribute = (enum gl_attribute)i;
		struct gl_span value = gl_request_get(request, attribute);

		if (gl_request_has(request, attribute))
			REQUIRE(gl_request_set(&set, attribute, value) == GL_OK);
		REQUIRE(same_value(request, &set, attribute));
	}
}

static void check_values(const struct gl_request *request)
{
	for (int i = 0; i < GL_ATTRIBUTES; i++) {
		struct gl_span value = gl_request_get(request, (enum gl_attribute)i);

		REQUIRE(value.len <= GL_VALUE_MAX);
		REQUIRE(gl_span_find(value, '\0') == value.len);
		REQUIRE(gl_span_find(value, '\n') == value.len);
	}
}

/* 0: whole; otherwise pieces whose sizes follow from the number. */
static size_t piece_size(uint32_t *pieces, size_t left)
{
	if (*pieces <= 1)
		return *pieces == 0 ? left : 1;
	*pieces = *pieces * 1664525u + 1013904223u;
	return 1 + (*pieces >> 16) % 40;
}

/* Writes down all that comes out of the input, and how it ends. */
static void trace(struct gl_out *out, struct gl_span input, uint32_t pieces)
{
	static struct gl_request request;
	enum gl_status status = GL_MORE;
	size_t used = 0;

	gl_request_init(&request);
	while (used < input.len && (status == GL_MORE || status == GL_OK)) {
		struct gl_span rest = gl_span_skip(input, used);
		struct gl_span piece = gl_span_head(rest, piece_size(&pieces, rest.len));
		size_t given = piece.len;

		status = gl_request_feed(&request, &piece);
		used += given - piece.len;
		REQUIRE(status != GL_MORE || piece.len == 0);
		if (status != GL_OK)
			continue;
		write_down(out, &request);
		check_values(&request);
		read_back(&request);
		set_again(&request);
	}
	gl_out_decimal(out, status == GL_OK ? GL_MORE : status);
	gl_out_decimal(out, gl_request_begun(&request));
	gl_out_decimal(out, (int64_t)used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole_bytes[TRACE_MAX];
	static char split_bytes[TRACE_MAX];
	struct gl_span input = { (const char *)data, size };
	struct gl_out whole = gl_out_into(whole_bytes, sizeof whole_bytes);

	trace(&whole, input, 0);
	for (uint32_t pieces = 1; pieces < 4; pieces++) {
		struct gl_out split = gl_out_into(split_bytes, sizeof split_bytes);

		trace(&split, input, pieces);
		REQUIRE(gl_span_equal(gl_out_done(&whole), gl_out_done(&split)));
	}
	return 0;
}
