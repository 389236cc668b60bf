/*
 * sender - the part of an envelope sender that stays the same.
 *
 * Mailing lists, bounce handlers and forwarders change the sender's
 * local part with every message; taken as it is, each of their messages
 * would come from a stranger. The rules, in this order:
 *
 *   1. SRS (a forwarder's rewriting): in SRS0=HHH=TT=domain=local the
 *      hash and the time stamp become '#', in
 *      SRS1=HHH=host==HHH=TT=domain=local both hashes and the time stamp.
 *      The separator behind SRS0, SRS1 and the host may be '=', '+' or '-'.
 *   2. BATV (prvs=tag=local and its reversed form): the tag goes,
 *      the address stays. (Not after rule 1.) The same in SparkPost's
 *      form, msprvs1=tag=local, and Barracuda's, btv1==tag==local, which
 *      are looked for before rule 1.
 *   3. An extension, from the first '+', goes (not in SRS's own fields).
 *      What rule 2 can read only now, it reads now.
 *   4. A UUID, and a run of 12 or more hexadecimal digits with at least
 *      one decimal among them, that stands between other characters than
 *      letters and digits becomes '#'.
 *   5. A run of decimal digits that stands as a word of its own
 *      (letters, digits and '_' make a word) becomes '#'.
 *
 * Rules 2, 3 and 5 give what Postgrey 1.37 gives for a sender in lower
 * case; it does not know BATV in upper case or in the other forms, nor
 * one that only rule 3 lays bare. The result is in lower case, and
 * normalising it again changes nothing. The domain begins at the first
 * '@', as Postgrey has it; a sender without '@' is put in lower case and
 * otherwise left alone.
 */
#ifndef GREYLIST_SENDER_H
#define GREYLIST_SENDER_H

#include "greylist/span.h"

/* Never longer than the sender it is made from. An empty sender (a bounce) stays empty. */
void gl_out_sender(struct gl_out *out, struct gl_span sender);

/* The same by rules 2, 3 and 5 alone: the sender in a key of Postgrey's. */
void gl_out_sender_postgrey(struct gl_out *out, struct gl_span sender);

#endif
