#include "sandbox_room.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__LP64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef MACHINE

/* clang-format off */
/* What the helper, LMDB and two C libraries call once the process is up. */
#define CALLS(X, w) \
	X(w, read) X(w, write) X(w, readv) X(w, writev) X(w, pread64) X(w, pwrite64) \
	X(w, preadv) X(w, pwritev) X(w, lseek) X(w, close) X(w, fsync) X(w, fdatasync) \
	X(w, sync_file_range) X(w, openat) X(w, fstat) X(w, newfstatat) X(w, statfs) \
	X(w, fstatfs) X(w, faccessat) X(w, readlinkat) X(w, getdents64) X(w, mkdirat) \
	X(w, unlinkat) X(w, renameat) X(w, linkat) X(w, symlinkat) X(w, fchmod) X(w, fchmodat) \
	X(w, ftruncate) X(w, fallocate) X(w, flock) X(w, fcntl) X(w, dup) X(w, dup3) \
	X(w, ppoll) X(w, munmap) X(w, mremap) X(w, madvise) X(w, msync) X(w, mincore) X(w, brk) \
	X(w, futex) X(w, set_robust_list) X(w, get_robust_list) X(w, rt_sigaction) \
	X(w, rt_sigprocmask) X(w, rt_sigreturn) X(w, sigaltstack) X(w, setitimer) \
	X(w, getitimer) X(w, nanosleep) X(w, clock_nanosleep) X(w, sched_yield) \
	X(w, clock_gettime) X(w, clock_getres) X(w, gettimeofday) X(w, getpid) X(w, gettid) \
	X(w, getuid) X(w, geteuid) X(w, getgid) X(w, getegid) X(w, uname) X(w, sysinfo) \
	X(w, getrandom) X(w, sched_getaffinity) X(w, getcpu) X(w, connect) X(w, sendto) \
	X(w, sendmsg) X(w, getsockname) X(w, getpeername) X(w, getsockopt) X(w, exit) \
	X(w, exit_group) X(w, restart_syscall) X(w, renameat2) X(w, statx) X(w, rseq) \
	X(w, faccessat2)
/* The same by their elder names, which aarch64 never had. */
#ifdef __NR_open
#define ELDER(X, w) \
	X(w, open) X(w, stat) X(w, lstat) X(w, access) X(w, readlink) X(w, mkdir) X(w, rmdir) \
	X(w, unlink) X(w, rename) X(w, link) X(w, symlink) X(w, chmod) X(w, dup2) X(w, poll) \
	X(w, time)
#else
#define ELDER(X, w)
#endif

#define BIT(w, name) | (__NR_##name / 32 == (w) ? UINT32_C(1) << __NR_##name % 32 : 0)
#define WORD(w)      (0 CALLS(BIT, w) ELDER(BIT, w))

#define REFUSE(error)    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(member)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define SET(value)       BPF_STMT(BPF_LD | BPF_IMM, (value))
#define IS(value, t, f)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (t), (f))
#define HAS(bits, t, f)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (t), (f))
#define TO_INDEX         BPF_STMT(BPF_MISC | BPF_TAX, 0)

enum { WORDS = 14 }; /* of 32 calls each; faccessat2 is number 439 everywhere */
#define PICK(w) \
	IS(w, 0, 2), SET(WORD(w)), BPF_STMT(BPF_JMP | BPF_JA, 3 * (WORDS - 1 - (w)))

/* An argument's lower half comes first: both machines are little-endian. */
static const struct sock_filter program[] = {
	/* Means nothing, but the kernel does not try all calls in advance on a program that has it:
	 * that takes a fifth of installing it, and a short life does not win it back. */
	BPF_STMT(BPF_LDX | BPF_IMM, 0),
	LOAD(arch), IS(MACHINE, 1, 0), REFUSE(ENOSYS),
	LOAD(nr),
	IS(__NR_socket, 0, 4), LOAD(args[0]), IS(AF_UNIX, 0, 1), ALLOW, REFUSE(EPERM),
	IS(__NR_mmap, 1, 0), IS(__NR_mprotect, 0, 4),
	LOAD(args[2]), HAS(PROT_EXEC, 1, 0), ALLOW, REFUSE(EPERM),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, WORDS * 32, 0, 1), REFUSE(ENOSYS),
	/* the index becomes the call's bit, and the accumulator the word that it is in */
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31), TO_INDEX,
	SET(1), BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0), TO_INDEX,
	LOAD(nr), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5),
	PICK(0), PICK(1), PICK(2), PICK(3), PICK(4), PICK(5), PICK(6),
	PICK(7), PICK(8), PICK(9), PICK(10), PICK(11), PICK(12), PICK(13),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1), ALLOW, REFUSE(ENOSYS),
};
/* clang-format on */

bool sandbox_filter_known(void)
{
	/* A kernel that has it looks for the program, and finds none. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != 0 && errno == EFAULT;
}

bool sandbox_filter_enter(void)
{
	struct sock_fprog whole = { .len = sizeof program / sizeof *program };
	struct sock_filter copy[sizeof program / sizeof *program];
	for (size_t i = 0; i < whole.len; i++)
		copy[i] = program[i];
	whole.filter = copy;
	/* Nothing here runs strangers' code, which is what the slower speculation is against. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		   &whole) == 0 ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) == 0;
}

#else

bool sandbox_filter_known(void)
{
	return false;
}

bool sandbox_filter_enter(void)
{
	return false;
}

#endif
