/*
 * own - which clients are our own, when mail logs are read.
 *
 * Mail of our own is nobody's to be greylisted: that of this very host,
 * of `relays`, and of Postfix's own networks. And those of
 * never_auto_whitelist are not counted here either.
 */
#ifndef GREYLIST_OWN_H
#define GREYLIST_OWN_H

#include "command.h"

struct gl_own;

/*
 * Compiles the two options, and asks postconf(1) for $mynetworks, in
 * Postfix's own directory or in admin->postfix_config; where there is no
 * Postfix there are no such networks. NULL: out of memory, or Postfix's
 * configuration was named and cannot be read; which was said.
 */
struct gl_own *gl_own_new(const struct gl_admin *admin);
void gl_own_free(struct gl_own *own);

/*
 * What the client is. `name` is the verified one, or "unknown".
 * *uncounted: it is one of never_auto_whitelist.
 */
bool gl_own_is(
    struct gl_own *own, const struct gl_address *client, struct gl_span name, bool *uncounted);

#endif
