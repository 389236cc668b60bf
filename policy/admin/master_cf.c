#include "master_cf.h"

enum column { TYPE = 1, CHROOT = 4, LIMIT = 6, COMMAND = 7, COLUMNS };

static struct gl_span next_column(struct gl_span *line)
{
	struct gl_span word;
	size_t len = 0;

	*line = gl_span_trim(*line);
	while (len < line->len && line->at[len] != ' ' && line->at[len] != '\t')
		len++;
	word = gl_span_head(*line, len);
	*line = gl_span_skip(*line, len);
	return word;
}

/* The next line that holds anything; empty behind the last. */
static struct gl_span next_line(struct gl_span *lines)
{
	struct gl_span line = { NULL, 0 };

	while (line.len == 0 && lines->len > 0) {
		size_t end = gl_span_find(*lines, '\n');

		line = gl_span_trim(gl_span_head(*lines, end));
		*lines = gl_span_skip(*lines, end + 1);
	}
	return line;
}

enum gl_status gl_service_next(struct gl_service *service, struct gl_span *lines)
{
	struct gl_span line = next_line(lines);
	struct gl_span columns[COLUMNS];

	if (line.len == 0)
		return GL_NOT_FOUND;
	for (int i = 0; i < COLUMNS; i++) {
		columns[i] = next_column(&line);
		if (columns[i].len == 0)
			return GL_MALFORMED;
	}
	*service = (struct gl_service){
		.name = columns[0],
		.type = columns[TYPE],
		.chroot = columns[CHROOT],
		.limit = columns[LIMIT],
		.command = columns[COMMAND],
		.arguments = gl_span_trim(line),
	};
	return GL_OK;
}

static bool is(struct gl_span span, const char *text)
{
	return gl_span_equal(span, gl_span_of(text));
}

bool gl_service_is_smtpd(const struct gl_service *service)
{
	return is(service->command, "smtpd") &&
	       (is(service->type, "inet") || is(service->type, "pass"));
}

bool gl_service_is_public(const struct gl_service *service)
{
	size_t colon = gl_span_find_last(service->name, ':');
	struct gl_span port = service->name;

	if (colon < service->name.len)
		port = gl_span_skip(service->name, colon + 1);
	return gl_service_is_smtpd(service) &&
	       (is(service->type, "pass") || is(port, "smtp") || is(port, "25"));
}

/* Moves `line` behind `prefix`, where it begins so. */
static bool take(struct gl_span *line, struct gl_span prefix)
{
	if (!gl_span_equal(gl_span_head(*line, prefix.len), prefix))
		return false;
	*line = gl_span_skip(*line, prefix.len);
	return true;
}

bool gl_service_override(struct gl_span *value, const struct gl_service *service,
    struct gl_span overrides, const char *parameter)
{
	struct gl_span slash = gl_span_of("/");
	struct gl_span line;

	while ((line = next_line(&overrides)).len > 0) {
		size_t equals;

		if (!take(&line, service->name) || !take(&line, slash) ||
		    !take(&line, service->type) || !take(&line, slash))
			continue;
		equals = gl_span_find(line, '=');
		if (!is(gl_span_trim(gl_span_head(line, equals)), parameter))
			continue;
		*value = gl_span_trim(gl_span_skip(line, equals + 1));
		return true;
	}
	return false;
}

bool gl_service_overrides(
    const struct gl_service *service, struct gl_span overrides, const char *parameter)
{
	struct gl_span value;

	return gl_service_override(&value, service, overrides, parameter);
}

enum gl_status gl_master_reach(
    struct gl_reach *reach, struct gl_span services, struct gl_span overrides)
{
	struct gl_service service;
	enum gl_status status;

	*reach = (struct gl_reach){ .plain = 0 };
	while ((status = gl_service_next(&service, &services)) == GL_OK) {
		if (!gl_service_is_smtpd(&service))
			continue;
		if (!gl_service_overrides(&service, overrides, "smtpd_recipient_restrictions"))
			reach->plain++;
		else if (gl_service_is_public(&service))
			reach->public = service.name;
		else
			reach->elsewhere = service.name;
	}
	return status == GL_NOT_FOUND ? GL_OK : status;
}

void gl_spawn_format(struct gl_out *out, const struct gl_spawn *spawn)
{
	gl_out_text(out, spawn->service);
	gl_out_text(out, " unix - n n - 0 spawn user=");
	gl_out_text(out, spawn->user);
	gl_out_text(out, " argv=");
	gl_out_text(out, spawn->helper);
	if (spawn->config != NULL) {
		gl_out_text(out, " -c ");
		gl_out_text(out, spawn->config);
	}
}

bool gl_service_line_equal(struct gl_span a, struct gl_span b)
{
	struct gl_span left, right;

	do {
		left = next_column(&a);
		right = next_column(&b);
	} while (left.len > 0 && gl_span_equal(left, right));
	return left.len == 0 && right.len == 0;
}
