/*
 * fill-table DIRECTORY COUNT - makes a table as large as a busy site's, in a minute or so.
 *
 * One triplet in twenty-five is one of workload.h's known ones: passed,
 * seen just now, each with a client of its own. All others lie around
 * the networks that the load's new triplets come from, so that these
 * arrive everywhere in the table and not in a corner of it. Keys go in by
 * ascending networks, which is fast, but in two turns: what one turn
 * alone would leave are pages without room, and no table that has lived
 * has those.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "greylist/store.h"

#include "workload.h"

enum {
	BATCH = 5000,
	FIRST_TURN = 70, /* in a hundred networks */
	DAY = 86400,
	KNOWN_SHARE = 25,
	STALE_CLIENTS_SHARE = 100,
	KEY_ROOM = 64, /* all keys here are shorter by far */
	TEXT_ROOM = 128
};

/* Where clients live: `count` networks behind `first`, in units of a /24 or a /64. */
struct region {
	enum gl_family family;
	uint64_t first, count;
	unsigned percent; /* of the triplets that are not known */
};

/* The second and the third are those of the load's new triplets. */
static const struct region regions[] = {
	{ GL_V4, 0x0b0000, 0x590000, 50 },
	{ GL_V4, 0x644000, 0x4000, 25 },
	{ GL_V6, UINT64_C(0x20010db800000000), UINT64_C(0x100000000), 25 },
};

/* What an op borrows. */
struct slot {
	struct gl_key key;
	char text[TEXT_ROOM];
};

struct fill {
	uint64_t count, seed;
	unsigned expired, passed; /* in a hundred */
	int64_t now;
	struct gl_store *store;
	struct gl_triplet triplet;
	uint64_t numbered, triplets, clients;
	bool first_turn;
	size_t batched;
	struct gl_op ops[BATCH];
	struct slot slots[BATCH];
};

static bool flush(struct fill *fill)
{
	enum gl_status status = gl_store_apply(fill->store, fill->ops, fill->batched, NULL);
	fill->batched = 0;
	if (status != GL_OK)
		fprintf(stderr, "fill-table: %s: %s\n", gl_status_text(status),
		    gl_store_trouble(fill->store));
	return status == GL_OK;
}

/* The next op of the batch; NULL where the table takes no more. */
static struct gl_op *next_op(struct fill *fill, enum gl_op_kind kind, struct slot **slot)
{
	if (fill->batched == BATCH && !flush(fill))
		return NULL;
	struct gl_op *op = &fill->ops[fill->batched];
	*slot = &fill->slots[fill->batched++];
	*op = (struct gl_op){ .kind = kind, .key = &(*slot)->key };
	return op;
}

static void copy_key(struct gl_key *to, const struct gl_key *from)
{
	to->len = from->len;
	memcpy(to->bytes, from->bytes, from->len);
}

static struct gl_record record_known(const struct fill *fill)
{
	return (struct gl_record){ .first_seen = fill->now - DAY,
		.last_seen = fill->now,
		.passed_at = fill->now - DAY + 300,
		.attempts = 2,
		.passes = 1 };
}

static struct gl_record record_other(const struct fill *fill, uint64_t dice)
{
	int64_t within = (int64_t)(dice >> 32);
	struct gl_record record = { .attempts = 1 };
	if (dice % 100 < fill->expired) {
		record.first_seen = fill->now - 3 * DAY - within % (25 * DAY);
		record.last_seen = record.first_seen;
	} else if (dice / 100 % 100 < fill->passed) {
		record.first_seen = fill->now - DAY - within % (20 * DAY);
		record.passed_at = record.first_seen + 900;
		record.last_seen = record.passed_at;
		record.attempts = 2;
		record.passes = 1;
	} else {
		record.first_seen = fill->now - within % DAY;
		record.last_seen = record.first_seen;
	}
	return record;
}

static bool add_triplet(struct fill *fill, const struct gl_network *client,
    const struct envelope *envelope, const struct gl_record *record)
{
	struct slot *slot;
	struct gl_op *op = next_op(fill, GL_OP_TRIPLET, &slot);
	if (op == NULL ||
	    gl_triplet_make(&fill->triplet, client, gl_span_of(envelope->sender),
		gl_span_of(envelope->recipient), gl_store_secret(fill->store)) != GL_OK)
		return false;
	copy_key(&slot->key, &fill->triplet.key);
	memcpy(slot->text, fill->triplet.text, fill->triplet.text_len);
	op->record = *record;
	op->record.text = (struct gl_span){ slot->text, fill->triplet.text_len };
	fill->triplets++;
	return true;
}

static bool add_client(struct fill *fill, const struct gl_address *client, int64_t seen)
{
	struct slot *slot;
	struct gl_op *op = next_op(fill, GL_OP_CLIENT_MEMORY, &slot);
	if (op == NULL)
		return false;
	gl_client_key(&slot->key, client);
	op->client = (struct gl_client){ .last_counted = seen, .last_seen = seen, .count = 1 };
	fill->clients++;
	return true;
}

/* Whether this network has its turn now. */
static bool turn_of(const struct fill *fill, uint64_t network)
{
	return (workload_random(fill->seed, network) % 100 < FIRST_TURN) == fill->first_turn;
}

static bool add_known(struct fill *fill, uint32_t index)
{
	struct envelope envelope;
	struct gl_address client;
	workload_known(index, &envelope);
	if (gl_address_parse(&client, gl_span_of(envelope.client)) != GL_OK)
		return false;
	struct gl_network network = gl_network_of(&client, 24);
	struct gl_record record = record_known(fill);
	return add_triplet(fill, &network, &envelope, &record);
}

/* workload.h's networks in their order; those whose numbers differ by 65536 share one. */
static bool fill_known(struct fill *fill)
{
	uint32_t known = (uint32_t)(fill->count / KNOWN_SHARE);
	for (uint32_t network = 0; network < 65536; network++) {
		if (!turn_of(fill, network))
			continue;
		uint32_t swapped = network >> 8 | (network & 255) << 8;
		for (uint32_t index = swapped; index < known; index += 65536) {
			if (!add_known(fill, index))
				return false;
		}
	}
	return true;
}

static struct gl_address address_of(const struct region *region, uint64_t network)
{
	struct gl_address address = { .family = region->family };
	unsigned size = region->family == GL_V4 ? 3 : 8;
	for (unsigned i = 0; i < size; i++)
		address.bytes[i] = (uint8_t)(network >> 8 * (size - 1 - i));
	return address;
}

/* Texts as long as those of real mail. */
static void make_envelope(const struct fill *fill, uint64_t number, struct envelope *envelope)
{
	unsigned dice = (unsigned)workload_random(fill->seed ^ 1, number);
	snprintf(envelope->sender, sizeof envelope->sender,
	    "given.family%" PRIu64 "@mail.site%u.example", number, dice % 5000);
	snprintf(envelope->recipient, sizeof envelope->recipient, "first.last%u@example.org",
	    dice % 1000);
}

static bool fill_region(struct fill *fill, const struct region *region)
{
	uint64_t others = fill->count - fill->count / KNOWN_SHARE;
	uint64_t triplets = others * region->percent / 100;
	uint64_t networks = triplets < region->count ? triplets : region->count;
	if (networks == 0)
		return true;
	for (uint64_t i = 0; i < networks; i++) {
		uint64_t network = region->first + region->count / networks * i;
		uint64_t until = (i + 1) * triplets / networks;
		if (!turn_of(fill, network))
			continue;
		struct gl_address address = address_of(region, network);
		struct gl_network client = gl_network_of(
		    &address, region->family == GL_V4 ? 24 : 64);
		for (uint64_t n = i * triplets / networks; n < until; n++) {
			uint64_t number = (uint64_t)(region - regions) << 32 | n;
			struct envelope envelope;
			make_envelope(fill, number, &envelope);
			struct gl_record record = record_other(
			    fill, workload_random(fill->seed, number));
			if (!add_triplet(fill, &client, &envelope, &record))
				return false;
		}
	}
	return true;
}

static bool fill_turn(struct fill *fill, bool first)
{
	fill->first_turn = first;
	bool good = fill_known(fill);
	for (size_t i = 0; good && i < sizeof regions / sizeof regions[0]; i++)
		good = fill_region(fill, &regions[i]);
	return good;
}

static bool fill_clients(struct fill *fill)
{
	struct gl_address address;
	struct envelope envelope;
	uint32_t known = (uint32_t)(fill->count / KNOWN_SHARE);
	bool good = true;
	for (uint32_t i = 0; good && i < known; i++) {
		workload_known(i, &envelope);
		good = gl_address_parse(&address, gl_span_of(envelope.client)) == GL_OK &&
		       add_client(fill, &address, fill->now);
	}
	for (uint64_t i = 0; good && i < fill->count / STALE_CLIENTS_SHARE; i++) {
		address = address_of(&regions[0], regions[0].first + i);
		bool gone = workload_random(fill->seed, i) % 100 < fill->expired;
		good = add_client(fill, &address, fill->now - (gone ? 40 : 1) * DAY);
	}
	return good;
}

static bool fill_table(struct fill *fill)
{
	bool good = fill_turn(fill, true) && fill_turn(fill, false) && fill_clients(fill);
	return good && flush(fill);
}

static int run(struct fill *fill, const char *directory)
{
	struct gl_complaint why;
	struct gl_store_figures figures;
	struct timespec begin, end;
	struct gl_store_options options = {
		.directory = directory, .map_limit = UINT64_C(16) << 30, .create = true
	};
	if (mkdir(directory, 0750) != 0 || gl_store_open(&fill->store, &options, &why) != GL_OK) {
		perror(directory);
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	bool good = fill_table(fill) && gl_store_measure(fill->store, &figures) == GL_OK;
	clock_gettime(CLOCK_MONOTONIC, &end);
	gl_store_close(fill->store);
	if (!good)
		return 1;
	double seconds = (double)(end.tv_sec - begin.tv_sec) +
			 (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("triplets=%" PRIu64 " clients=%" PRIu64 " known=%" PRIu64
	       " seconds=%.1f bytes=%" PRIu64 "\n",
	    figures.triplets, figures.clients, fill->count / KNOWN_SHARE, seconds, figures.bytes);
	return 0;
}

static bool number(const char *text, uint64_t most, uint64_t *value)
{
	char *end;
	*value = strtoull(text, &end, 10);
	return end != text && *end == '\0' && *text != '-' && *value <= most;
}

static bool parse(struct fill *fill, int argc, char **argv)
{
	static const struct option options[] = { { "expired", required_argument, NULL, 'e' },
		{ "passed", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' }, { "time", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 } };
	int option;
	uint64_t value;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?' || !number(optarg,
					 option == 's'   ? UINT64_MAX
					 : option == 't' ? GL_TIME_MAX
							 : 100,
					 &value))
			return false;
		if (option == 'e')
			fill->expired = (unsigned)value;
		else if (option == 'p')
			fill->passed = (unsigned)value;
		else if (option == 's')
			fill->seed = value;
		else
			fill->now = (int64_t)value;
	}
	return argc - optind == 2 && number(argv[optind + 1], 1 << 28, &fill->count) &&
	       fill->count >= KNOWN_SHARE;
}

int main(int argc, char **argv)
{
	struct fill *fill = calloc(1, sizeof *fill);
	if (fill == NULL)
		return 1;
	*fill = (struct fill){ .seed = 1, .passed = 60, .now = time(NULL) };
	if (!parse(fill, argc, argv)) {
		fputs("usage: fill-table DIRECTORY COUNT [--expired PERCENT] [--passed PERCENT]\n"
		      "                  [--seed N] [--time NOW]\n",
		    stderr);
		free(fill);
		return 64;
	}
	int code = run(fill, argv[optind]);
	free(fill);
	return code;
}
