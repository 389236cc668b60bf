#include "greylist/address.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_BITS = 32, V6_BITS = 128, MAPPED_BITS = 96 };

uint8_t gl_family_bits(enum gl_family family)
{
	return family == GL_V4 ? V4_BITS : V6_BITS;
}

/* RFC 4291 2.5.5.2 */
static bool fold_mapped(struct gl_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->family != GL_V6 || memcmp(address->bytes, mapped, sizeof mapped) != 0)
		return false;
	address->family = GL_V4;
	memcpy(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
	return true;
}

static enum gl_status read_address(struct gl_address *address, struct gl_span text)
{
	char terminated[GL_ADDRESS_TEXT];

	if (text.len == 0 || text.len >= sizeof terminated || gl_span_find(text, '\0') < text.len)
		return GL_MALFORMED;
	memcpy(terminated, text.at, text.len);
	terminated[text.len] = '\0';
	memset(address, 0, sizeof *address);
	address->family = gl_span_find(text, ':') < text.len ? GL_V6 : GL_V4;
	if (inet_pton(address->family == GL_V6 ? AF_INET6 : AF_INET, terminated, address->bytes) !=
	    1)
		return GL_MALFORMED;
	return GL_OK;
}

enum gl_status gl_address_parse(struct gl_address *address, struct gl_span text)
{
	if (text.len == 0 || gl_span_equal(text, gl_span_of("unknown")))
		return GL_NOT_FOUND;
	enum gl_status status = read_address(address, text);

	if (status == GL_OK)
		fold_mapped(address);
	return status;
}

static bool is_three_octets(struct gl_span text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '.')
			dots++;
		else if (!gl_is_digit(text.at[i]))
			return false;
	}
	return dots == 2;
}

static enum gl_status read_three_octets(struct gl_network *network, struct gl_span text)
{
	char whole[GL_ADDRESS_TEXT];
	struct gl_out out = gl_out_into(whole, sizeof whole);

	gl_out_span(&out, text);
	gl_out_text(&out, ".0");
	network->prefix = 24;
	return out.full ? GL_MALFORMED : read_address(&network->base, gl_out_done(&out));
}

/* `digits` is what stands behind the slash, `bits` what the family as written has. */
static enum gl_status read_prefix(uint8_t *prefix, struct gl_span digits, uint8_t bits)
{
	uint64_t number = 0;
	bool padded = digits.len > 1 && digits.at[0] == '0';

	if (padded || gl_span_number(digits, bits, &number) != GL_OK)
		return GL_MALFORMED;
	*prefix = (uint8_t)number;
	return GL_OK;
}

static enum gl_status read_with_prefix(struct gl_network *network, struct gl_span text)
{
	size_t slash = gl_span_find(text, '/');
	enum gl_status status = read_address(&network->base, gl_span_head(text, slash));
	uint8_t bits = gl_family_bits(network->base.family);

	if (status != GL_OK)
		return status;
	network->prefix = bits;
	if (slash < text.len) {
		status = read_prefix(&network->prefix, gl_span_skip(text, slash + 1), bits);
		if (status != GL_OK)
			return status;
	}
	if (network->prefix >= MAPPED_BITS && fold_mapped(&network->base))
		network->prefix = (uint8_t)(network->prefix - MAPPED_BITS);
	return GL_OK;
}

enum gl_status gl_network_parse(struct gl_network *network, struct gl_span text)
{
	enum gl_status status = is_three_octets(text) ? read_three_octets(network, text)
						      : read_with_prefix(network, text);

	if (status != GL_OK)
		return status;
	struct gl_network read = *network;

	*network = gl_network_of(&read.base, read.prefix);
	return memcmp(network->base.bytes, read.base.bytes, sizeof read.base.bytes) == 0
		   ? GL_OK
		   : GL_TOO_LONG;
}

struct gl_network gl_network_of(const struct gl_address *address, uint8_t prefix)
{
	uint8_t bits = gl_family_bits(address->family);
	struct gl_network network = { .base = *address, .prefix = prefix < bits ? prefix : bits };
	size_t whole = network.prefix / 8u;

	if (whole < sizeof network.base.bytes) {
		network.base.bytes[whole] &= (uint8_t)(0xff00u >> network.prefix % 8u);
		memset(network.base.bytes + whole + 1, 0, sizeof network.base.bytes - whole - 1);
	}
	return network;
}

bool gl_network_contains(const struct gl_network *network, const struct gl_address *address)
{
	struct gl_network around = gl_network_of(address, network->prefix);

	return network->base.family == address->family &&
	       memcmp(around.base.bytes, network->base.bytes, sizeof around.base.bytes) == 0;
}

void gl_out_address(struct gl_out *out, const struct gl_address *address)
{
	char text[GL_ADDRESS_TEXT] = "";

	inet_ntop(address->family == GL_V6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof text);
	gl_out_text(out, text);
}

void gl_out_network(struct gl_out *out, const struct gl_network *network)
{
	gl_out_address(out, &network->base);
	gl_out_byte(out, '/');
	gl_out_decimal(out, network->prefix);
}

void gl_out_address_long(struct gl_out *out, const struct gl_address *address)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < sizeof address->bytes; i += 2) {
		unsigned group = (unsigned)address->bytes[i] << 8 | address->bytes[i + 1];
		int shift = 12;

		while (shift > 0 && group >> shift == 0)
			shift -= 4;
		gl_out_text(out, i == 0 ? "" : ":");
		for (; shift >= 0; shift -= 4)
			gl_out_byte(out, digits[group >> shift & 0xfu]);
	}
}
