/*
 * peer - one connection to a policy server, as Postfix would have it.
 *
 * A server behind a socket is connected to; a program is started the way
 * spawn(8) starts it, with descriptors 0, 1 and 2 on one end of a single
 * stream socket.
 */
#ifndef GREYLIST_BENCH_PEER_H
#define GREYLIST_BENCH_PEER_H

#include "answer.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct target {
	struct sockaddr_storage address;
	socklen_t address_len;
	char **program; /* not NULL: start this, argv style, instead of connecting; borrowed */
};

/* Fill in a target; false where the text is no such address. `place` is HOST:PORT, numeric. */
bool target_unix(struct target *target, const char *path);
bool target_inet(struct target *target, const char *place);
void target_program(struct target *target, char **program);

struct peer {
	int fd;            /* -1: not open */
	pid_t pid;         /* of the program; 0: none */
	struct answer got; /* of the request under way */
};

/* Connects or starts. False, with errno, where that fails. */
bool peer_open(struct peer *peer, const struct target *target);

/* Sends one request and gets ready for its answer. False where the peer is gone. */
bool peer_ask(struct peer *peer, const char *request, size_t len);

/* What one read brought. PEER_GONE: end of file or an error before the answer was whole. */
enum peer_news { PEER_MORE, PEER_ANSWERED, PEER_MALFORMED, PEER_GONE };

/* Reads once; waits when nothing is there and `wait` says so. */
enum peer_news peer_read(struct peer *peer, bool wait);

/*
 * Closes the connection, and waits for the program to end. Returns its
 * wait status: 0 for a good end and for a server behind a socket. A peer
 * that is not open is fine.
 */
int peer_close(struct peer *peer);

/*
 * Kills the program with SIGKILL and waits for its end. What it wrote
 * before can still be read; the connection is closed by peer_close.
 */
void peer_kill(struct peer *peer);

#endif
