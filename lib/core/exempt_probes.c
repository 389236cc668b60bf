#include "greylist/exempt.h"

#include <string.h>

static bool has_bit(const uint8_t *bits, unsigned n)
{
	return (bits[n / 8] & 1u << n % 8) != 0;
}

/* The probe that was added; NULL: such a rule cannot be. */
static struct gl_probe *ask(struct gl_probes *probes, const struct gl_rule *rule)
{
	bool by_text = rule->kind != GL_RULE_NETWORK && rule->kind != GL_RULE_REGEX;
	struct gl_key key;

	if (rule->text.len > GL_RULE_TEXT_MAX || probes->count == GL_PROBES_MAX)
		return NULL;
	if (rule->text.len == 0 && by_text)
		return NULL;
	gl_rule_key(&key, rule);
	if (key.len > sizeof probes->bytes - probes->used)
		return NULL;
	char *at = probes->bytes + probes->used;
	struct gl_probe *probe = &probes->probe[probes->count++];

	memcpy(at, key.bytes, key.len);
	probes->used += key.len;
	*probe =
	    (struct gl_probe){ .list = rule->list, .kind = rule->kind, .key = { at, key.len } };
	return probe;
}

static void ask_networks(struct gl_probes *probes, enum gl_list list,
    const struct gl_rules_use *use, const struct gl_address *client)
{
	const uint8_t *prefixes = client->family == GL_V4 ? use->v4 : use->v6;

	for (unsigned bits = gl_family_bits(client->family) + 1u; bits-- > 0;) {
		if (!has_bit(prefixes, bits))
			continue;
		struct gl_rule rule = { .list = list, .kind = GL_RULE_NETWORK };

		rule.network = gl_network_of(client, (uint8_t)bits);
		ask(probes, &rule);
	}
}

static struct gl_span without_root(struct gl_span name)
{
	return gl_span_head(name, name.len - (name.len > 0 && name.at[name.len - 1] == '.'));
}

/* Where the last n labels of the name begin, in starts[n]; returns the greatest n. */
static unsigned find_labels(size_t starts[GL_LABELS_MAX + 1], struct gl_span name)
{
	unsigned labels = 0;
	size_t at = name.len;

	while (at > 0 && labels < GL_LABELS_MAX) {
		size_t dot = gl_span_find_last(gl_span_head(name, at), '.');
		bool first = dot == at;

		at = first ? 0 : dot;
		starts[++labels] = first ? 0 : dot + 1;
	}
	return labels;
}

static void ask_domains(struct gl_probes *probes, enum gl_list list, const struct gl_rules_use *use,
    struct gl_span name)
{
	size_t starts[GL_LABELS_MAX + 1];

	name = without_root(name);
	for (unsigned labels = find_labels(starts, name); labels > 0; labels--) {
		if ((use->labels & UINT32_C(1) << labels) == 0)
			continue;
		struct gl_rule rule = { .list = list, .kind = GL_RULE_DOMAIN };

		rule.text = gl_span_skip(name, starts[labels]);
		ask(probes, &rule);
	}
}

/* Postgrey's and Postfix's way: the whole value as it is, "unknown" and the null sender included.
 */
static void ask_regexes(struct gl_probes *probes, enum gl_list list, const struct gl_rules_use *use,
    struct gl_span subject)
{
	struct gl_rule rule = { .list = list, .kind = GL_RULE_REGEX };

	for (; rule.number < use->regexes && rule.number < GL_REGEXES_MAX; rule.number++) {
		struct gl_probe *probe = ask(probes, &rule);

		if (probe != NULL)
			probe->subject = subject;
	}
}

static void ask_clients(struct gl_probes *probes, enum gl_list list, const struct gl_rules_use *use,
    const struct gl_exempt_question *question)
{
	if (question->client != NULL)
		ask_networks(probes, list, use, question->client);
	/* smtpd's word for a client whose name and address do not confirm each other */
	if (!gl_span_equal_fold(question->client_name, gl_span_of("unknown")))
		ask_domains(probes, list, use, question->client_name);
	if (list == GL_LIST_CLIENTS)
		ask_regexes(probes, list, use, question->client_name);
}

/* user+extension -> user; the whole where there is none, as with Postfix's recipient_delimiter. */
static struct gl_span without_extension(struct gl_span user, char delimiter)
{
	size_t at = delimiter == '\0' ? user.len : gl_span_find(user, delimiter);

	return at == 0 ? user : gl_span_head(user, at);
}

static void ask_address(
    struct gl_probes *probes, enum gl_list list, struct gl_span user, struct gl_span domain)
{
	char text[GL_RULE_TEXT_MAX];
	struct gl_out out = gl_out_into(text, sizeof text);

	gl_out_span(&out, user);
	gl_out_byte(&out, '@');
	gl_out_span(&out, domain);
	if (out.full || user.len == 0 || domain.len == 0)
		return;
	struct gl_rule rule = { .list = list, .kind = GL_RULE_ADDRESS };

	rule.text = gl_out_done(&out);
	ask(probes, &rule);
}

static void ask_mailbox(struct gl_probes *probes, enum gl_list list, const struct gl_rules_use *use,
    const struct gl_exempt_question *question)
{
	struct gl_span mailbox = list == GL_LIST_SENDERS ? question->sender : question->recipient;
	size_t at = gl_span_find_last(mailbox, '@');
	struct gl_span domain = without_root(gl_span_skip(mailbox, at + 1));
	struct gl_rule user = { .list = list, .kind = GL_RULE_USER };
	struct gl_rule plain = user;

	user.text = gl_span_head(mailbox, at);
	plain.text = without_extension(user.text, question->delimiter);
	bool extended = plain.text.len < user.text.len;

	if (use->address) {
		ask_address(probes, list, user.text, domain);
		if (extended)
			ask_address(probes, list, plain.text, domain);
	}
	/* RFC 5321 4.5.1: <postmaster> may come without a domain */
	if (use->user) {
		ask(probes, &user);
		if (extended)
			ask(probes, &plain);
	}
	ask_domains(probes, list, use, domain);
	ask_regexes(probes, list, use, mailbox);
}

void gl_exempt_probes(struct gl_probes *probes, const struct gl_rules_head *head,
    const struct gl_exempt_question *question)
{
	probes->count = 0;
	probes->used = 0;
	for (enum gl_list list = 0; list < GL_EXEMPT_LISTS; list++) {
		const struct gl_rules_use *use = &head->use[list];

		if (list == GL_LIST_RECIPIENTS || list == GL_LIST_SENDERS)
			ask_mailbox(probes, list, use, question);
		else
			ask_clients(probes, list, use, question);
	}
}
