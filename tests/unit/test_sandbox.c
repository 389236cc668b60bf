#include "greylist/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

/*
 * A child enters the sandbox and asks for something; the number that it
 * comes back with is an errno, 0 or one of these. A child that was
 * killed comes back with 1000 and the signal.
 */
enum { NOT_THERE = 200 /* this kernel has no such thing */, KILLED = 1000 };

static int run(int (*child)(const char *directory), const char *directory)
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child(directory));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

/* state/ is kept as a table's directory, lists/clients as a list, logs/log as a log. */
static struct gl_sandbox enter(const char *directory)
{
	struct gl_sandbox sandbox;
	char path[512];
	gl_sandbox_begin(&sandbox);
	snprintf(path, sizeof path, "%s/state", directory);
	gl_sandbox_keep(&sandbox, path, GL_SANDBOX_STATE);
	snprintf(path, sizeof path, "%s/lists/clients", directory);
	gl_sandbox_keep(&sandbox, path, GL_SANDBOX_READ);
	snprintf(path, sizeof path, "%s/logs/log", directory);
	gl_sandbox_keep(&sandbox, path, GL_SANDBOX_APPEND);
	gl_sandbox_enter(&sandbox);
	return sandbox;
}

static bool kernel_has(const char *what)
{
	char text[GL_SANDBOX_KERNEL_MAX];
	char lacks[64];
	gl_sandbox_kernel(text);
	snprintf(lacks, sizeof lacks, "no %s", what);
	return strstr(text, what) != NULL && strstr(text, lacks) == NULL;
}

static void expect(int (*child)(const char *directory), const char *directory, const char *needed)
{
	assert_int_equal(run(child, directory), kernel_has(needed) ? 0 : NOT_THERE);
}

static int expect_errno(long result, int wanted)
{
	if (result >= 0)
		return 1;
	return errno == wanted ? 0 : 2;
}

static int refused_calls(const char *directory)
{
	char *const nothing[] = { NULL };
	int ends[2];
	struct gl_sandbox sandbox = enter(directory);
	if (!sandbox.filter)
		return NOT_THERE;
	return expect_errno(execve("/bin/true", nothing, nothing), ENOSYS) +
	       expect_errno(fork(), ENOSYS) + expect_errno(kill(getppid(), 0), ENOSYS) +
	       expect_errno(ptrace(PTRACE_TRACEME, 0, NULL, NULL), ENOSYS) +
	       expect_errno(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), ENOSYS) +
	       expect_errno(syscall(SYS_seccomp, 0, 0, NULL), ENOSYS) +
	       expect_errno(syscall(511), ENOSYS) + expect_errno(syscall(5000), ENOSYS) +
	       expect_errno(socket(AF_INET, SOCK_STREAM, 0), EPERM) +
	       expect_errno(socket(AF_NETLINK, SOCK_RAW, 0), EPERM) +
	       expect_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ENOSYS);
}

static void a_call_outside_fails_with_an_errno(void **state)
{
	expect(refused_calls, *state, "seccomp");
}

static int executable_memory(const char *directory)
{
	struct gl_sandbox sandbox = enter(directory);
	if (!sandbox.filter)
		return NOT_THERE;
	void *plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (plain == MAP_FAILED)
		return errno;
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code != MAP_FAILED || errno != EPERM)
		return 1;
	if (mprotect(plain, 4096, PROT_READ) != 0)
		return errno;
	return expect_errno(mprotect(plain, 4096, PROT_READ | PROT_EXEC), EPERM);
}

static void no_memory_becomes_executable(void **state)
{
	expect(executable_memory, *state, "seccomp");
}

static int try_open(const char *directory, const char *name, int flags)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int error = errno;
	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

static int paths_outside(const char *directory)
{
	struct gl_sandbox sandbox = enter(directory);
	if (sandbox.landlock == 0)
		return NOT_THERE;
	bool closed = try_open("", "etc/passwd", O_RDONLY) == EACCES &&
		      try_open("", "tmp", O_RDONLY | O_DIRECTORY) == EACCES &&
		      try_open(directory, "outside", O_RDONLY) == EACCES &&
		      try_open(directory, "new", O_WRONLY | O_CREAT) == EACCES &&
		      try_open(directory, "lists/clients", O_WRONLY) == EACCES &&
		      try_open(directory, "lists/new", O_WRONLY | O_CREAT) == EACCES &&
		      try_open(directory, "logs/old", O_RDONLY) == EACCES;
	return closed ? 0 : 1;
}

static void a_file_outside_is_out_of_reach(void **state)
{
	expect(paths_outside, *state, "Landlock");
}

static int paths_inside(const char *directory)
{
	char from[512], to[512];
	(void)enter(directory);
	int wrong = try_open(directory, "lists/clients", O_RDONLY) +
		    try_open(directory, "lists/clients.other", O_RDONLY) +
		    try_open(directory, "logs/log", O_WRONLY | O_APPEND | O_CREAT) +
		    try_open(directory, "logs/log", O_WRONLY | O_APPEND) +
		    try_open(directory, "state", O_RDONLY | O_DIRECTORY) +
		    try_open(directory, "state/file", O_RDWR | O_CREAT) +
		    try_open(directory, "state/file", O_RDWR | O_TRUNC);
	if (wrong != 0)
		return 1;
	snprintf(from, sizeof from, "%s/state/table.1", directory);
	if (mkdir(from, 0700) != 0 || try_open(from, "data", O_RDWR | O_CREAT) != 0)
		return 2;
	snprintf(to, sizeof to, "%s/state/table", directory);
	if (symlink("table.1", to) != 0 || rename(to, from) == 0)
		return 3;
	snprintf(from, sizeof from, "%s/state/file", directory);
	if (link(from, tmpdir_path(directory, "state/other")) != 0 || unlink(from) != 0)
		return 4;
	return 0;
}

static void what_was_kept_is_all_there(void **state)
{
	assert_int_equal(run(paths_inside, *state), 0);
}

/* A list that is a link: the directory where it leads is kept, for the next edit there. */
static int through_a_link(const char *directory)
{
	char path[512];
	struct gl_sandbox sandbox;
	gl_sandbox_begin(&sandbox);
	snprintf(path, sizeof path, "%s/lists/linked", directory);
	gl_sandbox_keep(&sandbox, path, GL_SANDBOX_READ);
	gl_sandbox_enter(&sandbox);
	return try_open(directory, "lists/linked", O_RDONLY) +
	       try_open(directory, "elsewhere/other", O_RDONLY);
}

static void a_link_leads_to_where_it_leads(void **state)
{
	assert_int_equal(run(through_a_link, *state), 0);
}

static int hidden_paths(const char *directory)
{
	char path[512];
	snprintf(path, sizeof path, "%s/outside", directory);
	if (gl_sandbox_hides(path, GL_SANDBOX_READ))
		return 1;
	struct gl_sandbox sandbox = enter(directory);
	if (sandbox.landlock == 0)
		return NOT_THERE;
	if (!gl_sandbox_hides(path, GL_SANDBOX_READ) ||
	    !gl_sandbox_hides(path, GL_SANDBOX_APPEND) ||
	    !gl_sandbox_hides(directory, GL_SANDBOX_STATE))
		return 2;
	snprintf(path, sizeof path, "%s/new", directory);
	if (!gl_sandbox_hides(path, GL_SANDBOX_APPEND) || gl_sandbox_hides(path, GL_SANDBOX_READ))
		return 3;
	snprintf(path, sizeof path, "%s/lists/clients", directory);
	if (gl_sandbox_hides(path, GL_SANDBOX_READ))
		return 4;
	snprintf(path, sizeof path, "%s/logs/log", directory);
	if (gl_sandbox_hides(path, GL_SANDBOX_APPEND))
		return 5;
	return gl_sandbox_hides("/nonexistent/log", GL_SANDBOX_APPEND) ? 6 : 0;
}

static void what_landlock_hides_is_told_from_what_is_not_there(void **state)
{
	expect(hidden_paths, *state, "Landlock");
}

/* Modes are no reason to begin anew: the next process has the same ones. */
static int forbidden_by_mode(const char *directory)
{
	char path[512];
	snprintf(path, sizeof path, "%s/lists/private", directory);
	if (chmod(path, 0) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 1;
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	(void)enter(directory);
	return gl_sandbox_hides(path, GL_SANDBOX_READ) ? 3 : 0;
}

static void a_mode_hides_nothing(void **state)
{
	assert_int_equal(run(forbidden_by_mode, *state), 0);
}

static volatile sig_atomic_t rang;

static void ring(int signal)
{
	rang = signal;
}

static int alarm_and_fault(const char *directory)
{
	struct sigaction action = { .sa_handler = ring };
	sigaction(SIGALRM, &action, NULL);
	(void)enter(directory);
	struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	setitimer(ITIMER_REAL, &soon, NULL);
	while (rang == 0)
		usleep(1000);
	return rang == SIGALRM ? 0 : 1;
}

static void an_alarm_still_rings(void **state)
{
	assert_int_equal(run(alarm_and_fault, *state), 0);
}

static void leave(int signal)
{
	_exit(signal == SIGSEGV ? 7 : 8);
}

static int segfault(const char *directory)
{
	struct sigaction action = { .sa_handler = leave };
	sigaction(SIGSEGV, &action, NULL);
	(void)enter(directory);
	sigaction(SIGBUS, &action, NULL);
	char *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (nothing == MAP_FAILED)
		return 1;
	*(volatile char *)nothing = 1;
	return 2;
}

static void a_crash_reaches_its_handler(void **state)
{
	assert_int_equal(run(segfault, *state), 7);
}

/* What an old kernel would refuse, the first sandbox refuses the second. */
static int twice(const char *directory)
{
	struct gl_sandbox first = enter(directory);
	if (!first.filter)
		return NOT_THERE;
	struct gl_sandbox second = enter(directory);
	if (second.filter || second.no_new_privs || second.landlock != 0)
		return 1;
	return try_open(directory, "lists/clients", O_RDONLY);
}

static void a_kernel_without_any_of_it_goes_on(void **state)
{
	expect(twice, *state, "seccomp");
}

static int limits(const char *directory)
{
	struct rlimit core, descriptors;
	struct gl_sandbox sandbox = enter(directory);
	if (!sandbox.limits || !sandbox.no_new_privs)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) != 0)
		return sandbox.filter ? 0 : 2; /* the filter has no use for it */
	getrlimit(RLIMIT_NOFILE, &descriptors);
	return core.rlim_max == 0 && descriptors.rlim_max <= 256 ? 0 : 3;
}

static void limits_and_no_new_privs_are_everywhere(void **state)
{
	assert_int_equal(run(limits, *state), 0);
}

/* What cannot be kept is no reason to keep nothing. */
static int missing_directory(const char *directory)
{
	struct gl_sandbox sandbox;
	gl_sandbox_begin(&sandbox);
	gl_sandbox_keep(&sandbox, "/nonexistent/lists/clients", GL_SANDBOX_READ);
	bool begun = sandbox.landlock > 0;
	gl_sandbox_enter(&sandbox);
	if (!begun)
		return NOT_THERE;
	return sandbox.landlock > 0 && try_open(directory, "outside", O_RDONLY) == EACCES ? 0 : 1;
}

static void a_missing_directory_leaves_the_rest(void **state)
{
	expect(missing_directory, *state, "Landlock");
}

static int setup(void **state)
{
	char *directory = tmpdir_make();
	if (directory == NULL || chmod(directory, 0755) != 0)
		return -1;
	mkdir(tmpdir_path(directory, "state"), 0750);
	mkdir(tmpdir_path(directory, "lists"), 0755);
	mkdir(tmpdir_path(directory, "logs"), 0755);
	mkdir(tmpdir_path(directory, "elsewhere"), 0755);
	tmpdir_write(directory, "lists/clients", "a\n", 2);
	tmpdir_write(directory, "lists/clients.other", "a\n", 2);
	tmpdir_write(directory, "lists/private", "a\n", 2);
	tmpdir_write(directory, "elsewhere/list", "a\n", 2);
	tmpdir_write(directory, "elsewhere/other", "a\n", 2);
	tmpdir_write(directory, "logs/old", "a\n", 2);
	tmpdir_write(directory, "outside", "a\n", 2);
	*state = directory;
	return symlink("../elsewhere/list", tmpdir_path(directory, "lists/linked"));
}

static int teardown(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILES(a_call_outside_fails_with_an_errno),
		WITH_FILES(no_memory_becomes_executable),
		WITH_FILES(a_file_outside_is_out_of_reach),
		WITH_FILES(what_was_kept_is_all_there),
		WITH_FILES(a_link_leads_to_where_it_leads),
		WITH_FILES(what_landlock_hides_is_told_from_what_is_not_there),
		WITH_FILES(a_mode_hides_nothing),
		WITH_FILES(an_alarm_still_rings),
		WITH_FILES(a_crash_reaches_its_handler),
		WITH_FILES(a_kernel_without_any_of_it_goes_on),
		WITH_FILES(limits_and_no_new_privs_are_everywhere),
		WITH_FILES(a_missing_directory_leaves_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
