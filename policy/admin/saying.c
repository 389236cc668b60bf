#include "saying.h"

#include <stdlib.h>
#include <string.h>

#include "greylist/config.h"
#include "greylist/sender.h"
#include "operand.h"
#include "output.h"

/* One override on its way into the table. */
struct said {
	enum gl_override_kind kind;
	struct gl_key key;
	size_t who_len, value_len;
	char who[GL_OVERRIDE_TEXT_MAX]; /* as it is shown */
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

static struct said *add(struct round *round, enum gl_override_kind kind)
{
	struct said *said = &round->said[round->count++];
	said->kind = round->saying->never ? GL_OVERRIDE_NEVER : kind;
	said->who_len = 0;
	return said;
}

static void set_who(struct said *said, struct gl_span who)
{
	struct gl_out out = gl_out_into(said->who, sizeof said->who);
	gl_out_span(&out, who);
	said->who_len = out.len;
}

static enum gl_list list_of(const struct said *said)
{
	switch (said->kind) {
	case GL_OVERRIDE_CLIENT:
		return GL_LIST_CLIENTS;
	case GL_OVERRIDE_RECIPIENT:
		return GL_LIST_RECIPIENTS;
	case GL_OVERRIDE_NEVER:
		return GL_LIST_NEVER;
	case GL_OVERRIDE_SENDER:
	case GL_OVERRIDE_TRIPLET:
	case GL_OVERRIDE_KINDS:
		break;
	}
	return GL_LIST_SENDERS;
}

/* An address, a network or a name: what a list can hold, read as a list's line is. */
static enum gl_status say_entry(struct round *round, enum gl_override_kind kind, const char *text)
{
	struct said *said = add(round, kind);
	struct gl_rule rule;
	const char *why = "write an address, a network or a name";
	struct gl_span entry = gl_span_trim(gl_span_of(text));
	enum gl_status status = text[strcspn(text, "# \t\n")] != '\0' || entry.len == 0
				    ? GL_MALFORMED
				    : gl_rule_parse(&rule, list_of(said), entry, &why);
	if (status == GL_OK && rule.kind == GL_RULE_REGEX) {
		why = "a regular expression belongs into a list";
		status = GL_MALFORMED;
	}
	/* A list counts it as the whole network and warns; here nobody would see that he let more
	 * pass than he wrote. */
	if (status == GL_OK && why != NULL) {
		why = "bits are set behind the prefix";
		status = GL_MALFORMED;
	}
	if (status != GL_OK) {
		gl_admin_say(round->admin, "%s: %s", text, why);
		return status;
	}
	gl_rule_key(&said->key, &rule);
	set_who(said, entry);
	return GL_OK;
}

/* example.com. is the same name written in full (RFC 1034 3.1); look-ups are made without it. */
static struct gl_span without_root(struct gl_span name)
{
	return gl_span_head(name, name.len - (name.len > 0 && name.at[name.len - 1] == '.'));
}

/* A mail address, in the form in which `list` has it too: '#' stands there for numbers. */
static enum gl_status say_mailbox(struct round *round, enum gl_override_kind kind, const char *text)
{
	char normal[GL_VALUE_MAX];
	struct said *said = add(round, kind);
	struct gl_out out = gl_out_into(normal, sizeof normal);
	struct gl_span mailbox = gl_operand_envelope(text);
	if (kind == GL_OVERRIDE_SENDER)
		gl_out_sender(&out, mailbox);
	else
		gl_out_lower(&out, mailbox);
	struct gl_span whole = without_root(gl_out_done(&out));
	struct gl_rule rule = { .list = list_of(said), .kind = GL_RULE_ADDRESS, .text = whole };
	size_t at = gl_span_find_last(rule.text, '@');
	if (at + 1 == rule.text.len) {
		rule.kind = GL_RULE_USER;
		rule.text = gl_span_head(rule.text, at);
	}
	if (at == 0 || out.full || rule.text.len > GL_RULE_TEXT_MAX) {
		gl_admin_say(round->admin, "%s: %s", text,
		    at == 0 ? "write a domain without '@'" : "longer than any mail address is");
		return GL_MALFORMED;
	}
	gl_rule_key(&said->key, &rule);
	set_who(said, whole);
	return GL_OK;
}

static enum gl_status say_correspondent(
    struct round *round, enum gl_override_kind kind, const char *text)
{
	struct gl_span mailbox = gl_operand_envelope(text);
	if (mailbox.len == 0) {
		gl_admin_say(round->admin, "the null sender is everybody's: allow the client or "
					   "the recipient, or give all three");
		return GL_MALFORMED;
	}
	return gl_span_find(mailbox, '@') < mailbox.len ? say_mailbox(round, kind, text)
							: say_entry(round, kind, text);
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
		status = say_entry(round, GL_OVERRIDE_CLIENT, text);
	if (status != GL_OK || looks_like_address(text))
		return status;
	status = say_correspondent(round, GL_OVERRIDE_SENDER, text);
	return status == GL_OK ? say_correspondent(round, GL_OVERRIDE_RECIPIENT, text) : status;
}

static enum gl_status say_triplet(struct round *round, char **operands)
{
	struct gl_who who;
	struct said *said = add(round, GL_OVERRIDE_TRIPLET);
	enum gl_status status = gl_operand_triplet(round->admin, &round->triplet, &who, operands);
	if (status != GL_OK)
		return status;
	gl_override_triplet_key(&said->key, &round->triplet.key);
	struct gl_out out = gl_out_into(said->who, sizeof said->who);
	struct gl_span sender = gl_triplet_sender(&round->triplet);
	gl_out_network(&out, &round->triplet.client);
	gl_out_byte(&out, ' ');
	gl_out_span(&out, sender.len > 0 ? sender : gl_span_of("<>"));
	gl_out_byte(&out, ' ');
	gl_out_span(&out, gl_triplet_recipient(&round->triplet));
	said->who_len = out.len;
	return GL_OK;
}

static enum gl_status read_who(struct round *round, int count, char **operands)
{
	const struct gl_admin *admin = round->admin;
	char *three[] = { operands[0], operands[count > 2 ? count - 2 : 0],
		operands[count > 0 ? count - 1 : 0] };
	if (admin->client != NULL)
		return say_entry(round, GL_OVERRIDE_CLIENT, admin->client);
	if (admin->sender != NULL)
		return say_correspondent(round, GL_OVERRIDE_SENDER, admin->sender);
	if (admin->recipient != NULL)
		return say_correspondent(round, GL_OVERRIDE_RECIPIENT, admin->recipient);
	if (count > 1)
		return say_triplet(round, three);
	return round->saying->never ? say_entry(round, GL_OVERRIDE_CLIENT, operands[0])
				    : say_word(round, operands[0]);
}

static bool encode(struct round *round, struct said *said)
{
	struct gl_admin *admin = round->admin;
	struct gl_override override = { .made = admin->now,
		.until = round->saying->until,
		.who = { said->who, said->who_len },
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
		fprintf(admin->out, "%s ",
		    said->kind == GL_OVERRIDE_NEVER ? "client" : gl_override_kind_text(said->kind));
		gl_print_printable(admin->out, (struct gl_span){ said->who, said->who_len });
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
		changes[i] = (struct gl_override_change){ gl_key_span(&said->key),
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
