#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "caller.h"
#include "command.h"
#include "hearing.h"
#include "output.h"
#include "owner.h"
#include "scratch.h"

enum { READ_SIZE = 65536 };

struct replay {
	struct gl_admin *admin;
	const char *name; /* of the input */
	int in;
	struct gl_scratch scratch; /* of the table, where no other was named */
	int64_t now;               /* of the request at hand */
	uint64_t number;           /* of the request at hand, from 1 */
	uint64_t start;            /* where it begins in the input, from 0 */
	uint64_t offset;           /* of `unread` in the input */
	struct gl_span unread;     /* in bytes */
	struct gl_request request;
	struct gl_judgement judgement;
	char bytes[READ_SIZE];
};

static enum gl_exit wrong(const struct replay *replay, uint64_t offset, const char *what)
{
	gl_admin_say(replay->admin, "%s: request %" PRIu64 ", byte %" PRIu64 ": %s", replay->name,
	    replay->number, offset, what);
	return GL_EXIT_INPUT;
}

/* 1: more to read, 0: end of input, -1: said, or a signal says it. */
static int read_some(struct replay *replay)
{
	ssize_t got;
	if (!gl_scratch_readable(&replay->scratch, replay->in))
		return -1;
	do
		got = read(replay->in, replay->bytes, sizeof replay->bytes);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		gl_admin_say(replay->admin, "%s: %s", replay->name, strerror(errno));
		return -1;
	}
	replay->unread = (struct gl_span){ replay->bytes, (size_t)got };
	return got > 0;
}

static enum gl_exit end_of_input(const struct replay *replay)
{
	if (gl_request_begun(&replay->request))
		return wrong(replay, replay->offset, "the input ends inside a request");
	return GL_EXIT_NOTHING;
}

static enum gl_exit malformed(const struct replay *replay, enum gl_status status)
{
	return wrong(replay, replay->offset - 1,
	    status == GL_TOO_LONG ? "over the limits of the policy protocol"
				  : "not a line of the policy protocol, NAME=VALUE");
}

/* Reads until a request is whole. GL_EXIT_NOTHING: there is none any more. */
static enum gl_exit next_request(struct replay *replay)
{
	replay->number++;
	replay->start = replay->offset;
	for (;;) {
		size_t before = replay->unread.len;
		enum gl_status status = gl_request_feed(&replay->request, &replay->unread);
		replay->offset += before - replay->unread.len;
		if (status == GL_OK)
			return GL_EXIT_OK;
		if (status != GL_MORE)
			return malformed(replay, status);
		int more = read_some(replay);
		if (more < 0)
			return GL_EXIT_IO;
		if (more == 0)
			return end_of_input(replay);
	}
}

static enum gl_exit check_request(struct replay *replay)
{
	const struct gl_request *request = &replay->request;
	struct gl_span time = gl_request_get(request, GL_ATTR_TEST_TIME);
	uint64_t now;
	if (!gl_span_equal(
		gl_request_get(request, GL_ATTR_REQUEST), gl_span_of("smtpd_access_policy")))
		return wrong(replay, replay->start, "without request=smtpd_access_policy");
	if (time.len == 0)
		return GL_EXIT_OK;
	if (gl_span_number(time, (uint64_t)GL_TIME_MAX, &now) != GL_OK)
		return wrong(replay, replay->start,
		    "policy_test_time is no number of seconds since the epoch");
	replay->now = (int64_t)now;
	return GL_EXIT_OK;
}

static json_t *log_json(const struct replay *replay, const struct gl_answer *answer)
{
	char bytes[GL_LOGLINE_MAX];
	json_t *lines = json_array();
	if (answer->line.reason == GL_REASON_STATE)
		return lines;
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_out_logline(&out, &answer->line);
	json_array_append_new(lines, gl_json_text(gl_out_done(&out)));
	if (!replay->judgement.whitelisted)
		return lines;
	out = gl_out_into(bytes, sizeof bytes);
	gl_out_whitelisted(&out, &replay->request);
	json_array_append_new(lines, gl_json_text(gl_out_done(&out)));
	return lines;
}

static bool print(const struct replay *replay, const struct gl_answer *answer)
{
	struct gl_span reply = gl_out_done(&answer->reply);
	struct gl_span line = gl_span_head(reply, gl_span_find(reply, '\n'));
	if (!replay->admin->json)
		return fprintf(replay->admin->out, "%.*s\n", (int)line.len, line.at) > 0;
	return gl_json_line(replay->admin->out,
	    json_pack("{s:I, s:I, s:o, s:s, s:s, s:o}", "request", (json_int_t)replay->number,
		"time", (json_int_t)replay->now, "action",
		gl_json_text(gl_span_skip(line, sizeof "action=" - 1)), "verdict",
		gl_action_text(answer->line.action), "reason", gl_reason_text(answer->line.reason),
		"log", log_json(replay, answer)));
}

static enum gl_exit answer_all(struct replay *replay)
{
	struct gl_world *world = &replay->admin->world;
	enum gl_exit code;
	while ((code = next_request(replay)) == GL_EXIT_OK) {
		struct gl_answer answer;
		code = check_request(replay);
		if (code != GL_EXIT_OK)
			break;
		enum gl_status status = gl_hearing_hold(
		    &replay->judgement, world, &replay->request, replay->now);
		if (status != GL_OK) {
			gl_admin_say(replay->admin, "%s", world->store_why.text);
			return gl_exit_of(status);
		}
		gl_answer_verdict(
		    &answer, &world->config, &replay->judgement, &replay->request, replay->now);
		if (!print(replay, &answer))
			return GL_EXIT_IO;
	}
	return code == GL_EXIT_NOTHING ? GL_EXIT_OK : code;
}

/* Opened before root becomes somebody else: the file may be root's. */
static bool open_input(struct replay *replay, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	replay->name = standard ? "standard input" : path;
	replay->in = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (replay->in < 0)
		gl_admin_say(replay->admin, "%s: %s", path, strerror(errno));
	return replay->in >= 0;
}

/* As the owner of the table that was named, or of the configured one, which is not touched. */
static enum gl_status choose_table(struct replay *replay)
{
	struct gl_admin *admin = replay->admin;
	struct gl_complaint why = { "" };
	struct gl_config *config = &admin->world.config;
	const char *directory = admin->database;
	enum gl_status status = GL_NO_ACCESS;
	if (directory == NULL || gl_caller_may(directory, &why) == GL_OK)
		status = gl_become_owner(directory != NULL ? directory : config->database, &why);
	if (directory == NULL) {
		/* Where no directory is configured there is nobody to become. */
		status = gl_scratch_make(&replay->scratch, &why);
		directory = replay->scratch.directory;
		config->sync = GL_SYNC_NONE;
	}
	if (status == GL_OK)
		status = gl_world_divert(&admin->world, directory, &why);
	if (status != GL_OK)
		gl_admin_say(admin, "%s", why.text);
	return status;
}

static enum gl_exit run(struct replay *replay, const char *path)
{
	if (!open_input(replay, path))
		return GL_EXIT_IO;
	enum gl_exit code = gl_exit_of(choose_table(replay));
	if (code == GL_EXIT_OK)
		code = answer_all(replay);
	gl_world_drop_table(&replay->admin->world);
	gl_scratch_remove(&replay->scratch);
	if (replay->in != STDIN_FILENO)
		close(replay->in);
	return code;
}

static enum gl_exit replay_file(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	struct replay *replay = calloc(1, sizeof *replay);
	if (replay == NULL)
		return GL_EXIT_IO;
	replay->admin = admin;
	replay->now = admin->now;
	replay->scratch.interrupt.fd = -1;
	gl_request_init(&replay->request);
	enum gl_exit code = run(replay, operands[0]);
	free(replay);
	return code;
}

const struct gl_command gl_command_replay = {
	.name = "replay",
	.arguments = "FILE|-",
	.summary = "answer recorded policy requests, each at its own time",
	.need = GL_NEED_CONFIG,
	.takes = GL_TAKES_JSON | GL_TAKES_DATABASE,
	.least = 1,
	.most = 1,
	.run = replay_file,
};
