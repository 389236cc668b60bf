/*
 * mailline - a line of Postfix's log, read into what it says of one mail.
 *
 * Of a mail on its way through the queue four lines matter, which share
 * its queue id (in front of each: a time stamp, logstamp.h):
 *
 *     HOST postfix/smtpd[PID]: QID: client=NAME[ADDRESS]
 *         also ", orig_client=NAME[ADDRESS]", where a proxy in front of the queue names whom it
 *         speaks for, and ", sasl_username=..." behind it, where somebody logged in
 *     HOST postfix/qmgr[PID]: QID: from=<S>, size=N, nrcpt=N (queue active)
 *     HOST postfix/AGENT[PID]: QID: to=<R>, orig_to=<O>, relay=..., status=sent (...)
 *         of the agents smtp, lmtp, local, virtual, pipe and discard; orig_to is what the client
 *         wrote, where an alias made something else of it
 *     HOST postfix/qmgr[PID]: QID: removed
 *
 * In the place of "postfix" stands whatever syslog_name says, such as
 * "postfix/submission" or "postfix-out"; the program is behind the last
 * slash. Queue ids may be short or long ones.
 *
 * Addresses are strangers' text, and a stranger may write what looks
 * like the rest of a line. Every line is read by what Postfix itself
 * wrote around them: from its left end, and a sender up to the last mark
 * behind which only numbers are left. Where a recipient can still be
 * read in more than one way nothing is taken from the line. A program
 * whose lines quote mail, such as cleanup(8) with a header, is none of
 * the above. Pure.
 */
#ifndef GREYLIST_MAILLINE_H
#define GREYLIST_MAILLINE_H

#include "greylist/address.h"

enum gl_mailline_kind {
	GL_MAILLINE_CLIENT,
	GL_MAILLINE_FROM,
	GL_MAILLINE_SENT,
	GL_MAILLINE_REMOVED
};

enum { GL_QUEUE_ID_MAX = 32 /* a long queue id has some 20 letters */ };

/* About 16 KiB. The texts are borrowed from the line or from `bytes`. */
struct gl_mailline {
	enum gl_mailline_kind kind;
	struct gl_span host, queue_id;
	/* GL_MAILLINE_CLIENT: as Postfix wrote it, "unknown" included */
	struct gl_span name, address;
	struct gl_span orig_name, orig_address; /* empty: there is no such client */
	bool authenticated;
	/* GL_MAILLINE_FROM, GL_MAILLINE_SENT: the sender, or what was a recipient at RCPT; quotes
	 * around a local part, which the policy protocol does not have either, are taken off */
	struct gl_span mailbox;
	char bytes[16384];
};

/*
 * Reads what follows the time stamp.
 *
 *   GL_NOT_FOUND  none of these lines
 *   GL_MALFORMED  one of a delivery, but it can be read in more than one way
 */
GL_CHECKED enum gl_status gl_mailline_read(struct gl_mailline *read, struct gl_span line);

#endif
