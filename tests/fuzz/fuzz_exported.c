/*
 * A line of an export: what is read is within its limits, and written
 * down from the table's point of view it is read again as the same.
 */
#include "exported.h"

#include <string.h>

#include "target.h"

enum { NOW = 1767225600 };

static const struct gl_secret secret = { "sixteen octets!" };

static void check_limits(const struct gl_exported *exported)
{
	const struct gl_record *record = &exported->record;
	const struct gl_client *memory = &exported->memory;
	REQUIRE(exported->sender_len <= GL_VALUE_MAX && exported->recipient_len <= GL_VALUE_MAX);
	REQUIRE(record->first_seen >= 0 && record->first_seen <= GL_TIME_MAX);
	REQUIRE(record->last_seen >= 0 && record->last_seen <= GL_TIME_MAX);
	REQUIRE(record->passed_at >= 0 && record->passed_at <= GL_TIME_MAX);
	REQUIRE(memory->last_counted >= 0 && memory->last_counted <= GL_TIME_MAX);
	REQUIRE(memory->last_seen >= 0 && memory->last_seen <= GL_TIME_MAX);
	const struct gl_network *network = &exported->client.network;
	REQUIRE(exported->inherited || exported->client.kind != GL_BY_NETWORK ||
		network->prefix <= gl_family_bits(network->base.family));
	REQUIRE(exported->inherited || exported->client.kind != GL_BY_POOL ||
		gl_is_pool_name(exported->client.pool));
}

/* The entry as the table would have it: false where it cannot. */
static bool make_key(
    struct gl_key *key, struct gl_triplet *triplet, const struct gl_exported *exported)
{
	const struct gl_span sender = { exported->sender, exported->sender_len };
	const struct gl_span recipient = { exported->recipient, exported->recipient_len };
	if (exported->inherited)
		gl_inherited_key(key, exported->hash);
	else
		gl_identity_key(key, &exported->client);
	if (exported->inherited || exported->kind == GL_EXPORTED_CLIENT)
		return true;
	if (exported->textless) {
		memcpy(key->bytes + key->len, exported->digest, GL_DIGEST_SIZE);
		key->len = (uint16_t)(key->len + GL_DIGEST_SIZE);
		return true;
	}
	if (gl_triplet_make(triplet, &exported->client.network, sender, recipient, &secret) !=
	    GL_OK)
		return false;
	gl_triplet_key_of(key, triplet, &exported->client);
	return true;
}

static void require_same(const struct gl_exported *a, const struct gl_exported *b)
{
	REQUIRE(a->kind == b->kind && a->inherited == b->inherited);
	REQUIRE(a->textless == b->textless);
	REQUIRE(a->record.first_seen == b->record.first_seen);
	REQUIRE(a->record.last_seen == b->record.last_seen);
	REQUIRE(a->record.passed_at == b->record.passed_at);
	REQUIRE(a->record.attempts == b->record.attempts && a->record.passes == b->record.passes);
	REQUIRE(a->memory.count == b->memory.count);
	REQUIRE(a->memory.last_counted == b->memory.last_counted);
	REQUIRE(a->memory.last_seen == b->memory.last_seen);
	if (a->inherited)
		REQUIRE(memcmp(a->hash, b->hash, sizeof a->hash) == 0);
	REQUIRE(a->has_origin == b->has_origin);
	if (a->has_origin)
		REQUIRE(memcmp(&a->origin, &b->origin, sizeof a->origin) == 0);
}

static void write_and_read_back(const struct gl_exported *exported)
{
	static struct gl_exported again;
	static struct gl_triplet triplet, twice;
	struct gl_admin admin = { .now = NOW };
	struct gl_key key, key_again, origin;
	struct gl_complaint why;
	admin.world.config.timing = (struct gl_timing){ 180, 172800, 3024000 };
	if (!make_key(&key, &triplet, exported))
		return;
	struct gl_entry entry = { .table = exported->kind == GL_EXPORTED_CLIENT ? GL_TABLE_CLIENT
										: GL_TABLE_TRIPLET,
		.key = gl_key_span(&key),
		.identity = exported->client,
		.inherited = exported->inherited,
		.record = exported->record,
		.memory = exported->memory };
	if (exported->has_origin) {
		gl_network_key(&origin, &exported->origin);
		entry.record.origin = gl_key_span(&origin);
	}
	if (entry.table == GL_TABLE_TRIPLET && !exported->textless)
		entry.record.text = gl_triplet_text(&triplet);
	json_t *object = gl_exported_entry(&admin, &entry);
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	REQUIRE(text != NULL && strlen(text) <= GL_EXPORT_LINE_MAX);
	REQUIRE(gl_exported_read(&again, gl_span_of(text), &why) == GL_EXPORTED_GOOD);
	require_same(exported, &again);
	REQUIRE(make_key(&key_again, &twice, &again));
	REQUIRE(gl_span_equal(gl_key_span(&key), gl_key_span(&key_again)));
	free(text);
	json_decref(object);
}

static struct gl_span value_of(const struct gl_said_change *change)
{
	return (struct gl_span){ change->value, change->value_len };
}

/* The override as the table would have it, printed and read again, comes to the same. */
static void say_and_read_back(const struct gl_exported *exported)
{
	static struct gl_exported again;
	struct gl_said_change change, twice;
	struct gl_complaint why;
	enum gl_exported_fault fault = gl_exported_say(&change, exported, NOW, &secret, true);
	REQUIRE(fault == GL_EXPORTED_GOOD || fault == GL_EXPORTED_EXPIRED);
	if (fault != GL_EXPORTED_GOOD)
		return;
	struct gl_said said = { .key = gl_key_span(&change.key) };
	REQUIRE(gl_override_kind_of(&said.kind, said.key) == GL_OK);
	REQUIRE(said.kind == exported->said.kind);
	REQUIRE(gl_override_decode(&said.override, value_of(&change)) == GL_OK);
	json_t *object = gl_exported_said(&secret, &said);
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	REQUIRE(text != NULL && strlen(text) <= GL_EXPORT_LINE_MAX);
	REQUIRE(gl_exported_read(&again, gl_span_of(text), &why) == GL_EXPORTED_GOOD);
	REQUIRE(gl_exported_say(&twice, &again, NOW, &secret, true) == GL_EXPORTED_GOOD);
	REQUIRE(gl_span_equal(gl_key_span(&change.key), gl_key_span(&twice.key)));
	REQUIRE(gl_span_equal(value_of(&change), value_of(&twice)));
	free(text);
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gl_exported exported;
	struct gl_complaint why = { "" };
	struct gl_span line = { (const char *)data, size };
	enum gl_exported_fault fault = gl_exported_read(&exported, line, &why);
	REQUIRE(fault < GL_EXPORTED_SECRET && fault != GL_EXPORTED_LENGTH);
	if (fault != GL_EXPORTED_GOOD) {
		REQUIRE(why.text[0] != '\0');
		return 0;
	}
	if (exported.kind == GL_EXPORTED_HEADER) {
		REQUIRE(exported.version >= 1);
		return 0;
	}
	if (exported.kind == GL_EXPORTED_SAID) {
		say_and_read_back(&exported);
		return 0;
	}
	check_limits(&exported);
	write_and_read_back(&exported);
	return 0;
}
