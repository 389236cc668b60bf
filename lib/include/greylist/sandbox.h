/*
 * sandbox - what the helper gives up before it reads a stranger's words.
 *
 * gl_sandbox_enter takes from the process, for good:
 *
 *   no_new_privs   no set-user-ID program helps it any more
 *   limits         no core file, no other process, few descriptors
 *   Landlock       of all files only those are left that were kept, by
 *                  their directories: an editor puts a new file in the
 *                  place of the old one, and a log is rotated. Anything
 *                  else is EACCES. No TCP, no signals to other processes
 *   seccomp        the system calls that it has no use for, such as
 *                  execve or ptrace, sockets but those of AF_UNIX, and
 *                  memory that can be executed. What is asked for
 *                  all the same fails with ENOSYS, or EPERM where the
 *                  arguments are at fault; nothing is ever killed for it
 *
 * All of it is best effort: what a kernel does not have is left out, and
 * mail flows as without. Landlock is of Linux 5.13, seccomp's filter is
 * for x86_64 and aarch64. There is no limit on the size of a file, since
 * map_limit may be raised under a living helper, and a log has none.
 */
#ifndef GREYLIST_SANDBOX_H
#define GREYLIST_SANDBOX_H

#include "greylist/status.h"

#include <stdbool.h>
#include <stdint.h>

enum gl_sandbox_use {
	GL_SANDBOX_READ,   /* a file that is read, and all in its directory and below */
	GL_SANDBOX_APPEND, /* a file that is made and appended to, likewise */
	GL_SANDBOX_STATE   /* a directory in which files are made, changed and removed */
};

enum { GL_SANDBOX_PATH_MAX = 4096 }; /* bytes of a path and its terminator (PATH_MAX) */

/* A sandbox that is being made. Between begin and enter it owns a descriptor. */
struct gl_sandbox {
	int landlock; /* version of the kernel's Landlock; 0: none, or one that refused a path */
	int ruleset;  /* private, as are the next */
	enum gl_sandbox_use last_use;
	char last[GL_SANDBOX_PATH_MAX];

	bool no_new_privs, limits, filter; /* after gl_sandbox_enter: what worked */
};

void gl_sandbox_begin(struct gl_sandbox *sandbox);

/*
 * Keeps a path within reach. The file may be missing; one whose
 * directory is missing cannot be kept, and is out of reach should it
 * come up later. Of a symbolic link the directory it leads to is kept
 * as well. Where the kernel refuses a path that is there, Landlock is
 * left out altogether: better no fence than one around our own files.
 */
void gl_sandbox_keep(struct gl_sandbox *sandbox, const char *path, enum gl_sandbox_use use);

/* Gives up the rest. Once; it cannot be undone, and children inherit it. */
void gl_sandbox_enter(struct gl_sandbox *sandbox);

/*
 * Whether only Landlock stands between this process and the path: a
 * process that begins anew could use it. GL_SANDBOX_APPEND makes the
 * file, as the first line of a log would.
 */
bool gl_sandbox_hides(const char *path, enum gl_sandbox_use use);

/* What this kernel gives: "no_new_privs, limits, seccomp, Landlock 3". Zero-terminated. */
enum { GL_SANDBOX_KERNEL_MAX = 128 };
void gl_sandbox_kernel(char text[GL_SANDBOX_KERNEL_MAX]);

#endif
