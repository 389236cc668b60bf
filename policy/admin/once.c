#include "once.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MIN = 256 }; /* a power of two, as every size */

static bool is_free(const uint8_t digest[GL_DIGEST_SIZE])
{
	static const uint8_t zeros[GL_DIGEST_SIZE];
	return memcmp(digest, zeros, GL_DIGEST_SIZE) == 0;
}

/* Its place, or the free one where it belongs. There always is a free one. */
static uint8_t *place(const struct gl_once *once, const uint8_t digest[GL_DIGEST_SIZE])
{
	size_t at;
	memcpy(&at, digest, sizeof at);
	for (at &= once->size - 1;; at = (at + 1) & (once->size - 1))
		if (is_free(once->at[at]) || memcmp(once->at[at], digest, GL_DIGEST_SIZE) == 0)
			return once->at[at];
}

static enum gl_status grow(struct gl_once *once)
{
	struct gl_once larger = { .count = once->count,
		.size = once->size == 0 ? SIZE_MIN : 2 * once->size };
	larger.at = calloc(larger.size, sizeof *larger.at);
	if (larger.at == NULL)
		return GL_FAILED;
	for (size_t i = 0; i < once->size; i++)
		if (!is_free(once->at[i]))
			memcpy(place(&larger, once->at[i]), once->at[i], GL_DIGEST_SIZE);
	free(once->at);
	*once = larger;
	return GL_OK;
}

enum gl_status gl_once_add(struct gl_once *once, const uint8_t digest[GL_DIGEST_SIZE], bool *fresh)
{
	if (2 * once->count >= once->size && grow(once) != GL_OK)
		return GL_FAILED;
	uint8_t *at = place(once, digest);
	*fresh = is_free(at);
	memcpy(at, digest, GL_DIGEST_SIZE);
	once->count += *fresh;
	return GL_OK;
}

void gl_once_clear(struct gl_once *once)
{
	free(once->at);
	*once = (struct gl_once){ 0 };
}
