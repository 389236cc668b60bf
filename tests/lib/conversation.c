#include "conversation.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t the_clock(int64_t set)
{
	static int64_t now;
	if (set >= 0)
		now = set;
	return now;
}

static int64_t read_clock(void)
{
	return the_clock(-1);
}

static void must(bool held, const char *what)
{
	if (held)
		return;
	perror(what);
	abort();
}

static void collect(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t got;
	while (len < size - 1 && (got = read(fd, to + len, size - 1 - len)) > 0)
		len += (size_t)got;
	to[len] = '\0';
}

void converse(struct conversation *talk, const char *bytes, size_t len)
{
	int ends[2];
	struct gl_world world;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
	must(write(ends[0], bytes, len) == (ssize_t)len, "write");
	must(shutdown(ends[0], SHUT_WR) == 0, "shutdown");
	signal(SIGALRM, SIG_IGN); /* request_timeout counts what a busy machine takes */
	the_clock(talk->now);
	gl_world_init(&world, talk->config, GL_ACCESS_SERVE);
	struct gl_session session = {
		.in = ends[1],
		.out = ends[1],
		.world = &world,
		.clock = read_clock,
		.requests_max = talk->requests_max,
	};
	talk->end = gl_session_serve(&session);
	gl_world_clear(&world);
	close(ends[1]);
	collect(ends[0], talk->reply, sizeof talk->reply);
	close(ends[0]);
}

bool answered(const struct conversation *talk, const char *begin)
{
	static const char action[] = "action=";
	return strncmp(talk->reply, action, sizeof action - 1) == 0 &&
	       strncmp(talk->reply + sizeof action - 1, begin, strlen(begin)) == 0;
}

const char *attempt_bytes(const struct attempt *attempt)
{
	static char bytes[4096];
	snprintf(bytes, sizeof bytes,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\n"
	    "client_name=%s\nsender=%s\nrecipient=%s\ninstance=%s\n%s\n",
	    attempt->client, attempt->name != NULL ? attempt->name : "unknown", attempt->sender,
	    attempt->recipient, attempt->instance != NULL ? attempt->instance : "",
	    attempt->more != NULL ? attempt->more : "");
	return bytes;
}

void try_once(struct conversation *talk, const struct attempt *attempt)
{
	const char *bytes = attempt_bytes(attempt);
	converse(talk, bytes, strlen(bytes));
}
