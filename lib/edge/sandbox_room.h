/*
 * sandbox_room - what the files of the sandbox room share; nobody else includes it.
 */
#ifndef GREYLIST_SANDBOX_ROOM_H
#define GREYLIST_SANDBOX_ROOM_H

#include "greylist/sandbox.h"

/*
 * sandbox_filter.c: seccomp's filter. False: this kernel has none, or
 * there is none for this kind of machine. Needs no_new_privs.
 */
bool sandbox_filter_known(void);
bool sandbox_filter_enter(void);

#endif
