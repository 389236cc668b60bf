/*
 * sha1 - the digest that Postgrey's --privacy uses, from nettle.
 *
 * Only for what was imported from there (inherited.h); nothing of ours
 * rests on SHA-1.
 */
#ifndef GREYLIST_SHA1_H
#define GREYLIST_SHA1_H

#include "greylist/span.h"

/* Twenty octets. GL_UNSUPPORTED: built without nettle (GREYLIST_WITH_NETTLE). */
GL_CHECKED enum gl_status gl_sha1(uint8_t digest[20], struct gl_span bytes);

#endif
