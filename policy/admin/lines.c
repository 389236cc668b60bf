#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gl_lines {
	int fd;
	const struct gl_interrupt *interrupt;
	bool ended;
	uint64_t number, bytes;
	size_t begin, end; /* of what was read and not yet handed out */
	size_t size;       /* one more than the longest line, for its newline */
	char buffer[];
};

struct gl_lines *gl_lines_new(int fd, const struct gl_interrupt *interrupt, size_t longest)
{
	struct gl_lines *lines = malloc(sizeof *lines + longest + 1);
	if (lines != NULL)
		*lines = (struct gl_lines){ .fd = fd, .interrupt = interrupt, .size = longest + 1 };
	return lines;
}

void gl_lines_free(struct gl_lines *lines)
{
	free(lines);
}

uint64_t gl_lines_number(const struct gl_lines *lines)
{
	return lines->number;
}

uint64_t gl_lines_bytes(const struct gl_lines *lines)
{
	return lines->bytes;
}

/* Until there is something to read: an end of the input and a failure too. */
static enum gl_status await(const struct gl_lines *lines)
{
	struct pollfd waiting[] = { { .fd = lines->fd, .events = POLLIN },
		{ .fd = lines->interrupt->fd, .events = POLLIN } };
	while (poll(waiting, 2, -1) < 0)
		if (errno != EINTR)
			return GL_FAILED;
	return waiting[1].revents != 0 ? GL_MORE : GL_OK;
}

/* Reads more behind what is there, which is moved to the front for it. */
static enum gl_status refill(struct gl_lines *lines)
{
	lines->end -= lines->begin;
	memmove(lines->buffer, lines->buffer + lines->begin, lines->end);
	lines->begin = 0;
	for (;;) {
		enum gl_status status = await(lines);
		if (status != GL_OK)
			return status;
		ssize_t got = read(lines->fd, lines->buffer + lines->end, lines->size - lines->end);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return GL_FAILED;
		lines->end += (size_t)got;
		lines->ended = got == 0;
		return GL_OK;
	}
}

static struct gl_span there(const struct gl_lines *lines)
{
	return (struct gl_span){ lines->buffer + lines->begin, lines->end - lines->begin };
}

static void pass(struct gl_lines *lines, size_t count)
{
	lines->begin += count;
	lines->bytes += count;
}

enum gl_status gl_lines_next(struct gl_lines *lines, struct gl_span *line)
{
	bool too_long = false;
	for (;;) {
		struct gl_span rest = there(lines);
		size_t len = gl_span_find(rest, '\n');
		if (len < rest.len || (lines->ended && (len > 0 || too_long))) {
			*line = gl_span_head(rest, len);
			lines->number++;
			pass(lines, len < rest.len ? len + 1 : len);
			return too_long ? GL_TOO_LONG : GL_OK;
		}
		if (lines->ended)
			return GL_NOT_FOUND;
		if (rest.len == lines->size) {
			too_long = true;
			pass(lines, rest.len);
		}
		enum gl_status status = refill(lines);
		if (status != GL_OK)
			return status;
	}
}
