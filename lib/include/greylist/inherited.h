/*
 * inherited - what was imported from a Postgrey that ran with --privacy.
 *
 * Such a Postgrey keeps SHA-1 of its keys, so nobody can say whom an
 * entry is about; but whoever asks can be asked about by the same
 * recipe:
 *
 *     triplet   lower case of NETWORK/SENDER/RECIPIENT, as text
 *     client    the address, IPv6 in eight groups in upper case
 *
 * In the table such an entry has the key 'P' and the 20 octets of the
 * digest. When a request meets one, what it says goes on under the key
 * that the triplet or client has with us; the inherited one expires.
 */
#ifndef GREYLIST_INHERITED_H
#define GREYLIST_INHERITED_H

#include "greylist/triplet.h"

enum { GL_SHA1_SIZE = 20, GL_INHERITED_MAX = 2048 };

/*
 * The texts that Postgrey hashes. A network of a single address is that
 * of --lookup-by-host. Postgrey cuts sender and recipient at 512 octets.
 */
void gl_out_inherited_triplet(struct gl_out *out, const struct gl_network *network,
    struct gl_span sender, struct gl_span recipient);
void gl_out_inherited_client(struct gl_out *out, const struct gl_address *client);

void gl_inherited_key(struct gl_key *key, const uint8_t digest[GL_SHA1_SIZE]);
bool gl_key_inherited(struct gl_span key);

/* Forty hexadecimal digits as a digest. GL_MALFORMED: anything else. */
GL_CHECKED enum gl_status gl_sha1_parse(uint8_t digest[GL_SHA1_SIZE], struct gl_span text);

#endif
