/*
 * confinement - the sandbox with the paths of a configuration.
 *
 * A confined process reaches the directories of the files that
 * greylist.conf named when it started, and the syslog socket. What an
 * edited greylist.conf names elsewhere, or a symbolic link that was
 * turned to elsewhere leads to, it cannot open any more: then the
 * session ends without a reply, and Postfix asks a new process, which
 * reaches all of it (after smtpd_policy_service_retry_delay, 1 s). Only
 * a process that has already answered a request does so: one that is
 * new and still cannot reach a file has another reason, and answers.
 */
#ifndef GREYLIST_CONFINEMENT_H
#define GREYLIST_CONFINEMENT_H

#include "greylist/sandbox.h"

#include "world.h"

/*
 * Enters the sandbox, after gl_world_configure. True: files may be out
 * of reach from now on. False where Landlock is missing, where sandbox
 * = false, and in a build with sanitizers or counters of coverage, whose
 * reports would not get out.
 */
bool gl_confine(const struct gl_world *world);

/*
 * Whether the configuration names something that only the confinement
 * keeps from this process. A few system calls for each path.
 */
bool gl_confinement_hides(const struct gl_world *world);

/* What the kernel gives for it, and whether this build uses it, for -V. Zero-terminated. */
enum { GL_CONFINEMENT_MAX = GL_SANDBOX_KERNEL_MAX + 64 };
void gl_confinement_describe(char text[GL_CONFINEMENT_MAX]);

#endif
