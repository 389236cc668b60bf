#include "exported.h"

#include <string.h>

#include "output.h"

static json_t *json_hex(struct gl_span bytes)
{
	char digits[2 * GL_VALUE_MAX];
	struct gl_out out = gl_out_into(digits, sizeof digits);
	gl_out_hex(&out, bytes);
	return out.len > 0 ? json_stringn(digits, out.len) : json_string("");
}

json_t *gl_exported_header(const struct gl_admin *admin)
{
	uint8_t digest[GL_DIGEST_SIZE];
	gl_store_fingerprint(admin->world.store, digest);
	struct gl_span fingerprint = { (const char *)digest, sizeof digest };
	return json_pack("{s:s, s:i, s:I, s:o}", "type", "greylist", "version", GL_EXPORT_VERSION,
	    "time", (json_int_t)admin->now, "secret", json_hex(fingerprint));
}

/* Adds `hex_name` where what stands under `name` is not the very text. (No entry of ours has one
 * over GL_VALUE_MAX.) */
static bool make_exact(json_t *object, const char *name, const char *hex_name, struct gl_span text)
{
	const json_t *value = json_object_get(object, name);
	struct gl_span shown = { json_string_value(value), json_string_length(value) };
	return gl_span_equal(shown, text) || text.len > GL_VALUE_MAX ||
	       json_object_set_new(object, hex_name, json_hex(text)) == 0;
}

/* What names the entry where neither its client nor its text does. */
static bool add_digest(json_t *object, const struct gl_entry *entry)
{
	const struct gl_span key = entry->key;
	if (entry->inherited)
		return json_object_set_new(object, "hash", json_hex(gl_span_skip(key, 1))) == 0;
	if (entry->table != GL_TABLE_TRIPLET || entry->record.text.len > 0 ||
	    key.len < GL_DIGEST_SIZE)
		return true;
	struct gl_span digest = gl_span_skip(key, key.len - GL_DIGEST_SIZE);
	return json_object_set_new(object, "digest", json_hex(digest)) == 0;
}

/* Which network tried first, of a pool's triplet. */
static bool add_origin(json_t *object, const struct gl_entry *entry)
{
	char text[GL_NETWORK_TEXT];
	struct gl_network origin;
	struct gl_out out = gl_out_into(text, sizeof text);
	if (entry->table != GL_TABLE_TRIPLET ||
	    gl_key_network(&origin, entry->record.origin) != GL_OK)
		return true;
	gl_out_network(&out, &origin);
	return json_object_set_new(object, "origin", gl_json_text(gl_out_done(&out))) == 0;
}

json_t *gl_exported_entry(const struct gl_admin *admin, const struct gl_entry *entry)
{
	json_t *object = gl_entry_json(admin, entry);
	bool has_text = entry->table == GL_TABLE_TRIPLET && entry->record.text.len > 0;
	bool good = object != NULL;
	if (good && has_text)
		good = make_exact(
			   object, "sender", "sender_hex", gl_record_sender(&entry->record)) &&
		       make_exact(object, "recipient", "recipient_hex",
			   gl_record_recipient(&entry->record));
	if (good && add_digest(object, entry) && add_origin(object, entry))
		return object;
	json_decref(object);
	return NULL;
}

/* Sender and recipient apart, or what names the triplet where its text is not whole. */
static bool add_triplet(json_t *object, const struct gl_said *said, const struct gl_secret *secret)
{
	char network[GL_NETWORK_TEXT];
	struct gl_triplet triplet;
	struct gl_out out = gl_out_into(network, sizeof network);
	enum gl_status status = gl_said_triplet(&triplet, said->key, said->override.who, secret);
	if (status == GL_CORRUPT || said->key.len < GL_DIGEST_SIZE)
		return true;
	gl_out_network(&out, &triplet.client);
	bool good = json_object_set_new(object, "client", gl_json_text(gl_out_done(&out))) == 0;
	if (status != GL_OK)
		return good &&
		       json_object_set_new(object, "digest",
			   json_hex(gl_span_skip(said->key, said->key.len - GL_DIGEST_SIZE))) == 0;
	struct gl_span sender = gl_triplet_sender(&triplet);
	struct gl_span recipient = gl_triplet_recipient(&triplet);
	return good && json_object_set_new(object, "sender", gl_json_text(sender)) == 0 &&
	       json_object_set_new(object, "recipient", gl_json_text(recipient)) == 0 &&
	       make_exact(object, "sender", "sender_hex", sender) &&
	       make_exact(object, "recipient", "recipient_hex", recipient);
}

json_t *gl_exported_said(const struct gl_secret *secret, const struct gl_said *said)
{
	json_t *object = gl_said_json(said);
	if (object != NULL && make_exact(object, "who", "who_hex", said->override.who) &&
	    make_exact(object, "reason", "reason_hex", said->override.reason) &&
	    (said->kind != GL_OVERRIDE_TRIPLET || add_triplet(object, said, secret)))
		return object;
	json_decref(object);
	return NULL;
}

const char *gl_exported_fault_text(unsigned fault)
{
	switch ((enum gl_exported_fault)fault) {
	case GL_EXPORTED_LENGTH:
		return "lines that are longer than any of an export; export again";
	case GL_EXPORTED_JSON:
		return "lines that are no JSON object; export again, or mend them";
	case GL_EXPORTED_TYPE:
		return "lines of a type that this greylist does not know; a newer one may";
	case GL_EXPORTED_MEMBER:
		return "lines with a member that is missing or wrong; export again, or mend them";
	case GL_EXPORTED_SECRET:
		return "entries without text, which only a table with the same secret can take; "
		       "give this one a copy of that file before it is made";
	case GL_EXPORTED_EXPIRED:
		return "expired";
	case GL_EXPORTED_GOOD:
	case GL_EXPORTED_FAULTS:
		break;
	}
	return "good";
}

static int64_t not_after(int64_t when, int64_t now)
{
	return when < now ? when : now;
}

/* Of an entry without text. */
static void add_to_key(struct gl_key *key, const struct gl_exported *exported)
{
	gl_identity_key(key, &exported->client);
	memcpy(key->bytes + key->len, exported->digest, GL_DIGEST_SIZE);
	key->len = (uint16_t)(key->len + GL_DIGEST_SIZE);
}

/* Its text is not the record's yet: that waits for what the table keeps. */
static bool is_expired(const struct gl_admin *admin, const struct gl_exported *exported,
    const struct gl_record *record)
{
	char text[GL_TEXT_MAX];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_record known = *record;
	if (!exported->textless && !exported->inherited) {
		gl_out_span(&out, (struct gl_span){ exported->sender, exported->sender_len });
		gl_out_byte(&out, 0);
		gl_out_span(&out, (struct gl_span){ exported->recipient, exported->recipient_len });
		known.text = gl_out_done(&out);
	}
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &known);
	return gl_record_state(&timing, record, admin->now) == GL_STATE_EXPIRED;
}

static enum gl_exported_fault triplet_of(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_exported *exported, bool same_secret)
{
	struct gl_record *record = &change->op.record;
	const struct gl_span sender = { exported->sender, exported->sender_len };
	const struct gl_span recipient = { exported->recipient, exported->recipient_len };
	change->op.kind = GL_OP_TRIPLET;
	*record = exported->record;
	record->first_seen = not_after(record->first_seen, admin->now);
	record->last_seen = not_after(record->last_seen, admin->now);
	record->passed_at = not_after(record->passed_at, admin->now);
	if (is_expired(admin, exported, record))
		return GL_EXPORTED_EXPIRED;
	if (exported->inherited)
		return GL_EXPORTED_GOOD;
	if (exported->has_origin) {
		gl_network_key(&change->origin, &exported->origin);
		record->origin = gl_key_span(&change->origin);
	}
	if (exported->textless && !same_secret)
		return GL_EXPORTED_SECRET;
	if (exported->textless) {
		change->op.keep_text = !admin->world.config.privacy;
		add_to_key(&change->key, exported);
		return GL_EXPORTED_GOOD;
	}
	if (gl_triplet_make(&change->triplet, &exported->client.network, sender, recipient,
		gl_store_secret(admin->world.store)) != GL_OK)
		return GL_EXPORTED_MEMBER;
	gl_triplet_key_of(&change->key, &change->triplet, &exported->client);
	if (!admin->world.config.privacy)
		record->text = gl_triplet_text(&change->triplet);
	return GL_EXPORTED_GOOD;
}

static enum gl_exported_fault client_of(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_exported *exported)
{
	const struct gl_timing *timing = &admin->world.config.timing;
	struct gl_client *memory = &change->op.client;
	change->op.kind = GL_OP_CLIENT_MEMORY;
	change->op.forget = admin->now - timing->max_age;
	*memory = exported->memory;
	memory->last_counted = not_after(memory->last_counted, admin->now);
	memory->last_seen = not_after(memory->last_seen, admin->now);
	gl_network_key(&change->key, &exported->client.network);
	return gl_client_expired(timing, memory, admin->now) ? GL_EXPORTED_EXPIRED
							     : GL_EXPORTED_GOOD;
}

enum gl_exported_fault gl_exported_change(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_exported *exported, bool same_secret)
{
	change->op = (struct gl_op){ .key = &change->key };
	enum gl_exported_fault fault = exported->kind == GL_EXPORTED_TRIPLET
					   ? triplet_of(change, admin, exported, same_secret)
					   : client_of(change, admin, exported);
	if (exported->inherited)
		gl_inherited_key(&change->key, exported->hash);
	return fault;
}

/* The key of a triplet; all others came with theirs. */
static enum gl_exported_fault said_key_of(struct gl_said_key *said,
    const struct gl_exported *exported, const struct gl_secret *secret, bool same_secret)
{
	struct gl_triplet triplet;
	const struct gl_span sender = { exported->sender, exported->sender_len };
	const struct gl_span recipient = { exported->recipient, exported->recipient_len };
	*said = exported->said;
	if (said->kind != GL_OVERRIDE_TRIPLET)
		return GL_EXPORTED_GOOD;
	if (!exported->textless) {
		if (gl_triplet_make(
			&triplet, &exported->client.network, sender, recipient, secret) != GL_OK)
			return GL_EXPORTED_MEMBER;
		gl_said_key_triplet(said, &triplet);
		return GL_EXPORTED_GOOD;
	}
	if (!same_secret)
		return GL_EXPORTED_SECRET;
	add_to_key(&triplet.key, exported);
	gl_override_triplet_key(&said->key, &triplet.key);
	return GL_EXPORTED_GOOD;
}

enum gl_exported_fault gl_exported_say(struct gl_said_change *change,
    const struct gl_exported *exported, int64_t now, const struct gl_secret *secret,
    bool same_secret)
{
	struct gl_said_key said;
	const struct gl_override when = { .made = not_after(exported->made, now),
		.until = exported->until };
	if (!gl_override_in_force(&when, now))
		return GL_EXPORTED_EXPIRED;
	enum gl_exported_fault fault = said_key_of(&said, exported, secret, same_secret);
	if (fault != GL_EXPORTED_GOOD)
		return fault;
	const struct gl_override override = { .made = when.made,
		.until = when.until,
		.who = gl_said_who(&said),
		.reason = { exported->reason, exported->reason_len } };
	struct gl_out out = gl_out_into(change->value, sizeof change->value);
	gl_override_encode(&out, &override);
	change->value_len = out.len;
	change->key = said.key;
	return GL_EXPORTED_GOOD;
}
