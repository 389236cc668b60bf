/*
 * quarantine - a damaged table makes room for an empty one.
 *
 * Greylisting that has lost its memory begins anew; greylisting that
 * has lost its table would let everything pass, or stop the mail, until
 * somebody looks. So the helper that meets the damage puts the table
 * aside, once it is sure, and says so in the log.
 */
#ifndef GREYLIST_QUARANTINE_H
#define GREYLIST_QUARANTINE_H

#include "world.h"

/*
 * The world's table was found damaged while this judgement was made or
 * remembered; the world has it closed. True: there is a good table now,
 * or the damage did not show again: open it and decide anew. False:
 * world->store_why says why not.
 */
bool gl_quarantine(struct gl_world *world, const struct gl_judgement *judgement, int64_t now);

#endif
