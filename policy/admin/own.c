#include "own.h"

#include <stdlib.h>

#include "postfix.h"

enum { NETWORKS_MAX = 1024 };

struct gl_own {
	struct gl_ruleset *rules; /* relays and never_auto_whitelist */
	size_t count;
	struct gl_network networks[NETWORKS_MAX];
	struct gl_probes probes;
};

/* What is wrong with the options was said when the configuration was read. */
static void pass_over(void *context, const char *mistake)
{
	(void)context;
	(void)mistake;
}

/* The lists' files are not asked: who never waits may be learnt all the same. */
static enum gl_status compile(struct gl_own *own, const struct gl_world *world)
{
	struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX];
	struct gl_rules_hooks hooks = { .mistake = pass_over };
	size_t count = gl_world_rule_inputs(world, inputs), kept = 0;
	for (size_t i = 0; i < count; i++)
		if (inputs[i].words != NULL)
			inputs[kept++] = inputs[i];
	return gl_rules_compile(&own->rules, inputs, kept, &hooks);
}

static void add_network(struct gl_own *own, struct gl_span text)
{
	char plain[GL_NETWORK_TEXT + 2];
	struct gl_out out = gl_out_into(plain, sizeof plain);
	struct gl_network network;
	/* Postfix writes IPv6 in brackets: [2001:db8::]/32 */
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '[' && text.at[i] != ']')
			gl_out_byte(&out, text.at[i]);
	if (out.full || own->count == NETWORKS_MAX)
		return;
	enum gl_status status = gl_network_parse(&network, gl_out_done(&out));
	if (status == GL_OK || status == GL_TOO_LONG)
		own->networks[own->count++] = network;
}

static void add_networks(struct gl_own *own, struct gl_span text)
{
	while (text.len > 0) {
		size_t len = 0;
		while (len < text.len && text.at[len] != ',' && text.at[len] != ' ' &&
		       text.at[len] != '\t' && text.at[len] != '\n')
			len++;
		if (len > 0)
			add_network(own, gl_span_head(text, len));
		text = gl_span_skip(text, len + 1);
	}
}

static bool ask_postfix(struct gl_own *own, const struct gl_admin *admin)
{
	static const char *const words[] = { "-hx", "mynetworks", NULL };
	struct gl_complaint why = { "" };
	char *answer = NULL;
	enum gl_status status = gl_postconf(&answer, admin->postfix_config, words, &why);
	if (status == GL_OK)
		add_networks(own, gl_span_of(answer));
	free(answer);
	if (status == GL_OK || admin->postfix_config == NULL)
		return true;
	gl_admin_say(admin, "%s: its mynetworks cannot be had: %s", admin->postfix_config,
	    why.text[0] != '\0' ? why.text : gl_status_text(status));
	return false;
}

struct gl_own *gl_own_new(const struct gl_admin *admin)
{
	static const char *const always[] = { "127.0.0.0/8", "::1/128" };
	struct gl_own *own = calloc(1, sizeof *own);
	if (own == NULL || compile(own, &admin->world) != GL_OK) {
		gl_admin_say(admin, "out of memory");
		gl_own_free(own);
		return NULL;
	}
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		add_network(own, gl_span_of(always[i]));
	if (ask_postfix(own, admin))
		return own;
	gl_own_free(own);
	return NULL;
}

void gl_own_free(struct gl_own *own)
{
	if (own != NULL)
		gl_rules_free(own->rules);
	free(own);
}

bool gl_own_is(
    struct gl_own *own, const struct gl_address *client, struct gl_span name, bool *uncounted)
{
	struct gl_exempt_question question = { .client = client, .client_name = name };
	bool is_own = false;
	*uncounted = false;
	gl_exempt_probes(&own->probes, &own->rules->head, &question);
	for (size_t i = 0; i < own->probes.count; i++) {
		const struct gl_probe *probe = &own->probes.probe[i];
		struct gl_span value;
		if (gl_ruleset_find(own->rules, probe->key, &value) != GL_OK)
			continue;
		is_own = is_own || probe->list == GL_LIST_RELAYS;
		*uncounted = *uncounted || probe->list == GL_LIST_NEVER;
	}
	for (size_t i = 0; i < own->count && !is_own; i++)
		is_own = gl_network_contains(&own->networks[i], client);
	return is_own;
}
