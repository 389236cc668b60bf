/*
 * Entries of the lists: an entry that is taken can be written down and
 * read again as the same entry, and whoever it names is found by it.
 *
 * The first byte says which list; the second one is the delimiter.
 */
#include "greylist/exempt.h"
#include "target.h"

static void write_down(struct gl_out *out, const struct gl_rule *rule)
{
	if (rule->kind == GL_RULE_REGEX)
		gl_out_byte(out, '/');
	if (rule->kind == GL_RULE_NETWORK)
		gl_out_network(out, &rule->network);
	else
		gl_out_span(out, rule->text);
	if (rule->kind == GL_RULE_REGEX)
		gl_out_byte(out, '/');
	if (rule->kind == GL_RULE_USER)
		gl_out_byte(out, '@');
}

static void read_back(const struct gl_rule *rule)
{
	char text[GL_REGEX_TEXT_MAX];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_rule again;
	const char *why = NULL;
	struct gl_key key;
	struct gl_key other;

	write_down(&out, rule);
	REQUIRE(!out.full);
	REQUIRE(gl_rule_parse(&again, rule->list, gl_out_done(&out), &why) == GL_OK);
	REQUIRE(again.kind == rule->kind && again.list == rule->list);
	gl_rule_key(&key, rule);
	gl_rule_key(&other, &again);
	REQUIRE(key.len > 2 && key.len <= GL_KEY_MAX);
	REQUIRE(gl_span_equal(gl_key_span(&key), gl_key_span(&other)));
}

/* Whoever the rule names, asking. */
static struct gl_exempt_question question_of(const struct gl_rule *rule, struct gl_out *mailbox)
{
	struct gl_exempt_question question = { .client = NULL };

	if (rule->kind == GL_RULE_DOMAIN)
		gl_out_text(mailbox, "somebody@");
	write_down(mailbox, rule);
	if (rule->kind == GL_RULE_USER)
		gl_out_text(mailbox, "any.test");
	question.client = rule->kind == GL_RULE_NETWORK ? &rule->network.base : NULL;
	question.client_name = rule->text;
	question.recipient = gl_out_done(mailbox);
	question.sender = question.recipient;
	return question;
}

static bool asks_for(const struct gl_probes *probes, const struct gl_rule *rule)
{
	struct gl_key key;

	gl_rule_key(&key, rule);
	for (size_t i = 0; i < probes->count; i++)
		if (probes->probe[i].list == rule->list &&
		    gl_span_equal(probes->probe[i].key, gl_key_span(&key)))
			return true;
	return false;
}

static void find(const struct gl_rule *rule, char delimiter)
{
	static struct gl_probes probes;
	char text[GL_REGEX_TEXT_MAX + 16];
	struct gl_out mailbox = gl_out_into(text, sizeof text);
	struct gl_rules_head head = { .stamp = { 0 } };
	struct gl_rules_head read = head;
	uint8_t bytes[GL_RULES_HEAD_SIZE];
	struct gl_exempt_question question = question_of(rule, &mailbox);

	REQUIRE(!mailbox.full);
	question.delimiter = delimiter;
	gl_rules_head_add(&head, rule);
	gl_rules_head_encode(bytes, &head);
	struct gl_span encoded = { (const char *)bytes, sizeof bytes };

	REQUIRE(gl_rules_head_decode(&read, encoded) == GL_OK);
	gl_exempt_probes(&probes, &read, &question);
	REQUIRE(asks_for(&probes, rule));
}

/* Any bytes may be asked about, and any may turn up as a value or as the head. */
static void take_anything(struct gl_span bytes, char delimiter)
{
	static struct gl_probes probes;
	struct gl_rules_head head;
	struct gl_rule_source source;
	struct gl_exempt_question question = {
		.client_name = bytes, .recipient = bytes, .sender = bytes, .delimiter = delimiter
	};
	char again[4096];
	struct gl_out out = gl_out_into(again, sizeof again);

	if (gl_rule_value_decode(&source, bytes) == GL_OK) {
		gl_rule_value_encode(&out, &source);
		REQUIRE(out.full || gl_span_equal(gl_out_done(&out), bytes));
	}
	if (gl_rules_head_decode(&head, bytes) != GL_OK)
		return;
	gl_exempt_probes(&probes, &head, &question);
	REQUIRE(probes.count <= GL_PROBES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gl_span all = { (const char *)data, size };
	struct gl_span line = gl_span_skip(all, 2);
	const char *why = NULL;
	struct gl_rule rule;

	if (size < 2)
		return 0;
	char delimiter = all.at[1];

	take_anything(line, delimiter);
	enum gl_status status = gl_rule_parse(
	    &rule, (enum gl_list)(data[0] % GL_EXEMPT_LISTS), line, &why);

	if (status == GL_OK) {
		read_back(&rule);
		find(&rule, delimiter);
	} else if (status != GL_NOT_FOUND) {
		REQUIRE(status == GL_MALFORMED || status == GL_TOO_LONG);
		REQUIRE(why != NULL && why[0] != '\0');
	}
	return 0;
}
