/*
 * address - IPv4 and IPv6 addresses and networks.
 *
 * An IPv4 client that came in over an IPv6 socket (::ffff:192.0.2.1,
 * RFC 4291 2.5.5.2) is the IPv4 client that it is: the mapped form is
 * folded when it is read, so that nothing further down can see two
 * clients in one. Postfix writes "unknown" where it has no address;
 * that is GL_NOT_FOUND and never an address.
 */
#ifndef GREYLIST_ADDRESS_H
#define GREYLIST_ADDRESS_H

#include "greylist/span.h"

enum gl_family { GL_V4 = 4, GL_V6 = 6 };

struct gl_address {
	enum gl_family family;
	uint8_t
	    bytes[16]; /* network order; an IPv4 address uses the first four, the rest is zero */
};

/* The base's bits behind the prefix are zero. */
struct gl_network {
	struct gl_address base;
	uint8_t prefix; /* 0..32 or 0..128 */
};

enum { GL_ADDRESS_TEXT = 46, GL_NETWORK_TEXT = 50 };

/* 32 or 128. */
uint8_t gl_family_bits(enum gl_family family);

/*
 * Reads a whole span as one address, no blanks, no brackets.
 *
 *   GL_NOT_FOUND  empty or "unknown"
 *   GL_MALFORMED  anything else that is no address
 */
GL_CHECKED enum gl_status gl_address_parse(struct gl_address *address, struct gl_span text);

/*
 * Reads ADDRESS, ADDRESS/PREFIX or three octets (192.0.2 is
 * 192.0.2.0/24, as Postgrey's lists have it). Bits behind the prefix
 * are an error, since they are mostly a typing mistake. A mapped network
 * (::ffff:192.0.2.0/120) is folded to its IPv4 one (192.0.2.0/24).
 *
 *   GL_MALFORMED  no network, or a prefix out of range
 *   GL_TOO_LONG   bits set behind the prefix; *network is the network that they are in
 */
GL_CHECKED enum gl_status gl_network_parse(struct gl_network *network, struct gl_span text);

/* The network of `prefix` bits that the address is in; a prefix over the family's bits means all.
 */
struct gl_network gl_network_of(const struct gl_address *address, uint8_t prefix);

bool gl_network_contains(const struct gl_network *network, const struct gl_address *address);

/* RFC 5952 text; a network with its /prefix. */
void gl_out_address(struct gl_out *out, const struct gl_address *address);
void gl_out_network(struct gl_out *out, const struct gl_network *network);

/* IPv6 in eight groups in upper case, none left out: how Postgrey writes it. */
void gl_out_address_long(struct gl_out *out, const struct gl_address *address);

#endif
