#include "store_room.h"

#include <string.h>

enum gl_status store_check_triplet(
    const struct gl_secret *secret, struct gl_span key, struct gl_span value)
{
	struct gl_network network;
	struct gl_record record;
	uint8_t digest[GL_DIGEST_SIZE];
	enum gl_status status = gl_record_decode(&record, value);
	if (status != GL_OK || gl_key_inherited(key))
		return status;
	status = gl_key_network(&network, key);
	if (status != GL_OK || record.text.len == 0)
		return status;
	if (key.len < GL_DIGEST_SIZE)
		return GL_CORRUPT;
	gl_digest(digest, record.text, secret);
	return memcmp(digest, key.at + key.len - GL_DIGEST_SIZE, sizeof digest) == 0
		   ? GL_OK
		   : GL_WRONG_SECRET;
}

enum gl_status store_check_client(struct gl_span key, struct gl_span value)
{
	struct gl_network network;
	struct gl_client client;
	enum gl_status status = gl_client_decode(&client, value);
	if (status != GL_OK || gl_key_inherited(key))
		return status;
	return gl_key_network(&network, key);
}
