#include "judge.h"

#include <string.h>

#include "greylist/regex.h"
#include "greylist/sha1.h"

enum { LOOKUPS_MAX = GL_PROBES_MAX + 5 };

static void settle(struct gl_judgement *judgement, enum gl_reason reason)
{
	judgement->pass = true;
	judgement->reason = reason;
}

static void reset(struct gl_judgement *judgement)
{
	judgement->pass = false;
	judgement->reason = GL_REASON_STATE;
	judgement->wait = 0;
	judgement->delayed = -1;
	judgement->first_pass = false;
	judgement->header = false;
	judgement->whitelisted = false;
	judgement->rule = (struct gl_rule_source){ .line = 0 };
	judgement->never_counted = false;
	judgement->never = (struct gl_rule_source){ .line = 0 };
	judgement->gave_up = false;
	judgement->hopeless = (struct gl_rule_source){ .line = 0 };
	judgement->asked = false;
	judgement->seen = false;
	judgement->client_seen = false;
	judgement->inherits = false;
	judgement->client_inherited = false;
	judgement->op_count = 0;
}

static bool incomplete(struct gl_judgement *judgement, const struct gl_request *request)
{
	return !gl_request_has(request, GL_ATTR_CLIENT_NAME) ||
	       !gl_request_has(request, GL_ATTR_SENDER) ||
	       gl_request_get(request, GL_ATTR_RECIPIENT).len == 0 ||
	       gl_address_parse(
		   &judgement->client, gl_request_get(request, GL_ATTR_CLIENT_ADDRESS)) != GL_OK;
}

bool gl_judge_early(struct gl_judgement *judgement, const struct gl_config *config,
    const struct gl_request *request)
{
	reset(judgement);
	if (!gl_span_equal(gl_request_get(request, GL_ATTR_PROTOCOL_STATE), gl_span_of("RCPT")))
		settle(judgement, GL_REASON_STATE);
	else if (incomplete(judgement, request))
		settle(judgement, GL_REASON_INCOMPLETE);
	else if (config->mode == GL_MODE_OFF)
		settle(judgement, GL_REASON_MODE);
	else if (gl_request_get(request, GL_ATTR_SASL_USERNAME).len > 0)
		settle(judgement, GL_REASON_AUTHENTICATED);
	return judgement->pass;
}

static enum gl_reason list_reason(enum gl_list list)
{
	switch (list) {
	case GL_LIST_RELAYS:
		return GL_REASON_RELAY;
	case GL_LIST_CLIENTS:
		return GL_REASON_CLIENT_LIST;
	case GL_LIST_RECIPIENTS:
		return GL_REASON_RECIPIENT_LIST;
	case GL_LIST_SENDERS:
	case GL_LIST_NEVER:
	case GL_LISTS:
		break;
	}
	return GL_REASON_SENDER_LIST;
}

/* An expression that gives up has not matched. */
static bool matches(
    struct gl_judgement *judgement, const struct gl_rule_source *rule, const struct gl_probe *probe)
{
	enum gl_status status = gl_regex_search(
	    rule->code, gl_rule_expression(rule->text), probe->subject);
	/* Where expressions are not built in the list's compilation said so. */
	if (status != GL_OK && status != GL_NOT_FOUND && status != GL_UNSUPPORTED &&
	    !judgement->gave_up) {
		judgement->gave_up = true;
		judgement->hopeless = *rule;
	}
	return status == GL_OK;
}

/* Whether the rule that a probe led to decides. */
static bool decides(
    struct gl_judgement *judgement, const struct gl_probe *probe, struct gl_span value)
{
	struct gl_rule_source rule = { .line = 0 };
	bool known = gl_rule_value_decode(&rule, value) == GL_OK;

	if (probe->kind == GL_RULE_REGEX && (!known || !matches(judgement, &rule, probe)))
		return false;
	if (probe->list == GL_LIST_NEVER) {
		judgement->never_counted = true;
		judgement->never = rule;
		return true;
	}
	judgement->list = probe->list;
	judgement->rule = rule;
	settle(judgement, list_reason(probe->list));
	return true;
}

static void prepare_probes(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_request *request)
{
	struct gl_exempt_question question = {
		.client = &judgement->client,
		.client_name = gl_request_get(request, GL_ATTR_CLIENT_NAME),
		.recipient = gl_request_get(request, GL_ATTR_RECIPIENT),
		.sender = gl_request_get(request, GL_ATTR_SENDER),
		.delimiter = bench->config->recipient_delimiter,
	};
	gl_exempt_probes(&judgement->probes, bench->head, &question);
}

/* Asks the rules that this process compiled. */
static void exempt_here(struct gl_judgement *judgement, const struct gl_ruleset *rules)
{
	for (size_t i = 0; i < judgement->probes.count; i++) {
		const struct gl_probe *probe = &judgement->probes.probe[i];
		struct gl_span value;
		if (gl_ruleset_find(rules, probe->key, &value) == GL_OK &&
		    decides(judgement, probe, value))
			return;
	}
}

static enum gl_status prepare_keys(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_request *request)
{
	uint8_t prefix = judgement->client.family == GL_V4 ? bench->config->ipv4_prefix
							   : bench->config->ipv6_prefix;
	struct gl_network network = gl_network_of(&judgement->client, prefix);
	if (bench->config->auto_whitelist_per == GL_PER_NETWORK)
		gl_network_key(&judgement->client_key, &network);
	else
		gl_client_key(&judgement->client_key, &judgement->client);
	judgement->asked = true;
	return gl_triplet_make(&judgement->triplet, &network,
	    gl_request_get(request, GL_ATTR_SENDER), gl_request_get(request, GL_ATTR_RECIPIENT),
	    gl_store_secret(bench->store));
}

/* The keys under which a Postgrey with --privacy kept the same triplet and client. */
static void prepare_inherited(struct gl_judgement *judgement, const struct gl_request *request)
{
	char text[GL_INHERITED_MAX];
	uint8_t digest[GL_SHA1_SIZE];
	struct gl_out out = gl_out_into(text, sizeof text);
	gl_out_inherited_triplet(&out, &judgement->triplet.client,
	    gl_request_get(request, GL_ATTR_SENDER), gl_request_get(request, GL_ATTR_RECIPIENT));
	if (gl_sha1(digest, gl_out_done(&out)) != GL_OK)
		return;
	gl_inherited_key(&judgement->inherited_triplet, digest);
	out = gl_out_into(text, sizeof text);
	gl_out_inherited_client(&out, &judgement->client);
	if (gl_sha1(digest, gl_out_done(&out)) != GL_OK)
		return;
	gl_inherited_key(&judgement->inherited_client, digest);
	judgement->inherits = true;
}

static enum gl_status read_memory(
    struct gl_judgement *judgement, const struct gl_lookup *client, const struct gl_lookup *triplet)
{
	enum gl_status status = GL_OK;
	if (client->found) {
		status = gl_client_decode(&judgement->memory, client->value);
		judgement->client_seen = status == GL_OK;
	}
	if (triplet->found && status != GL_VERSION) {
		status = gl_record_decode(&judgement->record, triplet->value);
		/* The digest stands in for the text; where the two disagree the text is right. */
		judgement->seen = status == GL_OK && gl_text_agrees(judgement->record.text,
							 gl_triplet_text(&judgement->triplet));
	}
	return status == GL_VERSION ? status : GL_OK;
}

static bool same_stamp(const struct gl_lookup *stored, const struct gl_rules_head *head)
{
	struct gl_rules_head found;
	return stored->found && gl_rules_head_decode(&found, stored->value) == GL_OK &&
	       memcmp(found.stamp, head->stamp, GL_STAMP_SIZE) == 0;
}

/* Everything in one look at the table: the rules' head, the rules, the client, the triplet. */
static enum gl_status look_up(struct gl_judgement *judgement, const struct gl_bench *bench)
{
	struct gl_lookup lookups[LOOKUPS_MAX];
	struct gl_key head_key;
	size_t probes = bench->rules == NULL ? judgement->probes.count : 0;
	gl_rules_head_key(&head_key);
	lookups[0] = (struct gl_lookup){ .table = GL_TABLE_CLIENT,
		.key = gl_key_span(&judgement->client_key) };
	lookups[1] = (struct gl_lookup){ .table = GL_TABLE_TRIPLET,
		.key = gl_key_span(&judgement->triplet.key) };
	lookups[2] = (struct gl_lookup){ .table = GL_TABLE_RULES, .key = gl_key_span(&head_key) };
	for (size_t i = 0; i < probes; i++)
		lookups[3 + i] = (struct gl_lookup){ .table = GL_TABLE_RULES,
			.key = judgement->probes.probe[i].key };

	struct gl_lookup *inherited = &lookups[3 + probes];
	if (judgement->inherits) {
		inherited[0] = (struct gl_lookup){ .table = GL_TABLE_CLIENT,
			.key = gl_key_span(&judgement->inherited_client) };
		inherited[1] = (struct gl_lookup){ .table = GL_TABLE_TRIPLET,
			.key = gl_key_span(&judgement->inherited_triplet) };
	}
	enum gl_status status = gl_store_lookup(
	    bench->store, lookups, 3 + probes + (judgement->inherits ? 2 : 0));
	if (status != GL_OK)
		return status;
	if (bench->rules == NULL && !same_stamp(&lookups[2], bench->head))
		return GL_REPLACED;
	for (size_t i = 0; i < probes; i++) {
		if (lookups[3 + i].found &&
		    decides(judgement, &judgement->probes.probe[i], lookups[3 + i].value))
			break;
	}
	if (judgement->inherits) {
		judgement->client_inherited = !lookups[0].found && inherited[0].found;
		if (judgement->client_inherited)
			lookups[0] = inherited[0];
		if (!lookups[1].found)
			lookups[1] = inherited[1];
	}
	return read_memory(judgement, &lookups[0], &lookups[1]);
}

static struct gl_op *add_op(
    struct gl_judgement *judgement, enum gl_op_kind kind, const struct gl_key *key)
{
	struct gl_op *op = &judgement->ops[judgement->op_count++];
	*op = (struct gl_op){ .kind = kind, .key = key };
	return op;
}

static void count_client(struct gl_judgement *judgement, const struct gl_bench *bench, int64_t now,
    const uint8_t message[GL_DIGEST_SIZE])
{
	int64_t forget = now - bench->config->timing.max_age;
	if (judgement->client_inherited && judgement->client_seen) {
		struct gl_op *heritage = add_op(
		    judgement, GL_OP_CLIENT_MEMORY, &judgement->client_key);
		heritage->client = judgement->memory;
		heritage->forget = forget;
	}
	struct gl_op *op = add_op(judgement, GL_OP_CLIENT, &judgement->client_key);
	op->now = now;
	op->forget = forget;
	op->uncounted = judgement->never_counted;
	memcpy(op->message, message, GL_DIGEST_SIZE);
}

static bool auto_whitelisted(
    struct gl_judgement *judgement, const struct gl_bench *bench, int64_t now)
{
	static const uint8_t no_message[GL_DIGEST_SIZE];
	const struct gl_timing *timing = &bench->config->timing;
	const struct gl_client *memory = judgement->client_seen ? &judgement->memory : NULL;
	if (judgement->never_counted ||
	    !gl_client_passes(timing, memory, bench->config->auto_whitelist, now))
		return false;
	settle(judgement, GL_REASON_AUTO_WHITELIST);
	if (gl_client_counts(timing, memory, now))
		count_client(judgement, bench, now, no_message);
	return true;
}

/* What a first pass leaves behind for the client: a success, and which message it was. */
static void first_pass(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	const struct gl_timing *timing = &bench->config->timing;
	const struct gl_client *memory = judgement->client_seen ? &judgement->memory : NULL;
	uint8_t message[GL_DIGEST_SIZE] = { 0 };
	if (instance.len > 0)
		gl_digest(message, instance, gl_store_secret(bench->store));
	bool same_message = instance.len > 0 && memory != NULL &&
			    memcmp(memory->message, message, GL_DIGEST_SIZE) == 0;
	bool counts = !judgement->never_counted && gl_client_counts(timing, memory, now);
	bool forgotten = gl_client_expired(timing, memory, now);
	bool rises = counts && (forgotten || now >= memory->last_counted);
	uint32_t before = forgotten ? 0 : memory->count;

	judgement->first_pass = true;
	judgement->header = !same_message;
	judgement->whitelisted = rises && bench->config->auto_whitelist == before + 1;
	if (counts || !same_message)
		count_client(judgement, bench, now, message);
}

static void decide(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	struct gl_verdict verdict = gl_decide(
	    &bench->config->timing, judgement->seen ? &judgement->record : NULL, now);
	judgement->pass = verdict.pass;
	judgement->reason = verdict.reason;
	judgement->wait = verdict.wait;
	judgement->delayed = verdict.pass ? verdict.delayed : -1;
	if (verdict.remember) {
		struct gl_op *op = add_op(judgement, GL_OP_TRIPLET, &judgement->triplet.key);
		op->base = judgement->seen ? judgement->record.first_seen : 0;
		op->record = verdict.next;
		op->record.text = bench->config->privacy ? gl_span_of(NULL)
							 : gl_triplet_text(&judgement->triplet);
	}
	if (verdict.first_pass)
		first_pass(judgement, bench, instance, now);
}

enum gl_status gl_judge(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now)
{
	if (gl_judge_early(judgement, bench->config, request))
		return GL_OK;
	prepare_probes(judgement, bench, request);
	enum gl_status status = prepare_keys(judgement, bench, request);
	if (status == GL_OK && bench->config->postgrey_hashes)
		prepare_inherited(judgement, request);
	if (status == GL_OK)
		status = look_up(judgement, bench);
	if (status != GL_OK)
		return status;
	if (bench->rules != NULL)
		exempt_here(judgement, bench->rules);
	if (judgement->pass || auto_whitelisted(judgement, bench, now))
		return GL_OK;
	decide(judgement, bench, gl_request_get(request, GL_ATTR_INSTANCE), now);
	return GL_OK;
}
