/*
 * saying - what `allow` and `deny-auto-whitelist` share: overrides (see
 * greylist/override.h) said, taken back, and shown.
 *
 * Who is meant is one of: --client, --sender or --recipient with its
 * value; CLIENT [NAME] SENDER RECIPIENT, as `explain` takes them; or a
 * single word, which means whatever it can mean: an address or network
 * is a client, a mail address is a sender and a recipient, a name is a
 * client's, and the domain of a sender and of a recipient.
 */
#ifndef GREYLIST_SAYING_H
#define GREYLIST_SAYING_H

#include "command.h"

enum { GL_SAYING_MAX = 3 }; /* overrides of one call */

struct gl_saying {
	bool never;              /* of the auto-whitelist: only clients are meant */
	int64_t until;           /* 0: for ever */
	const char *consequence; /* "passes"; behind it stands until when */
};

/*
 * Says or, with --remove, takes back what the options and operands name,
 * and tells about each on admin->out. GL_EXIT_NOTHING: there was nothing
 * to take back.
 */
enum gl_exit gl_saying_change(
    struct gl_admin *admin, const struct gl_saying *saying, int count, char **operands);

/* Prints what is in force of that sort. GL_EXIT_NOTHING: nothing is. */
enum gl_exit gl_saying_list(struct gl_admin *admin, bool never);

/* Reads --for into *seconds, which keeps its value where there is none. False: it was said why. */
bool gl_saying_time(const struct gl_admin *admin, int64_t most, int64_t *seconds);

/* No operand, and none of --client, --sender and --recipient. */
bool gl_saying_of_nobody(const struct gl_admin *admin, int count);

#endif
