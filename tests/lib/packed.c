#include "packed.h"

#include <stdlib.h>
#include <string.h>

#ifdef GREYLIST_WITH_ZLIB
#define ZLIB_CONST
#include <zlib.h>
#endif
#ifdef GREYLIST_WITH_LZMA
#include <lzma.h>
#endif

enum { ROOM = 1 << 20, MEBIBYTE = 1 << 20 };

static char room[ROOM];

/* The bytes, so often one behind the other. */
struct load {
	struct gl_span bytes;
	int times;
};

static size_t pack_not(const struct load *load)
{
	size_t len = 0;
	for (int i = 0; i < load->times && len + load->bytes.len <= ROOM; i++) {
		memcpy(room + len, load->bytes.at, load->bytes.len);
		len += load->bytes.len;
	}
	return len;
}

static size_t pack_gzip(const struct load *load)
{
#ifdef GREYLIST_WITH_ZLIB
	z_stream stream = { .next_out = (Bytef *)room, .avail_out = ROOM };
	if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	for (int i = 0; i < load->times; i++) {
		stream.next_in = (const Bytef *)load->bytes.at;
		stream.avail_in = (uInt)load->bytes.len;
		deflate(&stream, i + 1 == load->times ? Z_FINISH : Z_NO_FLUSH);
	}
	size_t len = stream.total_out;
	deflateEnd(&stream);
	return len;
#else
	(void)load;
	return 0;
#endif
}

static size_t pack_xz(const struct load *load)
{
#ifdef GREYLIST_WITH_LZMA
	lzma_stream stream = LZMA_STREAM_INIT;
	if (lzma_easy_encoder(&stream, 1, LZMA_CHECK_CRC32) != LZMA_OK)
		abort();
	stream.next_out = (uint8_t *)room;
	stream.avail_out = ROOM;
	for (int i = 0; i < load->times; i++) {
		stream.next_in = (const uint8_t *)load->bytes.at;
		stream.avail_in = load->bytes.len;
		lzma_ret code = lzma_code(&stream, i + 1 == load->times ? LZMA_FINISH : LZMA_RUN);
		if (code != LZMA_OK && code != LZMA_STREAM_END)
			abort();
	}
	size_t len = (size_t)stream.total_out;
	lzma_end(&stream);
	return len;
#else
	(void)load;
	return 0;
#endif
}

static struct gl_span pack(enum packing packing, const struct load *load)
{
	switch (packing) {
	case PACKED_GZIP:
		return (struct gl_span){ room, pack_gzip(load) };
	case PACKED_XZ:
		return (struct gl_span){ room, pack_xz(load) };
	case PACKED_NOT:
		break;
	}
	return (struct gl_span){ room, pack_not(load) };
}

struct gl_span packed(enum packing packing, struct gl_span bytes)
{
	return pack(packing, &(struct load){ bytes, 1 });
}

struct gl_span packed_bomb(enum packing packing, int mebibytes)
{
	static const char zeros[MEBIBYTE];
	return pack(packing, &(struct load){ { zeros, sizeof zeros }, mebibytes });
}
