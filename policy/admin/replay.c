#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "caller.h"
#include "command.h"
#include "hearing.h"
#include "output.h"
#include "owner.h"
#include "policy_input.h"

struct replay {
	struct gl_admin *admin;
	struct gl_scratch scratch; /* of the table, where no other was named */
	int64_t now;               /* of the request at hand */
	struct gl_judgement judgement;
	struct gl_policy_input input;
};

static enum gl_exit set_time(struct replay *replay)
{
	struct gl_span time = gl_request_get(&replay->input.request, GL_ATTR_TEST_TIME);
	uint64_t now;
	if (time.len == 0)
		return GL_EXIT_OK;
	if (gl_span_number(time, (uint64_t)GL_TIME_MAX, &now) != GL_OK)
		return gl_policy_input_wrong(&replay->input, replay->input.start,
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
	gl_out_whitelisted(&out, &replay->input.request);
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
	    json_pack("{s:I, s:I, s:o, s:s, s:s, s:o}", "request", (json_int_t)replay->input.number,
		"time", (json_int_t)replay->now, "action",
		gl_json_text(gl_span_skip(line, sizeof "action=" - 1)), "verdict",
		gl_action_text(answer->line.action), "reason", gl_reason_text(answer->line.reason),
		"log", log_json(replay, answer)));
}

static enum gl_exit answer_all(struct replay *replay)
{
	struct gl_world *world = &replay->admin->world;
	enum gl_exit code;
	while ((code = gl_policy_input_next(&replay->input)) == GL_EXIT_OK) {
		struct gl_answer answer;
		code = set_time(replay);
		if (code != GL_EXIT_OK)
			break;
		gl_world_consult(world, gl_request_get(&replay->input.request, GL_ATTR_RECIPIENT));
		enum gl_status status = gl_hearing_hold(
		    &replay->judgement, world, &replay->input.request, replay->now);
		if (status != GL_OK) {
			gl_admin_say(replay->admin, "%s", world->store_why.text);
			return gl_exit_of(status);
		}
		gl_answer_verdict(&answer, &world->config, &replay->judgement,
		    &replay->input.request, replay->now);
		if (!print(replay, &answer))
			return GL_EXIT_IO;
	}
	return code == GL_EXIT_NOTHING ? GL_EXIT_OK : code;
}

/* Opened before root becomes somebody else: the file may be root's. */
static bool open_input(struct replay *replay, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		gl_admin_say(replay->admin, "%s: %s", path, strerror(errno));
	gl_policy_input_init(&replay->input, replay->admin, fd, standard ? "standard input" : path);
	replay->input.scratch = &replay->scratch;
	return fd >= 0;
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
	if (replay->input.fd != STDIN_FILENO)
		close(replay->input.fd);
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
