#include "greylist/inherited.h"

#include <string.h>

#include "greylist/sender.h"

enum { CUT = 512 };

void gl_out_inherited_client(struct gl_out *out, const struct gl_address *client)
{
	if (client->family == GL_V6)
		gl_out_address_long(out, client);
	else
		gl_out_address(out, client);
}

void gl_out_inherited_triplet(struct gl_out *out, const struct gl_network *network,
    struct gl_span sender, struct gl_span recipient)
{
	char text[64];
	struct gl_out client = gl_out_into(text, sizeof text);
	uint8_t bits = gl_family_bits(network->base.family);

	gl_out_inherited_client(&client, &network->base);
	if (network->prefix == bits)
		gl_out_text(&client, bits == 32 ? "/32" : "/128");
	gl_out_lower(out, gl_out_done(&client));
	gl_out_byte(out, '/');
	gl_out_sender_postgrey(out, gl_span_head(sender, CUT));
	gl_out_byte(out, '/');
	gl_out_lower(out, gl_span_head(recipient, CUT));
}

void gl_inherited_key(struct gl_key *key, const uint8_t digest[GL_SHA1_SIZE])
{
	key->bytes[0] = 'P';
	memcpy(key->bytes + 1, digest, GL_SHA1_SIZE);
	key->len = 1 + GL_SHA1_SIZE;
}

bool gl_key_inherited(struct gl_span key)
{
	return key.len == 1 + GL_SHA1_SIZE && key.at[0] == 'P';
}

enum gl_status gl_sha1_parse(uint8_t digest[GL_SHA1_SIZE], struct gl_span text)
{
	struct gl_out out = gl_out_into((char *)digest, GL_SHA1_SIZE);

	return text.len == 2 * GL_SHA1_SIZE ? gl_out_from_hex(&out, text) : GL_MALFORMED;
}
