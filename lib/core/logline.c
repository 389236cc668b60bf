#include "greylist/logline.h"

#include "greylist/address.h"

/* Postgrey 1.37 reads at most so much of a value; and so a whole line always fits. */
enum { SHOWN_MAX = 512 };

/* Postgrey takes "0" for empty. */
static bool is_shown(struct gl_span value)
{
	return value.len > 0 && !gl_span_equal(value, gl_span_of("0"));
}

/* Postgrey doubles each '%', for Net::Server 0.87 and older took the line for a format. */
static void out_value(struct gl_out *out, struct gl_span value)
{
	struct gl_span rest = gl_span_head(value, SHOWN_MAX);

	while (rest.len > 0) {
		size_t percent = gl_span_find(rest, '%');

		gl_out_printable(out, gl_span_head(rest, percent));
		if (percent < rest.len)
			gl_out_text(out, "%%");
		rest = gl_span_skip(rest, percent + 1);
	}
}

static void out_attribute(
    struct gl_out *out, const struct gl_request *request, enum gl_attribute attribute)
{
	struct gl_span value = gl_request_get(request, attribute);

	if (!is_shown(value))
		return;
	gl_out_text(out, ", ");
	gl_out_text(out, gl_attribute_name(attribute));
	gl_out_byte(out, '=');
	out_value(out, value);
}

void gl_out_logline(struct gl_out *out, const struct gl_logline *line)
{
	struct gl_span queue_id = gl_request_get(line->request, GL_ATTR_QUEUE_ID);

	if (is_shown(queue_id)) {
		out_value(out, queue_id);
		gl_out_text(out, ": ");
	}
	gl_out_text(out, "action=");
	gl_out_text(out, gl_action_text(line->action));
	gl_out_text(out, ", reason=");
	gl_out_text(out, gl_reason_text(line->reason));
	if (line->reason == GL_REASON_EARLY) {
		gl_out_text(out, " (");
		gl_out_decimal(out, line->wait);
		gl_out_text(out, "s missing)");
	}
	if (line->delayed >= 0) {
		gl_out_text(out, ", delay=");
		gl_out_decimal(out, line->delayed);
	}
	out_attribute(out, line->request, GL_ATTR_CLIENT_NAME);
	out_attribute(out, line->request, GL_ATTR_CLIENT_ADDRESS);
	out_attribute(out, line->request, GL_ATTR_SENDER);
	out_attribute(out, line->request, GL_ATTR_RECIPIENT);
}

static void out_client(struct gl_out *out, struct gl_span text)
{
	struct gl_address address;

	if (gl_address_parse(&address, text) != GL_OK)
		out_value(out, text);
	else if (address.family == GL_V6)
		gl_out_address_long(out, &address);
	else
		gl_out_address(out, &address);
}

void gl_out_whitelisted(struct gl_out *out, const struct gl_request *request)
{
	struct gl_span name = gl_request_get(request, GL_ATTR_CLIENT_NAME);
	bool named = is_shown(name);

	gl_out_text(out, "whitelisted: ");
	if (named) {
		out_value(out, name);
		gl_out_byte(out, '[');
	}
	out_client(out, gl_request_get(request, GL_ATTR_CLIENT_ADDRESS));
	if (named)
		gl_out_byte(out, ']');
}
