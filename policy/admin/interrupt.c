#include "interrupt.h"

#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

void gl_interrupt_begin(struct gl_interrupt *interrupt)
{
	static const int all[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	sigset_t endings;
	sigemptyset(&endings);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct sigaction now;
		if (sigaction(all[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&endings, all[i]);
	}
	sigprocmask(SIG_BLOCK, &endings, &interrupt->before);
	interrupt->fd = signalfd(-1, &endings, SFD_CLOEXEC);
}

bool gl_interrupt_came(const struct gl_interrupt *interrupt)
{
	struct pollfd waiting = { .fd = interrupt->fd, .events = POLLIN };
	return poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLIN) != 0;
}

void gl_interrupt_end(struct gl_interrupt *interrupt)
{
	if (interrupt->fd >= 0)
		close(interrupt->fd);
	interrupt->fd = -1;
	sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
}
