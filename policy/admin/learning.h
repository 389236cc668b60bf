/*
 * learning - from the lines of mail logs to deliveries that are worth remembering.
 *
 * Worth it is what a remote client brought and Postfix delivered. Lines
 * of one mail are joined by its queue id; what is left out is counted by
 * its reason. Lines may come from several files, the older first.
 */
#ifndef GREYLIST_LEARNING_H
#define GREYLIST_LEARNING_H

#include "arrivals.h"
#include "learnt.h"
#include "own.h"

/* Why a delivery is left out. */
enum gl_left {
	GL_LEFT_OWN,
	GL_LEFT_AUTHENTICATED,
	GL_LEFT_NO_ADDRESS,
	GL_LEFT_ELSEWHERE, /* its client is not in the logs: pickup(8), or a line of before */
	GL_LEFT_NO_SENDER,
	GL_LEFT_UNCLEAR, /* the line can be read in more than one way */
	GL_LEFT_LENGTH,
	GL_LEFT_NO_TIME,
	GL_LEFT_FUTURE,
	GL_LEFT_SINCE,
	GL_LEFTS /* how many there are */
};

/* In words that go behind a number, such as "from users who logged in". Static. */
const char *gl_left_text(enum gl_left left);

/* About 20 KiB. The first four are the caller's to fill in, and borrowed. */
struct gl_learning {
	int64_t now;
	int64_t since;      /* deliveries before it are left out; 0: none is */
	struct gl_own *own; /* NULL: nobody is our own */
	struct gl_arrivals *arrivals;
	int64_t latest; /* when the file in hand was last written; the caller's before each file */

	uint64_t deliveries; /* those left out among them */
	uint64_t left[GL_LEFTS];
	struct gl_mailline line;
	struct gl_delivery delivery; /* see below */
};

/*
 * Takes a line, with its time stamp.
 *
 *   GL_OK         learning->delivery is one to be remembered; good until the next call
 *   GL_NOT_FOUND  nothing to remember
 */
GL_CHECKED enum gl_status gl_learning_line(struct gl_learning *learning, struct gl_span line);

/* Counts the delivery that gl_learning_line handed out among those left out after all. */
void gl_learning_leave_out(struct gl_learning *learning, enum gl_left left);

uint64_t gl_learning_left_out(const struct gl_learning *learning);

#endif
