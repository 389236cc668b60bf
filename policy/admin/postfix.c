#include "postfix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "greylist/span.h"

extern char **environ;

enum { WORDS_MAX = 16, OUT = 0, ERR = 1, STREAMS = 2 };

/* One of a child's streams as it is read: what does not fit is read and dropped. */
struct stream {
	int fd; /* -1: at its end */
	size_t len, size;
	char *bytes;
};

/* What a program said and how it ended. */
struct said {
	struct stream streams[STREAMS];
	int code; /* its exit code, or 128 and the signal */
};

static bool said_init(struct said *said)
{
	static const size_t sizes[STREAMS] = { GL_ANSWER_MAX, GL_COMPLAINT_MAX };
	bool ready = true;

	for (int i = 0; i < STREAMS; i++) {
		said->streams[i] = (struct stream){ .fd = -1, .size = sizes[i] };
		said->streams[i].bytes = malloc(sizes[i] + 1);
		ready = ready && said->streams[i].bytes != NULL;
	}
	said->code = -1;
	return ready;
}

static void said_clear(struct said *said)
{
	for (int i = 0; i < STREAMS; i++) {
		if (said->streams[i].fd >= 0)
			close(said->streams[i].fd);
		free(said->streams[i].bytes);
	}
}

static void stream_read(struct stream *stream)
{
	char dropped[4096];
	size_t room = stream->size - stream->len;
	ssize_t got = read(stream->fd, room > 0 ? stream->bytes + stream->len : dropped,
	    room > 0 ? room : sizeof dropped);

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		close(stream->fd);
		stream->fd = -1;
	} else if (room > 0) {
		stream->len += (size_t)got;
	}
}

/* Both streams at once: a program that fills one pipe must not wait for the other to be read. */
static void said_listen(struct said *said)
{
	while (said->streams[OUT].fd >= 0 || said->streams[ERR].fd >= 0) {
		struct pollfd ready[STREAMS];

		for (int i = 0; i < STREAMS; i++)
			ready[i] = (struct pollfd){ said->streams[i].fd, POLLIN, 0 };
		if (poll(ready, STREAMS, -1) < 0)
			continue;
		for (int i = 0; i < STREAMS; i++) {
			if (ready[i].revents != 0)
				stream_read(&said->streams[i]);
		}
	}
	for (int i = 0; i < STREAMS; i++) {
		struct stream *stream = &said->streams[i];

		while (stream->len > 0 && stream->bytes[stream->len - 1] == '\n')
			stream->len--;
		stream->bytes[stream->len] = 0;
	}
}

/* Starts the program with its output on the said's streams. An errno value; 0: it runs. */
static int start(pid_t *child, struct said *said, const char *const argv[])
{
	char *words[WORDS_MAX + 1];
	posix_spawn_file_actions_t actions;
	int pipes[STREAMS][2] = { { -1, -1 }, { -1, -1 } };
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	/* posix_spawnp wants char * for history's sake and leaves the strings alone. */
	memcpy(words, argv, sizeof words);
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (int i = 0; i < STREAMS && error == 0; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			error = errno;
		else
			error = posix_spawn_file_actions_adddup2(
			    &actions, pipes[i][1], STDOUT_FILENO + i);
	}
	if (error == 0)
		error = posix_spawnp(child, words[0], &actions, NULL, words, environ);
	for (int i = 0; i < STREAMS; i++) {
		said->streams[i].fd = pipes[i][0];
		if (pipes[i][1] >= 0)
			close(pipes[i][1]);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int ending(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The last line is the one that says what is wrong; warnings stand in front of it. */
static void complain(struct gl_complaint *why, const char *program, const struct said *said)
{
	struct gl_span words = { said->streams[ERR].bytes, said->streams[ERR].len };
	size_t newline = gl_span_find_last(words, '\n');
	struct gl_out out = gl_out_into(why->text, sizeof why->text);

	if (newline < words.len)
		words = gl_span_skip(words, newline + 1);
	gl_out_text(&out, program);
	gl_out_text(&out, " ended with exit code ");
	gl_out_decimal(&out, said->code);
	if (words.len > 0)
		gl_out_text(&out, ": ");
	gl_out_printable(&out, words);
	gl_out_string(&out);
}

static enum gl_status run(struct said *said, const char *const argv[], struct gl_complaint *why)
{
	pid_t child;
	int error = start(&child, said, argv);

	if (error != 0) {
		snprintf(why->text, sizeof why->text,
		    "%s cannot be run (%s): is Postfix installed, and its directory in PATH? "
		    "(apt-get install postfix)",
		    argv[0], strerrordesc_np(error));
		return error == ENOENT ? GL_NOT_FOUND : GL_FAILED;
	}
	said_listen(said);
	said->code = ending(child);
	if (said->code == 0)
		return GL_OK;
	complain(why, argv[0], said);
	return GL_BAD_CONFIG;
}

static enum gl_status answer_of(
    struct said *said, char **answer, const char *program, struct gl_complaint *why)
{
	struct stream *stream = &said->streams[OUT];

	if (stream->len == stream->size) {
		snprintf(why->text, sizeof why->text, "%s printed more than %d bytes", program,
		    GL_ANSWER_MAX);
		return GL_TOO_LONG;
	}
	if (answer != NULL) {
		*answer = stream->bytes;
		stream->bytes = NULL;
	}
	return GL_OK;
}

enum gl_status gl_postconf(
    char **answer, const char *directory, const char *const words[], struct gl_complaint *why)
{
	const char *argv[WORDS_MAX + 1] = { "postconf" };
	struct said said;
	size_t count = 1;
	enum gl_status status = GL_FAILED;

	if (answer != NULL)
		*answer = NULL;
	if (directory != NULL) {
		argv[count++] = "-c";
		argv[count++] = directory;
	}
	for (size_t i = 0; words[i] != NULL && count < WORDS_MAX; i++)
		argv[count++] = words[i];
	if (said_init(&said))
		status = run(&said, argv, why);
	else
		snprintf(why->text, sizeof why->text, "out of memory");
	if (status == GL_OK)
		status = answer_of(&said, answer, argv[0], why);
	said_clear(&said);
	return status;
}

enum gl_status gl_postfix(const char *directory, const char *verb, struct gl_complaint *why)
{
	const char *const argv[WORDS_MAX + 1] = { "postfix", "-c", directory, verb };
	struct said said;
	enum gl_status status = GL_FAILED;

	if (said_init(&said))
		status = run(&said, argv, why);
	else
		snprintf(why->text, sizeof why->text, "out of memory");
	said_clear(&said);
	return status;
}
