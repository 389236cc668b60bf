#include "policy_input.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

void gl_policy_input_init(
    struct gl_policy_input *input, const struct gl_admin *admin, int fd, const char *name)
{
	input->admin = admin;
	input->name = name;
	input->fd = fd;
	input->scratch = NULL;
	input->number = 0;
	input->start = 0;
	input->offset = 0;
	input->unread = (struct gl_span){ input->bytes, 0 };
	gl_request_init(&input->request);
}

enum gl_exit gl_policy_input_wrong(
    const struct gl_policy_input *input, uint64_t offset, const char *what)
{
	gl_admin_say(input->admin, "%s: request %" PRIu64 ", byte %" PRIu64 ": %s", input->name,
	    input->number, offset, what);
	return GL_EXIT_INPUT;
}

/* OK: there is more, behind what was unread; NOTHING: the end of the input. */
static enum gl_exit read_some(struct gl_policy_input *input)
{
	size_t kept = input->unread.len;
	ssize_t got;
	/* Whoever asks one by one waits for the answer before asking on. */
	if (fflush(input->admin->out) != 0)
		return GL_EXIT_IO;
	if (input->scratch != NULL && !gl_scratch_readable(input->scratch, input->fd))
		return GL_EXIT_IO;
	if (kept > 0)
		memmove(input->bytes, input->unread.at, kept);
	do
		got = read(input->fd, input->bytes + kept, sizeof input->bytes - kept);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		gl_admin_say(input->admin, "%s: %s", input->name, strerror(errno));
		return GL_EXIT_IO;
	}
	input->unread = (struct gl_span){ input->bytes, kept + (size_t)got };
	return got > 0 ? GL_EXIT_OK : GL_EXIT_NOTHING;
}

static enum gl_exit end_of_input(const struct gl_policy_input *input)
{
	if (gl_request_begun(&input->request))
		return gl_policy_input_wrong(
		    input, input->offset, "the input ends inside a request");
	return GL_EXIT_NOTHING;
}

static enum gl_exit malformed(const struct gl_policy_input *input, enum gl_status status)
{
	return gl_policy_input_wrong(input, input->offset - 1,
	    status == GL_TOO_LONG ? "over the limits of the policy protocol"
				  : "not a line of the policy protocol, NAME=VALUE");
}

static enum gl_exit check_kind(const struct gl_policy_input *input)
{
	struct gl_span kind = gl_request_get(&input->request, GL_ATTR_REQUEST);
	if (gl_span_equal(kind, gl_span_of("smtpd_access_policy")))
		return GL_EXIT_OK;
	return gl_policy_input_wrong(input, input->start, "without request=smtpd_access_policy");
}

enum gl_exit gl_policy_input_next(struct gl_policy_input *input)
{
	input->number++;
	input->start = input->offset;
	for (;;) {
		size_t before = input->unread.len;
		enum gl_status status = gl_request_feed(&input->request, &input->unread);
		input->offset += before - input->unread.len;
		if (status == GL_OK)
			return check_kind(input);
		if (status != GL_MORE)
			return malformed(input, status);
		enum gl_exit more = read_some(input);
		if (more == GL_EXIT_NOTHING)
			return end_of_input(input);
		if (more != GL_EXIT_OK)
			return more;
	}
}

static void drop(struct gl_policy_input *input, size_t len)
{
	input->unread = gl_span_skip(input->unread, len);
	input->offset += len;
}

/* Reads until a whole line is there, or as much as fits. */
static enum gl_exit look_ahead(struct gl_policy_input *input, struct gl_span *line)
{
	enum gl_exit code = GL_EXIT_OK;
	size_t end = gl_span_find(input->unread, '\n');
	while (end == input->unread.len && end < sizeof input->bytes && code == GL_EXIT_OK) {
		code = read_some(input);
		end = gl_span_find(input->unread, '\n');
	}
	*line = gl_span_head(input->unread, end);
	if (code == GL_EXIT_NOTHING && input->unread.len > 0)
		code = GL_EXIT_OK;
	return code;
}

enum gl_exit gl_policy_input_line(struct gl_policy_input *input, struct gl_span *line)
{
	bool left_out = false;
	enum gl_exit code;
	while ((code = look_ahead(input, line)) == GL_EXIT_OK) {
		bool part = line->len == sizeof input->bytes;
		bool skip = left_out || part;
		left_out = part;
		drop(input, line->len + 1);
		if (!skip)
			break;
	}
	return code;
}

static bool is_attribute(struct gl_span line)
{
	size_t len = gl_span_find(line, '=');
	for (size_t i = 0; i < len; i++)
		if (!gl_is_alnum(line.at[i]) && line.at[i] != '_')
			return false;
	/* A log without a prefix has our lines just so. */
	return len > 0 && len < line.len &&
	       !gl_span_equal(gl_span_head(line, len), gl_span_of("action"));
}

enum gl_exit gl_policy_input_sniff(struct gl_policy_input *input, bool *requests)
{
	struct gl_span line;
	enum gl_exit code;
	while ((code = look_ahead(input, &line)) == GL_EXIT_OK && gl_span_trim(line).len == 0)
		drop(input, line.len + 1);
	*requests = code == GL_EXIT_OK && is_attribute(line);
	return code;
}
