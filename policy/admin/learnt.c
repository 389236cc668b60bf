#include "learnt.h"

#include <stdlib.h>
#include <string.h>

#include "keyset.h"

/* A triplet, beside its key in the set. */
struct seen {
	int64_t first, last;
	uint64_t mail; /* the last one that was counted */
	uint32_t passes;
	uint32_t text_len;
	char *text; /* NULL: none is kept */
};

/* The hours that were counted are within `begin` and `end`. */
struct counted {
	int64_t begin, end, last;
	uint32_t count;
};

struct gl_learnt {
	struct gl_admin *admin;
	struct gl_import_batch *batch;
	struct gl_unwritten unwritten;
	struct gl_keyset triplets, clients;
	struct seen *seen;
	struct counted *counted;
	struct gl_triplet triplet; /* of the delivery in hand */
	struct gl_key key;         /* of the op in hand */
};

struct gl_learnt *gl_learnt_new(struct gl_admin *admin, struct gl_import_batch *batch, size_t room)
{
	const struct gl_secret *secret = gl_store_secret(admin->world.store);
	struct gl_learnt *learnt = calloc(1, sizeof *learnt);
	if (learnt == NULL)
		return NULL;
	learnt->admin = admin;
	learnt->batch = batch;
	learnt->seen = calloc(room, sizeof *learnt->seen);
	learnt->counted = calloc(room, sizeof *learnt->counted);
	bool ready = gl_keyset_init(&learnt->triplets, room, secret);
	ready = gl_keyset_init(&learnt->clients, room, secret) && ready;
	if (ready && learnt->seen != NULL && learnt->counted != NULL)
		return learnt;
	gl_learnt_free(learnt);
	return NULL;
}

static void empty(struct gl_learnt *learnt)
{
	for (size_t i = 0; i < learnt->triplets.count; i++)
		free(learnt->seen[i].text);
	gl_keyset_empty(&learnt->triplets);
	gl_keyset_empty(&learnt->clients);
}

void gl_learnt_free(struct gl_learnt *learnt)
{
	if (learnt == NULL)
		return;
	for (size_t i = 0; i < learnt->triplets.count; i++)
		free(learnt->seen[i].text);
	gl_keyset_clear(&learnt->triplets);
	gl_keyset_clear(&learnt->clients);
	free(learnt->seen);
	free(learnt->counted);
	free(learnt);
}

uint64_t gl_learnt_count(const struct gl_learnt *learnt)
{
	return learnt->triplets.count + learnt->clients.count;
}

struct gl_unwritten gl_learnt_unwritten(const struct gl_learnt *learnt)
{
	return learnt->unwritten;
}

static const struct gl_key *key_of(struct gl_learnt *learnt, const struct gl_keyset_key *key)
{
	learnt->key.len = key->len;
	memcpy(learnt->key.bytes, key->bytes, key->len);
	return &learnt->key;
}

static enum gl_status write_triplet(struct gl_learnt *learnt, size_t n)
{
	const struct gl_admin *admin = learnt->admin;
	const struct seen *seen = &learnt->seen[n];
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = key_of(learnt, &learnt->triplets.keys[n]),
		.record = { .first_seen = seen->first,
		    .last_seen = seen->last,
		    .passed_at = seen->first,
		    .attempts = seen->passes,
		    .passes = seen->passes,
		    .text = { seen->text, seen->text_len } } };
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &op.record);
	if (gl_record_state(&timing, &op.record, admin->now) != GL_STATE_EXPIRED)
		return gl_import_batch_add(learnt->batch, &op);
	learnt->unwritten.triplets++;
	return GL_OK;
}

static enum gl_status write_client(struct gl_learnt *learnt, size_t n)
{
	const struct gl_admin *admin = learnt->admin;
	const struct gl_timing *timing = &admin->world.config.timing;
	const struct counted *counted = &learnt->counted[n];
	struct gl_op op = { .kind = GL_OP_CLIENT_MEMORY,
		.key = key_of(learnt, &learnt->clients.keys[n]),
		.forget = admin->now - timing->max_age,
		.client = { .last_counted = counted->end,
		    .last_seen = counted->last,
		    .count = counted->count } };
	if (!gl_client_expired(timing, &op.client, admin->now))
		return gl_import_batch_add(learnt->batch, &op);
	learnt->unwritten.clients++;
	return GL_OK;
}

enum gl_status gl_learnt_write(
    struct gl_learnt *learnt, const struct gl_interrupt *interrupt, struct gl_progress *progress)
{
	size_t triplets = learnt->triplets.count;
	size_t all = triplets + learnt->clients.count;
	enum gl_status status = GL_OK;
	for (size_t n = 0; n < all && status == GL_OK; n++) {
		if (gl_interrupt_came(interrupt))
			status = GL_MORE;
		else
			status = n < triplets ? write_triplet(learnt, n)
					      : write_client(learnt, n - triplets);
		if (progress != NULL)
			gl_progress_add(progress, 1);
	}
	/* What the batch still holds was learnt before the signal came. */
	if (status == GL_OK || status == GL_MORE) {
		enum gl_status flushed = gl_import_batch_flush(learnt->batch);
		status = flushed == GL_OK ? status : flushed;
	}
	empty(learnt);
	return status;
}

static bool keep_text(struct gl_learnt *learnt, struct seen *seen)
{
	struct gl_span text = gl_triplet_text(&learnt->triplet);
	seen->text = NULL;
	seen->text_len = 0;
	if (learnt->admin->world.config.privacy)
		return true;
	seen->text = malloc(text.len);
	if (seen->text == NULL)
		return false;
	memcpy(seen->text, text.at, text.len);
	seen->text_len = (uint32_t)text.len;
	return true;
}

static void see_again(struct seen *seen, const struct gl_delivery *delivery)
{
	if (delivery->time < seen->first)
		seen->first = delivery->time;
	if (delivery->time > seen->last)
		seen->last = delivery->time;
	if (delivery->mail != seen->mail && seen->passes < UINT32_MAX)
		seen->passes++;
	seen->mail = delivery->mail;
}

/* Files may be read in any order, so an hour may be in front of those counted or behind them. */
static void count_again(struct counted *counted, int64_t time)
{
	bool behind = time >= counted->end + GL_HOUR, before = time <= counted->begin - GL_HOUR;
	if ((behind || before) && counted->count < UINT32_MAX)
		counted->count++;
	if (behind)
		counted->end = time;
	if (before)
		counted->begin = time;
	if (time > counted->last)
		counted->last = time;
}

/* GL_TOO_LONG: no room, and nothing was changed. */
static enum gl_status add_triplet(struct gl_learnt *learnt, const struct gl_delivery *delivery)
{
	bool fresh;
	long n = gl_keyset_number(&learnt->triplets, gl_key_span(&learnt->triplet.key), &fresh);
	if (n == GL_KEYSET_FULL)
		return GL_TOO_LONG;
	struct seen *seen = &learnt->seen[n];
	if (!fresh) {
		see_again(seen, delivery);
		return GL_OK;
	}
	*seen = (struct seen){
		.first = delivery->time, .last = delivery->time, .mail = delivery->mail, .passes = 1
	};
	return keep_text(learnt, seen) ? GL_OK : GL_FAILED;
}

static enum gl_status add_client(struct gl_learnt *learnt, const struct gl_delivery *delivery)
{
	bool fresh;
	if (delivery->uncounted)
		return GL_OK;
	if (learnt->admin->world.config.auto_whitelist_per == GL_PER_NETWORK)
		gl_network_key(&learnt->key, &learnt->triplet.client);
	else
		gl_client_key(&learnt->key, delivery->client);
	long n = gl_keyset_number(&learnt->clients, gl_key_span(&learnt->key), &fresh);
	if (n == GL_KEYSET_FULL)
		return GL_TOO_LONG;
	if (fresh)
		learnt->counted[n] = (struct counted){ delivery->time, delivery->time,
			delivery->time, 1 };
	else
		count_again(&learnt->counted[n], delivery->time);
	return GL_OK;
}

/* Every key that an attempt like this would be looked up by; adding one twice changes nothing. */
static enum gl_status add_keys(struct gl_learnt *learnt, const struct gl_delivery *delivery)
{
	enum gl_status status = add_triplet(learnt, delivery);
	return status == GL_OK ? add_client(learnt, delivery) : status;
}

enum gl_status gl_learnt_add(struct gl_learnt *learnt, const struct gl_delivery *delivery,
    const struct gl_interrupt *interrupt)
{
	const struct gl_config *config = &learnt->admin->world.config;
	struct gl_network network = gl_network_of(delivery->client,
	    delivery->client->family == GL_V4 ? config->ipv4_prefix : config->ipv6_prefix);
	enum gl_status status = gl_triplet_make(&learnt->triplet, &network, delivery->sender,
	    delivery->recipient, gl_store_secret(learnt->admin->world.store));
	if (status != GL_OK)
		return status;
	status = add_keys(learnt, delivery);
	if (status != GL_TOO_LONG)
		return status;
	status = gl_learnt_write(learnt, interrupt, NULL);
	return status == GL_OK ? add_keys(learnt, delivery) : status;
}
