#include "explain.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "once.h"
#include "operand.h"
#include "policy_input.h"

#define UNDERSTOOD                                                                                 \
	"understood are lines with \"action=..., reason=...\" or with \"reject: RCPT from ...\", " \
	"as the mail log has them"

/* One run of the command; what it explains, one after the other. */
struct explaining {
	struct gl_admin *admin;
	struct gl_explanation explanation;
	struct gl_logread read;
	struct gl_policy_input input;
	struct gl_once seen;
	uint64_t printed;
};

static enum gl_exit tell(struct explaining *explaining)
{
	struct gl_admin *admin = explaining->admin;
	struct gl_explanation *explanation = &explaining->explanation;
	enum gl_exit code = gl_admin_fail(admin, gl_explain(admin, explanation));
	if (code != GL_EXIT_OK)
		return code;
	if (explaining->printed++ > 0 && !admin->json)
		fputc('\n', admin->out);
	bool printed = admin->json ? gl_explain_json(admin, explanation)
				   : gl_explain_text(admin, explanation);
	return printed && fflush(admin->out) == 0 ? GL_EXIT_OK : GL_EXIT_IO;
}

static enum gl_exit from_operands(struct explaining *explaining, int count, char **operands)
{
	struct gl_admin *admin = explaining->admin;
	struct gl_request *request = &explaining->explanation.request;
	const struct {
		enum gl_attribute attribute;
		struct gl_span value;
	} values[] = {
		{ GL_ATTR_REQUEST, gl_span_of("smtpd_access_policy") },
		{ GL_ATTR_PROTOCOL_STATE, gl_span_of("RCPT") },
		{ GL_ATTR_CLIENT_ADDRESS, gl_span_of(operands[0]) },
		{ GL_ATTR_CLIENT_NAME, gl_span_of(count == 4 ? operands[1] : "unknown") },
		{ GL_ATTR_SENDER, gl_operand_envelope(operands[count - 2]) },
		{ GL_ATTR_RECIPIENT, gl_operand_envelope(operands[count - 1]) },
	};
	struct gl_address address;
	if (gl_address_parse(&address, gl_span_of(operands[0])) != GL_OK) {
		gl_admin_say(admin, "%s: not an address, such as 192.0.2.7", operands[0]);
		return GL_EXIT_INPUT;
	}
	gl_request_init(request);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		enum gl_status status = gl_request_set(
		    request, values[i].attribute, values[i].value);
		if (status != GL_OK) {
			gl_admin_say(admin, "%s: %s", gl_attribute_name(values[i].attribute),
			    gl_status_text(status));
			return gl_exit_of(status);
		}
	}
	return tell(explaining);
}

static void note(struct gl_explanation *explanation, bool applies, const char *text)
{
	if (applies && explanation->note_count < GL_NOTES_MAX)
		explanation->notes[explanation->note_count++] = text;
}

static void note_all(struct gl_explanation *explanation, const struct gl_logread *read)
{
	explanation->note_count = 0;
	note(explanation, read->name.inexact, "the client's name was not logged exactly");
	note(explanation, read->address.inexact, "the client's address was not logged exactly");
	note(explanation, read->sender.inexact,
	    "the sender was not logged exactly, so that this may be about another one");
	note(explanation, read->recipient.inexact,
	    "the recipient was not logged exactly, so that this may be about another one");
	note(explanation, read->ambiguous,
	    "the line can be read in more than one way, and this is the likeliest");
	struct gl_out out = gl_out_into(explanation->refusal, sizeof explanation->refusal);
	gl_out_text(&out, "Postfix refused it for good, which greylisting never does: ");
	gl_out_printable(&out, read->refusal);
	note(explanation, read->refusal.len > 0, gl_out_string(&out));
}

static bool is_fresh(struct explaining *explaining)
{
	static const enum gl_attribute told[] = { GL_ATTR_CLIENT_ADDRESS, GL_ATTR_CLIENT_NAME,
		GL_ATTR_SENDER, GL_ATTR_RECIPIENT };
	char text[4 * (GL_VALUE_MAX + 1)];
	uint8_t digest[GL_DIGEST_SIZE];
	struct gl_out out = gl_out_into(text, sizeof text);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		gl_out_span(&out, gl_request_get(&explaining->explanation.request, told[i]));
		gl_out_byte(&out, '\0');
	}
	gl_digest(digest, gl_out_done(&out), gl_store_secret(explaining->admin->world.store));
	bool fresh = true;
	return gl_once_add(&explaining->seen, digest, &fresh) != GL_OK || fresh;
}

/* GL_EXIT_NOTHING: not a line of ours. */
static enum gl_exit from_line(struct explaining *explaining, struct gl_span line)
{
	struct gl_explanation *explanation = &explaining->explanation;
	bool at_data = explaining->admin->world.config.null_sender == GL_NULL_SENDER_DATA;
	if (gl_logread_line(&explaining->read, line) != GL_OK ||
	    gl_logread_request(&explaining->read, &explanation->request, at_data) != GL_OK)
		return GL_EXIT_NOTHING;
	if (!is_fresh(explaining))
		return GL_EXIT_OK;
	explanation->pasted = true;
	note_all(explanation, &explaining->read);
	return tell(explaining);
}

static enum gl_exit from_requests(struct explaining *explaining)
{
	enum gl_exit code;
	while ((code = gl_policy_input_next(&explaining->input)) == GL_EXIT_OK) {
		explaining->explanation.request = explaining->input.request;
		explaining->explanation.pasted = true;
		code = tell(explaining);
		if (code != GL_EXIT_OK)
			return code;
	}
	return code == GL_EXIT_NOTHING ? GL_EXIT_OK : code;
}

static enum gl_exit from_lines(struct explaining *explaining)
{
	struct gl_span line;
	bool understood = false;
	enum gl_exit code;
	while ((code = gl_policy_input_line(&explaining->input, &line)) == GL_EXIT_OK) {
		code = from_line(explaining, line);
		if (code != GL_EXIT_OK && code != GL_EXIT_NOTHING)
			return code;
		understood = understood || code == GL_EXIT_OK;
	}
	if (code != GL_EXIT_NOTHING || understood)
		return code == GL_EXIT_NOTHING ? GL_EXIT_OK : code;
	gl_admin_say(explaining->admin, "standard input: no line is understood; " UNDERSTOOD
					", or policy requests as Postfix sends them");
	return GL_EXIT_INPUT;
}

static enum gl_exit from_input(struct explaining *explaining)
{
	bool requests = false;
	gl_policy_input_init(&explaining->input, explaining->admin, STDIN_FILENO, "standard input");
	enum gl_exit code = gl_policy_input_sniff(&explaining->input, &requests);
	if (code == GL_EXIT_NOTHING) {
		gl_admin_say(
		    explaining->admin, "standard input is empty: nothing was found; " UNDERSTOOD);
		return GL_EXIT_INPUT;
	}
	if (code != GL_EXIT_OK)
		return code;
	return requests ? from_requests(explaining) : from_lines(explaining);
}

static enum gl_exit from_operand(struct explaining *explaining, const char *line)
{
	enum gl_exit code = from_line(explaining, gl_span_of(line));
	if (code != GL_EXIT_NOTHING)
		return code;
	gl_admin_say(explaining->admin, "the line is not understood; " UNDERSTOOD);
	return GL_EXIT_INPUT;
}

static bool is_input(int count, char **operands)
{
	return count == 0 || (count == 1 && strcmp(operands[0], "-") == 0);
}

/* Nothing is opened; but what cannot be meant is said before the table is. */
static enum gl_exit look_at_operands(struct gl_admin *admin, int count, char **operands)
{
	bool waits = count == 0 && isatty(STDIN_FILENO) == 1;
	bool word = count == 1 && !is_input(count, operands) && strchr(operands[0], ' ') == NULL;
	if (count > 4)
		gl_admin_say(admin, "put a line of the mail log in quotes, so that it is one word "
				    "to the shell");
	if (word || count == 2)
		gl_admin_say(admin,
		    "the client's address is missing; take a whole line of the mail "
		    "log, or: grep WHO /var/log/mail.log | greylist-admin explain");
	return waits || word || count == 2 || count > 4 ? GL_EXIT_USAGE : GL_EXIT_OK;
}

static enum gl_exit explain(struct gl_admin *admin, int count, char **operands)
{
	struct explaining *explaining = calloc(1, sizeof *explaining);
	if (explaining == NULL)
		return GL_EXIT_IO;
	enum gl_exit code;
	explaining->admin = admin;
	explaining->explanation.walk_max = GL_EXPLAIN_WALK_MAX;
	if (is_input(count, operands))
		code = from_input(explaining);
	else if (count == 1)
		code = from_operand(explaining, operands[0]);
	else
		code = from_operands(explaining, count, operands);
	gl_once_clear(&explaining->seen);
	free(explaining);
	return code;
}

const struct gl_command gl_command_explain = {
	.name = "explain",
	.arguments = "CLIENT [NAME] SENDER RECIPIENT | LINE | -",
	.summary = "say what an attempt, or those in lines of the mail log, would get now, and why",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON,
	.least = 0,
	.most = INT_MAX,
	.open = look_at_operands,
	.run = explain,
};
