#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "hearing.h"
#include "last_words.h"

enum { READ_SIZE = 8192 };

struct talk {
	const struct gl_session *session;
	struct gl_request request;
	char bytes[READ_SIZE];
	struct gl_span unread; /* in bytes */
	struct gl_judgement judgement;
};

static void warn(const struct talk *talk, const char *what)
{
	gl_log_printf(talk->session->world->log, GL_LOG_WARNING, "warning: %s", what);
}

/* Monotonic: the limit on a slow request does not depend on the clock of the wall. */
static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: readable, 0: time is up, -1: broken. */
static int wait_readable(int fd, int64_t until)
{
	for (;;) {
		int64_t left = until - milliseconds();
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		int ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
		if (ready >= 0 || errno != EINTR)
			return ready;
	}
}

static ssize_t read_some(struct talk *talk)
{
	ssize_t got;
	do
		got = read(talk->session->in, talk->bytes, sizeof talk->bytes);
	while (got < 0 && errno == EINTR);
	talk->unread = (struct gl_span){ talk->bytes, got > 0 ? (size_t)got : 0 };
	return got;
}

static enum gl_session_end end_of_input(const struct talk *talk)
{
	if (!gl_request_begun(&talk->request))
		return GL_END_CLOSED;
	warn(talk, "the connection ended inside a request");
	return GL_END_CUT;
}

static enum gl_session_end time_is_up(const struct talk *talk)
{
	if (!gl_request_begun(&talk->request))
		return GL_END_IDLE;
	warn(talk, "a request was begun and not ended within request_timeout; closing");
	return GL_END_STALLED;
}

/* Reads until a request is whole. False: the session is over, *end says why. */
static bool next_request(struct talk *talk, enum gl_session_end *end)
{
	const struct gl_config *config = &talk->session->world->config;
	int64_t until = milliseconds() + config->idle_timeout * 1000;
	for (;;) {
		bool begun = gl_request_begun(&talk->request);
		enum gl_status status = gl_request_feed(&talk->request, &talk->unread);
		if (status == GL_OK)
			return true;
		if (status != GL_MORE) {
			warn(talk, status == GL_TOO_LONG
				       ? "a request over the limits of the policy protocol; closing"
				       : "a request that is none of the policy protocol; closing");
			*end = GL_END_MALFORMED;
			return false;
		}
		if (!begun && gl_request_begun(&talk->request))
			until = milliseconds() + config->request_timeout * 1000;
		int ready = wait_readable(talk->session->in, until);
		if (ready == 0)
			*end = time_is_up(talk);
		else if (ready < 0 || read_some(talk) <= 0)
			*end = end_of_input(talk);
		else
			continue;
		return false;
	}
}

/* Without the table; who passes anyway does not depend on it. */
static void answer_without(const struct talk *talk, struct gl_answer *answer, bool passes)
{
	if (passes)
		gl_answer_pass(answer, GL_REASON_AUTHENTICATED, &talk->request);
	else
		gl_answer_trouble(answer, &talk->session->world->config, &talk->request);
}

static void set_deadline(const struct talk *talk, bool passes)
{
	struct gl_world *world = talk->session->world;
	struct gl_answer late;
	struct gl_log_shot shot;
	answer_without(talk, &late, passes);
	gl_log_prepare(world->log, &shot, GL_LOG_WARNING,
	    "warning: request_timeout passed while waiting for the table; answered per on_error");
	gl_last_words_arm(
	    world->config.request_timeout, talk->session->out, gl_out_done(&late.reply), &shot);
}

static void ask_table(struct talk *talk, struct gl_answer *answer, int64_t now)
{
	struct gl_world *world = talk->session->world;
	bool passes = talk->judgement.pass; /* early, and there is something to remember */
	set_deadline(talk, passes);
	enum gl_status status = gl_hearing_hold(&talk->judgement, world, &talk->request, now);
	gl_last_words_disarm();
	if (status == GL_OK) {
		gl_answer_verdict(answer, &world->config, &talk->judgement, &talk->request, now);
		return;
	}
	answer_without(talk, answer, passes);
	if (world->outside)
		return;
	if (gl_counters_warning_due(world->counters, status, now))
		gl_log_printf(world->log, GL_LOG_WARNING, "warning: %s", world->store_why.text);
}

static void make_answer(struct talk *talk, struct gl_answer *answer, int64_t now)
{
	struct gl_world *world = talk->session->world;
	gl_world_consult(world, gl_request_get(&talk->request, GL_ATTR_RECIPIENT));
	if (world->outside)
		return;
	if (gl_judge_early(&talk->judgement, &world->config, &talk->request))
		gl_answer_pass(answer, talk->judgement.reason, &talk->request);
	else if (world->config_status != GL_OK)
		gl_answer_pass(answer, GL_REASON_CONFIG, &talk->request);
	else
		ask_table(talk, answer, now);
}

static bool send_reply(const struct gl_session *session, struct gl_span reply)
{
	while (reply.len > 0) {
		ssize_t sent = write(session->out, reply.at, reply.len);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0)
			reply = gl_span_skip(reply, (size_t)sent);
	}
	return true;
}

static void tell(const struct talk *talk, const struct gl_answer *answer, int64_t now)
{
	struct gl_world *world = talk->session->world;
	char bytes[GL_LOGLINE_MAX];
	if (answer->line.reason == GL_REASON_STATE)
		return;
	gl_counters_add(gl_world_counters(world), answer->line.action, answer->line.reason, now);
	/* In a dry run nobody was turned away, so nobody has waited. */
	if (talk->judgement.terms.mode != GL_MODE_DRY_RUN)
		gl_counters_first_pass(world->counters, answer->line.delayed);
	struct gl_out out = gl_out_into(bytes, sizeof bytes);
	gl_out_logline(&out, &answer->line);
	gl_log_line(world->log, GL_LOG_INFO, gl_out_done(&out));
	bool decided = answer->line.reason == GL_REASON_FOUND ||
		       answer->line.reason == GL_REASON_MODE;
	if (!talk->judgement.whitelisted || !decided)
		return;
	out = gl_out_into(bytes, sizeof bytes);
	gl_out_whitelisted(&out, &talk->request);
	gl_log_line(world->log, GL_LOG_INFO, gl_out_done(&out));
}

static bool is_policy_request(const struct gl_request *request)
{
	return gl_span_equal(
	    gl_request_get(request, GL_ATTR_REQUEST), gl_span_of("smtpd_access_policy"));
}

static enum gl_session_end begin_anew(const struct talk *talk)
{
	gl_log_printf(talk->session->world->log, GL_LOG_INFO,
	    "files were moved to where this process gave up all access; it ends, and Postfix asks "
	    "a new one");
	return GL_END_OUTSIDE;
}

static enum gl_session_end serve(struct talk *talk)
{
	const struct gl_session *session = talk->session;
	enum gl_session_end end;
	for (uint32_t served = 1; next_request(talk, &end); served++) {
		if (gl_world_configure(session->world) != GL_OK)
			gl_world_drop_table(session->world);
		if (!is_policy_request(&talk->request)) {
			warn(talk, "a request without request=smtpd_access_policy; closing");
			return GL_END_MALFORMED;
		}
		struct gl_answer answer;
		int64_t now = session->clock();
		make_answer(talk, &answer, now);
		if (session->world->outside)
			return begin_anew(talk);
		if (!send_reply(session, gl_out_done(&answer.reply)))
			return GL_END_IO;
		tell(talk, &answer, now);
		session->world->watchful = session->confined;
		uint32_t most = session->requests_max != 0
				    ? session->requests_max
				    : session->world->config.requests_per_connection;
		if (most != 0 && served >= most)
			return GL_END_DONE;
	}
	return end;
}

enum gl_session_end gl_session_serve(const struct gl_session *session)
{
	struct talk *talk = malloc(sizeof *talk);
	if (talk == NULL)
		return GL_END_IO;
	talk->session = session;
	talk->unread = (struct gl_span){ NULL, 0 };
	gl_request_init(&talk->request);
	session->world->watch = gl_last_words_watch;
	if (gl_world_configure(session->world) != GL_OK)
		gl_world_drop_table(session->world);
	enum gl_session_end end = serve(talk);
	free(talk);
	return end;
}
