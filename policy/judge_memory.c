#include "judge_memory.h"

#include <string.h>

#include "greylist/regex.h"
#include "greylist/sha1.h"

enum { LOOKUPS_MAX = 2 * GL_PROBES_MAX + 7 };

/* All that is looked up for one request, in one state of the table. */
struct looking {
	size_t count;
	struct gl_lookup at[LOOKUPS_MAX];
};

void gl_judge_settle(struct gl_judgement *judgement, enum gl_reason reason)
{
	judgement->pass = true;
	judgement->reason = reason;
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
	case GL_LIST_SUFFIXES:
	case GL_LIST_SUFFIX_WILDCARDS:
	case GL_LIST_SUFFIX_EXCEPTIONS:
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
	gl_judge_settle(judgement, list_reason(probe->list));
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
	question.sender = gl_triplet_sender(&judgement->triplet);
	gl_exempt_probes(&judgement->override_probes, bench->overrides, &question);
}

/* What a postmaster said: in force, it lets pass, or keeps from the auto-whitelist. */
static void overrule(struct gl_judgement *judgement, const struct gl_lookup *lookup, int64_t now)
{
	struct gl_override override;
	enum gl_override_kind kind;
	if (gl_override_kind_of(&kind, lookup->key) != GL_OK ||
	    gl_override_decode(&override, lookup->value) != GL_OK ||
	    !gl_override_in_force(&override, now))
		return;
	judgement->override = override;
	if (kind == GL_OVERRIDE_NEVER)
		judgement->never_counted = judgement->never_override = true;
	else
		gl_judge_settle(judgement, GL_REASON_ALLOWED);
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

struct gl_span gl_judge_keep(struct gl_judgement *judgement, struct gl_span lent)
{
	struct gl_out out = gl_out_into(
	    judgement->kept + judgement->kept_len, sizeof judgement->kept - judgement->kept_len);
	gl_out_span(&out, lent);
	judgement->kept_len += out.len;
	return gl_out_done(&out);
}

static void keep_rule(struct gl_judgement *judgement, struct gl_rule_source *rule)
{
	rule->file = gl_judge_keep(judgement, rule->file);
	rule->text = gl_judge_keep(judgement, rule->text);
	rule->code = gl_span_of(NULL);
}

static void keep_all(struct gl_judgement *judgement)
{
	keep_rule(judgement, &judgement->rule);
	keep_rule(judgement, &judgement->never);
	keep_rule(judgement, &judgement->hopeless);
	judgement->override.who = gl_judge_keep(judgement, judgement->override.who);
	judgement->override.reason = gl_judge_keep(judgement, judgement->override.reason);
}

enum gl_status gl_judge_read_record(struct gl_record *record, bool *seen,
    const struct gl_triplet *triplet, const struct gl_lookup *lookup)
{
	*seen = false;
	if (!lookup->found)
		return GL_OK;
	enum gl_status status = gl_record_decode(record, lookup->value);
	/* The digest stands in for the text; where the two disagree the text is right. */
	*seen = status == GL_OK && gl_text_agrees(record->text, gl_triplet_text(triplet));
	if (record->text.len > 0)
		record->text = gl_triplet_text(triplet);
	record->rest = gl_span_of(NULL);
	return status == GL_VERSION ? status : GL_OK;
}

static enum gl_status read_memory(
    struct gl_judgement *judgement, const struct gl_lookup *client, const struct gl_lookup *triplet)
{
	enum gl_status status = GL_OK;
	if (client->found) {
		status = gl_client_decode(&judgement->memory, client->value);
		judgement->client_seen = status == GL_OK;
		judgement->memory.rest = gl_span_of(NULL);
	}
	if (status == GL_VERSION)
		return status;
	status = gl_judge_read_record(
	    &judgement->record, &judgement->seen, &judgement->triplet, triplet);
	judgement->record.origin = gl_span_of(NULL);
	return status;
}

static bool same_stamp(const struct gl_lookup *stored, const struct gl_rules_head *head)
{
	struct gl_rules_head found;
	return stored->found && gl_rules_head_decode(&found, stored->value) == GL_OK &&
	       memcmp(found.stamp, head->stamp, GL_STAMP_SIZE) == 0;
}

/* A head that cannot be read, as a later version may leave one behind, leads to nothing. */
static bool said_since(const struct gl_lookup *stored, const struct gl_rules_head *head)
{
	struct gl_rules_head found;
	return stored->found && gl_rules_head_decode(&found, stored->value) == GL_OK &&
	       memcmp(found.stamp, head->stamp, GL_STAMP_SIZE) != 0;
}

static struct gl_lookup *ask(struct looking *looking, enum gl_table table, struct gl_span key)
{
	struct gl_lookup *lookup = &looking->at[looking->count++];
	*lookup = (struct gl_lookup){ .table = table, .key = key };
	return lookup;
}

static struct gl_lookup *ask_probes(
    struct looking *looking, enum gl_table table, const struct gl_probes *probes)
{
	struct gl_lookup *first = &looking->at[looking->count];
	for (size_t i = 0; i < probes->count; i++)
		ask(looking, table, probes->probe[i].key);
	return first;
}

/* The first rule that matches decides; then those that were said by hand, while they last. */
static void weigh(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_lookup *rules, const struct gl_lookup *overrides, int64_t now)
{
	if (bench->rules != NULL)
		exempt_here(judgement, bench->rules);
	for (size_t i = 0; bench->rules == NULL && i < judgement->probes.count; i++)
		if (rules[i].found &&
		    decides(judgement, &judgement->probes.probe[i], rules[i].value))
			break;
	/* The triplet's own comes first, in front of the probes. */
	for (size_t i = 0; !judgement->pass && i < 1 + judgement->override_probes.count; i++)
		if (overrides[i].found)
			overrule(judgement, &overrides[i], now);
}

/* Everything in one look at the table: the rules' head, the rules, the client, the triplet. */
static enum gl_status look_up(
    struct gl_judgement *judgement, const struct gl_bench *bench, int64_t now)
{
	struct looking looking = { .count = 0 };
	struct gl_key head_key, allowed;
	static const struct gl_probes none;
	gl_rules_head_key(&head_key);
	gl_override_triplet_key(&allowed, &judgement->triplet.key);
	struct gl_lookup *client = ask(
	    &looking, GL_TABLE_CLIENT, gl_key_span(&judgement->client_key));
	struct gl_lookup *triplet = ask(
	    &looking, GL_TABLE_TRIPLET, gl_key_span(&judgement->triplet.key));
	struct gl_lookup *head = ask(&looking, GL_TABLE_RULES, gl_key_span(&head_key));
	struct gl_lookup *said = ask(&looking, GL_TABLE_OVERRIDE, gl_key_span(&head_key));
	struct gl_lookup *overrides = ask(&looking, GL_TABLE_OVERRIDE, gl_key_span(&allowed));
	ask_probes(&looking, GL_TABLE_OVERRIDE, &judgement->override_probes);
	struct gl_lookup *rules = ask_probes(
	    &looking, GL_TABLE_RULES, bench->rules == NULL ? &judgement->probes : &none);
	struct gl_lookup *inherited = &looking.at[looking.count];
	if (judgement->inherits) {
		ask(&looking, GL_TABLE_CLIENT, gl_key_span(&judgement->inherited_client));
		ask(&looking, GL_TABLE_TRIPLET, gl_key_span(&judgement->inherited_triplet));
	}
	enum gl_status status = gl_store_lookup(bench->store, looking.at, looking.count);
	if (status != GL_OK)
		return status;
	if ((bench->rules == NULL && !same_stamp(head, bench->head)) ||
	    said_since(said, bench->overrides))
		return GL_REPLACED;
	weigh(judgement, bench, rules, overrides, now);
	keep_all(judgement);
	if (judgement->inherits) {
		judgement->client_inherited = !client->found && inherited[0].found;
		client = judgement->client_inherited ? &inherited[0] : client;
		triplet = triplet->found ? triplet : &inherited[1];
	}
	return read_memory(judgement, client, triplet);
}

enum gl_status gl_judge_recall(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now)
{
	enum gl_status status = prepare_keys(judgement, bench, request);
	if (status != GL_OK)
		return status;
	prepare_probes(judgement, bench, request);
	if (bench->config->postgrey_hashes)
		prepare_inherited(judgement, request);
	return look_up(judgement, bench, now);
}
