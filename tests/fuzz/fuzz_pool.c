/*
 * A rule of public suffixes and a client's name. A rule that is taken can
 * be written in the form of DNS and is the same one again, and a name
 * right below it is found by it; any name's pool is a tail of it.
 *
 * The first byte says which family, the next 16 are the client's address;
 * then come the rule and, behind a newline, the name.
 */
#include "greylist/pool.h"
#include "target.h"

#include <string.h>

enum { HEAD = 1 + 16, TEXT = 1024 };

static void write_down(struct gl_out *out, const struct gl_rule *rule, const struct gl_key *key)
{
	if (rule->list == GL_LIST_SUFFIX_EXCEPTIONS)
		gl_out_byte(out, '!');
	if (rule->list == GL_LIST_SUFFIX_WILDCARDS)
		gl_out_text(out, "*.");
	gl_out_span(out, gl_span_skip(gl_key_span(key), 2));
}

static void read_back(const struct gl_rule *rule, const struct gl_key *key)
{
	char text[TEXT];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_rule again;
	struct gl_key other;
	const char *why = NULL;

	write_down(&out, rule, key);
	REQUIRE(!out.full);
	REQUIRE(gl_rule_parse(&again, GL_LIST_SUFFIXES, gl_out_done(&out), &why) == GL_OK);
	REQUIRE(why == NULL && again.list == rule->list);
	gl_rule_key(&other, &again);
	REQUIRE(gl_span_equal(gl_key_span(key), gl_key_span(&other)));
}

static struct gl_span pool_of(
    const struct gl_rules_head *head, const struct gl_key *key, struct gl_span name)
{
	static struct gl_suffix_probes probes;
	bool found[GL_SUFFIX_PROBES_MAX];

	gl_suffix_probes(&probes, head, name);
	REQUIRE(probes.count <= GL_SUFFIX_PROBES_MAX);
	for (size_t i = 0; i < probes.count; i++) {
		REQUIRE(probes.probe[i].labels >= 1);
		found[i] = key != NULL && gl_span_equal(probes.probe[i].key, gl_key_span(key));
	}
	return gl_pool_domain(name, &probes, found);
}

static void check_pool(struct gl_span name, struct gl_span pool)
{
	size_t end = name.len - (name.len > 0 && name.at[name.len - 1] == '.');

	if (pool.len == 0)
		return;
	REQUIRE(pool.at >= name.at && pool.at + pool.len == name.at + end);
	REQUIRE(pool.at == name.at || pool.at[-1] == '.');
	REQUIRE(gl_span_find(pool, '.') < pool.len);
}

/* Two labels in front of the rule's: what is somebody's has one or two of them, or the rule alone.
 */
static void find(const struct gl_rule *rule, const struct gl_key *key)
{
	char text[TEXT];
	struct gl_out name = gl_out_into(text, sizeof text);
	struct gl_rules_head head = { .stamp = { 0 } };
	struct gl_span domain = gl_span_skip(gl_key_span(key), 2);
	size_t more = rule->list == GL_LIST_SUFFIXES ? 2 : 4;

	gl_out_text(&name, "a.b.");
	gl_out_span(&name, domain);
	gl_rules_head_add(&head, rule);
	head.use[GL_LIST_SUFFIXES].labels |= UINT32_C(1) << 2;
	struct gl_span pool = pool_of(&head, key, gl_out_done(&name));

	if (rule->list == GL_LIST_SUFFIX_EXCEPTIONS)
		more = 0;
	/* a name of so many bytes is none */
	if (name.len > 253)
		REQUIRE(pool.len == 0);
	else
		REQUIRE(pool.len == domain.len + more);
}

static void take_rule(struct gl_span line)
{
	const char *why = NULL;
	struct gl_rule rule;
	struct gl_key key;
	enum gl_status status = gl_rule_parse(&rule, GL_LIST_SUFFIXES, line, &why);

	if (status == GL_OK) {
		gl_rule_key(&key, &rule);
		REQUIRE(key.len > 2 && key.len <= 2 + 253);
		read_back(&rule, &key);
		find(&rule, &key);
	} else if (status != GL_NOT_FOUND) {
		REQUIRE(status == GL_MALFORMED || status == GL_TOO_LONG);
		REQUIRE(why != NULL && why[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gl_address client = { .family = GL_V6 };
	struct gl_rules_head all;
	struct gl_span text = { (const char *)data, size };

	if (size < HEAD)
		return 0;
	if ((data[0] & 1) == 0)
		client.family = GL_V4;
	memcpy(client.bytes, data + 1, client.family == GL_V4 ? 4 : 16);
	text = gl_span_skip(text, HEAD);
	struct gl_span line = gl_span_head(text, gl_span_find(text, '\n'));
	struct gl_span name = gl_span_skip(text, line.len + 1);

	memset(&all, 0xff, sizeof all);
	take_rule(line);
	check_pool(name, pool_of(&all, NULL, name));
	enum gl_name_kind kind = gl_name_looks(name, &client);

	REQUIRE(kind <= GL_NAME_DYNAMIC);
	REQUIRE((kind == GL_NAME_DYNAMIC) <= (gl_name_looks(name, NULL) == GL_NAME_DYNAMIC));
	return 0;
}
