#include "greylist/triplet.h"

#include <sodium/crypto_shorthash_siphash24.h>
#include <string.h>

#include "greylist/sender.h"

_Static_assert(GL_DIGEST_SIZE == crypto_shorthash_siphashx24_BYTES, "digest size");
_Static_assert(GL_SECRET_SIZE == crypto_shorthash_siphashx24_KEYBYTES, "secret size");

static size_t octets_of(uint8_t prefix)
{
	return ((size_t)prefix + 7) / 8;
}

struct gl_span gl_key_span(const struct gl_key *key)
{
	return (struct gl_span){ (const char *)key->bytes, key->len };
}

void gl_digest(uint8_t digest[GL_DIGEST_SIZE], struct gl_span bytes, const struct gl_secret *secret)
{
	crypto_shorthash_siphashx24(
	    digest, (const unsigned char *)bytes.at, bytes.len, secret->bytes);
}

void gl_network_key(struct gl_key *key, const struct gl_network *client)
{
	size_t octets = octets_of(client->prefix);
	key->bytes[0] = client->base.family == GL_V4 ? '4' : '6';
	key->bytes[1] = client->prefix;
	memcpy(key->bytes + 2, client->base.bytes, octets);
	key->len = (uint16_t)(2 + octets);
}

void gl_client_key(struct gl_key *key, const struct gl_address *client)
{
	struct gl_network whole = gl_network_of(client, gl_family_bits(client->family));
	gl_network_key(key, &whole);
}

enum gl_status gl_key_network(struct gl_network *client, struct gl_span key)
{
	if (key.len < 2 || (key.at[0] != '4' && key.at[0] != '6'))
		return GL_CORRUPT;
	struct gl_network read = {
		.base.family = key.at[0] == '4' ? GL_V4 : GL_V6,
		.prefix = (uint8_t)key.at[1],
	};
	size_t octets = octets_of(read.prefix);
	if (read.prefix > gl_family_bits(read.base.family))
		return GL_CORRUPT;
	if (key.len != 2 + octets && key.len != 2 + octets + GL_DIGEST_SIZE)
		return GL_CORRUPT;
	memcpy(read.base.bytes, key.at + 2, octets);
	*client = gl_network_of(&read.base, read.prefix);
	if (memcmp(client->base.bytes, read.base.bytes, sizeof read.base.bytes) != 0)
		return GL_CORRUPT;
	return GL_OK;
}

void gl_identity_key(struct gl_key *key, const struct gl_identity *identity)
{
	struct gl_out out = gl_out_into((char *)key->bytes, sizeof key->bytes);
	switch (identity->kind) {
	case GL_BY_NETWORK:
		gl_network_key(key, &identity->network);
		return;
	case GL_BY_POOL:
		gl_out_byte(&out, 'n');
		gl_out_lower(&out, gl_span_head(identity->pool, GL_POOL_MAX));
		gl_out_byte(&out, '\0');
		break;
	case GL_BY_ANYONE:
		gl_out_byte(&out, 'a');
		break;
	}
	key->len = (uint16_t)out.len;
}

bool gl_is_pool_name(struct gl_span text)
{
	bool number = true;
	size_t labels = 1, len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.at[i];
		if (byte == '.') {
			if (len == 0)
				return false;
			labels++;
			number = true;
			len = 0;
			continue;
		}
		if (!gl_is_alnum(byte) && byte != '-' && byte != '_')
			return false;
		number = number && gl_is_digit(byte);
		len++;
	}
	return text.len <= GL_POOL_MAX && labels > 1 && len > 0 && !number;
}

static enum gl_status read_pool(struct gl_identity *identity, struct gl_span key)
{
	struct gl_span name = gl_span_skip(key, 1);
	size_t end = gl_span_find(name, '\0');
	size_t behind = name.len - end;
	if (!gl_is_pool_name(gl_span_head(name, end)) ||
	    (behind != 1 && behind != 1 + GL_DIGEST_SIZE))
		return GL_CORRUPT;
	*identity = (struct gl_identity){ .kind = GL_BY_POOL, .pool = gl_span_head(name, end) };
	return GL_OK;
}

enum gl_status gl_key_identity(struct gl_identity *identity, struct gl_span key)
{
	if (key.len > 0 && key.at[0] == 'n')
		return read_pool(identity, key);
	*identity = (struct gl_identity){ .kind = GL_BY_ANYONE };
	if (key.len > 0 && key.at[0] == 'a')
		return key.len == 1 || key.len == 1 + GL_DIGEST_SIZE ? GL_OK : GL_CORRUPT;
	identity->kind = GL_BY_NETWORK;
	return gl_key_network(&identity->network, key);
}

void gl_out_identity(struct gl_out *out, const struct gl_identity *identity)
{
	switch (identity->kind) {
	case GL_BY_NETWORK:
		gl_out_network(out, &identity->network);
		break;
	case GL_BY_POOL:
		gl_out_printable(out, identity->pool);
		break;
	case GL_BY_ANYONE:
		gl_out_text(out, "anyone");
		break;
	}
}

void gl_triplet_key_of(
    struct gl_key *key, const struct gl_triplet *triplet, const struct gl_identity *identity)
{
	uint8_t digest[GL_DIGEST_SIZE];
	memcpy(digest, triplet->key.bytes + triplet->key.len - GL_DIGEST_SIZE, sizeof digest);
	gl_identity_key(key, identity);
	memcpy(key->bytes + key->len, digest, sizeof digest);
	key->len = (uint16_t)(key->len + GL_DIGEST_SIZE);
}

enum gl_status gl_triplet_make(struct gl_triplet *triplet, const struct gl_network *client,
    struct gl_span sender, struct gl_span recipient, const struct gl_secret *secret)
{
	if (sender.len > GL_VALUE_MAX || recipient.len > GL_VALUE_MAX)
		return GL_TOO_LONG;

	struct gl_out text = gl_out_into(triplet->text, sizeof triplet->text);
	gl_out_sender(&text, sender);
	triplet->sender_len = text.len;
	gl_out_byte(&text, '\0');
	gl_out_lower(&text, recipient);
	if (text.full)
		return GL_TOO_LONG;
	triplet->text_len = text.len;
	triplet->client = *client;

	gl_network_key(&triplet->key, client);
	gl_digest(triplet->key.bytes + triplet->key.len, gl_triplet_text(triplet), secret);
	triplet->key.len = (uint16_t)(triplet->key.len + GL_DIGEST_SIZE);
	return GL_OK;
}

struct gl_span gl_triplet_text(const struct gl_triplet *triplet)
{
	return (struct gl_span){ triplet->text, triplet->text_len };
}

struct gl_span gl_triplet_sender(const struct gl_triplet *triplet)
{
	return (struct gl_span){ triplet->text, triplet->sender_len };
}

struct gl_span gl_triplet_recipient(const struct gl_triplet *triplet)
{
	return gl_span_skip(gl_triplet_text(triplet), triplet->sender_len + 1);
}
