#include "saying.h"

#include <stdlib.h>
#include <string.h>

#include "greylist/config.h"
#include "operand.h"
#include "output.h"
#include "said.h"
#include "said_key.h"

/* One override on its way into the table. */
struct said {
	struct gl_said_key who;
	size_t value_len;
	char value[GL_OVERRIDE_MAX];
};

struct round {
	struct gl_admin *admin;
	const struct gl_saying *saying;
	size_t count;
	struct said said[GL_SAYING_MAX];
	struct gl_triplet triplet;
};

bool gl_saying_of_nobody(const struct gl_admin *admin, int count)
{
	return count == 0 && admin->client == NULL && admin->sender == NULL &&
	       admin->recipient == NULL;
}

bool gl_saying_time(const struct gl_admin *admin, int64_t most, int64_t *seconds)
{
	char longest[GL_TIME_TEXT];
	if (admin->lasting == NULL)
		return true;
	if (gl_time_parse(seconds, gl_span_of(admin->lasting)) == GL_OK && *seconds > 0 &&
	    *seconds <= most)
		return true;
	gl_admin_say(admin, "--for is a time such as 10m or 1h, at most %s, not \"%s\"",
	    gl_duration_text(longest, most), admin->lasting);
	return false;
}

static enum gl_status say(struct round *round, enum gl_override_kind kind, struct gl_span text)
{
	const char *why = NULL;
	struct said *said = &round->said[round->count++];
	enum gl_status status = gl_said_key_read(
	    &said->who, round->saying->never ? GL_OVERRIDE_NEVER : kind, text, &why);
	if (status != GL_OK)
		gl_admin_say(round->admin, "%.*s: %s", (int)text.len, text.at, why);
	return status;
}

static enum gl_status say_client(struct round *round, const char *text)
{
	return say(round, GL_OVERRIDE_CLIENT, gl_span_of(text));
}

/* Angle brackets belong to mail addresses alone. */
static enum gl_status say_correspondent(
    struct round *round, enum gl_override_kind kind, const char *text)
{
	struct gl_span mailbox = gl_operand_envelope(text);
	if (mailbox.len == 0) {
		gl_admin_say(round->admin, "the null sender is everybody's: allow the client or "
					   "the recipient, or give all three");
		return GL_MALFORMED;
	}
	bool is_address = gl_span_find(mailbox, '@') < mailbox.len;
	return say(round, kind, is_address ? mailbox : gl_span_of(text));
}

static bool looks_like_address(const char *text)
{
	return strchr(text, ':') != NULL ||
	       (text[0] != '\0' && strspn(text, "0123456789./") == strlen(text));
}

/* Whatever a single word can mean. */
static enum gl_status say_word(struct round *round, const char *text)
{
	enum gl_status status = GL_OK;
	bool mailbox = strchr(text, '@') != NULL || text[0] == '\0' || text[0] == '<';
	if (!mailbox)
		status = say_client(round, text);
	if (status != GL_OK || looks_like_address(text))
		return status;
	status = say_correspondent(round, GL_OVERRIDE_SENDER, text);
	return status == GL_OK ? say_correspondent(round, GL_OVERRIDE_RECIPIENT, text) : status;
}

static enum gl_status say_triplet(struct round *round, char **operands)
{
	struct gl_who who;
	struct said *said = &round->said[round->count++];
	enum gl_status status = gl_operand_triplet(round->admin, &round->triplet, &who, operands);
	if (status == GL_OK && who.identity.kind != GL_BY_NETWORK) {
		gl_admin_say(round->admin, "%s: here an address or network is wanted", operands[0]);
		return GL_MALFORMED;
	}
	if (status == GL_OK)
		gl_said_key_triplet(&said->who, &round->triplet);
	return status;
}

static enum gl_status read_who(struct round *round, int count, char **operands)
{
	const struct gl_admin *admin = round->admin;
	char *three[] = { operands[0], operands[count > 2 ? count - 2 : 0],
		operands[count > 0 ? count - 1 : 0] };
	if (admin->client != NULL)
		return say_client(round, admin->client);
	if (admin->sender != NULL)
		return say_correspondent(round, GL_OVERRIDE_SENDER, admin->sender);
	if (admin->recipient != NULL)
		return say_correspondent(round, GL_OVERRIDE_RECIPIENT, admin->recipient);
	if (count > 1)
		return say_triplet(round, three);
	return round->saying->never ? say_client(round, operands[0]) : say_word(round, operands[0]);
}

static bool encode(struct round *round, struct said *said)
{
	struct gl_admin *admin = round->admin;
	struct gl_override override = { .made = admin->now,
		.until = round->saying->until,
		.who = gl_said_who(&said->who),
		.reason = gl_span_of(admin->reason) };
	struct gl_out out = gl_out_into(said->value, sizeof said->value);
	if (!admin->remove)
		gl_override_encode(&out, &override);
	said->value_len = out.len;
	if (override.reason.len <= GL_OVERRIDE_TEXT_MAX && !out.full)
		return true;
	gl_admin_say(admin, "--reason has room for %d bytes", GL_OVERRIDE_TEXT_MAX);
	return false;
}

static void tell(const struct round *round)
{
	const struct gl_admin *admin = round->admin;
	char time[GL_TIME_TEXT], duration[GL_TIME_TEXT];
	int64_t until = round->saying->until;
	for (size_t i = 0; i < round->count; i++) {
		const struct said *said = &round->said[i];
		fprintf(admin->out, "%s ", gl_said_what(said->who.kind));
		gl_print_printable(admin->out, gl_said_who(&said->who));
		if (admin->remove)
			fputs(": taken back\n", admin->out);
		else if (until == 0)
			fprintf(admin->out, " %s\n", round->saying->consequence);
		else
			fprintf(admin->out, " %s until %s, for %s\n", round->saying->consequence,
			    gl_time_text(time, until),
			    gl_duration_text(duration, until - admin->now));
	}
}

static enum gl_exit apply(struct round *round)
{
	struct gl_override_change changes[GL_SAYING_MAX];
	struct gl_admin *admin = round->admin;
	enum gl_status status;
	size_t changed;
	for (size_t i = 0; i < round->count; i++) {
		struct said *said = &round->said[i];
		if (!encode(round, said))
			return GL_EXIT_INPUT;
		changes[i] = (struct gl_override_change){ gl_key_span(&said->who.key),
			{ said->value, said->value_len } };
	}
	do
		status = gl_store_override(
		    admin->world.store, changes, round->count, admin->now, &changed);
	while (gl_admin_again(admin, status));
	if (status == GL_TOO_LONG) {
		gl_admin_say(
		    admin, "there are %d in force already: take some back", GL_OVERRIDES_MAX);
		return GL_EXIT_LATER;
	}
	if (status == GL_OK && changed == 0) {
		gl_admin_say(admin, "there is nothing of that to take back");
		return GL_EXIT_NOTHING;
	}
	if (status == GL_OK)
		tell(round);
	return gl_admin_fail(admin, status);
}

enum gl_exit gl_saying_change(
    struct gl_admin *admin, const struct gl_saying *saying, int count, char **operands)
{
	struct round *round = calloc(1, sizeof *round);
	if (round == NULL)
		return GL_EXIT_IO;
	round->admin = admin;
	round->saying = saying;
	enum gl_exit code = gl_exit_of(read_who(round, count, operands));
	if (code == GL_EXIT_OK)
		code = apply(round);
	free(round);
	return code;
}
