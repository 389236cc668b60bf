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
	char *text;             /* NULL: none is kept */
	struct gl_key *key;     /* NULL: it is in the set as it is */
	struct gl_network from; /* where the first of them came from */
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
	struct gl_identity pool;   /* of it; an empty name: none */
	struct gl_key key, origin; /* of the op in hand */
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

static void forget(struct gl_learnt *learnt)
{
	for (size_t i = 0; i < learnt->triplets.count; i++) {
		free(learnt->seen[i].text);
		free(learnt->seen[i].key);
	}
}

static void empty(struct gl_learnt *learnt)
{
	forget(learnt);
	gl_keyset_empty(&learnt->triplets);
	gl_keyset_empty(&learnt->clients);
}

void gl_learnt_free(struct gl_learnt *learnt)
{
	if (learnt == NULL)
		return;
	forget(learnt);
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

/* A pool's record says which network was the first. */
static struct gl_span origin_of(
    struct gl_learnt *learnt, const struct seen *seen, const struct gl_key *key)
{
	struct gl_identity identity;
	if (gl_key_identity(&identity, gl_key_span(key)) != GL_OK || identity.kind != GL_BY_POOL)
		return gl_span_of(NULL);
	gl_network_key(&learnt->origin, &seen->from);
	return gl_key_span(&learnt->origin);
}

static enum gl_status write_triplet(struct gl_learnt *learnt, size_t n)
{
	const struct gl_admin *admin = learnt->admin;
	const struct seen *seen = &learnt->seen[n];
	const struct gl_key *key = seen->key != NULL ? seen->key
						     : key_of(learnt, &learnt->triplets.keys[n]);
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = key,
		.record = { .first_seen = seen->first,
		    .last_seen = seen->last,
		    .passed_at = seen->first,
		    .attempts = seen->passes,
		    .passes = seen->passes,
		    .text = { seen->text, seen->text_len },
		    .origin = origin_of(learnt, seen, key) } };
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

static void see_again(
    struct seen *seen, const struct gl_delivery *delivery, const struct gl_network *from)
{
	if (delivery->time < seen->first) {
		seen->first = delivery->time;
		seen->from = *from;
	}
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

/* A pool's key may be too long for the set: there stands its digest, with a first octet that no
 * key has. */
static struct gl_span key_in_set(
    const struct gl_learnt *learnt, const struct gl_key *key, uint8_t short_key[1 + GL_DIGEST_SIZE])
{
	if (key->len <= GL_KEYSET_KEY_MAX)
		return gl_key_span(key);
	short_key[0] = 0;
	gl_digest(short_key + 1, gl_key_span(key), gl_store_secret(learnt->admin->world.store));
	return (struct gl_span){ (const char *)short_key, 1 + GL_DIGEST_SIZE };
}

static bool keep_key(struct seen *seen, const struct gl_key *key)
{
	if (key->len <= GL_KEYSET_KEY_MAX)
		return true;
	seen->key = malloc(sizeof *seen->key);
	if (seen->key != NULL)
		*seen->key = *key;
	return seen->key != NULL;
}

/* GL_TOO_LONG: no room, and nothing was changed. */
static enum gl_status add_triplet(
    struct gl_learnt *learnt, const struct gl_delivery *delivery, const struct gl_key *key)
{
	bool fresh;
	uint8_t short_key[1 + GL_DIGEST_SIZE];
	long n = gl_keyset_number(&learnt->triplets, key_in_set(learnt, key, short_key), &fresh);
	if (n == GL_KEYSET_FULL)
		return GL_TOO_LONG;
	struct seen *seen = &learnt->seen[n];
	if (!fresh) {
		see_again(seen, delivery, &learnt->triplet.client);
		return GL_OK;
	}
	*seen = (struct seen){ .first = delivery->time,
		.last = delivery->time,
		.mail = delivery->mail,
		.passes = 1,
		.from = learnt->triplet.client };
	return keep_text(learnt, seen) && keep_key(seen, key) ? GL_OK : GL_FAILED;
}

static enum gl_status add_pool(struct gl_learnt *learnt, const struct gl_delivery *delivery)
{
	if (learnt->pool.pool.len == 0)
		return GL_OK;
	gl_triplet_key_of(&learnt->key, &learnt->triplet, &learnt->pool);
	return add_triplet(learnt, delivery, &learnt->key);
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
	enum gl_status status = add_triplet(learnt, delivery, &learnt->triplet.key);
	if (status == GL_OK)
		status = add_pool(learnt, delivery);
	return status == GL_OK ? add_client(learnt, delivery) : status;
}

/* Where the configuration goes by names, for this recipient and sender. */
static enum gl_status find_pool(struct gl_learnt *learnt, const struct gl_delivery *delivery)
{
	const struct gl_world *world = &learnt->admin->world;
	struct gl_terms_question question = { .recipient = delivery->recipient,
		.sender = delivery->sender };
	struct gl_terms terms;
	enum gl_name_kind looks;
	learnt->pool = (struct gl_identity){ .kind = GL_BY_POOL };
	gl_config_terms_for(&terms, &world->config, &question);
	if (terms.identity != GL_IDENTITY_NAME)
		return GL_OK;
	struct gl_bench bench = gl_world_bench(world);
	return gl_bench_pool(&bench, delivery->name, delivery->client, &looks, &learnt->pool.pool);
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
	status = find_pool(learnt, delivery);
	if (status == GL_OK)
		status = add_keys(learnt, delivery);
	if (status != GL_TOO_LONG)
		return status;
	status = gl_learnt_write(learnt, interrupt, NULL);
	return status == GL_OK ? add_keys(learnt, delivery) : status;
}
