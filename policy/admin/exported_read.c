#include <string.h>

#include "exported.h"

/* One line being read; the first thing that is wrong is said, and then nothing is right. */
struct reading {
	struct gl_exported *exported;
	const json_t *object;
	struct gl_complaint *why;
	enum gl_exported_fault fault;
};

static void say_fault(struct reading *reading, enum gl_exported_fault fault, const char *name,
    const char *between, const char *what)
{
	struct gl_complaint *why = reading->why;
	if (reading->fault != GL_EXPORTED_GOOD)
		return;
	snprintf(why->text, sizeof why->text, "%s%s%s", name, between, what);
	reading->fault = fault;
}

static void say_wrong(struct reading *reading, const char *name, const char *what)
{
	say_fault(reading, GL_EXPORTED_MEMBER, name, ": ", what);
}

/* What a later version may have. */
static void say_strange(struct reading *reading, const char *name, struct gl_span what)
{
	char text[33];
	struct gl_out out = gl_out_into(text, sizeof text);
	gl_out_span(&out, what);
	say_fault(reading, GL_EXPORTED_TYPE, name, " ", gl_out_string(&out));
}

static bool is_there(const struct reading *reading, const char *name)
{
	const json_t *value = json_object_get(reading->object, name);
	return value != NULL && !json_is_null(value);
}

static int64_t read_number(
    struct reading *reading, const char *name, int64_t most, const char *otherwise)
{
	const json_t *value = json_object_get(reading->object, name);
	json_int_t number = json_integer_value(value);
	if (value == NULL)
		say_wrong(reading, name, "is missing");
	else if (!json_is_integer(value) || number < 0 || number > most)
		say_wrong(reading, name, otherwise);
	return reading->fault != GL_EXPORTED_GOOD ? 0 : (int64_t)number;
}

/* A time that is unset is null; all the same its member has to be there. */
static int64_t read_time(struct reading *reading, const char *name)
{
	if (json_is_null(json_object_get(reading->object, name)))
		return 0;
	return read_number(reading, name, GL_TIME_MAX, "is no time: neither seconds nor null");
}

static uint32_t read_count(struct reading *reading, const char *name)
{
	return (uint32_t)read_number(reading, name, UINT32_MAX, "is no number of 32 bits");
}

/* Borrowed from the object. */
static struct gl_span read_string(struct reading *reading, const char *name)
{
	const json_t *value = json_object_get(reading->object, name);
	if (value == NULL)
		say_wrong(reading, name, "is missing");
	else if (!json_is_string(value))
		say_wrong(reading, name, "is no string");
	return (struct gl_span){ json_string_value(value), json_string_length(value) };
}

static void read_octets(struct reading *reading, const char *name, uint8_t *octets, size_t count)
{
	struct gl_span digits = read_string(reading, name);
	struct gl_out out = gl_out_into((char *)octets, count);
	if (digits.len != 2 * count || gl_out_from_hex(&out, digits) != GL_OK)
		say_wrong(reading, name, "is not as many hexadecimal digits as it takes");
}

/* The exact octets where there are such, or else the string. Into `size` octets; returns how many.
 */
static size_t read_exact(
    struct reading *reading, const char *name, const char *hex_name, char *text, size_t size)
{
	struct gl_out out = gl_out_into(text, size);
	if (!is_there(reading, hex_name))
		gl_out_span(&out, read_string(reading, name));
	else if (gl_out_from_hex(&out, read_string(reading, hex_name)) != GL_OK)
		say_wrong(reading, hex_name, "is not hexadecimal");
	if (out.full)
		say_wrong(reading, name, "is too long");
	return out.len;
}

static void read_network(struct reading *reading, const char *name, struct gl_network *network)
{
	if (gl_network_parse(network, read_string(reading, name)) != GL_OK)
		say_wrong(reading, name, "is no address or network, such as 192.0.2.0/24");
}

/* A network, or of a triplet a pool or anyone. */
static void read_identity(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	struct gl_identity *client = &exported->client;
	struct gl_span text = read_string(reading, "client");
	struct gl_out out = gl_out_into(exported->pool_text, sizeof exported->pool_text);
	bool anyone = gl_span_equal(text, gl_span_of("anyone"));
	*client = (struct gl_identity){ .kind = GL_BY_NETWORK };
	if (exported->kind == GL_EXPORTED_CLIENT || (!anyone && !gl_is_pool_name(text))) {
		read_network(reading, "client", &client->network);
		return;
	}
	gl_out_lower(&out, text);
	client->kind = anyone ? GL_BY_ANYONE : GL_BY_POOL;
	client->pool = gl_out_done(&out);
	exported->has_origin = is_there(reading, "origin");
	if (exported->has_origin)
		read_network(reading, "origin", &exported->origin);
}

/* Who it is, or what takes its place in an entry of a Postgrey with --privacy. */
static void read_client(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	exported->inherited = !is_there(reading, "client") && is_there(reading, "hash");
	if (exported->inherited)
		read_octets(reading, "hash", exported->hash, GL_SHA1_SIZE);
	else
		read_identity(reading);
}

static void read_addresses(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	exported->sender_len = read_exact(
	    reading, "sender", "sender_hex", exported->sender, GL_VALUE_MAX);
	exported->recipient_len = read_exact(
	    reading, "recipient", "recipient_hex", exported->recipient, GL_VALUE_MAX);
	/* It ends the sender in the table's own text. */
	if (memchr(exported->sender, '\0', exported->sender_len) != NULL)
		say_wrong(reading, "sender", "has a NUL in it");
}

static void read_text(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	exported->textless = exported->inherited ||
			     (!is_there(reading, "sender") && !is_there(reading, "recipient") &&
				 is_there(reading, "digest"));
	if (exported->inherited)
		return;
	if (exported->textless)
		read_octets(reading, "digest", exported->digest, GL_DIGEST_SIZE);
	else
		read_addresses(reading);
}

static void read_triplet(struct reading *reading)
{
	struct gl_record *record = &reading->exported->record;
	reading->exported->kind = GL_EXPORTED_TRIPLET;
	read_client(reading);
	read_text(reading);
	record->first_seen = read_time(reading, "first_seen");
	record->last_seen = read_time(reading, "last_seen");
	record->passed_at = read_time(reading, "passed_at");
	record->attempts = read_count(reading, "attempts");
	record->passes = read_count(reading, "passes");
}

static void read_memory(struct reading *reading)
{
	struct gl_client *memory = &reading->exported->memory;
	reading->exported->kind = GL_EXPORTED_CLIENT;
	read_client(reading);
	memory->count = read_count(reading, "count");
	memory->last_counted = read_time(reading, "last_counted");
	memory->last_seen = read_time(reading, "last_seen");
}

/* The `who` that is kept with a triplet ends at a NUL, so its recipient has none. */
static void read_said_triplet(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	struct gl_said_key *said = &exported->said;
	said->kind = GL_OVERRIDE_TRIPLET;
	exported->textless = is_there(reading, "digest");
	exported->client.kind = GL_BY_NETWORK;
	read_network(reading, "client", &exported->client.network);
	if (!exported->textless) {
		read_addresses(reading);
		if (memchr(exported->recipient, '\0', exported->recipient_len) != NULL)
			say_wrong(reading, "recipient", "has a NUL in it");
		return;
	}
	read_octets(reading, "digest", exported->digest, GL_DIGEST_SIZE);
	said->who_len = read_exact(reading, "who", "who_hex", said->who, sizeof said->who);
	if (memchr(said->who, '\0', said->who_len) != NULL)
		say_wrong(reading, "who", "has a NUL in it");
}

static void read_said_key(struct reading *reading, enum gl_override_kind kind)
{
	char who[GL_OVERRIDE_TEXT_MAX];
	const char *why = NULL;
	size_t len = read_exact(reading, "who", "who_hex", who, sizeof who);
	if (gl_said_key_read(&reading->exported->said, kind, (struct gl_span){ who, len }, &why) !=
	    GL_OK)
		say_wrong(reading, "who", why);
}

static void read_what(struct reading *reading, enum gl_override_kind least)
{
	struct gl_span what = read_string(reading, "what");
	enum gl_override_kind kind = least;
	while (kind < GL_OVERRIDE_KINDS && !gl_span_equal(what, gl_span_of(gl_said_what(kind))))
		kind++;
	if (kind == GL_OVERRIDE_TRIPLET)
		read_said_triplet(reading);
	else if (kind < GL_OVERRIDE_KINDS)
		read_said_key(reading, kind);
	else
		say_strange(reading, "what", what);
}

static void read_said(struct reading *reading, enum gl_override_kind least)
{
	struct gl_exported *exported = reading->exported;
	exported->kind = GL_EXPORTED_SAID;
	read_what(reading, least);
	exported->made = read_time(reading, "made");
	exported->until = read_time(reading, "until");
	bool none = json_is_null(json_object_get(reading->object, "reason")) &&
		    !is_there(reading, "reason_hex");
	if (!none)
		exported->reason_len = read_exact(
		    reading, "reason", "reason_hex", exported->reason, sizeof exported->reason);
}

static void read_allow(struct reading *reading)
{
	read_said(reading, GL_OVERRIDE_CLIENT);
}

static void read_never(struct reading *reading)
{
	read_said(reading, GL_OVERRIDE_NEVER);
}

static void read_header(struct reading *reading)
{
	struct gl_exported *exported = reading->exported;
	exported->kind = GL_EXPORTED_HEADER;
	exported->version = read_number(reading, "version", INT32_MAX, "is no version");
	if (exported->version == 0)
		say_wrong(reading, "version", "is no version");
	exported->has_fingerprint = is_there(reading, "secret");
	/* What it looks like in a later version is that version's business. */
	if (exported->has_fingerprint && exported->version == GL_EXPORT_VERSION)
		read_octets(reading, "secret", exported->fingerprint, GL_DIGEST_SIZE);
}

static const struct kind {
	const char *type;
	void (*read)(struct reading *reading);
} kinds[] = {
	{ "triplet", read_triplet },
	{ "client", read_memory },
	{ "greylist", read_header },
	{ "allow", read_allow },
	{ "never", read_never },
};

static const struct kind *kind_of(struct gl_span type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (gl_span_equal(type, gl_span_of(kinds[i].type)))
			return &kinds[i];
	return NULL;
}

static enum gl_exported_fault read_object(struct reading *reading)
{
	struct gl_span type = read_string(reading, "type");
	const struct kind *kind = kind_of(type);
	if (kind != NULL)
		kind->read(reading);
	else
		say_strange(reading, "type", type);
	return reading->fault;
}

enum gl_exported_fault gl_exported_read(
    struct gl_exported *exported, struct gl_span line, struct gl_complaint *why)
{
	json_error_t error;
	enum gl_exported_fault fault = GL_EXPORTED_JSON;
	json_t *object = json_loadb(
	    line.at, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	struct reading reading = { exported, object, why, GL_EXPORTED_GOOD };
	exported->inherited = exported->textless = exported->has_fingerprint = false;
	exported->has_origin = false;
	exported->sender_len = exported->recipient_len = exported->reason_len = 0;
	exported->record = (struct gl_record){ .first_seen = 0 };
	exported->memory = (struct gl_client){ .count = 0 };
	if (object == NULL)
		snprintf(why->text, sizeof why->text, "%s", error.text);
	else if (!json_is_object(object))
		snprintf(why->text, sizeof why->text, "not an object");
	else
		fault = read_object(&reading);
	json_decref(object);
	return fault;
}
