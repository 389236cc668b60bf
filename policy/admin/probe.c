#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "owner.h"

enum gl_status gl_probe_recipient(char recipient[static GL_PROBE_RECIPIENT_MAX])
{
	uint8_t dice[16];
	struct gl_out out = gl_out_into(recipient, GL_PROBE_RECIPIENT_MAX);

	if (getrandom(dice, sizeof dice, 0) != (ssize_t)sizeof dice)
		return GL_FAILED;
	gl_out_text(&out, "probe-");
	for (size_t i = 0; i < sizeof dice; i++) {
		gl_out_byte(&out, (char)('a' + dice[i] / 16));
		gl_out_byte(&out, (char)('a' + dice[i] % 16));
	}
	gl_out_text(&out, "@example.invalid");
	gl_out_string(&out);
	return GL_OK;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = -1;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		int error = errno;

		close(fd);
		fd = -1;
		errno = error;
	}
	return fd;
}

static bool send_request(int fd, const char *recipient)
{
	char request[1024];
	int len = snprintf(request, sizeof request,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
	    "client_address=" GL_PROBE_CLIENT "\nclient_name=unknown\n"
	    "reverse_client_name=unknown\nhelo_name=probe.example.invalid\n"
	    "sender=" GL_PROBE_SENDER "\nrecipient=%s\nrecipient_count=0\nqueue_id=\n"
	    "instance=probe.%s\nsize=0\nsasl_method=\nsasl_username=\nsasl_sender=\n\n",
	    recipient, recipient);

	return len > 0 && (size_t)len < sizeof request &&
	       send(fd, request, (size_t)len, MSG_NOSIGNAL) == len;
}

static int64_t milliseconds(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Up to the empty line; false where it does not come, or not in time. */
static bool read_reply(int fd, char *reply, int64_t until)
{
	size_t len = 0;

	for (;;) {
		struct pollfd ready = { fd, POLLIN, 0 };
		int64_t left = until - milliseconds();
		ssize_t got;

		if (left <= 0 || poll(&ready, 1, (int)left) < 1)
			return false;
		got = recv(fd, reply + len, GL_PROBE_REPLY_MAX - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		reply[len] = 0;
		if (strstr(reply, "\n\n") != NULL) {
			*strchr(reply, '\n') = 0;
			return true;
		}
	}
}

enum gl_status gl_probe_ask(char reply[static GL_PROBE_REPLY_MAX],
    const struct gl_probe_call *probe, struct gl_complaint *why)
{
	int fd = connect_to(probe->socket);
	enum gl_status status = GL_OK;

	if (fd < 0) {
		snprintf(
		    why->text, sizeof why->text, "%s: %s", probe->socket, strerrordesc_np(errno));
		return GL_NOT_FOUND;
	}
	if (!send_request(fd, probe->recipient) ||
	    !read_reply(fd, reply, milliseconds() + probe->milliseconds)) {
		snprintf(why->text, sizeof why->text,
		    "the service took the request and did not answer it");
		status = GL_FAILED;
	}
	close(fd);
	return status;
}

static void make_client_key(
    struct gl_key *key, const struct gl_world *world, const struct gl_address *client)
{
	struct gl_network network = gl_network_of(client, world->config.ipv4_prefix);
	if (world->config.auto_whitelist_per == GL_PER_NETWORK)
		gl_network_key(key, &network);
	else
		gl_client_key(key, client);
}

static enum gl_status delete_record(struct gl_world *world, const char *recipient)
{
	static struct gl_triplet triplet;
	struct gl_address client;
	struct gl_network network;
	struct gl_keys keys = { &triplet.key, 1 };
	size_t deleted = 0, counted = 0;
	enum gl_status status = gl_address_parse(&client, gl_span_of(GL_PROBE_CLIENT));

	if (status != GL_OK)
		return status;
	network = gl_network_of(&client, world->config.ipv4_prefix);
	status = gl_triplet_make(&triplet, &network, gl_span_of(GL_PROBE_SENDER),
	    gl_span_of(recipient), gl_store_secret(world->store));
	if (status == GL_OK)
		status = gl_store_delete(
		    world->store, GL_TABLE_TRIPLET, &keys, NULL, NULL, &deleted);
	/* What passed counted for the client too, which is nobody's address. */
	if (status == GL_OK && world->config.mode == GL_MODE_LEARN) {
		make_client_key(&triplet.key, world, &client);
		status = gl_store_delete(
		    world->store, GL_TABLE_CLIENT, &keys, NULL, NULL, &counted);
	}
	return status == GL_OK && deleted == 0 ? GL_NOT_FOUND : status;
}

/* The child's whole life. */
static enum gl_status forget(struct gl_world *world, const char *recipient)
{
	struct gl_complaint why = { "" };
	enum gl_status status = gl_become_owner(world->config.database, &why);

	if (status == GL_OK) {
		world->access = GL_ACCESS_WRITE;
		status = gl_world_open(world);
		why = world->store_why;
	}
	if (status == GL_OK)
		status = delete_record(world, recipient);
	if (status != GL_OK && status != GL_NOT_FOUND)
		fprintf(stderr, "greylist-admin: the probe's record stays behind: %s %s\n",
		    gl_status_text(status), why.text);
	gl_world_clear(world);
	return status;
}

enum gl_status gl_probe_forget(struct gl_world *world, const char *recipient)
{
	int ending = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		enum gl_status status = forget(world, recipient);

		fflush(stderr);
		_exit((int)status);
	}
	if (child < 0 || waitpid(child, &ending, 0) != child || !WIFEXITED(ending))
		return GL_FAILED;
	switch (WEXITSTATUS(ending)) {
	case GL_OK:
		return GL_OK;
	case GL_NOT_FOUND:
		return GL_NOT_FOUND;
	default:
		return GL_FAILED;
	}
}
