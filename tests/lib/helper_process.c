#include "helper_process.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void become_helper(int wire, const char *config)
{
	for (int fd = 0; fd <= 2; fd++)
		dup2(wire, fd);
	execl(GREYLIST_POLICY, "greylist-policy", "-c", config, (char *)NULL);
	_exit(127);
}

void helper_start(struct helper_process *helper, const char *config)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*helper = (struct helper_process){ .wire = ends[0] };
	helper->pid = fork();
	assert_true(helper->pid >= 0);
	if (helper->pid == 0)
		become_helper(ends[1], config);
	close(ends[1]);
}

bool helper_send(const struct helper_process *helper, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(helper->wire, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		}
	}
	return true;
}

static bool read_some(struct helper_process *helper)
{
	size_t room = sizeof helper->reply - 1 - helper->len;
	ssize_t got = read(helper->wire, helper->reply + helper->len, room);
	if (got > 0)
		helper->len += (size_t)got;
	helper->reply[helper->len] = '\0';
	return got > 0;
}

void helper_read_reply(struct helper_process *helper)
{
	helper->len = 0;
	while (read_some(helper) && strstr(helper->reply, "\n\n") == NULL)
		continue;
}

void helper_await(struct helper_process *helper)
{
	struct rusage usage;
	while (read_some(helper))
		continue;
	close(helper->wire);
	assert_int_equal(wait4(helper->pid, &helper->status, 0, &usage), helper->pid);
	helper->resident = usage.ru_maxrss;
}

void helper_finish(struct helper_process *helper)
{
	shutdown(helper->wire, SHUT_WR);
	helper_await(helper);
}
