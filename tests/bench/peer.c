#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool target_unix(struct target *target, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, path, strlen(path));
	*target = (struct target){ .address_len = sizeof address };
	memcpy(&target->address, &address, sizeof address);
	return true;
}

bool target_inet(struct target *target, const char *place)
{
	const char *colon = strrchr(place, ':');
	char host[64];
	if (colon == NULL || (size_t)(colon - place) >= sizeof host)
		return false;
	memcpy(host, place, (size_t)(colon - place));
	host[colon - place] = '\0';
	char *end;
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port == 0 || port > 65535)
		return false;
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	*target = (struct target){ .program = NULL };
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		target->address_len = sizeof v4;
		memcpy(&target->address, &v4, sizeof v4);
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		target->address_len = sizeof v6;
		memcpy(&target->address, &v6, sizeof v6);
	}
	return target->address_len != 0;
}

void target_program(struct target *target, char **program)
{
	*target = (struct target){ .program = program };
}

/* What we block is no business of the program's. */
static int unblock(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigemptyset(&none);
	int error = posix_spawnattr_init(attributes);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
	return error;
}

static int start(pid_t *pid, int end, char **program)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = unblock(&attributes);
	if (error == 0)
		error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	for (int fd = 0; fd <= 2 && error == 0; fd++)
		error = posix_spawn_file_actions_adddup2(&actions, end, fd);
	if (error == 0)
		error = posix_spawnp(pid, program[0], &actions, &attributes, program, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static bool open_program(struct peer *peer, const struct target *target)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	int error = start(&peer->pid, ends[1], target->program);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		peer->pid = 0;
		errno = error;
		return false;
	}
	peer->fd = ends[0];
	return true;
}

static bool open_socket(struct peer *peer, const struct target *target)
{
	int family = target->address.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	int on = 1;
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (const struct sockaddr *)&target->address, target->address_len) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return false;
	}
	peer->fd = fd;
	return true;
}

bool peer_open(struct peer *peer, const struct target *target)
{
	peer->fd = -1;
	peer->pid = 0;
	peer->got.len = 0;
	return target->program != NULL ? open_program(peer, target) : open_socket(peer, target);
}

bool peer_ask(struct peer *peer, const char *request, size_t len)
{
	peer->got.len = 0;
	while (len > 0) {
		ssize_t sent = send(peer->fd, request, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		request += sent;
		len -= (size_t)sent;
	}
	return true;
}

enum peer_news peer_read(struct peer *peer, bool wait)
{
	struct answer *got = &peer->got;
	ssize_t len = recv(
	    peer->fd, got->bytes + got->len, sizeof got->bytes - got->len, wait ? 0 : MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return PEER_MORE;
	if (len <= 0)
		return PEER_GONE;
	got->len += (size_t)len;
	switch (answer_judge(got)) {
	case ANSWER_MORE:
		return PEER_MORE;
	case ANSWER_WHOLE:
		return PEER_ANSWERED;
	case ANSWER_MALFORMED:
		return PEER_MALFORMED;
	}
	return PEER_MALFORMED;
}

/* Waits for the program's end and returns its wait status. */
static int wait_end(struct peer *peer)
{
	int status = 0;
	while (peer->pid > 0 && waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	peer->pid = 0;
	return status;
}

int peer_close(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	return wait_end(peer);
}

void peer_kill(struct peer *peer)
{
	if (peer->pid > 0)
		kill(peer->pid, SIGKILL);
	wait_end(peer);
}
