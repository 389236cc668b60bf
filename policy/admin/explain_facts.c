#include <string.h>

#include "explain.h"

enum { SLICE = 4096 };

static enum gl_status judge(struct gl_admin *admin, struct gl_explanation *explanation)
{
	enum gl_status status;
	do {
		struct gl_bench bench = gl_world_bench(&admin->world);
		status = gl_judge(
		    &explanation->judgement, &bench, &explanation->request, admin->now);
	} while (gl_admin_again(admin, status));
	return status;
}

/* An auto-whitelisted client passes by its own record, everything else by the triplet's. */
static void choose_record(struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	struct gl_entry *record = &explanation->record;
	explanation->has_record = true;
	if (judgement->reason == GL_REASON_AUTO_WHITELIST) {
		*record = (struct gl_entry){ .table = GL_TABLE_CLIENT,
			.memory = judgement->memory };
		explanation->has_record = gl_key_identity(&record->identity,
					      gl_key_span(&judgement->client_key)) == GL_OK;
		return;
	}
	*record = (struct gl_entry){ .table = GL_TABLE_TRIPLET };
	if (judgement->reason == GL_REASON_ANSWERED) {
		record->identity.kind = GL_BY_ANYONE;
		record->record = judgement->answered;
	} else if (judgement->by_pool) {
		record->identity = judgement->pool;
		record->record = judgement->pool_record;
	} else if (judgement->asked && judgement->seen) {
		record->identity.network = judgement->triplet.client;
		record->record = judgement->record;
	} else {
		explanation->has_record = false;
	}
}

static void reckon(const struct gl_admin *admin, struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	const struct gl_timing *timing = &judgement->terms.timing;
	const struct gl_record *record = &explanation->record.record;
	explanation->retry_at = judgement->pass ? 0 : admin->now + judgement->wait;
	explanation->retry_until = 0;
	enum gl_state state = GL_STATE_EXPIRED;
	if (explanation->has_record && explanation->record.table == GL_TABLE_TRIPLET)
		state = gl_record_state(timing, record, admin->now);
	/* Of a clock that was set back gl_decide makes a stranger. */
	bool ahead = state == GL_STATE_WAITING && record->first_seen > admin->now;
	explanation->fresh = state == GL_STATE_EXPIRED || ahead;
	if (state == GL_STATE_WAITING && !ahead)
		explanation->retry_until = record->first_seen + timing->retry_window;
}

/* One walk through a part of a table, and what is looked for in it. */
struct search {
	const struct gl_admin *admin;
	const struct gl_explanation *explanation;
	struct gl_others *others;
	uint64_t left; /* entries that may still be looked at */
	struct gl_network network;
};

static void count(struct gl_others *others, const struct gl_entry *entry)
{
	if (others->count < GL_NAMED_MAX)
		others->named[others->count] = *entry;
	others->count++;
}

static enum gl_status walk(
    struct gl_admin *admin, struct gl_cursor *cursor, gl_scan_fn *each, struct search *search)
{
	enum gl_status status = GL_OK;
	search->left = search->explanation->walk_max;
	search->others->looked = true;
	while (!cursor->done && search->left > 0) {
		status = gl_store_scan(admin->world.store, cursor, SLICE, each, search);
		if (status != GL_OK && !gl_admin_again(admin, status))
			break;
	}
	search->others->all = cursor->done;
	return status;
}

/* One by a network is found here; one by a host name would need that client's name. */
static bool is_never_counted(const struct gl_config *config, const struct gl_address *client)
{
	for (size_t i = 0; i < config->never_auto_whitelist.count; i++) {
		const char *why = NULL;
		struct gl_rule rule;
		struct gl_span word = gl_span_of(config->never_auto_whitelist.at[i]);
		if (gl_rule_parse(&rule, GL_LIST_NEVER, word, &why) == GL_OK &&
		    rule.kind == GL_RULE_NETWORK && gl_network_contains(&rule.network, client))
			return true;
	}
	return false;
}

static bool is_within(const struct gl_network *client, const struct gl_network *network)
{
	return client->prefix == gl_family_bits(client->base.family) &&
	       gl_network_contains(network, &client->base);
}

static bool look_at_client(void *context, struct gl_span key, struct gl_span value)
{
	struct search *search = context;
	const struct gl_config *config = &search->admin->world.config;
	struct gl_entry entry;
	search->left--;
	bool other = gl_entry_read(&entry, GL_TABLE_CLIENT, key, value) == GL_OK &&
		     !gl_span_equal(key, gl_key_span(&search->explanation->judgement.client_key)) &&
		     is_within(&entry.identity.network, &search->network);
	if (other &&
	    gl_client_passes(
		&config->timing, &entry.memory, config->auto_whitelist, search->admin->now) &&
	    !is_never_counted(config, &entry.identity.network.base)) {
		entry.key = entry.memory.rest = gl_span_of(NULL);
		count(search->others, &entry);
	}
	return search->left > 0;
}

/* The clients of the network: their keys begin alike, as far as whole octets go. */
static enum gl_status find_neighbours(struct gl_admin *admin, struct gl_explanation *explanation)
{
	const struct gl_network *network = &explanation->judgement.triplet.client;
	struct search search = { .admin = admin,
		.explanation = explanation,
		.others = &explanation->neighbours,
		.network = *network };
	struct gl_cursor cursor = { .table = GL_TABLE_CLIENT };
	gl_client_key(&cursor.prefix, &network->base);
	cursor.prefix.len = (uint16_t)(2 + network->prefix / 8);
	return walk(admin, &cursor, look_at_client, &search);
}

/* The digest at a key's end is that of sender and recipient, whatever the network. */
static bool is_same_envelope(const struct gl_triplet *triplet, struct gl_span key)
{
	const uint8_t *digest = triplet->key.bytes + triplet->key.len - GL_DIGEST_SIZE;
	return key.len > GL_DIGEST_SIZE &&
	       memcmp(key.at + key.len - GL_DIGEST_SIZE, digest, GL_DIGEST_SIZE) == 0;
}

static bool look_at_triplet(void *context, struct gl_span key, struct gl_span value)
{
	struct search *search = context;
	const struct gl_triplet *triplet = &search->explanation->judgement.triplet;
	const struct gl_timing *timing = &search->explanation->judgement.terms.timing;
	struct gl_entry entry;
	search->left--;
	if (is_same_envelope(triplet, key) && !gl_span_equal(key, gl_key_span(&triplet->key)) &&
	    gl_entry_read(&entry, GL_TABLE_TRIPLET, key, value) == GL_OK &&
	    entry.identity.kind == GL_BY_NETWORK &&
	    gl_text_agrees(entry.record.text, gl_triplet_text(triplet)) &&
	    gl_record_state(timing, &entry.record, search->admin->now) != GL_STATE_EXPIRED) {
		entry.key = entry.record.rest = entry.record.origin = gl_span_of(NULL);
		if (entry.record.text.len > 0)
			entry.record.text = gl_triplet_text(triplet);
		count(search->others, &entry);
	}
	return search->left > 0;
}

static enum gl_status find_elsewhere(struct gl_admin *admin, struct gl_explanation *explanation)
{
	struct search search = {
		.admin = admin, .explanation = explanation, .others = &explanation->elsewhere
	};
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	return walk(admin, &cursor, look_at_triplet, &search);
}

/* Nothing is written here, but that a success would be is worth a word. */
static void forget_ops(struct gl_explanation *explanation)
{
	struct gl_judgement *judgement = &explanation->judgement;
	explanation->counts = false;
	for (size_t i = 0; i < judgement->op_count; i++)
		explanation->counts = explanation->counts || judgement->ops[i].kind == GL_OP_CLIENT;
	judgement->op_count = 0;
}

enum gl_status gl_explain(struct gl_admin *admin, struct gl_explanation *explanation)
{
	const struct gl_config *config = &admin->world.config;
	explanation->neighbours = explanation->elsewhere = (struct gl_others){ .looked = false };
	enum gl_status status = judge(admin, explanation);
	if (status != GL_OK)
		return status;
	choose_record(explanation);
	reckon(admin, explanation);
	forget_ops(explanation);
	if (explanation->judgement.pass)
		return GL_OK;
	/* Where networks are counted the whole network passes, or nobody of it. */
	if (config->auto_whitelist > 0 && config->auto_whitelist_per == GL_PER_ADDRESS)
		status = find_neighbours(admin, explanation);
	/* Bounces come from everywhere: those of other networks are other messages. */
	bool bounce = gl_triplet_sender(&explanation->judgement.triplet).len == 0;
	return status == GL_OK && !bounce ? find_elsewhere(admin, explanation) : status;
}
