/*
 * session - one connection: requests in, replies out, until its end.
 *
 * Descriptors, clock and world are handed in; the session reads no
 * clock, opens nothing and never exits. Postfix keeps a policy
 * connection open for many requests and punishes a server that closes
 * it, so the loop ends at end of file, at an idle limit above
 * smtpd_policy_service_max_ttl (1000 s), or after as many requests as
 * the caller allows.
 */
#ifndef GREYLIST_SESSION_H
#define GREYLIST_SESSION_H

#include "world.h"

struct gl_session {
	int in; /* not closed by the session */
	int out;
	struct gl_world *world;
	int64_t (*clock)(void); /* seconds since the epoch */
	uint32_t requests_max;  /* 0: as the configuration says */
	bool confined;          /* by gl_confine: files may be out of reach of this process alone */
};

/* Why it ended, for tests; the process exits with 0 in any case. */
enum gl_session_end {
	GL_END_CLOSED,    /* end of file between two requests */
	GL_END_DONE,      /* as many requests as allowed */
	GL_END_IDLE,      /* nothing came for idle_timeout */
	GL_END_CUT,       /* end of file inside a request; logged */
	GL_END_STALLED,   /* a request was begun and not ended within request_timeout; logged */
	GL_END_OUTSIDE,   /* files that now count are out of reach of a confined process: it begins
			     anew; logged, no reply */
	GL_END_MALFORMED, /* a request that the protocol does not have; logged, no reply */
	GL_END_IO         /* the reply could not be written */
};

enum gl_session_end gl_session_serve(const struct gl_session *session);

#endif
