#include <stdlib.h>
#include <string.h>

#include "erase.h"
#include "operand.h"

/* What a run of `delete` needs; too large for the stack. */
struct deletion {
	struct gl_filter filter;
	struct gl_triplet triplet;
};

static enum gl_status erase_key(
    struct gl_admin *admin, const struct gl_key *key, struct gl_erased *erased)
{
	struct gl_keys keys = { key, 1 };
	enum gl_status status;
	size_t deleted = 1;
	*erased = (struct gl_erased){ .triplets = 0 };
	if (!admin->dry_run) {
		do
			status = gl_store_delete(
			    admin->world.store, GL_TABLE_TRIPLET, &keys, NULL, NULL, &deleted);
		while (gl_admin_again(admin, status));
		if (status != GL_OK)
			return status;
	}
	erased->triplets = deleted;
	return GL_OK;
}

enum { SLICE = 4096 };

/* The same sender and recipient under a pool, first tried from the same network. */
struct twin {
	const struct gl_triplet *triplet;
	struct gl_key key;
};

static bool look_at_pool(void *context, struct gl_span key, struct gl_span value)
{
	struct twin *twin = context;
	struct gl_record record;
	struct gl_span digest = gl_span_skip(
	    gl_key_span(&twin->triplet->key), twin->triplet->key.len - GL_DIGEST_SIZE);
	struct gl_key origin;
	gl_network_key(&origin, &twin->triplet->client);
	if (key.len <= GL_DIGEST_SIZE || key.len > sizeof twin->key.bytes ||
	    !gl_span_equal(gl_span_skip(key, key.len - GL_DIGEST_SIZE), digest) ||
	    gl_record_decode(&record, value) != GL_OK ||
	    !gl_span_equal(record.origin, gl_key_span(&origin)))
		return true;
	twin->key.len = (uint16_t)key.len;
	memcpy(twin->key.bytes, key.at, key.len);
	return false;
}

static enum gl_status erase_twins(
    struct gl_admin *admin, const struct gl_triplet *triplet, struct gl_erased *erased)
{
	struct twin twin = { .triplet = triplet };
	struct gl_cursor pools = { .table = GL_TABLE_TRIPLET,
		.prefix = { .len = 1, .bytes = { 'n' } } };
	enum gl_status status = GL_OK;
	while (status == GL_OK && !pools.done) {
		struct gl_erased one = { .triplets = 0 };
		twin.key.len = 0;
		status = gl_store_scan(admin->world.store, &pools, SLICE, look_at_pool, &twin);
		if (gl_admin_again(admin, status))
			status = GL_OK;
		if (status == GL_OK && twin.key.len > 0)
			status = erase_key(admin, &twin.key, &one);
		erased->triplets += one.triplets;
	}
	return status;
}

static enum gl_exit delete_one(
    struct gl_admin *admin, struct gl_triplet *triplet, char **operands, struct gl_erased *erased)
{
	struct gl_who who;
	struct gl_found found;
	enum gl_status status = gl_operand_triplet(admin, triplet, &who, operands);
	if (status != GL_OK)
		return gl_exit_of(status);
	status = gl_operand_find(admin, &found, triplet, &who);
	*erased = (struct gl_erased){ .triplets = 0 };
	if (status == GL_OK && found.count > 0 && found.entries[0].table == GL_TABLE_TRIPLET)
		status = erase_key(admin, &triplet->key, erased);
	if (status == GL_OK && who.identity.kind == GL_BY_NETWORK)
		status = erase_twins(admin, triplet, erased);
	if (status == GL_OK)
		gl_erased_print(admin, erased);
	return gl_admin_fail(admin, status);
}

static enum gl_exit delete_matching(
    struct gl_admin *admin, struct gl_filter *filter, struct gl_erased *erased)
{
	enum gl_exit code = gl_filter_read(filter, admin);
	if (code != GL_EXIT_OK)
		return code;
	return gl_admin_fail(admin, gl_erase(admin, filter, erased));
}

static enum gl_exit delete_command(struct gl_admin *admin, int count, char **operands)
{
	bool filtered = admin->client != NULL || admin->sender != NULL || admin->recipient != NULL;
	if (count != (filtered ? 0 : 3)) {
		gl_admin_say(admin, "delete takes CLIENT SENDER RECIPIENT, or --client, "
				    "--sender and --recipient as needed");
		return GL_EXIT_USAGE;
	}
	struct deletion *deletion = malloc(sizeof *deletion);
	if (deletion == NULL)
		return GL_EXIT_IO;
	struct gl_erased erased = { .triplets = 0 };
	enum gl_exit code = filtered ? delete_matching(admin, &deletion->filter, &erased)
				     : delete_one(admin, &deletion->triplet, operands, &erased);
	if (code == GL_EXIT_OK && erased.triplets + erased.clients == 0)
		code = GL_EXIT_NOTHING;
	free(deletion);
	return code;
}

const struct gl_command gl_command_delete = {
	.name = "delete",
	.arguments = "CLIENT SENDER RECIPIENT | --client CLIENT | --sender SENDER | "
		     "--recipient RECIPIENT",
	.summary = "forget a triplet, or everything of a client, sender or recipient",
	.need = GL_NEED_WRITE,
	.takes = GL_TAKES_DRY_RUN | GL_TAKES_WHO,
	.most = 3,
	.run = delete_command,
};
