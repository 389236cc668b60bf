/* Laws of export and import on random tables: what goes out comes in again, twice is once, the
 * order of two imports does not matter, and another table's secret makes no difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "dice.h"
#include "exported_lines.h"
#include "extent.h"
#include "greylist/inherited.h"
#include "said_key.h"
#include "tmpdir.h"

enum { NOW = 1767225600, ENTRIES = 250, SAID = 60, HOURS = 40 };

/* A directory with tables in it, each with a configuration beside it. */
struct place {
	char *root;
};

static const char *path_of(const struct place *place, const char *name, const char *end)
{
	static char paths[4][1024];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s%s", place->root, name, end);
	return path;
}

/* An empty table; `secret` is a digit, and tables with the same one have the same secret. */
static void make_table(const struct place *place, const char *name, char secret, const char *more)
{
	char text[2048], config[64], bytes[GL_SECRET_SIZE];
	int len = snprintf(text, sizeof text,
	    "database = \"%s\"\nlog_target = \"none\"\nsync = none\nclient_lists = {}\n"
	    "recipient_lists = {}\nsender_lists = {}\nsuffix_lists = {}\n%s\n",
	    path_of(place, name, ""), more);
	snprintf(config, sizeof config, "%s.conf", name);
	tmpdir_write(place->root, config, text, (size_t)len);
	assert_int_equal(mkdir(path_of(place, name, ""), 0700), 0);
	memset(bytes, secret, sizeof bytes);
	tmpdir_write(path_of(place, name, ""), "secret", bytes, sizeof bytes);
	assert_int_equal(chmod(path_of(place, name, "/secret"), 0600), 0);
}

/* Runs a command on a table; what it prints goes to the file `out`. */
static enum gl_exit run(
    const struct place *place, const char *name, const char *out, const char *const *words)
{
	char *argv[8] = { NULL }, *owned[8];
	int argc = 0;
	for (; words[argc] != NULL; argc++)
		argv[argc] = owned[argc] = strdup(words[argc]);
	struct gl_admin admin = {
		.out = fopen(path_of(place, out, ""), "w"), .err = stderr, .now = NOW
	};
	gl_world_init(&admin.world, path_of(place, name, ".conf"), GL_ACCESS_READ);
	enum gl_exit code = gl_command_run(&admin, argc, argv);
	gl_world_clear(&admin.world);
	for (int i = 0; i < argc; i++)
		free(owned[i]);
	assert_int_equal(fclose(admin.out), 0);
	return code;
}

static void export_to(const struct place *place, const char *name, const char *out)
{
	const char *const words[] = { "export", NULL };
	assert_int_equal(run(place, name, out, words), GL_EXIT_OK);
}

/* Expired entries are dropped and no fault; `code` is what else may come of it. */
static void import_from(
    const struct place *place, const char *name, const char *from, enum gl_exit code)
{
	const char *const words[] = { "import", "--merge", path_of(place, from, ""), NULL };
	assert_int_equal(run(place, name, "said", words), code);
}

static struct exported_lines lines_of(
    const struct place *place, const char *name, bool expired, bool digests)
{
	return exported_lines_read(path_of(place, name, ""), expired, digests);
}

/* Few of each kind, so that tables have entries in common. */
static struct gl_network some_network(struct dice *dice)
{
	static const char *const names[] = { "192.0.2.0/24", "198.51.100.7/32", "0.0.0.0/0",
		"2001:db8::/64", "2001:db8::9/128", "10.0.0.0/9" };
	struct gl_network network;
	assert_int_equal(
	    gl_network_parse(&network, gl_span_of(names[dice_between(dice, 0, 5)])), GL_OK);
	return network;
}

/* Bytes of every kind: UTF-8 whole and broken, quotes, controls, DEL; a NUL in recipients alone. */
static struct gl_span some_address(struct dice *dice, char *buffer, size_t size, bool may_nul)
{
	static const char *const parts[] = { "a", "B-7+x", "\"", "\\", "\n", "\t\x1b[31m", "\x7f",
		"\xc3\xa9", "\xc3", "\xff", "\xe2\x80\xae", "\xf0\x9f\x93\xa7", "@d.test",
		"prvs=", "0123456789ab", "" };
	struct gl_out out = gl_out_into(buffer, size);
	for (int64_t i = dice_between(dice, 0, 3); i > 0; i--)
		gl_out_text(&out, parts[dice_between(dice, 0, 15)]);
	if (may_nul && dice_one_in(dice, 8))
		gl_out_byte(&out, '\0');
	if (dice_one_in(dice, 50))
		while (!out.full)
			gl_out_text(&out, parts[dice_between(dice, 3, 11)]);
	return gl_out_done(&out);
}

static int64_t some_time(struct dice *dice)
{
	return NOW - dice_between(dice, 0, HOURS) * GL_HOUR;
}

static struct gl_record some_record(struct dice *dice)
{
	struct gl_record record = { .first_seen = some_time(dice),
		.attempts = (uint32_t)dice_between(dice, 1, 9),
		.passes = (uint32_t)dice_between(dice, 0, 3) };
	record.last_seen = dice_between(dice, record.first_seen, NOW);
	if (dice_one_in(dice, 2))
		record.passed_at = dice_between(dice, record.first_seen, record.last_seen);
	if (dice_one_in(dice, 30))
		record.attempts = record.passes = UINT32_MAX;
	if (dice_one_in(dice, 10)) /* expired; never of the same second as one that is not */
		record = (struct gl_record){ 1700000000, 1700000000, .attempts = 1 };
	return record;
}

static void some_hash(struct dice *dice, struct gl_key *key)
{
	uint8_t hash[GL_SHA1_SIZE] = { 0 };
	hash[0] = (uint8_t)dice_between(dice, 0, 9);
	gl_inherited_key(key, hash);
}

static void add_triplet(struct dice *dice, struct gl_store *store)
{
	static struct gl_triplet triplet;
	static char sender[GL_VALUE_MAX], recipient[GL_VALUE_MAX];
	struct gl_network network = some_network(dice);
	assert_int_equal(
	    gl_triplet_make(&triplet, &network, some_address(dice, sender, sizeof sender, false),
		some_address(dice, recipient, sizeof recipient, true), gl_store_secret(store)),
	    GL_OK);
	struct gl_op op = {
		.kind = GL_OP_TRIPLET, .key = &triplet.key, .record = some_record(dice)
	};
	struct gl_identity other = { GL_BY_POOL + dice_one_in(dice, 3), network,
		{ "a.example", 9 } };
	struct gl_key origin;
	gl_network_key(&origin, &network);
	bool hashed = dice_one_in(dice, 8);
	if (!hashed && dice_one_in(dice, 3)) {
		gl_triplet_key_of(&triplet.key, &triplet, &other);
		if (other.kind == GL_BY_POOL)
			op.record.origin = gl_key_span(&origin);
	}
	if (hashed)
		some_hash(dice, &triplet.key);
	else if (!dice_one_in(dice, 5))
		op.record.text = gl_triplet_text(&triplet);
	op.base = op.record.first_seen;
	assert_int_equal(gl_store_apply(store, &op, 1, NULL), GL_OK);
}

static void add_client(struct dice *dice, struct gl_store *store)
{
	struct gl_network network = some_network(dice);
	struct gl_key key;
	gl_network_key(&key, &network);
	if (dice_one_in(dice, 5))
		some_hash(dice, &key);
	struct gl_op op = { .kind = GL_OP_CLIENT_MEMORY,
		.key = &key,
		.client = { .last_counted = dice_one_in(dice, 4) ? 0 : some_time(dice),
		    .last_seen = dice_one_in(dice, 8) ? 1700000000 : some_time(dice),
		    .count = (uint32_t)dice_between(dice, 0, 6) } };
	assert_int_equal(gl_store_apply(store, &op, 1, NULL), GL_OK);
}

static struct gl_span some_text(struct dice *dice, char *buffer, size_t size)
{
	struct gl_out out = gl_out_into(buffer, size);
	if (dice_one_in(dice, 3))
		return some_address(dice, buffer, size, true);
	gl_out_text(&out, dice_one_in(dice, 2) ? "" : "code for bob");
	return gl_out_done(&out);
}

/* Blanks as in a quoted local part; no NUL, which no words of a command have. */
static void some_said_triplet(
    struct dice *dice, struct gl_said_key *said, const struct gl_secret *secret)
{
	static struct gl_triplet triplet;
	static const char *const addresses[] = { "", "a@d.test", "\"a  b\"@d.test", " ",
		"news-77@d.test", "\xff\x7f@d.test", "c@d.test \"c", "<>" };
	struct gl_network network = some_network(dice);
	assert_int_equal(
	    gl_triplet_make(&triplet, &network, gl_span_of(addresses[dice_between(dice, 0, 6)]),
		gl_span_of(addresses[dice_between(dice, 0, 7)]), secret),
	    GL_OK);
	gl_said_key_triplet(said, &triplet);
}

static void some_said(struct dice *dice, struct gl_said_key *said, const struct gl_secret *secret)
{
	static const char *const clients[] = { "192.0.2.7", "192.0.2.0/24", "192.0.2",
		"2001:DB8::/32", "Pool.example", "mail.example." };
	static const char *const mailboxes[] = { "A.example", "bob@a.example", "postmaster@",
		"news-77+x@a.example", "\xff\x7f@a.example", "<bob@a.example" };
	const char *why;
	enum gl_override_kind kind = (enum gl_override_kind)dice_between(
	    dice, 0, GL_OVERRIDE_KINDS - 1);
	bool is_client = kind == GL_OVERRIDE_CLIENT || kind == GL_OVERRIDE_NEVER;
	if (kind == GL_OVERRIDE_TRIPLET)
		some_said_triplet(dice, said, secret);
	else
		assert_int_equal(
		    gl_said_key_read(said, kind,
			gl_span_of((is_client ? clients : mailboxes)[dice_between(dice, 0, 5)]),
			&why),
		    GL_OK);
}

static void say(struct dice *dice, struct gl_store *store)
{
	struct gl_said_key said;
	char value[GL_OVERRIDE_MAX], reason[GL_OVERRIDE_TEXT_MAX];
	size_t changed;
	struct gl_out out = gl_out_into(value, sizeof value);
	some_said(dice, &said, gl_store_secret(store));
	const struct gl_override override = { .made = some_time(dice),
		.until = dice_one_in(dice, 3) ? 0 : NOW + dice_between(dice, 0, 2) * GL_HOUR,
		.who = gl_said_who(&said),
		.reason = some_text(dice, reason, sizeof reason) };
	gl_override_encode(&out, &override);
	struct gl_override_change change = { gl_key_span(&said.key), gl_out_done(&out) };
	assert_int_equal(gl_store_override(store, &change, 1, NOW, &changed), GL_OK);
}

static void fill(const struct place *place, const char *name, uint64_t seed)
{
	struct dice dice = { seed };
	struct gl_store *store;
	struct gl_complaint why = { "" };
	struct gl_store_options options = {
		.directory = path_of(place, name, ""), .map_limit = 16 << 20, .create = true
	};
	if (gl_store_open(&store, &options, &why) != GL_OK)
		fail_msg("%s", why.text);
	for (int i = 0; i < ENTRIES; i++) {
		if (dice_one_in(&dice, 6))
			add_client(&dice, store);
		else
			add_triplet(&dice, store);
	}
	for (int i = 0; i < SAID; i++)
		say(&dice, store);
	gl_store_close(store);
}

static struct place begin(void)
{
	return (struct place){ tmpdir_make() };
}

static void what_goes_out_comes_in_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (uint64_t)extent_of(4, 2); seed++) {
		struct place place = begin();
		make_table(&place, "from", '1', "");
		make_table(&place, "same", '1', "");
		make_table(&place, "other", '2', "");
		fill(&place, "from", seed);
		export_to(&place, "from", "out");
		import_from(&place, "same", "out", GL_EXIT_OK);
		export_to(&place, "same", "again");
		exported_lines_same(lines_of(&place, "out", false, true),
		    lines_of(&place, "again", true, true), seed);
		import_from(&place, "other", "out", GL_EXIT_INPUT);
		export_to(&place, "other", "again");
		exported_lines_same(lines_of(&place, "out", false, false),
		    lines_of(&place, "again", true, true), seed);
		tmpdir_remove(place.root);
	}
}

static void importing_twice_is_importing_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (uint64_t)extent_of(4, 2); seed++) {
		struct place place = begin();
		make_table(&place, "from", '1', "");
		make_table(&place, "to", '1', "");
		fill(&place, "from", 2 * seed);
		fill(&place, "to", 2 * seed + 1);
		export_to(&place, "from", "out");
		import_from(&place, "to", "out", GL_EXIT_OK);
		export_to(&place, "to", "once");
		import_from(&place, "to", "out", GL_EXIT_OK);
		export_to(&place, "to", "twice");
		exported_lines_same(lines_of(&place, "once", true, true),
		    lines_of(&place, "twice", true, true), seed);
		tmpdir_remove(place.root);
	}
}

/* `more` is what the tables that are imported into are configured with beside the usual. */
static void either_order(uint64_t seed, const char *more, bool into_empty)
{
	struct place place = begin();
	make_table(&place, "a", '1', "");
	make_table(&place, "b", '1', "");
	make_table(&place, "ab", '1', more);
	make_table(&place, "ba", '1', more);
	fill(&place, "a", 3 * seed);
	fill(&place, "b", 3 * seed + 1);
	if (!into_empty) {
		fill(&place, "ab", 3 * seed + 2);
		fill(&place, "ba", 3 * seed + 2);
	}
	export_to(&place, "a", "a.out");
	export_to(&place, "b", "b.out");
	import_from(&place, "ab", "a.out", GL_EXIT_OK);
	import_from(&place, "ab", "b.out", GL_EXIT_OK);
	import_from(&place, "ba", "b.out", GL_EXIT_OK);
	import_from(&place, "ba", "a.out", GL_EXIT_OK);
	export_to(&place, "ab", "ab.out");
	export_to(&place, "ba", "ba.out");
	exported_lines_same(
	    lines_of(&place, "ab.out", true, true), lines_of(&place, "ba.out", true, true), seed);
	tmpdir_remove(place.root);
}

static void the_order_of_two_imports_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (uint64_t)extent_of(4, 2); seed++) {
		either_order(seed, "", true);
		either_order(seed, "", false);
		either_order(seed, "privacy = true", true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_out_comes_in_again),
		cmocka_unit_test(importing_twice_is_importing_once),
		cmocka_unit_test(the_order_of_two_imports_does_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
