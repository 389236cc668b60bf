/*
 * owner - root becomes the owner of the state directory.
 *
 * What root would create in the state directory, nobody else could
 * open: so both programs, when root starts them, take on the uid and
 * gid of the directory's owner before they touch it. Files named on the
 * command line are opened before, and used by descriptor.
 */
#ifndef GREYLIST_OWNER_H
#define GREYLIST_OWNER_H

#include "greylist/status.h"

/*
 * Does nothing unless root, or where root owns the directory.
 *
 *   GL_NO_ACCESS  the directory is not there, or the ids cannot be taken on; `why` says it
 */
GL_CHECKED enum gl_status gl_become_owner(const char *directory, struct gl_complaint *why);

/* The same of a directory that is open already; its name is for the complaint. */
GL_CHECKED enum gl_status gl_become_owner_of(
    int fd, const char *directory, struct gl_complaint *why);

#endif
