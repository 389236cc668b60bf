/*
 * logline - one line a verdict, in Postgrey's format to the byte.
 *
 *     [QUEUEID: ]action=A, reason=R[, delay=N], client_name=C,
 *     client_address=C[, sender=S][, recipient=R]
 *
 * An empty attribute is left out with its name, as Postgrey 1.37 leaves
 * it out: a bounce has no "sender="; so is one that is just "0". Of a
 * value, its first 512 bytes are shown, and a '%' in it is doubled: both
 * are Postgrey's ways too. Log readers (logwatch, logcheck) parse this
 * line; nothing is ever added to it. In one thing it departs: bytes that
 * could forge or break a line become '?' (gl_out_printable).
 */
#ifndef GREYLIST_LOGLINE_H
#define GREYLIST_LOGLINE_H

#include "greylist/decision.h"
#include "greylist/reply.h"

enum { GL_LOGLINE_MAX = 8192 }; /* no line is longer, whatever the request holds */

struct gl_logline {
	enum gl_action action;
	enum gl_reason reason;
	int64_t wait;                     /* seconds missing, shown with GL_REASON_EARLY */
	int64_t delayed;                  /* seconds since first seen; negative: not shown */
	const struct gl_request *request; /* borrowed */
};

void gl_out_logline(struct gl_out *out, const struct gl_logline *line);

/*
 * "whitelisted: name[address]", when a client reaches the auto-whitelist
 * threshold; without a name just the address. An IPv6 address stands in
 * Postgrey's form here, eight groups in upper case: 2001:DB8:0:0:0:0:0:5.
 */
void gl_out_whitelisted(struct gl_out *out, const struct gl_request *request);

#endif
