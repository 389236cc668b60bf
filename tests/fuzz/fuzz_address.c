/*
 * Addresses and networks: what is read, written and read again is the
 * same, whatever way it was written first.
 */
#include <string.h>

#include "greylist/address.h"
#include "target.h"

static bool same_address(const struct gl_address *a, const struct gl_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static void check_network(const struct gl_network *network)
{
	char text[GL_NETWORK_TEXT];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_network again;
	struct gl_network cut = gl_network_of(&network->base, network->prefix);

	REQUIRE(network->prefix <= gl_family_bits(network->base.family));
	REQUIRE(same_address(&cut.base, &network->base) && cut.prefix == network->prefix);
	REQUIRE(gl_network_contains(network, &network->base));
	gl_out_network(&out, network);
	REQUIRE(!out.full);
	REQUIRE(gl_network_parse(&again, gl_out_done(&out)) == GL_OK);
	REQUIRE(same_address(&again.base, &network->base) && again.prefix == network->prefix);
}

static void check_prefixes(const struct gl_address *address)
{
	struct gl_network wider = gl_network_of(address, 0);

	for (unsigned bits = 0; bits <= UINT8_MAX; bits++) {
		struct gl_network network = gl_network_of(address, (uint8_t)bits);

		REQUIRE(gl_network_contains(&network, address));
		REQUIRE(gl_network_contains(&wider, &network.base));
		wider = network;
	}
	REQUIRE(same_address(&wider.base, address));
}

static void check_address(const struct gl_address *address, struct gl_span input)
{
	char text[GL_ADDRESS_TEXT];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_address again;
	struct gl_network network;

	gl_out_address(&out, address);
	REQUIRE(!out.full);
	REQUIRE(gl_address_parse(&again, gl_out_done(&out)) == GL_OK);
	REQUIRE(same_address(&again, address));
	/* as an entry of a list it is the network of just this address */
	REQUIRE(gl_network_parse(&network, input) == GL_OK);
	REQUIRE(same_address(&network.base, address));
	REQUIRE(network.prefix == gl_family_bits(address->family));
	check_prefixes(address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gl_span input = { (const char *)data, size };
	struct gl_address address;
	struct gl_network network;
	enum gl_status status = gl_address_parse(&address, input);

	if (status == GL_OK)
		check_address(&address, input);
	else if (status == GL_NOT_FOUND)
		REQUIRE(size == 0 || gl_span_equal(input, gl_span_of("unknown")));
	else
		REQUIRE(status == GL_MALFORMED);
	status = gl_network_parse(&network, input);
	if (status == GL_OK)
		check_network(&network);
	else
		REQUIRE(status == GL_MALFORMED || status == GL_TOO_LONG);
	return 0;
}
