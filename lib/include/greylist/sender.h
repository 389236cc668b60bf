/*
 * sender - the part of an envelope sender that stays the same.
 *
 * Mailing lists, bounce handlers and forwarders change the sender's
 * local part with every message; taken as it is, each of their messages
 * would come from a stranger. The rules, in this order:
 *
 *   1. SRS (a forwarder's rewriting): the hash and the time stamp of
 *      SRS0=HHH=TT=domain=local, and both hashes of SRS1, become '#'.
 *      The separator behind SRS0 and SRS1 may be '=', '+' or '-'.
 *   2. BATV (prvs=tag=local and its reversed form): the tag goes,
 *      the address stays.
 *   3. An extension, from the first '+', goes (not in front of SRS's
 *      own fields).
 *   4. A UUID, and a run of 12 or more hexadecimal digits with at least
 *      one decimal among them that stands between other characters than
 *      letters and digits, become '#'.
 *   5. A run of decimal digits that stands as a word of its own
 *      (letters, digits and '_' make a word) becomes '#'.
 *
 * Rules 2, 3 and 5 give what Postgrey 1.37 gives. The result is in
 * lower case, and normalising it again changes nothing. The domain
 * begins at the first '@', as Postgrey has it.
 */
#ifndef GREYLIST_SENDER_H
#define GREYLIST_SENDER_H

#include "greylist/span.h"

/* Never longer than the sender it is made from. An empty sender (a bounce) stays empty. */
void gl_out_sender(struct gl_out *out, struct gl_span sender);

#endif
