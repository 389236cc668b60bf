#include "maillog_room.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

enum { GZIP_ONLY = 16 + MAX_WBITS /* as inflateInit2 has it: a gzip header, the largest window */ };

struct unpacking {
	z_stream stream;
	bool between; /* a member is at its end, and another may follow */
};

static void *begin(void)
{
	struct unpacking *unpacking = calloc(1, sizeof *unpacking);
	if (unpacking == NULL)
		return NULL;
	if (inflateInit2(&unpacking->stream, GZIP_ONLY) == Z_OK)
		return unpacking;
	free(unpacking);
	return NULL;
}

static uInt bounded(size_t len)
{
	return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

static enum gl_status unpack(z_stream *stream, struct maillog_flow *flow, bool *at_end)
{
	stream->next_in = (const Bytef *)flow->in;
	stream->avail_in = bounded(flow->in_len);
	stream->next_out = (Bytef *)flow->out;
	stream->avail_out = bounded(flow->out_len);
	int code = inflate(stream, Z_NO_FLUSH);
	size_t taken = (size_t)(stream->next_in - (const Bytef *)flow->in);
	size_t made = (size_t)(stream->next_out - (Bytef *)flow->out);
	flow->in += taken;
	flow->in_len -= taken;
	flow->out += made;
	flow->out_len -= made;
	*at_end = code == Z_STREAM_END;
	if (code == Z_MEM_ERROR)
		return GL_FAILED;
	bool stuck = code == Z_BUF_ERROR && flow->last && flow->in_len == 0;
	return code == Z_OK || code == Z_STREAM_END || (code == Z_BUF_ERROR && !stuck) ? GL_OK
										       : GL_CORRUPT;
}

static enum gl_status flow_on(void *state, struct maillog_flow *flow)
{
	struct unpacking *unpacking = state;
	if (unpacking->between && flow->in_len == 0)
		return flow->last ? GL_NOT_FOUND : GL_OK;
	if (unpacking->between && inflateReset(&unpacking->stream) != Z_OK)
		return GL_CORRUPT;
	return unpack(&unpacking->stream, flow, &unpacking->between);
}

static void end(void *state)
{
	struct unpacking *unpacking = state;
	inflateEnd(&unpacking->stream);
	free(unpacking);
}

const struct maillog_codec *maillog_gzip(void)
{
	static const struct maillog_codec codec = { begin, flow_on, end };
	return &codec;
}
