#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "greylist/sender.h"
#include "operand.h"
#include "walk.h"

enum { BATCH = 128 }; /* keys of one transaction */

/* What a run of `delete` looks for, and what it met so far. */
struct deletion {
	struct gl_admin *admin;
	struct gl_who who;          /* --client */
	struct gl_span text;        /* --sender, --recipient; borrowed from `bytes` */
	uint64_t triplets, clients; /* deleted, or in a dry run found */
	enum gl_status status;      /* of the last batch */
	enum gl_table table;        /* that the batch is of */
	size_t batched;
	struct gl_key batch[BATCH];
	struct gl_triplet triplet; /* of the three operands */
	char bytes[GL_VALUE_MAX];
};

/* Deletes the batch, and counts. */
static void flush(struct deletion *deletion)
{
	struct gl_admin *admin = deletion->admin;
	size_t deleted = deletion->batched;
	if (!admin->dry_run && deleted > 0) {
		do
			deletion->status = gl_store_delete(admin->world.store, deletion->table,
			    deletion->batch, deletion->batched, &deleted);
		while (gl_admin_again(admin, deletion->status));
		if (deletion->status != GL_OK)
			deleted = 0;
	}
	*(deletion->table == GL_TABLE_CLIENT ? &deletion->clients : &deletion->triplets) += deleted;
	deletion->batched = 0;
}

static void condemn(struct deletion *deletion, struct gl_span key)
{
	struct gl_key *slot = &deletion->batch[deletion->batched++];
	slot->len = (uint16_t)key.len;
	memcpy(slot->bytes, key.at, key.len);
	if (deletion->batched == BATCH)
		flush(deletion);
}

/* Either lies within the other: an address finds its network's triplets, a network its addresses'.
 */
static bool overlap(const struct gl_network *a, const struct gl_network *b)
{
	return gl_network_contains(a, &b->base) || gl_network_contains(b, &a->base);
}

/* The address itself; or what was asked for is a domain, and the address is in or below it. */
static bool text_matches(struct gl_span address, struct gl_span wanted)
{
	if (gl_span_equal(address, wanted))
		return true;
	if (wanted.len == 0 || gl_span_find(wanted, '@') < wanted.len)
		return false;
	struct gl_span domain = gl_span_skip(address, gl_span_find_last(address, '@') + 1);
	if (domain.len < wanted.len)
		return false;
	size_t above = domain.len - wanted.len;
	return gl_span_equal(gl_span_skip(domain, above), wanted) &&
	       (above == 0 || domain.at[above - 1] == '.');
}

static bool matches(const struct deletion *deletion, const struct gl_entry *entry)
{
	if (deletion->admin->only_kind == 'c')
		return !entry->inherited && overlap(&deletion->who.network, &entry->client);
	if (deletion->admin->only_kind == 's')
		return text_matches(gl_record_sender(&entry->record), deletion->text);
	return text_matches(gl_record_recipient(&entry->record), deletion->text);
}

static bool look_at(void *context, const struct gl_entry *entry)
{
	struct deletion *deletion = context;
	if (matches(deletion, entry))
		condemn(deletion, entry->key);
	return deletion->status == GL_OK;
}

static enum gl_status walk(struct deletion *deletion, enum gl_table table)
{
	deletion->table = table;
	enum gl_status status = gl_walk(deletion->admin, table, look_at, deletion);
	if (deletion->status == GL_OK)
		flush(deletion);
	return deletion->status != GL_OK ? deletion->status : status;
}

static enum gl_status read_filter(struct deletion *deletion)
{
	const struct gl_admin *admin = deletion->admin;
	if (admin->only_kind == 'c')
		return gl_operand_client(admin, &deletion->who, admin->only);
	struct gl_out out = gl_out_into(deletion->bytes, sizeof deletion->bytes);
	struct gl_span text = gl_operand_envelope(admin->only);
	if (admin->only_kind == 's')
		gl_out_sender(&out, text);
	else
		gl_out_lower(&out, text);
	deletion->text = gl_out_done(&out);
	if (!out.full)
		return GL_OK;
	gl_admin_say(admin, "the address is too long");
	return GL_TOO_LONG;
}

static enum gl_exit delete_matching(struct deletion *deletion)
{
	enum gl_status status = read_filter(deletion);
	if (status != GL_OK)
		return gl_exit_of(status);
	status = walk(deletion, GL_TABLE_TRIPLET);
	if (status == GL_OK && deletion->admin->only_kind == 'c')
		status = walk(deletion, GL_TABLE_CLIENT);
	return gl_admin_fail(deletion->admin, status);
}

static enum gl_exit delete_one(struct deletion *deletion, char **operands)
{
	struct gl_found found;
	enum gl_status status = gl_operand_triplet(
	    deletion->admin, &deletion->triplet, &deletion->who, operands);
	if (status != GL_OK)
		return gl_exit_of(status);
	status = gl_operand_find(deletion->admin, &found, &deletion->triplet, &deletion->who);
	if (status != GL_OK)
		return gl_admin_fail(deletion->admin, status);
	deletion->table = GL_TABLE_TRIPLET;
	if (found.count > 0 && found.entries[0].table == GL_TABLE_TRIPLET)
		condemn(deletion, found.entries[0].key);
	flush(deletion);
	return gl_admin_fail(deletion->admin, deletion->status);
}

static enum gl_exit report(const struct deletion *deletion)
{
	const struct gl_admin *admin = deletion->admin;
	const char *done = admin->dry_run ? "would be deleted" : "deleted";
	fprintf(admin->out, "%" PRIu64 " triplet%s", deletion->triplets,
	    deletion->triplets == 1 ? "" : "s");
	if (admin->only_kind == 'c')
		fprintf(admin->out, " and %" PRIu64 " client%s", deletion->clients,
		    deletion->clients == 1 ? "" : "s");
	fprintf(admin->out, " %s\n", done);
	return deletion->triplets + deletion->clients > 0 ? GL_EXIT_OK : GL_EXIT_NOTHING;
}

static enum gl_exit delete_command(struct gl_admin *admin, int count, char **operands)
{
	if (count != (admin->only != NULL ? 0 : 3)) {
		gl_admin_say(admin, "delete takes CLIENT SENDER RECIPIENT, or one of --client, "
				    "--sender and --recipient");
		return GL_EXIT_USAGE;
	}
	struct deletion *deletion = calloc(1, sizeof *deletion);
	if (deletion == NULL)
		return GL_EXIT_IO;
	deletion->admin = admin;
	enum gl_exit code = admin->only != NULL ? delete_matching(deletion)
						: delete_one(deletion, operands);
	if (code == GL_EXIT_OK)
		code = report(deletion);
	else if (deletion->triplets + deletion->clients > 0)
		report(deletion);
	free(deletion);
	return code;
}

const struct gl_command gl_command_delete = {
	.name = "delete",
	.arguments = "[CLIENT SENDER RECIPIENT | --client CLIENT | --sender SENDER | "
		     "--recipient RECIPIENT]",
	.summary = "forget a triplet, or everything of a client, sender or recipient",
	.need = GL_NEED_WRITE,
	.takes = GL_TAKES_DRY_RUN | GL_TAKES_FILTER,
	.most = 3,
	.run = delete_command,
};
