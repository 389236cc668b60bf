/*
 * maillog_room - how the room's files unpack: one codec for each form of a log.
 */
#ifndef MAILLOG_ROOM_H
#define MAILLOG_ROOM_H

#include "greylist/maillog.h"

/* Bytes on their way through; both ends move as bytes are taken and made. */
struct maillog_flow {
	const char *in;
	size_t in_len;
	char *out;
	size_t out_len; /* room */
	bool last;      /* nothing comes behind `in` */
};

struct maillog_codec {
	/* NULL: out of memory. */
	void *(*begin)(void);
	/*
	 * Takes or makes at least one byte, where there is one to take or anything to make.
	 *
	 *   GL_OK         going on
	 *   GL_NOT_FOUND  all of it is unpacked
	 *   GL_CORRUPT    damaged; or `last`, and it is not at its end
	 *   GL_FULL       it wants too much memory
	 *   GL_FAILED     out of memory
	 */
	enum gl_status (*flow)(void *state, struct maillog_flow *flow);
	void (*end)(void *state);
};

/* NULL: this build has none. Static. */
const struct maillog_codec *maillog_gzip(void);
const struct maillog_codec *maillog_xz(void);

#endif
