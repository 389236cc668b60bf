/*
 * suspicion - whether a client looks wrong, for suspects_only.
 *
 * What servers of mail have and spamware often lacks: a name that DNS
 * vouches for and that was chosen for a server (RFC 6647 section 2.6
 * names dynamic addresses and block lists as such signs), and a HELO
 * that is the client's own name (RFC 5321 section 4.1.1.1).
 */
#ifndef GREYLIST_SUSPICION_H
#define GREYLIST_SUSPICION_H

#include "greylist/address.h"
#include "greylist/request.h"

/* The policy_context that says so: smtpd gives it in a restriction class that an access table
 * chose; see SMTPD_POLICY_README and RESTRICTION_CLASS_README. */
#define GL_SUSPECT_CONTEXT "suspect"

/*
 * What looks wrong with a request's client, for people, such as "the
 * client has no verified name"; NULL where nothing does. Static.
 * `hostname` is this machine's own name; "" where it is not known. A
 * request without helo_name, which Postfix never makes, says nothing.
 */
const char *gl_suspicion(
    const struct gl_request *request, const struct gl_address *client, const char *hostname);

#endif
