#include "greylist/sha1.h"

#include <nettle/sha1.h>

enum gl_status gl_sha1(uint8_t digest[20], struct gl_span bytes)
{
	struct sha1_ctx context;

	sha1_init(&context);
	sha1_update(&context, bytes.len, (const uint8_t *)bytes.at);
	sha1_digest(&context, SHA1_DIGEST_SIZE, digest);
	return GL_OK;
}
