#include "sandbox_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "greylist/span.h"

/* linux/landlock.h, spelt out: that of the machine we build on may be older than the kernel. */
enum {
	NR_CREATE_RULESET = 444, /* on every machine */
	NR_ADD_RULE = 445,
	NR_RESTRICT_SELF = 446,
	RULESET_VERSION = 1,
	PATH_BENEATH = 1
};
enum {
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	MAKE_SYM = 1 << 12,
	REFER = 1 << 13,     /* since version 2 */
	TRUNCATE = 1 << 14,  /* 3 */
	IOCTL_DEV = 1 << 15, /* 5 */
	EVERYTHING = 2 * IOCTL_DEV - 1
};
enum {
	TCP = 3,   /* bind and connect; since version 4 */
	SCOPED = 3 /* abstract sockets and signals; since version 6 */
};

struct ruleset {
	uint64_t files, network, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

enum {
	DESCRIPTORS = 256 /* the table takes six, a list that is compiled one more */
};

static long ask_landlock(const struct ruleset *rules, size_t size, unsigned flags)
{
	return syscall(NR_CREATE_RULESET, rules, size, flags);
}

static int landlock_version(void)
{
	long version = ask_landlock(NULL, 0, RULESET_VERSION);
	return version > 0 && version < INT_MAX ? (int)version : 0;
}

/* What this version knows of the rights to files. */
static uint64_t known(int version)
{
	uint64_t rights = EVERYTHING;
	if (version < 5)
		rights &= ~(uint64_t)IOCTL_DEV;
	if (version < 3)
		rights &= ~(uint64_t)TRUNCATE;
	if (version < 2)
		rights &= ~(uint64_t)REFER;
	return rights;
}

static void drop_ruleset(struct gl_sandbox *sandbox)
{
	if (sandbox->ruleset >= 0)
		close(sandbox->ruleset);
	sandbox->ruleset = -1;
	sandbox->landlock = 0;
}

void gl_sandbox_begin(struct gl_sandbox *sandbox)
{
	int version = landlock_version();
	struct ruleset rules = {
		.files = known(version),
		.network = version >= 4 ? TCP : 0,
		.scoped = version >= 6 ? SCOPED : 0,
	};
	/* A member that this version does not know has to be zero, or not there at all. */
	size_t size = version >= 6 ? sizeof rules : offsetof(struct ruleset, network);
	if (version == 4 || version == 5)
		size = offsetof(struct ruleset, scoped);

	sandbox->landlock = version;
	sandbox->ruleset = version > 0 ? (int)ask_landlock(&rules, size, 0) : -1;
	sandbox->last[0] = '\0';
	sandbox->no_new_privs = sandbox->limits = sandbox->filter = false;
	if (sandbox->ruleset < 0)
		drop_ruleset(sandbox);
}

static uint64_t rights_of(enum gl_sandbox_use use)
{
	switch (use) {
	case GL_SANDBOX_READ:
		return READ_FILE;
	case GL_SANDBOX_APPEND:
		return WRITE_FILE | MAKE_REG;
	case GL_SANDBOX_STATE:
		break;
	}
	return READ_FILE | WRITE_FILE | TRUNCATE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR |
	       MAKE_REG | MAKE_SYM;
}

static void keep_directory(
    struct gl_sandbox *sandbox, const char *directory, enum gl_sandbox_use use)
{
	if (use == sandbox->last_use && strcmp(directory, sandbox->last) == 0)
		return;
	struct path_beneath rule = {
		.allowed = rights_of(use) & known(sandbox->landlock),
		.parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	if (rule.parent < 0)
		return;
	sandbox->last_use = use;
	struct gl_out out = gl_out_into(sandbox->last, sizeof sandbox->last);
	gl_out_text(&out, directory);
	gl_out_string(&out);
	long done = syscall(NR_ADD_RULE, sandbox->ruleset, PATH_BENEATH, &rule, 0);
	close(rule.parent);
	if (done != 0)
		drop_ruleset(sandbox);
}

/* The directory that a path is in; an empty one where the path is too long. */
static const char *parent_of(char directory[GL_SANDBOX_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	struct gl_span head = slash != NULL ? gl_span_head(gl_span_of(path), (size_t)(slash - path))
					    : gl_span_of(".");
	if (slash == path)
		head = gl_span_of("/");
	if (head.len >= GL_SANDBOX_PATH_MAX)
		head.len = 0;
	struct gl_out out = gl_out_into(directory, GL_SANDBOX_PATH_MAX);
	gl_out_span(&out, head);
	return gl_out_string(&out);
}

void gl_sandbox_keep(struct gl_sandbox *sandbox, const char *path, enum gl_sandbox_use use)
{
	char directory[GL_SANDBOX_PATH_MAX];
	char byte;
	if (sandbox->ruleset < 0)
		return;
	if (use == GL_SANDBOX_STATE) {
		keep_directory(sandbox, path, use);
		return;
	}
	keep_directory(sandbox, parent_of(directory, path), use);
	if (sandbox->ruleset < 0 || readlink(path, &byte, 1) < 0)
		return;
	char *target = realpath(path, NULL);
	if (target != NULL)
		keep_directory(sandbox, parent_of(directory, target), use);
	free(target);
}

/* prlimit(2) itself: glibc's has an enum where musl's has an int. */
static bool limit(int resource, uint64_t most)
{
	struct {
		uint64_t soft, hard;
	} limits;
	if (syscall(SYS_prlimit64, 0, resource, NULL, &limits) != 0)
		return false;
	if (limits.hard > most)
		limits.hard = most;
	limits.soft = limits.hard;
	return syscall(SYS_prlimit64, 0, resource, &limits, NULL) == 0;
}

void gl_sandbox_enter(struct gl_sandbox *sandbox)
{
	bool core = limit(RLIMIT_CORE, 0);
	bool processes = limit(RLIMIT_NPROC, 0);
	sandbox->limits = limit(RLIMIT_NOFILE, DESCRIPTORS) && core && processes;
	/* Nor may another process of this user look into it, where the secret is, or a core file
	 * go to a program. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	sandbox->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (sandbox->ruleset >= 0) {
		int version = sandbox->landlock;
		bool fenced = syscall(NR_RESTRICT_SELF, sandbox->ruleset, 0) == 0;
		drop_ruleset(sandbox);
		sandbox->landlock = fenced ? version : 0;
	}
	sandbox->filter = sandbox_filter_enter();
}

bool gl_sandbox_hides(const char *path, enum gl_sandbox_use use)
{
	bool append = use == GL_SANDBOX_APPEND;
	int flags = append ? O_WRONLY | O_APPEND | O_CREAT : O_RDONLY;
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EACCES)
		return false;
	/* access(2) knows modes and owners only. */
	if (access(path, append ? W_OK : R_OK) == 0)
		return true;
	char directory[GL_SANDBOX_PATH_MAX];
	return append && errno == ENOENT && access(parent_of(directory, path), W_OK | X_OK) == 0;
}

void gl_sandbox_kernel(char text[GL_SANDBOX_KERNEL_MAX])
{
	int version = landlock_version();
	bool privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
	char landlock[32] = "no Landlock";
	if (version > 0)
		snprintf(landlock, sizeof landlock, "Landlock %d", version);
	snprintf(text, GL_SANDBOX_KERNEL_MAX, "%s, limits, %s, %s",
	    privileges ? "no_new_privs" : "no no_new_privs",
	    sandbox_filter_known() ? "seccomp" : "no seccomp", landlock);
}
