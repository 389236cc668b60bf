#include "maillog_room.h"

#include <stdlib.h>

#include <lzma.h>

static void *begin(void)
{
	lzma_stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return NULL;
	if (lzma_stream_decoder(stream, GL_MAILLOG_MEMORY, LZMA_CONCATENATED) == LZMA_OK)
		return stream;
	free(stream);
	return NULL;
}

/* LZMA_BUF_ERROR is what liblzma says where it can get no further: the input is cut. */
static enum gl_status status_of(lzma_ret code)
{
	if (code == LZMA_OK)
		return GL_OK;
	if (code == LZMA_STREAM_END)
		return GL_NOT_FOUND;
	if (code == LZMA_MEMLIMIT_ERROR)
		return GL_FULL;
	return code == LZMA_MEM_ERROR ? GL_FAILED : GL_CORRUPT;
}

static enum gl_status flow_on(void *state, struct maillog_flow *flow)
{
	lzma_stream *stream = state;
	stream->next_in = (const uint8_t *)flow->in;
	stream->avail_in = flow->in_len;
	stream->next_out = (uint8_t *)flow->out;
	stream->avail_out = flow->out_len;
	lzma_ret code = lzma_code(stream, flow->last ? LZMA_FINISH : LZMA_RUN);
	flow->in += flow->in_len - stream->avail_in;
	flow->in_len = stream->avail_in;
	flow->out += flow->out_len - stream->avail_out;
	flow->out_len = stream->avail_out;
	return status_of(code);
}

static void end(void *state)
{
	lzma_end(state);
	free(state);
}

const struct maillog_codec *maillog_xz(void)
{
	static const struct maillog_codec codec = { begin, flow_on, end };
	return &codec;
}
