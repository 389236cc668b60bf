#include "life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contents.h"
#include "tmpdir.h"

enum { BATCH_MAX = 40, LONG_MAX = 6000 };

static void *need(void *made)
{
	if (made == NULL)
		abort();
	return made;
}

static bool good(enum gl_status status, const char *what)
{
	if (status != GL_OK)
		printf("%s: %s\n", what, gl_status_text(status));
	return status == GL_OK;
}

struct gl_store_options life_options(const char *directory, enum life_sync sync)
{
	return (struct gl_store_options){
		.directory = directory,
		.map_limit = (uint64_t)64 << 20,
		.sync_meta = sync == LIFE_FULL,
		.sync_data = sync != LIFE_NONE,
		.create = true,
	};
}

static bool open_again(struct life *life)
{
	struct gl_complaint why;
	struct gl_store_options options = life_options(life->directory, life->sync);
	gl_store_close(life->store);
	if (gl_store_open(&life->store, &options, &why) == GL_OK)
		return true;
	printf("%s\n", why.text);
	return false;
}

static const char *random_name(struct life *life, size_t len)
{
	static char name[LONG_MAX + 1];
	for (size_t i = 0; i < len; i++)
		name[i] = (char)dice_between(&life->dice, 'a', 'z');
	name[len] = '\0';
	return name;
}

static void make_key(struct life *life, struct life_triplet *triplet, struct gl_triplet *made)
{
	static const uint8_t base[] = { 192, 0, 2 };
	struct gl_address client = { .family = GL_V4 };
	memcpy(client.bytes, base, sizeof base);
	client.bytes[2] = (uint8_t)(life->number % 23);
	struct gl_network network = gl_network_of(&client, 24);
	if (gl_triplet_make(made, &network, gl_span_of(triplet->sender),
		gl_span_of(triplet->recipient), gl_store_secret(life->store)) != GL_OK)
		abort();
	triplet->key = made->key;
}

/* Mostly an everyday address, sometimes one that needs pages of its own. */
static struct life_triplet *stranger(struct life *life, struct gl_triplet *made)
{
	if (life->triplet_count == life->triplet_room) {
		life->triplet_room = life->triplet_room == 0 ? 256 : life->triplet_room * 2;
		life->triplets = need(
		    reallocarray(life->triplets, life->triplet_room, sizeof *life->triplets));
	}
	bool large = dice_one_in(&life->dice, 40);
	size_t len = (size_t)(large ? dice_between(&life->dice, 2000, LONG_MAX)
				    : dice_between(&life->dice, 5, 120));
	struct life_triplet *triplet = &life->triplets[life->triplet_count++];
	*triplet = (struct life_triplet){ .born = SIZE_MAX, .gone = SIZE_MAX };
	life->number++;
	snprintf(triplet->sender, sizeof triplet->sender, "%" PRIu64 "@a.test", life->number);
	triplet->recipient = need(strdup(random_name(life, len)));
	triplet->first_seen = life->now;
	make_key(life, triplet, made);
	return triplet;
}

static struct gl_op first_try(const struct life_triplet *triplet, const struct gl_triplet *made)
{
	return (struct gl_op){ .kind = GL_OP_TRIPLET,
		.key = &triplet->key,
		.record = { .first_seen = triplet->first_seen,
		    .last_seen = triplet->first_seen,
		    .attempts = 1,
		    .text = gl_triplet_text(made) } };
}

static bool newcomer(struct life *life)
{
	static struct gl_triplet made;
	const struct life_triplet *triplet = stranger(life, &made);
	struct gl_op op = first_try(triplet, &made);
	life->sweep.now = life->now;
	life->sweep.budget = 8;
	return good(gl_store_apply(life->store, &op, 1, &life->sweep), "a newcomer");
}

static bool import(struct life *life)
{
	static struct gl_triplet made[BATCH_MAX];
	static struct gl_key keys[BATCH_MAX];
	struct gl_op ops[BATCH_MAX];
	size_t count = (size_t)dice_between(&life->dice, 5, BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct life_triplet *triplet = stranger(life, &made[i]);
		ops[i] = first_try(triplet, &made[i]);
		keys[i] = triplet->key;
		ops[i].key = &keys[i];
	}
	return good(gl_store_apply(life->store, ops, count, NULL), "an import");
}

/* One that is there, or NULL: among the newer ones, as retries are. */
static struct life_triplet *acquaintance(struct life *life)
{
	for (int tries = 0; life->triplet_count > 0 && tries < 20; tries++) {
		int64_t last = (int64_t)life->triplet_count - 1;
		int64_t first = last > 200 ? last - 200 : 0;
		struct life_triplet *triplet =
		    &life->triplets[dice_between(&life->dice, first, last)];
		if (triplet->gone == SIZE_MAX)
			return triplet;
	}
	return NULL;
}

static bool retry(struct life *life)
{
	static struct gl_triplet made;
	struct life_triplet *triplet = acquaintance(life);
	if (triplet == NULL)
		return newcomer(life);
	struct gl_address client = { .family = GL_V4, .bytes = { 192, 0, 2 } };
	client.bytes[3] = (uint8_t)dice_between(&life->dice, 1, 60);
	struct gl_key client_key;
	gl_client_key(&client_key, &client);
	if (gl_triplet_make(&made, &(struct gl_network){ .base = client, .prefix = 24 },
		gl_span_of(triplet->sender), gl_span_of(triplet->recipient),
		gl_store_secret(life->store)) != GL_OK)
		abort();
	struct gl_op ops[2] = { first_try(triplet, &made),
		{ .kind = GL_OP_CLIENT, .key = &client_key, .now = life->now } };
	ops[0].base = triplet->first_seen;
	ops[0].record.last_seen = life->now;
	ops[0].record.passed_at = life->now;
	ops[0].record.attempts = 2;
	ops[0].record.passes = 1;
	triplet->passed = true;
	return good(gl_store_apply(life->store, ops, 2, NULL), "a retry");
}

static bool delete (struct life *life)
{
	struct gl_key keys[3];
	size_t count = 0, deleted;
	while (count < 3) {
		const struct life_triplet *triplet = acquaintance(life);
		if (triplet == NULL)
			break;
		keys[count++] = triplet->key;
	}
	struct gl_keys all = { keys, count };
	return good(gl_store_delete(life->store, GL_TABLE_TRIPLET, &all, NULL, NULL, &deleted),
	    "a deletion");
}

static bool purge(struct life *life)
{
	life->sweep.now = life->now;
	life->sweep.budget = 64;
	return good(gl_store_sweep(life->store, &life->sweep), "a purge");
}

static bool transact(struct life *life)
{
	life->now += dice_between(&life->dice, 1, 60);
	switch (dice_between(&life->dice, 0, 19)) {
	case 0:
		return import(life);
	case 1:
		return delete (life);
	case 2:
		return purge(life);
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		return retry(life);
	default:
		return newcomer(life);
	}
}

/* What was acknowledged just now, and what went with it. */
static bool note_triplets(struct life *life)
{
	for (size_t i = 0; i < life->triplet_count; i++) {
		struct life_triplet *triplet = &life->triplets[i];
		if (triplet->gone != SIZE_MAX)
			continue;
		struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET,
			.key = gl_key_span(&triplet->key) };
		if (!good(gl_store_lookup(life->store, &lookup, 1), "a look-up"))
			return false;
		if (lookup.found && triplet->born == SIZE_MAX)
			triplet->born = life->commits;
		if (!lookup.found)
			triplet->gone = life->commits;
	}
	return true;
}

static bool note_commit(struct life *life)
{
	struct contents contents;
	if (!contents_read(&contents, life->store)) {
		printf("behind commit %zu: %s\n", life->commits, contents.why);
		return false;
	}
	if (life->commits > 0 && life->digests[life->commits - 1] == contents.digest) {
		life->repeated++;
		return true;
	}
	life->digests[life->commits] = contents.digest;
	journal_mark(life->commits);
	if (!note_triplets(life))
		return false;
	life->commits++;
	return true;
}

static void write_secret(struct life *life)
{
	for (size_t i = 0; i < sizeof life->secret; i++)
		life->secret[i] = (uint8_t)dice_roll(&life->dice);
	tmpdir_write(life->directory, "secret", life->secret, sizeof life->secret);
}

bool life_lead(struct life *life, enum life_sync sync, uint64_t seed, size_t transactions)
{
	*life = (struct life){ .sync = sync, .dice = { .state = seed }, .now = 1000000 };
	life->sweep.timing =
	    (struct gl_timing){ .delay = 60, .retry_window = 900, .max_age = 3000 };
	life->directory = tmpdir_make();
	life->digests = need(calloc(transactions + 1, sizeof *life->digests));
	write_secret(life);
	journal_begin(&life->journal, life->directory);
	bool lived = open_again(life) && note_commit(life);
	for (size_t i = 0; i < transactions && lived; i++) {
		lived = transact(life) && note_commit(life);
		if (lived && dice_one_in(&life->dice, 30))
			lived = open_again(life);
	}
	journal_end();
	gl_store_close(life->store);
	life->store = NULL;
	return lived;
}

void life_free(struct life *life)
{
	for (size_t i = 0; i < life->triplet_count; i++)
		free(life->triplets[i].recipient);
	free(life->triplets);
	free(life->digests);
	journal_free(&life->journal);
	tmpdir_remove(life->directory);
}
