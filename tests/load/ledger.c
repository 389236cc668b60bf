#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "greylist/store.h"

enum { SHOWN = 10, PATIENCE = 20 /* seconds that a lock left behind may hold us up */ };

/* One comparison under way. */
struct audit {
	const struct ledger *ledger;
	struct gl_store *store;
	uint64_t wrong;
};

void ledger_ask(struct ledger_entry *entry, int64_t now)
{
	if (entry->asked == 0)
		entry->asked = now;
}

bool ledger_answer(const struct ledger *ledger, struct ledger_entry *entry, enum answer_verb verb,
    int64_t asked, int64_t now)
{
	bool passes = answer_passes(verb);
	int64_t known_since = entry->answered;
	if (entry->answered == 0)
		entry->answered = now;
	if (passes && entry->passed == 0)
		entry->passed = now;
	if (passes)
		return now - entry->asked >= ledger->delay;
	return known_since == 0 || asked - known_since < ledger->delay;
}

static void complain(struct audit *audit, const struct ledger_entry *entry, const char *what)
{
	if (audit->wrong++ < SHOWN)
		printf("  %s %s %s: %s\n", entry->envelope.client, entry->envelope.sender,
		    entry->envelope.recipient, what);
}

static bool make_triplet(struct gl_triplet *triplet, struct gl_address *client,
    const struct envelope *envelope, const struct gl_secret *secret)
{
	if (gl_address_parse(client, gl_span_of(envelope->client)) != GL_OK)
		return false;
	struct gl_network network = gl_network_of(client, client->family == GL_V4 ? 24 : 64);
	return gl_triplet_make(triplet, &network, gl_span_of(envelope->sender),
		   gl_span_of(envelope->recipient), secret) == GL_OK;
}

static void compare_record(struct audit *audit, const struct ledger_entry *entry,
    const struct gl_triplet *triplet, struct gl_span value)
{
	struct gl_record record;
	bool let_through = entry->passed != 0;
	if (gl_record_decode(&record, value) != GL_OK)
		complain(audit, entry, "its record cannot be decoded");
	else if (!gl_span_equal(record.text, gl_triplet_text(triplet)))
		complain(audit, entry, "its record holds another text");
	else if (record.first_seen < entry->asked || record.first_seen > entry->answered)
		complain(audit, entry, "first seen at another time");
	else if (let_through && record.passed_at == 0)
		complain(audit, entry, "was let through and is not stored as passed");
	else if (record.passed_at != 0 &&
		 record.passed_at < record.first_seen + audit->ledger->delay)
		complain(audit, entry, "stored as passed before its delay was over");
	else if (record.passed_at != 0 && !let_through && !entry->in_doubt)
		complain(audit, entry, "stored as passed and was never let through");
	else if (record.attempts == 0 || (let_through && record.passes == 0))
		complain(audit, entry, "its attempts or passes were not counted");
}

/* A client counts one success an hour, however many helpers saw it pass. */
static void compare_client(
    struct audit *audit, const struct ledger_entry *entry, const struct gl_lookup *found)
{
	struct gl_client client;
	if (!found->found)
		complain(audit, entry, "its client passed and is not remembered");
	else if (gl_client_decode(&client, found->value) != GL_OK)
		complain(audit, entry, "its client's record cannot be decoded");
	else if (client.count != 1)
		complain(audit, entry, "its client's successes were not counted once");
}

static void compare_entry(struct audit *audit, const struct ledger_entry *entry)
{
	static struct gl_triplet triplet;
	struct gl_address client;
	struct gl_key client_key;
	if (!make_triplet(&triplet, &client, &entry->envelope, gl_store_secret(audit->store))) {
		complain(audit, entry, "no triplet can be made of it");
		return;
	}
	gl_client_key(&client_key, &client);
	struct gl_lookup lookups[] = {
		{ .table = GL_TABLE_TRIPLET, .key = gl_key_span(&triplet.key) },
		{ .table = GL_TABLE_CLIENT, .key = gl_key_span(&client_key) },
	};
	if (gl_store_lookup(audit->store, lookups, 2) != GL_OK) {
		complain(audit, entry, "cannot be looked up");
		return;
	}
	if (!lookups[0].found)
		complain(audit, entry, "was answered and is LOST");
	else
		compare_record(audit, entry, &triplet, lookups[0].value);
	if (entry->passed != 0)
		compare_client(audit, entry, &lookups[1]);
}

/* No lock of a dead writer holds up the next; no slot of a dead reader stays taken. */
static void compare_locks(struct audit *audit)
{
	static struct gl_triplet triplet;
	struct gl_store_figures figures;
	struct gl_address client;
	static const struct envelope own = { .client = "192.0.2.99",
		.sender = "ledger@example.org",
		.recipient = "ledger@example.org" };
	int64_t now = time(NULL);
	unsigned reaped = gl_store_reap(audit->store);
	if (!make_triplet(&triplet, &client, &own, gl_store_secret(audit->store)))
		abort();
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = &triplet.key,
		.record = { .first_seen = now,
		    .last_seen = now,
		    .attempts = 1,
		    .text = gl_triplet_text(&triplet) } };
	alarm(PATIENCE);
	if (gl_store_apply(audit->store, &op, 1, NULL) != GL_OK) {
		printf("  a fresh writer cannot write\n");
		audit->wrong++;
	}
	alarm(0);
	if (gl_store_reap(audit->store) != 0) {
		printf("  reader slots of the dead were still taken after a reap\n");
		audit->wrong++;
	}
	if (gl_store_measure(audit->store, &figures) != GL_OK) {
		printf("  the table cannot be measured\n");
		audit->wrong++;
		return;
	}
	printf("  table: %" PRIu64 " triplets, %" PRIu64
	       " clients; %u reader slots at the most, %u of the dead freed now\n",
	    figures.triplets, figures.clients, figures.readers_used, reaped);
}

uint64_t ledger_compare(const struct ledger *ledger, const char *directory)
{
	struct gl_complaint why;
	struct audit audit = { .ledger = ledger };
	struct gl_store_options options = { .directory = directory,
		.map_limit = UINT64_C(2) << 30,
		.sync_meta = true,
		.sync_data = true };
	if (gl_store_open(&audit.store, &options, &why) != GL_OK) {
		printf("  the table does not open: %s\n", why.text);
		return 1;
	}
	compare_locks(&audit);
	for (size_t i = 0; i < ledger->count; i++) {
		if (ledger->entries[i].answered != 0)
			compare_entry(&audit, &ledger->entries[i]);
	}
	gl_store_close(audit.store);
	return audit.wrong;
}
