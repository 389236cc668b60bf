#include "greylist/sha1.h"
#include "import_postgrey.h"

/*
 * Postgrey does not store that a triplet passed; it infers it from the
 * time between the first and the last attempt. The first second at which
 * it can have passed stands for the one at which it did.
 */
static struct gl_record record_of(
    const struct gl_postgrey_entry *entry, const struct gl_import_terms *terms, int64_t now)
{
	struct gl_record record = { .first_seen = entry->first, .last_seen = entry->last };
	if (record.first_seen > now)
		record.first_seen = record.last_seen = now;
	if (record.last_seen > now)
		record.last_seen = now;
	if (record.last_seen < record.first_seen)
		record.last_seen = record.first_seen;
	bool passed = entry->first <= now && entry->last - entry->first >= terms->delay;
	record.passed_at = passed ? record.first_seen + terms->delay : 0;
	record.attempts = record.last_seen > record.first_seen ? 2 : 1;
	record.passes = passed ? 1 : 0;
	return record;
}

static uint8_t prefix_of(const struct gl_config *config, const struct gl_address *address)
{
	return address->family == GL_V4 ? config->ipv4_prefix : config->ipv6_prefix;
}

/* A hash stays one: it is asked about by the same recipe. */
static enum gl_postgrey_fault inherit(
    struct gl_import_change *change, const struct gl_postgrey_entry *entry)
{
	uint8_t probe[GL_SHA1_SIZE];
	if (gl_sha1(probe, gl_span_of("")) != GL_OK)
		return GL_POSTGREY_HASHED;
	gl_inherited_key(&change->key, entry->digest);
	return GL_POSTGREY_GOOD;
}

/* Its text is not the record's yet: that waits for what the table keeps. */
static bool is_expired(const struct gl_admin *admin, const struct gl_postgrey_entry *entry,
    const struct gl_record *record)
{
	char text[GL_TEXT_MAX];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_record known = *record;
	if (!entry->hashed) {
		gl_out_span(&out, entry->sender);
		gl_out_byte(&out, 0);
		gl_out_span(&out, entry->recipient);
		known.text = gl_out_done(&out);
	}
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &known);
	return gl_record_state(&timing, record, admin->now) == GL_STATE_EXPIRED;
}

static enum gl_postgrey_fault triplet_of(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_import_terms *terms,
    const struct gl_postgrey_entry *entry)
{
	const struct gl_config *config = &admin->world.config;
	struct gl_network network;
	change->op = (struct gl_op){ .kind = GL_OP_TRIPLET,
		.key = &change->key,
		.record = record_of(entry, terms, admin->now) };
	if (is_expired(admin, entry, &change->op.record))
		return GL_POSTGREY_EXPIRED;
	if (entry->hashed)
		return inherit(change, entry);
	enum gl_postgrey_fault fault = gl_postgrey_network(
	    &network, entry, terms->cut, prefix_of(config, &entry->address));
	if (fault != GL_POSTGREY_GOOD)
		return fault;
	if (gl_triplet_make(&change->triplet, &network, entry->sender, entry->recipient,
		gl_store_secret(admin->world.store)) != GL_OK)
		return GL_POSTGREY_LENGTH;
	change->key = change->triplet.key;
	if (!config->privacy)
		change->op.record.text = gl_triplet_text(&change->triplet);
	return GL_POSTGREY_GOOD;
}

static enum gl_postgrey_fault client_of(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_postgrey_entry *entry)
{
	const struct gl_config *config = &admin->world.config;
	int64_t now = admin->now;
	int64_t last = entry->last < now ? entry->last : now;
	change->op = (struct gl_op){ .kind = GL_OP_CLIENT_MEMORY,
		.key = &change->key,
		.forget = now - config->timing.max_age,
		.client = { .last_counted = last, .last_seen = last, .count = entry->count } };
	if (gl_client_expired(&config->timing, &change->op.client, now))
		return GL_POSTGREY_EXPIRED;
	if (entry->hashed)
		return inherit(change, entry);
	struct gl_network network = gl_network_of(&entry->address,
	    config->auto_whitelist_per == GL_PER_NETWORK ? prefix_of(config, &entry->address)
							 : gl_family_bits(entry->address.family));
	gl_network_key(&change->key, &network);
	return GL_POSTGREY_GOOD;
}

enum gl_postgrey_fault gl_import_change_make(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_import_terms *terms,
    const struct gl_postgrey_entry *entry)
{
	return entry->is_client ? client_of(change, admin, entry)
				: triplet_of(change, admin, terms, entry);
}
