/*
 * logread - a line of the mail log, read back into the attempt it is of.
 *
 * Two kinds of lines are understood, whatever a syslog daemon put in
 * front of them. Ours, which are Postgrey's too (greylist/logline.h):
 *
 *     action=A, reason=R[, delay=N][, client_name=C][, client_address=C]
 *     [, sender=S][, recipient=R]
 *
 * and those of a recipient that Postfix turned away:
 *
 *     NOQUEUE: reject: RCPT from NAME[ADDRESS]: 450 ...; from=<S> to=<R> proto=...
 *
 * The texts in them are strangers', and a stranger may write what looks
 * like the rest of a line. So a mark inside of double quotes is not
 * taken for one, and where there is still more than one way to read the
 * line, that is said. Pure.
 */
#ifndef GREYLIST_LOGREAD_H
#define GREYLIST_LOGREAD_H

#include "greylist/request.h"

/* What a line says of one attribute. */
struct gl_logged {
	bool present;
	bool inexact; /* there is a '?' in it, which may stand for another byte, or it was cut */
	struct gl_span text;
};

/* About 8 KiB. The texts are borrowed from `bytes` or from the line. */
struct gl_logread {
	struct gl_logged name, address, sender, recipient;
	bool authenticated;     /* it was passed for that */
	bool certified;         /* likewise for its certificate */
	bool at_rcpt, at_data;  /* it says in which state it was; neither: it does not */
	bool ambiguous;         /* there are several ways to read it; this is the likeliest */
	struct gl_span refusal; /* Postfix's answer up to the text, such as "554 5.7.1", where it
				   is for good; else empty */
	char bytes[8192];
};

/*
 * An attribute that a line of ours leaves out was empty, but where the
 * line says that the request was incomplete.
 *
 *   GL_NOT_FOUND  neither kind of line
 */
GL_CHECKED enum gl_status gl_logread_line(struct gl_logread *read, struct gl_span line);

/*
 * Makes the request out of what was read: at RCPT, unless it says
 * otherwise or mail without a sender is judged at DATA here; with login
 * or certificate where it had one. Statuses as gl_request_set.
 */
GL_CHECKED enum gl_status gl_logread_request(
    const struct gl_logread *read, struct gl_request *request, bool bounces_at_data);

#endif
