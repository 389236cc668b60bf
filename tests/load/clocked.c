#include "clocked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "last_words.h"
#include "session.h"

/* The session's clock takes no argument, and each process has one. */
static const int64_t *the_clock;

static int64_t tell(void)
{
	return *the_clock;
}

int64_t *clocked_make(void)
{
	int64_t *clock = mmap(
	    NULL, sizeof *clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clock == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return clock;
}

/* What the test has open is none of a helper's business. */
static void be_helper(const char *conf, const int64_t *clock, int end)
{
	struct gl_world world;
	dup2(end, STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	the_clock = clock;
	gl_last_words_init();
	gl_world_init(&world, conf, GL_ACCESS_SERVE);
	struct gl_session session = {
		.in = STDIN_FILENO, .out = STDIN_FILENO, .world = &world, .clock = tell
	};
	enum gl_session_end how = gl_session_serve(&session);
	gl_world_clear(&world);
	_exit(how == GL_END_CLOSED ? 0 : 1);
}

bool clocked_open(struct peer *peer, const char *conf, const int64_t *clock)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	fflush(stdout);
	*peer = (struct peer){ .fd = ends[0], .pid = fork() };
	if (peer->pid == 0)
		be_helper(conf, clock, ends[1]);
	int error = errno;
	close(ends[1]);
	errno = error;
	return peer->pid > 0;
}
