#include "greylist/override.h"

#include "greylist/record.h"

enum { VERSION = 1, OCTETS = 8 };

const char *gl_override_kind_text(enum gl_override_kind kind)
{
	static const char *const texts[GL_OVERRIDE_KINDS] = {
		[GL_OVERRIDE_CLIENT] = "client",
		[GL_OVERRIDE_SENDER] = "sender",
		[GL_OVERRIDE_RECIPIENT] = "recipient",
		[GL_OVERRIDE_TRIPLET] = "triplet",
		[GL_OVERRIDE_NEVER] = "never",
	};
	return kind < GL_OVERRIDE_KINDS ? texts[kind] : "unknown";
}

enum gl_status gl_override_kind_of(enum gl_override_kind *kind, struct gl_span key)
{
	static const char letters[GL_OVERRIDE_KINDS] = {
		[GL_OVERRIDE_CLIENT] = 'c',
		[GL_OVERRIDE_SENDER] = 's',
		[GL_OVERRIDE_RECIPIENT] = 'r',
		[GL_OVERRIDE_TRIPLET] = 't',
		[GL_OVERRIDE_NEVER] = 'n',
	};
	for (*kind = 0; key.len > 1 && *kind < GL_OVERRIDE_KINDS; ++*kind)
		if (key.at[0] == letters[*kind])
			return GL_OK;
	return GL_CORRUPT;
}

void gl_override_triplet_key(struct gl_key *key, const struct gl_key *triplet)
{
	struct gl_out out = gl_out_into((char *)key->bytes, sizeof key->bytes);
	gl_out_byte(&out, 't');
	gl_out_span(&out, gl_key_span(triplet));
	key->len = (uint16_t)out.len;
}

static void out_time(struct gl_out *out, int64_t when)
{
	for (unsigned shift = 64; shift > 0; shift -= 8)
		gl_out_byte(out, (char)((uint64_t)when >> (shift - 8) & 0xff));
}

static int64_t time_at(const char *at)
{
	uint64_t number = 0;
	for (size_t i = 0; i < OCTETS; i++)
		number = number << 8 | (uint8_t)at[i];
	return number <= (uint64_t)GL_TIME_MAX ? (int64_t)number : -1;
}

void gl_override_encode(struct gl_out *out, const struct gl_override *override)
{
	gl_out_byte(out, VERSION);
	out_time(out, override->made);
	out_time(out, override->until);
	gl_out_span(out, gl_span_head(override->who, GL_OVERRIDE_TEXT_MAX));
	gl_out_byte(out, '\0');
	gl_out_span(out, gl_span_head(override->reason, GL_OVERRIDE_TEXT_MAX));
}

enum gl_status gl_override_decode(struct gl_override *override, struct gl_span bytes)
{
	*override = (struct gl_override){ .made = 0 };
	if (bytes.len < 1)
		return GL_CORRUPT;
	if (bytes.at[0] != VERSION)
		return GL_VERSION;
	if (bytes.len < GL_OVERRIDE_HEAD)
		return GL_CORRUPT;
	struct gl_span text = gl_span_skip(bytes, GL_OVERRIDE_HEAD);
	size_t end = gl_span_find(text, '\0');
	override->made = time_at(bytes.at + 1);
	override->until = time_at(bytes.at + 1 + OCTETS);
	override->who = gl_span_head(text, end);
	override->reason = gl_span_skip(text, end + 1);
	bool good = end < text.len && override->made >= 0 && override->until >= 0;
	return good ? GL_OK : GL_CORRUPT;
}

bool gl_override_in_force(const struct gl_override *override, int64_t now)
{
	return override->until == 0 || now <= override->until;
}

static bool list_of(enum gl_list *list, enum gl_override_kind kind)
{
	static const enum gl_list lists[GL_OVERRIDE_KINDS] = {
		[GL_OVERRIDE_CLIENT] = GL_LIST_CLIENTS,
		[GL_OVERRIDE_SENDER] = GL_LIST_SENDERS,
		[GL_OVERRIDE_RECIPIENT] = GL_LIST_RECIPIENTS,
		[GL_OVERRIDE_TRIPLET] = GL_LISTS,
		[GL_OVERRIDE_NEVER] = GL_LIST_NEVER,
	};
	*list = lists[kind];
	return *list < GL_LISTS;
}

void gl_override_head_add(struct gl_rules_head *head, struct gl_span key)
{
	struct gl_rule rule = { .text = gl_span_skip(key, 2) };
	enum gl_override_kind kind;
	if (gl_override_kind_of(&kind, key) != GL_OK || !list_of(&rule.list, kind))
		return;
	switch (key.at[1]) {
	case 'd':
		rule.kind = GL_RULE_DOMAIN;
		break;
	case 'a':
		rule.kind = GL_RULE_ADDRESS;
		break;
	case 'u':
		rule.kind = GL_RULE_USER;
		break;
	default:
		rule.kind = GL_RULE_NETWORK;
		if (gl_key_network(&rule.network, gl_span_skip(key, 1)) != GL_OK)
			return;
	}
	gl_rules_head_add(head, &rule);
}
