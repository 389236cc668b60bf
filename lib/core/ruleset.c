#include "greylist/exempt.h"

#include <string.h>

enum {
	HEAD_VERSION = 3,
	HEAD_WITHOUT_SUFFIXES = 2, /* the version before: the same of the exempt lists alone */
	USE_SIZE = 5 + 17 + 4 + 1 + 2,
	USES_ADDRESS = 1,
	USES_USER = 2
};

static void out_be32(struct gl_out *out, uint32_t number)
{
	for (unsigned shift = 32; shift > 0; shift -= 8)
		gl_out_byte(out, (char)(number >> (shift - 8) & 0xff));
}

static uint32_t be32_at(const char *at)
{
	uint32_t number = 0;

	for (size_t i = 0; i < 4; i++)
		number = number << 8 | (uint8_t)at[i];
	return number;
}

static void set_bit(uint8_t *bits, unsigned n)
{
	bits[n / 8] = (uint8_t)(bits[n / 8] | 1u << n % 8);
}

static unsigned count_labels(struct gl_span name)
{
	unsigned labels = 1;

	for (size_t i = 0; i < name.len; i++)
		labels += name.at[i] == '.';
	return labels;
}

void gl_rules_head_add(struct gl_rules_head *head, const struct gl_rule *rule)
{
	struct gl_rules_use *use = &head->use[rule->list];

	switch (rule->kind) {
	case GL_RULE_NETWORK:
		set_bit(
		    rule->network.base.family == GL_V4 ? use->v4 : use->v6, rule->network.prefix);
		break;
	case GL_RULE_DOMAIN:
		use->labels |= UINT32_C(1) << count_labels(rule->text);
		break;
	case GL_RULE_ADDRESS:
		use->address = true;
		break;
	case GL_RULE_USER:
		use->user = true;
		break;
	case GL_RULE_REGEX:
		use->regexes++;
		break;
	}
}

void gl_rules_head_encode(uint8_t bytes[GL_RULES_HEAD_SIZE], const struct gl_rules_head *head)
{
	struct gl_out out = gl_out_into((char *)bytes, GL_RULES_HEAD_SIZE);

	gl_out_byte(&out, HEAD_VERSION);
	gl_out_span(&out, (struct gl_span){ (const char *)head->stamp, GL_STAMP_SIZE });
	for (size_t list = 0; list < GL_LISTS; list++) {
		const struct gl_rules_use *use = &head->use[list];
		int flags = (use->address ? USES_ADDRESS : 0) | (use->user ? USES_USER : 0);

		gl_out_span(&out, (struct gl_span){ (const char *)use->v4, sizeof use->v4 });
		gl_out_span(&out, (struct gl_span){ (const char *)use->v6, sizeof use->v6 });
		out_be32(&out, use->labels);
		gl_out_byte(&out, (char)flags);
		gl_out_byte(&out, (char)(use->regexes >> 8));
		gl_out_byte(&out, (char)(use->regexes & 0xff));
	}
}

/* How many lists this head tells of; 0: it is none. */
static size_t lists_of(struct gl_span bytes)
{
	size_t lists = 0;

	if (bytes.len > 0 && bytes.at[0] == HEAD_VERSION)
		lists = GL_LISTS;
	else if (bytes.len > 0 && bytes.at[0] == HEAD_WITHOUT_SUFFIXES)
		lists = GL_EXEMPT_LISTS;
	return bytes.len == 1 + GL_STAMP_SIZE + lists * USE_SIZE ? lists : 0;
}

enum gl_status gl_rules_head_decode(struct gl_rules_head *head, struct gl_span bytes)
{
	size_t lists = lists_of(bytes);
	const char *at = bytes.at + 1;

	if (lists == 0)
		return GL_CORRUPT;
	*head = (struct gl_rules_head){ .stamp = { 0 } };
	memcpy(head->stamp, at, GL_STAMP_SIZE);
	at += GL_STAMP_SIZE;
	for (size_t list = 0; list < lists; list++) {
		struct gl_rules_use *use = &head->use[list];

		memcpy(use->v4, at, sizeof use->v4);
		at += sizeof use->v4;
		memcpy(use->v6, at, sizeof use->v6);
		at += sizeof use->v6;
		use->labels = be32_at(at);
		use->address = (at[4] & USES_ADDRESS) != 0;
		use->user = (at[4] & USES_USER) != 0;
		use->regexes = (uint16_t)((uint8_t)at[5] << 8 | (uint8_t)at[6]);
		at += 7;
		if (use->regexes > GL_REGEXES_MAX)
			return GL_CORRUPT;
	}
	return GL_OK;
}

void gl_rules_head_key(struct gl_key *key)
{
	key->bytes[0] = 0;
	key->len = 1;
}

void gl_rule_value_encode(struct gl_out *out, const struct gl_rule_source *source)
{
	out_be32(out, source->line);
	gl_out_span(out, source->file);
	gl_out_byte(out, '\0');
	gl_out_span(out, source->text);
	if (source->code.len > 0)
		gl_out_byte(out, '\0');
	gl_out_span(out, source->code);
}

struct gl_span gl_rule_expression(struct gl_span text)
{
	return text.len < 2 ? gl_span_of(NULL) : gl_span_head(gl_span_skip(text, 1), text.len - 2);
}

enum gl_status gl_rule_value_decode(struct gl_rule_source *source, struct gl_span value)
{
	struct gl_span names = gl_span_skip(value, 4);
	size_t end = gl_span_find(names, '\0');
	struct gl_span entry = gl_span_skip(names, end + 1);
	size_t text = gl_span_find(entry, '\0');

	if (value.len < 4 || end == names.len || text + 1 == entry.len)
		return GL_CORRUPT;
	*source = (struct gl_rule_source){
		.line = be32_at(value.at),
		.file = gl_span_head(names, end),
		.text = gl_span_head(entry, text),
		.code = gl_span_skip(entry, text + 1),
	};
	return GL_OK;
}

enum gl_status gl_ruleset_find(
    const struct gl_ruleset *rules, struct gl_span key, struct gl_span *value)
{
	size_t from = 0;
	size_t to = rules->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = gl_span_compare(rules->items[middle].key, key);

		if (order == 0) {
			*value = rules->items[middle].value;
			return GL_OK;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return GL_NOT_FOUND;
}
