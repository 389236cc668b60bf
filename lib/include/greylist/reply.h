/*
 * reply - the one line that goes back to Postfix.
 *
 * Every reply is "action=" VERB [text] and an empty line (Postfix
 * SMTPD_POLICY_README), ready for a single write(2). Nothing of the
 * client's reaches it but the recipient's domain, and that only where
 * it looks like a domain: what stands behind the last '@', 1 to 255
 * ASCII letters, digits, '.' and '-'. Otherwise "unknown" stands there.
 *
 * In `text` and `format` a % and a letter that has no meaning stay as
 * they are. Whatever the values hold, a reply is one line and its empty
 * line: bytes that are not printable become '?' (gl_out_printable).
 *
 * With limits kept and GL_REPLY_MAX bytes of room, a deferral always
 * fits; one that the domain makes too long is written with "unknown".
 * A header that does not fit is left out: the reply is then DUNNO.
 */
#ifndef GREYLIST_REPLY_H
#define GREYLIST_REPLY_H

#include "greylist/span.h"

enum {
	GL_REPLY_MAX = 2048,      /* bytes of a whole reply */
	GL_REPLY_TEXT_MAX = 200,  /* of the `text` option */
	GL_REPLY_HEADER_MAX = 400 /* of the `header` option */
};

/* Nothing against it: the next restriction decides. */
void gl_reply_dunno(struct gl_out *out);

/* All borrowed and zero-terminated. */
struct gl_deferral {
	const char *action; /* DEFER_IF_PERMIT, DEFER, 450 or 451 */
	const char *text; /* one line of printable ASCII; %s seconds left, %r recipient domain, %% a
			     percent sign */
	int64_t wait;     /* seconds */
	struct gl_span recipient;
};

/*
 * Turns the attempt away for now. The enhanced status code 4.2.0 comes
 * first unless the text begins with a digit and so brings its own.
 */
void gl_reply_defer(struct gl_out *out, const struct gl_deferral *deferral);

/* The answer of `on_error = defer`: DEFER_IF_PERMIT 4.3.0 Temporary service problem. */
void gl_reply_trouble(struct gl_out *out);

/* All borrowed and zero-terminated. */
struct gl_header {
	const char *format; /* %t seconds, %v version, %h hostname, %d date, %% a percent sign */
	int64_t delayed;    /* seconds */
	const char *version;
	const char *hostname;
	const char *date;
};

/* Lets the attempt pass and puts the header on top of the message. */
void gl_reply_prepend(struct gl_out *out, const struct gl_header *header);

/* What the log calls it: "pass", "greylist", "would-greylist". Static. */
enum gl_action { GL_ACTION_PASS, GL_ACTION_GREYLIST, GL_ACTION_WOULD_GREYLIST, GL_ACTIONS };
const char *gl_action_text(enum gl_action action);

#endif
