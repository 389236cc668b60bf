/*
 * seed - makes a table with known contents and a known secret.
 *
 *     seed DIRECTORY <LINES
 *
 * Lines, fields between blanks, "<>" for an empty sender, \xHH for any byte:
 *
 *     triplet CLIENT SENDER RECIPIENT FIRST_SEEN LAST_SEEN PASSED_AT ATTEMPTS PASSES
 *     private (as triplet, but its text is not stored)
 *     client NETWORK COUNT LAST_COUNTED
 *     counter ACTION REASON COUNT TIME
 *     waited SECONDS COUNT (first passes, on the day of the counter before)
 *     newer CLIENT SENDER RECIPIENT
 *
 * The last one is an entry of a later version, which nobody can read.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "greylist/counters.h"
#include "greylist/store.h"

enum { FIELDS = 9, LINE = 65536 };

struct seeding {
	const char *directory;
	struct gl_store *store;
	struct gl_counters *counters;
	char *fields[FIELDS];
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "seed: %s\n", what);
	exit(1);
}

static void write_secret(const char *directory)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/secret", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	need(fd >= 0 && write(fd, "sixteen octets!!", GL_SECRET_SIZE) == GL_SECRET_SIZE, path);
	close(fd);
}

static int64_t number(const char *text)
{
	char *end = NULL;
	long long value = strtoll(text, &end, 10);
	need(end != text && *end == 0, text);
	return value;
}

static unsigned hex_digit(char digit)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, digit);
	need(digit != 0 && at != NULL, "a \\x needs two digits");
	return (unsigned)(at - digits);
}

/* In place. */
static struct gl_span unescape(char *text)
{
	size_t len = 0;
	if (strcmp(text, "<>") == 0)
		return (struct gl_span){ text, 0 };
	for (const char *from = text; *from != 0; from++) {
		char byte = *from;
		if (from[0] == '\\' && from[1] == 'x') {
			byte = (char)(hex_digit(from[2]) << 4 | hex_digit(from[3]));
			from += 3;
		}
		text[len++] = byte;
	}
	return (struct gl_span){ text, len };
}

static void make_triplet(struct seeding *seeding, struct gl_triplet *triplet)
{
	struct gl_network network;
	need(gl_network_parse(&network, gl_span_of(seeding->fields[1])) == GL_OK, "a network");
	need(gl_triplet_make(triplet, &network, unescape(seeding->fields[2]),
		 unescape(seeding->fields[3]), gl_store_secret(seeding->store)) == GL_OK,
	    "a triplet");
}

static void add_triplet(struct seeding *seeding)
{
	static struct gl_triplet triplet;
	make_triplet(seeding, &triplet);
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = &triplet.key,
		.record = { .first_seen = number(seeding->fields[4]),
		    .last_seen = number(seeding->fields[5]),
		    .passed_at = number(seeding->fields[6]),
		    .attempts = (uint32_t)number(seeding->fields[7]),
		    .passes = (uint32_t)number(seeding->fields[8]),
		    .text = gl_triplet_text(&triplet) } };
	if (strcmp(seeding->fields[0], "private") == 0)
		op.record.text = gl_span_of(NULL);
	need(gl_store_apply(seeding->store, &op, 1, NULL) == GL_OK, "apply a triplet");
}

static void add_client(struct seeding *seeding)
{
	struct gl_network network;
	struct gl_key key;
	int64_t count = number(seeding->fields[2]), last = number(seeding->fields[3]);
	need(gl_network_parse(&network, gl_span_of(seeding->fields[1])) == GL_OK, "a network");
	gl_network_key(&key, &network);
	for (int64_t i = count - 1; i >= 0; i--) {
		struct gl_op op = { .kind = GL_OP_CLIENT, .key = &key, .now = last - i * GL_HOUR };
		need(gl_store_apply(seeding->store, &op, 1, NULL) == GL_OK, "apply a client");
	}
}

/* In the field an underline stands for a blank. */
static bool begins_with(const char *text, const char *field)
{
	while (*field != '\0' && (*text == *field || (*text == ' ' && *field == '_'))) {
		text++;
		field++;
	}
	return *field == '\0';
}

static void add_counter(struct seeding *seeding)
{
	enum gl_action action = GL_ACTION_PASS;
	enum gl_reason reason = GL_REASON_CONFIG;
	while (strcmp(gl_action_text(action), seeding->fields[1]) != 0)
		need(++action < GL_ACTIONS, seeding->fields[1]);
	while (!begins_with(gl_reason_text(reason), seeding->fields[2]))
		need(++reason < GL_REASONS, seeding->fields[2]);
	for (int64_t i = number(seeding->fields[3]); i > 0; i--)
		gl_counters_add(seeding->counters, action, reason, number(seeding->fields[4]));
}

static void add_waited(struct seeding *seeding)
{
	for (int64_t i = number(seeding->fields[2]); i > 0; i--)
		gl_counters_first_pass(seeding->counters, number(seeding->fields[1]));
}

static void open_store(struct seeding *seeding)
{
	struct gl_store_options options = {
		.directory = seeding->directory, .map_limit = 16777216, .create = true
	};
	struct gl_complaint why;
	need(gl_store_open(&seeding->store, &options, &why) == GL_OK, why.text);
}

/* The store refuses to write what it cannot read: so this goes past it. */
static void add_newer(struct seeding *seeding)
{
	static struct gl_triplet triplet;
	char path[4096], value[] = "\2 a later version";
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	MDB_dbi dbi;
	make_triplet(seeding, &triplet);
	gl_store_close(seeding->store);
	snprintf(path, sizeof path, "%s/table", seeding->directory);
	MDB_val key = { triplet.key.len, triplet.key.bytes }, data = { sizeof value, value };
	need(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 8) == 0 &&
		 mdb_env_open(env, path, 0, 0640) == 0 && mdb_txn_begin(env, NULL, 0, &txn) == 0 &&
		 mdb_dbi_open(txn, "triplet", 0, &dbi) == 0 &&
		 mdb_put(txn, dbi, &key, &data, 0) == 0 && mdb_txn_commit(txn) == 0,
	    "put an entry of a later version");
	mdb_env_close(env);
	open_store(seeding);
}

static void add(struct seeding *seeding, int count)
{
	const struct {
		const char *name;
		int fields;
		void (*add)(struct seeding *seeding);
	} kinds[] = { { "triplet", 9, add_triplet }, { "private", 9, add_triplet },
		{ "client", 4, add_client }, { "counter", 5, add_counter },
		{ "waited", 3, add_waited }, { "newer", 4, add_newer } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].name, seeding->fields[0]) != 0)
			continue;
		need(count == kinds[i].fields, "a line with the wrong number of fields");
		kinds[i].add(seeding);
		return;
	}
	need(false, seeding->fields[0]);
}

int main(int argc, char **argv)
{
	static char line[LINE];
	struct seeding seeding = { .directory = argv[1] };
	need(argc == 2, "usage: seed DIRECTORY <LINES");
	mkdir(seeding.directory, 0750);
	write_secret(seeding.directory);
	open_store(&seeding);
	need(gl_counters_open(&seeding.counters, seeding.directory) == GL_OK, "counters");
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *rest = NULL;
		int count = 0;
		for (char *field = strtok_r(line, " \n", &rest); field != NULL && count < FIELDS;
		     field = strtok_r(NULL, " \n", &rest))
			seeding.fields[count++] = field;
		if (count > 0 && seeding.fields[0][0] != '#')
			add(&seeding, count);
	}
	gl_counters_close(seeding.counters);
	gl_store_close(seeding.store);
	return 0;
}
