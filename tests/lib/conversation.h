/*
 * conversation - the helper's session in this very process: bytes in,
 * bytes out, at a second of the test's choosing.
 */
#ifndef GREYLIST_TEST_CONVERSATION_H
#define GREYLIST_TEST_CONVERSATION_H

#include "session.h"

struct conversation {
	const char *config;      /* path of greylist.conf */
	int64_t now;             /* what the session's clock says */
	uint32_t requests_max;   /* as in struct gl_session */
	enum gl_session_end end; /* out */
	char reply[16384];       /* out, zero-terminated: all replies */
};

/*
 * Sends the bytes, ends the stream, and serves until the session ends.
 * A world of its own each time, as a process of its own would have it.
 */
void converse(struct conversation *talk, const char *bytes, size_t len);

/* Whether an answer of the session begins with the text behind "action=". */
bool answered(const struct conversation *talk, const char *begin);

/* The usual attributes of a request at RCPT. */
struct attempt {
	const char *client;
	const char *name; /* NULL: unknown */
	const char *sender;
	const char *recipient;
	const char *instance; /* NULL: none */
	const char *more;     /* further lines, each ended by a newline; NULL: none */
};

/* The request's bytes, in a buffer that the next call reuses. */
const char *attempt_bytes(const struct attempt *attempt);

/* One attempt, one session. */
void try_once(struct conversation *talk, const struct attempt *attempt);

#endif
