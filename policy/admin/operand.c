#include "operand.h"

#include <string.h>

static bool is_single(const struct gl_network *network)
{
	return network->prefix == gl_family_bits(network->base.family);
}

enum gl_status gl_operand_client(const struct gl_admin *admin, struct gl_who *who, const char *text)
{
	struct gl_address address;
	enum gl_status status = gl_address_parse(&address, gl_span_of(text));
	if (status == GL_OK) {
		*who = (struct gl_who){ .bare = true,
			.identity.network = gl_network_of(
			    &address, gl_family_bits(address.family)) };
		return GL_OK;
	}
	*who = (struct gl_who){ .identity.kind = GL_BY_NETWORK };
	status = gl_network_parse(&who->identity.network, gl_span_of(text));
	if (status == GL_OK)
		return GL_OK;
	who->identity.pool = gl_span_of(text);
	who->identity.kind = strcmp(text, "anyone") == 0 ? GL_BY_ANYONE : GL_BY_POOL;
	if (who->identity.kind == GL_BY_ANYONE || gl_is_pool_name(who->identity.pool))
		return GL_OK;
	if (status == GL_TOO_LONG)
		gl_admin_say(admin, "%s: bits are set behind the prefix", text);
	else
		gl_admin_say(admin,
		    "%s: not an address or network, such as 192.0.2.7, nor a pool's name", text);
	return GL_MALFORMED;
}

struct gl_span gl_operand_envelope(const char *text)
{
	struct gl_span span = gl_span_of(text);
	if (span.len >= 2 && span.at[0] == '<' && span.at[span.len - 1] == '>')
		return gl_span_head(gl_span_skip(span, 1), span.len - 2);
	return span;
}

enum gl_status gl_operand_triplet(
    const struct gl_admin *admin, struct gl_triplet *triplet, struct gl_who *who, char **operands)
{
	enum gl_status status = gl_operand_client(admin, who, operands[0]);
	if (status != GL_OK)
		return status;
	const struct gl_config *config = &admin->world.config;
	struct gl_network network = who->identity.network;
	if (who->bare)
		network = gl_network_of(&network.base,
		    network.base.family == GL_V4 ? config->ipv4_prefix : config->ipv6_prefix);
	status = gl_triplet_make(triplet, &network, gl_operand_envelope(operands[1]),
	    gl_operand_envelope(operands[2]), gl_store_secret(admin->world.store));
	if (status != GL_OK)
		gl_admin_say(admin, "sender or recipient: %s", gl_status_text(status));
	else if (who->identity.kind != GL_BY_NETWORK)
		gl_triplet_key_of(&triplet->key, triplet, &who->identity);
	return status;
}

static void take(struct gl_admin *admin, struct gl_found *found, const struct gl_lookup *lookup,
    const struct gl_triplet *triplet)
{
	struct gl_entry *entry = &found->entries[found->count];
	enum gl_status status = gl_entry_read(entry, lookup->table, lookup->key, lookup->value);
	if (status != GL_OK)
		gl_entry_leave_out(admin, entry, status);
	else if (lookup->table == GL_TABLE_CLIENT ||
		 gl_text_agrees(entry->record.text, gl_triplet_text(triplet)))
		found->count++;
}

enum gl_status gl_operand_find(struct gl_admin *admin, struct gl_found *found,
    const struct gl_triplet *triplet, const struct gl_who *who)
{
	struct gl_lookup lookups[2] = { { .table = GL_TABLE_TRIPLET,
					    .key = gl_key_span(&triplet->key) },
		{ .table = GL_TABLE_CLIENT } };
	size_t count = 1;
	enum gl_status status;
	found->count = 0;
	if (admin->world.config.auto_whitelist_per == GL_PER_NETWORK)
		gl_network_key(&found->client, &triplet->client);
	else
		gl_client_key(&found->client, &who->identity.network.base);
	lookups[1].key = gl_key_span(&found->client);
	if (who->identity.kind == GL_BY_NETWORK && is_single(&who->identity.network))
		count = 2;
	do
		status = gl_store_lookup(admin->world.store, lookups, count);
	while (gl_admin_again(admin, status));
	for (size_t i = 0; status == GL_OK && i < count; i++)
		if (lookups[i].found)
			take(admin, found, &lookups[i], triplet);
	return status;
}
