/*
 * caller - whether whoever called greylist-admin may use a table.
 *
 * The helper's own complaint about a state directory of somebody else
 * says how to mend the service; a person who called the wrong way has to
 * hear how to call instead.
 */
#ifndef GREYLIST_CALLER_H
#define GREYLIST_CALLER_H

#include "greylist/status.h"

/*
 * Root may, and so may the owner of the state directory. Nothing in it
 * is touched. `why` says where, what, and how to call or what to make.
 *
 *   GL_NO_ACCESS  somebody else called, or it cannot be said whose the directory is
 *   GL_NOT_FOUND  there is no such directory
 */
GL_CHECKED enum gl_status gl_caller_may(const char *directory, struct gl_complaint *why);

#endif
