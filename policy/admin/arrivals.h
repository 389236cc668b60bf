/*
 * arrivals - mails that came in and are not yet out of the queue, by queue id.
 *
 * What a log says of one mail stands in several lines, and between them
 * stand those of others; this is where they meet. There is room for so
 * many, whatever a log holds: the one that was asked for longest ago
 * goes first, and is counted. Postfix uses an id again once its mail is
 * out of the queue; one that comes in anew is another mail. Ids are of a
 * host, since a log may have several hosts' lines.
 */
#ifndef GREYLIST_ARRIVALS_H
#define GREYLIST_ARRIVALS_H

#include "mailline.h"

enum {
	GL_ARRIVALS_MAX = 65536,
	GL_ARRIVAL_SENDER_MAX = 512, /* bytes; RFC 5321 4.5.3.1.3 allows 254 */
	GL_ARRIVAL_NAME_MAX = 255    /* RFC 1035 2.3.4 allows 253; one that is longer is none */
};

/* Who brought a mail. */
enum gl_bringer {
	GL_BRINGER_OUTSIDE,
	GL_BRINGER_OWN,           /* own network, relay, or this very host */
	GL_BRINGER_AUTHENTICATED, /* a user who logged in */
	GL_BRINGER_NO_ADDRESS,    /* "unknown" in the place of the address */
	GL_BRINGER_NO_TIME        /* the line's time is none */
};

/* Zeros but for `serial` when it is opened; the caller's to fill in. */
struct gl_arrival {
	uint64_t serial; /* no two mails have the same; from 1 on */
	enum gl_bringer bringer;
	int64_t time; /* when it came in */
	struct gl_address client;
	uint8_t name_len;
	char name[GL_ARRIVAL_NAME_MAX]; /* of the client */
	bool uncounted;                 /* its client is one of never_auto_whitelist */
	bool has_sender, sender_too_long;
	uint16_t sender_len;
	char sender[GL_ARRIVAL_SENDER_MAX];
};

struct gl_arrivals;

/* Room for that many, 1 to GL_ARRIVALS_MAX. NULL: out of memory. */
struct gl_arrivals *gl_arrivals_new(size_t room);
void gl_arrivals_free(struct gl_arrivals *arrivals);

/*
 * The line says which mail. What is returned is good until the next call
 * of gl_arrivals_begin or gl_arrivals_end.
 */
struct gl_arrival *gl_arrivals_begin(struct gl_arrivals *arrivals, const struct gl_mailline *line);
/* NULL: no such mail. */
struct gl_arrival *gl_arrivals_find(struct gl_arrivals *arrivals, const struct gl_mailline *line);
void gl_arrivals_end(struct gl_arrivals *arrivals, const struct gl_mailline *line);

/* How many had to go for others. */
uint64_t gl_arrivals_dropped(const struct gl_arrivals *arrivals);

#endif
