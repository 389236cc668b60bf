#include "answer.h"

#include <time.h>
#include <unistd.h>

#include "greylist/version.h"

static void begin(struct gl_answer *answer, enum gl_reason reason, const struct gl_request *request)
{
	answer->reply = gl_out_into(answer->bytes, sizeof answer->bytes);
	answer->line = (struct gl_logline){
		.action = GL_ACTION_PASS, .reason = reason, .delayed = -1, .request = request
	};
}

void gl_answer_pass(
    struct gl_answer *answer, enum gl_reason reason, const struct gl_request *request)
{
	begin(answer, reason, request);
	gl_reply_dunno(&answer->reply);
}

void gl_answer_trouble(
    struct gl_answer *answer, const struct gl_config *config, const struct gl_request *request)
{
	begin(answer, GL_REASON_STORE, request);
	if (config->on_error == GL_ON_ERROR_PASS || config->mode == GL_MODE_LEARN) {
		gl_reply_dunno(&answer->reply);
	} else {
		answer->line.action = GL_ACTION_GREYLIST;
		gl_reply_trouble(&answer->reply);
	}
}

static void pass_with_header(struct gl_answer *answer, const struct gl_config *config,
    const struct gl_judgement *judgement, int64_t now)
{
	char date[64] = "";
	char hostname[256] = "localhost";
	struct tm local;
	time_t seconds = (time_t)now;
	if (localtime_r(&seconds, &local) != NULL)
		strftime(date, sizeof date, "%a, %d %b %Y %T %Z", &local);
	if (gethostname(hostname, sizeof hostname) == 0)
		hostname[sizeof hostname - 1] = '\0';
	struct gl_header header = {
		.format = config->header,
		.delayed = judgement->delayed,
		.version = GREYLIST_VERSION,
		.hostname = config->hostname[0] != '\0' ? config->hostname : hostname,
		.date = date,
	};
	gl_reply_prepend(&answer->reply, &header);
}

static void defer(struct gl_answer *answer, const struct gl_config *config,
    const struct gl_judgement *judgement, const struct gl_request *request)
{
	struct gl_deferral deferral = {
		.action = config->action,
		.text = judgement->terms.text,
		.wait = judgement->wait,
		.recipient = gl_request_get(request, GL_ATTR_RECIPIENT),
	};
	gl_reply_defer(&answer->reply, &deferral);
}

void gl_answer_verdict(struct gl_answer *answer, const struct gl_config *config,
    const struct gl_judgement *judgement, const struct gl_request *request, int64_t now)
{
	bool dry_run = judgement->terms.mode == GL_MODE_DRY_RUN;
	begin(answer, judgement->reason, request);
	answer->line.wait = judgement->wait;
	/* Postgrey logs the delay only with the pass that ends it. */
	if (judgement->first_pass)
		answer->line.delayed = judgement->delayed;
	if (!judgement->pass)
		answer->line.action = dry_run ? GL_ACTION_WOULD_GREYLIST : GL_ACTION_GREYLIST;

	if (dry_run || (judgement->pass && (!judgement->header || config->header[0] == '\0')))
		gl_reply_dunno(&answer->reply);
	else if (judgement->pass)
		pass_with_header(answer, config, judgement, now);
	else
		defer(answer, config, judgement, request);
}
