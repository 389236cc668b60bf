#include "maillog_room.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	IN_SIZE = 65536,
	OUT_SIZE = 65536, /* several of the longest lines */
	MAGIC_MAX = 6
};

_Static_assert((int)OUT_SIZE > 2 * (int)GL_MAILLOG_LINE_MAX, "room for the longest line");

struct gl_maillog {
	int fd, stop;
	const struct maillog_codec *codec; /* NULL: what it is has not been looked at */
	void *state;                       /* of the codec */
	bool in_ended;                     /* the descriptor is at its end */
	bool out_ended;                    /* nothing more comes into `out`; `ending` says why */
	enum gl_status ending;
	const char *trouble;
	uint64_t bytes;
	size_t in_begin, in_end;
	size_t begin, end; /* in `out`, of what was not yet handed out */
	char in[IN_SIZE];
	char out[OUT_SIZE];
};

static void *plain_begin(void)
{
	static char nothing;
	return &nothing;
}

static enum gl_status plain_flow(void *state, struct maillog_flow *flow)
{
	size_t len = flow->in_len < flow->out_len ? flow->in_len : flow->out_len;
	(void)state;
	memcpy(flow->out, flow->in, len);
	flow->in += len;
	flow->in_len -= len;
	flow->out += len;
	flow->out_len -= len;
	return flow->last && flow->in_len == 0 ? GL_NOT_FOUND : GL_OK;
}

static void plain_end(void *state)
{
	(void)state;
}

struct gl_maillog *gl_maillog_open(int fd, int stop)
{
	struct gl_maillog *log = malloc(sizeof *log);
	if (log == NULL)
		return NULL;
	memset(log, 0, offsetof(struct gl_maillog, in));
	log->fd = fd;
	log->stop = stop;
	log->trouble = "nothing is wrong";
	return log;
}

void gl_maillog_close(struct gl_maillog *log)
{
	if (log != NULL && log->codec != NULL)
		log->codec->end(log->state);
	free(log);
}

const char *gl_maillog_trouble(const struct gl_maillog *log)
{
	return log->trouble;
}

uint64_t gl_maillog_bytes(const struct gl_maillog *log)
{
	return log->bytes;
}

bool gl_maillog_reads_gzip(void)
{
	return maillog_gzip() != NULL;
}

bool gl_maillog_reads_xz(void)
{
	return maillog_xz() != NULL;
}

static enum gl_status fail(struct gl_maillog *log, enum gl_status status, const char *trouble)
{
	log->trouble = trouble;
	return status;
}

/* Until there is something to read; an end and a failure are something too. */
static enum gl_status await(const struct gl_maillog *log)
{
	struct pollfd waiting[] = { { .fd = log->fd, .events = POLLIN },
		{ .fd = log->stop, .events = POLLIN } };
	while (poll(waiting, 2, -1) < 0)
		if (errno != EINTR)
			return GL_FAILED;
	return waiting[1].revents != 0 ? GL_MORE : GL_OK;
}

/* Reads behind what is there; there is room. */
static enum gl_status read_some(struct gl_maillog *log)
{
	for (;;) {
		enum gl_status status = await(log);
		if (status == GL_MORE)
			return fail(log, status, "a signal came");
		ssize_t got = status == GL_OK
				  ? read(log->fd, log->in + log->in_end, IN_SIZE - log->in_end)
				  : -1;
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return fail(log, GL_FAILED, strerrordesc_np(errno));
		log->in_end += (size_t)got;
		log->bytes += (uint64_t)got;
		log->in_ended = got == 0;
		return GL_OK;
	}
}

static bool begins(const struct gl_maillog *log, const char *magic, size_t len)
{
	return log->in_end >= len && memcmp(log->in, magic, len) == 0;
}

/* The codec of what begins like this; NULL: it cannot be read, and `trouble` says why. */
static const struct maillog_codec *recognise(struct gl_maillog *log)
{
	static const struct maillog_codec plain = { plain_begin, plain_flow, plain_end };
	if (begins(log, "\x1f\x8b", 2)) {
		log->trouble = "this greylist-admin was built without zlib, which a file of gzip "
			       "needs; try: zcat FILE | greylist-admin learn -";
		return maillog_gzip();
	}
	if (begins(log,
		"\xfd"
		"7zXZ\0",
		6)) {
		log->trouble = "this greylist-admin was built without liblzma, which a file of xz "
			       "needs; try: xzcat FILE | greylist-admin learn -";
		return maillog_xz();
	}
	log->trouble = "compressed in a way that is not read here; unpack it, and pipe it to "
		       "greylist-admin learn -";
	if (begins(log, "BZh", 3) || begins(log, "\x28\xb5\x2f\xfd", 4))
		return NULL;
	return &plain;
}

static enum gl_status begin_codec(struct gl_maillog *log)
{
	while (log->in_end < MAGIC_MAX && !log->in_ended) {
		enum gl_status status = read_some(log);
		if (status != GL_OK)
			return status;
	}
	const struct maillog_codec *codec = recognise(log);
	if (codec == NULL)
		return GL_UNSUPPORTED;
	log->state = codec->begin();
	if (log->state == NULL)
		return fail(log, GL_FAILED, "out of memory");
	log->codec = codec;
	return GL_OK;
}

static enum gl_status unpack(struct gl_maillog *log)
{
	struct maillog_flow flow = { .in = log->in + log->in_begin,
		.in_len = log->in_end - log->in_begin,
		.out = log->out + log->end,
		.out_len = OUT_SIZE - log->end,
		.last = log->in_ended };
	enum gl_status status = log->codec->flow(log->state, &flow);
	log->in_begin = log->in_end - flow.in_len;
	log->end = OUT_SIZE - flow.out_len;
	if (status == GL_CORRUPT)
		log->trouble = flow.last && flow.in_len == 0
				   ? "the archive is cut off in the middle"
				   : "the archive is damaged";
	if (status == GL_FULL)
		log->trouble = "unpacking it would take more than 128 MiB of memory";
	if (status == GL_FAILED)
		log->trouble = "out of memory";
	return status;
}

/* More behind what is there, which is moved to the front for it. */
static enum gl_status refill(struct gl_maillog *log)
{
	enum gl_status status = GL_OK;
	log->end -= log->begin;
	memmove(log->out, log->out + log->begin, log->end);
	log->begin = 0;
	if (log->codec == NULL)
		status = begin_codec(log);
	if (status == GL_OK && log->in_begin == log->in_end && !log->in_ended) {
		log->in_begin = log->in_end = 0;
		status = read_some(log);
	}
	return status == GL_OK ? unpack(log) : status;
}

/* What is left behind the last newline is a line where the log is whole, and the half of one
 * where it is not. */
static enum gl_status hand_out_rest(struct gl_maillog *log, struct gl_span *line, bool too_long)
{
	size_t len = log->end - log->begin;
	*line = (struct gl_span){ log->out + log->begin, len };
	log->begin = log->end;
	if (log->ending != GL_NOT_FOUND || (len == 0 && !too_long))
		return log->ending;
	return too_long || len > GL_MAILLOG_LINE_MAX ? GL_TOO_LONG : GL_OK;
}

enum gl_status gl_maillog_next(struct gl_maillog *log, struct gl_span *line)
{
	bool too_long = false;
	for (;;) {
		struct gl_span rest = { log->out + log->begin, log->end - log->begin };
		size_t len = gl_span_find(rest, '\n');
		if (len < rest.len) {
			*line = gl_span_head(rest, len);
			log->begin += len + 1;
			return too_long || len > GL_MAILLOG_LINE_MAX ? GL_TOO_LONG : GL_OK;
		}
		if (log->out_ended)
			return hand_out_rest(log, line, too_long);
		if (rest.len > GL_MAILLOG_LINE_MAX) {
			too_long = true;
			log->begin = log->end;
		}
		log->ending = refill(log);
		log->out_ended = log->ending != GL_OK;
	}
}
