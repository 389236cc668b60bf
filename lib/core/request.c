#include "greylist/request.h"

#include <string.h>

static const char *const attribute_names[] = {
	[GL_ATTR_REQUEST] = "request",
	[GL_ATTR_PROTOCOL_STATE] = "protocol_state",
	[GL_ATTR_CLIENT_ADDRESS] = "client_address",
	[GL_ATTR_CLIENT_NAME] = "client_name",
	[GL_ATTR_SENDER] = "sender",
	[GL_ATTR_RECIPIENT] = "recipient",
	[GL_ATTR_INSTANCE] = "instance",
	[GL_ATTR_QUEUE_ID] = "queue_id",
	[GL_ATTR_SASL_USERNAME] = "sasl_username",
	[GL_ATTR_POLICY_CONTEXT] = "policy_context",
	[GL_ATTR_TEST_TIME] = "policy_test_time",
};
_Static_assert(sizeof attribute_names / sizeof *attribute_names == GL_ATTRIBUTES,
    "every attribute has a name");

const char *gl_attribute_name(enum gl_attribute attribute)
{
	return attribute_names[attribute];
}

void gl_request_init(struct gl_request *request)
{
	memset(request->values, 0, sizeof request->values);
	request->taken = 0;
	request->kept = 0;
	request->line = 0;
	request->name_len = 0;
	request->named = false;
	request->complete = false;
}

/* Takes over `len` bytes that lie behind the kept ones, or further on in the buffer. */
static void keep(struct gl_request *request, size_t attribute, struct gl_span value)
{
	struct gl_request_value *slot = &request->values[attribute];

	if (value.len > 0)
		memmove(request->bytes + request->kept, value.at, value.len);
	slot->at = (uint32_t)request->kept;
	slot->len = (uint32_t)value.len;
	slot->present = true;
	request->kept += value.len;
}

static void keep_if_asked(struct gl_request *request, struct gl_span name, struct gl_span value)
{
	for (size_t i = 0; i < GL_ATTRIBUTES; i++) {
		if (gl_span_equal(name, gl_span_of(attribute_names[i]))) {
			keep(request, i, value);
			return;
		}
	}
}

static enum gl_status end_line(struct gl_request *request)
{
	struct gl_span line = { .at = request->bytes + request->kept, .len = request->line };
	bool named = request->named;

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	request->line = 0;
	request->named = false;
	if (line.len == 0) {
		request->complete = true;
		return GL_OK;
	}
	if (!named)
		return GL_MALFORMED;
	keep_if_asked(request, gl_span_head(line, request->name_len),
	    gl_span_skip(line, request->name_len + 1));
	return GL_MORE;
}

/* The byte was added to a value; a CR that ends the line is not part of it. */
static enum gl_status check_value(const struct gl_request *request, char byte)
{
	size_t len = request->line - request->name_len - 1;

	if (len <= GL_VALUE_MAX || (len == GL_VALUE_MAX + 1 && byte == '\r'))
		return GL_MORE;
	return GL_TOO_LONG;
}

static enum gl_status take(struct gl_request *request, char byte)
{
	if (request->taken == GL_REQUEST_MAX)
		return GL_TOO_LONG;
	request->taken++;
	if (byte == '\n')
		return end_line(request);
	if (byte == '\0')
		return GL_MALFORMED;
	request->bytes[request->kept + request->line++] = byte;
	if (request->named)
		return check_value(request, byte);
	if (byte != '=')
		return request->line > GL_NAME_MAX ? GL_TOO_LONG : GL_MORE;
	request->named = true;
	request->name_len = request->line - 1;
	return request->name_len == 0 ? GL_MALFORMED : GL_MORE;
}

enum gl_status gl_request_feed(struct gl_request *request, struct gl_span *input)
{
	enum gl_status status = GL_MORE;

	if (request->complete)
		gl_request_init(request);
	while (status == GL_MORE && input->len > 0) {
		status = take(request, input->at[0]);
		*input = gl_span_skip(*input, 1);
	}
	return status;
}

bool gl_request_begun(const struct gl_request *request)
{
	return request->taken > 0 && !request->complete;
}

bool gl_request_has(const struct gl_request *request, enum gl_attribute attribute)
{
	return request->values[attribute].present;
}

struct gl_span gl_request_get(const struct gl_request *request, enum gl_attribute attribute)
{
	const struct gl_request_value *value = &request->values[attribute];

	return (struct gl_span){ .at = request->bytes + value->at, .len = value->len };
}

enum gl_status gl_request_set(
    struct gl_request *request, enum gl_attribute attribute, struct gl_span value)
{
	if (gl_span_find(value, '\0') < value.len || gl_span_find(value, '\n') < value.len)
		return GL_MALFORMED;
	if (value.len > GL_VALUE_MAX || value.len > GL_REQUEST_MAX - request->kept)
		return GL_TOO_LONG;
	keep(request, attribute, value);
	request->line = 0;
	request->named = false;
	request->complete = true;
	return GL_OK;
}
