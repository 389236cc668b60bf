/*
 * punycode - domain names with other letters than ASCII's, as DNS has them.
 *
 * DNS names are ASCII. A label with other letters goes there as "xn--"
 * and its Punycode (RFC 3492), which is what Postfix hands over as a
 * client's name. For example, the label b, u-umlaut, "cher" of five
 * characters is "xn--bcher-kva".
 *
 * Only this way round, and only the arithmetic: letters are taken to be
 * normalised already (RFC 5891 4.2), as those of a published list are.
 * ASCII letters become lower case, others stay as they are.
 */
#ifndef GREYLIST_PUNYCODE_H
#define GREYLIST_PUNYCODE_H

#include "greylist/span.h"

/*
 * Appends the Punycode of a text in UTF-8, without "xn--", its ASCII
 * letters in the case that they have.
 *
 *   GL_MALFORMED  no good UTF-8 (RFC 3629); nothing was written
 *   GL_TOO_LONG   more characters than a label has bytes; nothing was written
 */
GL_CHECKED enum gl_status gl_out_punycode(struct gl_out *out, struct gl_span text);

/*
 * Appends a domain name in the form that DNS has: labels of ASCII in
 * lower case, others as "xn--" and Punycode. A label that cannot be
 * converted is appended as it is. Nothing is said about its length or
 * its characters: whoever reads names from people looks at the result.
 */
void gl_out_domain(struct gl_out *out, struct gl_span name);

#endif
