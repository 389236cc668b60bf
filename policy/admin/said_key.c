#include "said_key.h"

#include "greylist/sender.h"

static void set_who(struct gl_said_key *said, struct gl_span who)
{
	struct gl_out out = gl_out_into(said->who, sizeof said->who);
	gl_out_span(&out, who);
	said->who_len = out.len;
}

static enum gl_list list_of(enum gl_override_kind kind)
{
	switch (kind) {
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

static bool has(struct gl_span text, char byte)
{
	return gl_span_find(text, byte) < text.len;
}

/* What a list can hold, read as a list's line is. */
static enum gl_status read_entry(struct gl_said_key *said, struct gl_span text, const char **why)
{
	struct gl_rule rule;
	struct gl_span entry = gl_span_trim(text);
	*why = "write an address, a network or a name";
	if (entry.len == 0 || has(text, '#') || has(text, ' ') || has(text, '\t') ||
	    has(text, '\n') || has(text, '\0'))
		return GL_MALFORMED;
	enum gl_status status = gl_rule_parse(&rule, list_of(said->kind), entry, why);
	if (status != GL_OK)
		return status;
	bool careless = *why != NULL;
	*why = "a regular expression belongs into a list";
	if (rule.kind == GL_RULE_REGEX)
		return GL_MALFORMED;
	/* A list takes it with a warning; here nobody would see that more passes than he wrote. */
	*why = "bits are set behind the prefix";
	if (careless)
		return GL_MALFORMED;
	*why = "a name without a dot is no domain: write user@ or a whole name";
	if (rule.kind == GL_RULE_DOMAIN && !has(rule.text, '.'))
		return GL_MALFORMED;
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
static enum gl_status read_mailbox(struct gl_said_key *said, struct gl_span text, const char **why)
{
	char normal[GL_VALUE_MAX];
	struct gl_out out = gl_out_into(normal, sizeof normal);
	if (said->kind == GL_OVERRIDE_SENDER)
		gl_out_sender(&out, text);
	else
		gl_out_lower(&out, text);
	struct gl_span whole = without_root(gl_out_done(&out));
	struct gl_rule rule = {
		.list = list_of(said->kind), .kind = GL_RULE_ADDRESS, .text = whole
	};
	size_t at = gl_span_find_last(rule.text, '@');
	if (at + 1 == rule.text.len) {
		rule.kind = GL_RULE_USER;
		rule.text = gl_span_head(rule.text, at);
	}
	*why = "write a domain without '@'";
	if (at == 0)
		return GL_MALFORMED;
	*why = "longer than any mail address is";
	if (out.full || rule.text.len > GL_RULE_TEXT_MAX)
		return GL_MALFORMED;
	*why = "has a NUL in it";
	if (has(rule.text, '\0'))
		return GL_MALFORMED;
	gl_rule_key(&said->key, &rule);
	set_who(said, whole);
	return GL_OK;
}

enum gl_status gl_said_key_read(
    struct gl_said_key *said, enum gl_override_kind kind, struct gl_span text, const char **why)
{
	bool is_client = kind == GL_OVERRIDE_CLIENT || kind == GL_OVERRIDE_NEVER;
	said->kind = kind;
	return is_client || !has(text, '@') ? read_entry(said, text, why)
					    : read_mailbox(said, text, why);
}

void gl_said_key_triplet(struct gl_said_key *said, const struct gl_triplet *triplet)
{
	struct gl_out out = gl_out_into(said->who, sizeof said->who);
	struct gl_span sender = gl_triplet_sender(triplet);
	said->kind = GL_OVERRIDE_TRIPLET;
	gl_override_triplet_key(&said->key, &triplet->key);
	gl_out_network(&out, &triplet->client);
	gl_out_byte(&out, ' ');
	gl_out_span(&out, sender.len > 0 ? sender : gl_span_of("<>"));
	gl_out_byte(&out, ' ');
	gl_out_span(&out, gl_triplet_recipient(triplet));
	said->who_len = out.len;
}

/* A quoted local part may have blanks: the key tells which one stands between the addresses. */
enum gl_status gl_said_triplet(struct gl_triplet *triplet, struct gl_span key, struct gl_span who,
    const struct gl_secret *secret)
{
	struct gl_network client;
	struct gl_span wanted = gl_span_skip(key, 1);
	struct gl_span rest = gl_span_skip(who, gl_span_find(who, ' ') + 1);
	if (gl_key_network(&client, wanted) != GL_OK)
		return GL_CORRUPT;
	for (size_t i = 0; i < rest.len; i++) {
		struct gl_span sender = gl_span_head(rest, i);
		if (rest.at[i] != ' ')
			continue;
		if (gl_span_equal(sender, gl_span_of("<>")))
			sender.len = 0;
		if (gl_triplet_make(triplet, &client, sender, gl_span_skip(rest, i + 1), secret) ==
			GL_OK &&
		    gl_span_equal(gl_key_span(&triplet->key), wanted))
			return GL_OK;
	}
	triplet->client = client;
	return GL_NOT_FOUND;
}

struct gl_span gl_said_who(const struct gl_said_key *said)
{
	return (struct gl_span){ said->who, said->who_len };
}
