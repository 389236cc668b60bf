/*
 * Over random rules and names: the probes, looked up among the rules'
 * keys, lead to what publicsuffix.org's algorithm says, read off its text
 * label by label. And whatever a name is, its pool is a tail of it that
 * begins at a label.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/pool.h"

#include "dice.h"

enum { ROUNDS = 20000, RULES_MAX = 10, LABELS = 8, TEXT = 320 };

struct rule {
	char text[TEXT];
	struct gl_key key;
};

struct round {
	size_t count;
	struct rule rules[RULES_MAX];
	struct gl_rules_head head;
	struct gl_suffix_probes probes;
	bool found[GL_SUFFIX_PROBES_MAX];
};

static void random_name(struct dice *dice, char *name, int64_t least, int64_t most)
{
	static const char *const labels[] = { "a", "b", "c" };
	int64_t count = dice_between(dice, least, most);

	name[0] = '\0';
	for (int64_t i = 0; i < count; i++) {
		if (i > 0)
			strcat(name, ".");
		strcat(name, labels[dice_between(dice, 0, 2)]);
	}
}

static void make_rules(struct round *round, struct dice *dice)
{
	static const char *const marks[] = { "", "", "*.", "!" };
	int64_t wanted = dice_between(dice, 1, RULES_MAX);

	memset(&round->head, 0, sizeof round->head);
	round->count = 0;
	for (int64_t i = 0; i < wanted; i++) {
		struct rule *rule = &round->rules[round->count];
		struct gl_rule parsed;
		char name[TEXT];
		const char *why;

		random_name(dice, name, 1, 4);
		snprintf(rule->text, TEXT, "%s%.16s", marks[dice_between(dice, 0, 3)], name);
		if (gl_rule_parse(&parsed, GL_LIST_SUFFIXES, gl_span_of(rule->text), &why) != GL_OK)
			continue;
		gl_rules_head_add(&round->head, &parsed);
		gl_rule_key(&rule->key, &parsed);
		round->count++;
	}
}

static bool has(const struct round *round, struct gl_span key)
{
	for (size_t i = 0; i < round->count; i++)
		if (gl_span_equal(key, gl_key_span(&round->rules[i].key)))
			return true;
	return false;
}

static struct gl_span pool_of(struct round *round, struct gl_span name)
{
	gl_suffix_probes(&round->probes, &round->head, name);
	for (size_t i = 0; i < round->probes.count; i++)
		round->found[i] = has(round, round->probes.probe[i].key);
	return gl_pool_domain(name, &round->probes, round->found);
}

/* A name's labels, from the last one on. */
struct parts {
	size_t count;
	char at[LABELS][8];
};

static void part(struct parts *parts, const char *name)
{
	parts->count = 0;
	for (size_t end = strlen(name); end > 0;) {
		size_t from = end;

		while (from > 0 && name[from - 1] != '.')
			from--;
		snprintf(parts->at[parts->count++], 8, "%.*s", (int)(end - from), name + from);
		end = from > 0 ? from - 1 : 0;
	}
}

/* "A domain is said to match a rule": label by label from the right, '*' being any. */
static bool matches(const struct parts *rule, const struct parts *name)
{
	if (rule->count > name->count)
		return false;
	for (size_t i = 0; i < rule->count; i++)
		if (strcmp(rule->at[i], "*") != 0 && strcmp(rule->at[i], name->at[i]) != 0)
			return false;
	return true;
}

/* How many labels the public suffix has. */
static size_t plain_suffix(const struct round *round, const char *text)
{
	struct parts name;
	size_t longest = 1;
	size_t exception = 0;

	part(&name, text);
	for (size_t i = 0; i < round->count; i++) {
		bool excepts = round->rules[i].text[0] == '!';
		struct parts rule;

		part(&rule, round->rules[i].text + excepts);
		if (!matches(&rule, &name))
			continue;
		if (excepts && rule.count > exception)
			exception = rule.count;
		else if (!excepts && rule.count > longest)
			longest = rule.count;
	}
	return exception > 0 ? exception - 1 : longest;
}

/* The name's last labels, as many; empty where it has not so many. */
static const char *tail(const char *name, size_t labels)
{
	const char *at = name + strlen(name);

	while (labels > 0) {
		if (at == name)
			return "";
		do
			at--;
		while (at > name && at[-1] != '.');
		labels--;
		if (labels > 0 && at > name)
			at--;
	}
	return at;
}

static void test_the_probes_are_a_plain_reading(void **state)
{
	struct round *round = *state;
	size_t shorter = 0;
	size_t none = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct dice dice = { seed };
		char name[TEXT];

		make_rules(round, &dice);
		random_name(&dice, name, 2, 6);
		const char *want = round->head.use[GL_LIST_SUFFIXES].labels == 0
				       ? ""
				       : tail(name, plain_suffix(round, name) + 1);
		struct gl_span pool = pool_of(round, gl_span_of(name));

		none += want[0] == '\0';
		shorter += strlen(want) > 3 && strlen(want) < strlen(name);
		if (!gl_span_equal(pool, gl_span_of(want)))
			fail_msg("seed %lu: %s is %.*s, not %s", (unsigned long)seed, name,
			    (int)pool.len, pool.at, want);
	}
	/* the dice have to make names of every sort */
	assert_true(shorter > ROUNDS / 10);
	assert_true(none > ROUNDS / 10);
}

static void check_pool(const char *name, size_t len, struct gl_span pool)
{
	size_t end = len - (len > 0 && name[len - 1] == '.');

	if (pool.len == 0)
		return;
	assert_ptr_equal(pool.at + pool.len, name + end);
	assert_true(pool.at >= name);
	assert_true(pool.at == name || pool.at[-1] == '.');
	assert_true(gl_span_find(pool, '.') < pool.len);
}

/* Whatever bytes a stranger's name has. */
static void test_random_bytes(void **state)
{
	struct round *round = *state;
	size_t pools = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct dice dice = { seed };
		size_t len = (size_t)dice_between(&dice, 0, dice_one_in(&dice, 4) ? 300 : 12);
		char *name = malloc(len + 1);
		struct gl_address client = { .family = dice_one_in(&dice, 2) ? GL_V4 : GL_V6 };

		assert_non_null(name);
		make_rules(round, &dice);
		for (size_t i = 0; i < sizeof client.bytes; i++)
			client.bytes[i] = (uint8_t)dice_between(&dice, 0, 20);
		for (size_t i = 0; i < len; i++)
			name[i] = "aabc...-_A019*\xff\x01"[dice_between(&dice, 0, 15)];
		struct gl_span pool = pool_of(round, (struct gl_span){ name, len });
		enum gl_name_kind kind = gl_name_looks((struct gl_span){ name, len }, &client);

		pools += pool.len > 0;
		check_pool(name, len, pool);
		assert_true(kind <= GL_NAME_DYNAMIC);
		free(name);
	}
	assert_true(pools > 100);
}

/* A name that was made of the address, in one of the ways that providers do. */
static void name_after(struct dice *dice, char *name, const uint8_t *at)
{
	static const char *const ends[] = { "example.com", "rev.example.co.uk", "b7.example.net" };
	const char *end = ends[dice_between(dice, 0, 2)];
	char between = "-.x_"[dice_between(dice, 0, 3)];

	switch (dice_between(dice, 0, 5)) {
	case 0:
		snprintf(name, TEXT, "h-%u%c%u%c%u%c%u.%s", at[0], between, at[1], between, at[2],
		    between, at[3], end);
		break;
	case 1:
		snprintf(name, TEXT, "%u%c%u%c%u%c%u.%s", at[3], between, at[2], between, at[1],
		    between, at[0], end);
		break;
	case 2:
		snprintf(name, TEXT, "x%03u%03u%03u%03u.%s", at[0], at[1], at[2], at[3], end);
		break;
	case 3:
		snprintf(name, TEXT, "p%02X%02X%02X%02X.%s", at[0], at[1], at[2], at[3], end);
		break;
	case 4:
		snprintf(name, TEXT, "h%02x%02x-%02x%02x.%s", at[3], at[2], at[1], at[0], end);
		break;
	default:
		snprintf(name, TEXT, "n%c%u%c%u%c%u.%s", between, at[1], between, at[2], between,
		    at[3], end);
		break;
	}
}

static void test_names_after_addresses(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct dice dice = { seed };
		struct gl_address client = { .family = GL_V4 };
		char name[TEXT];

		for (size_t i = 0; i < 4; i++)
			client.bytes[i] = (uint8_t)dice_between(&dice, 0, 255);
		name_after(&dice, name, client.bytes);
		if (gl_name_looks(gl_span_of(name), &client) != GL_NAME_ADDRESS)
			fail_msg("seed %lu: %s", (unsigned long)seed, name);
	}
}

static int set_up(void **state)
{
	*state = malloc(sizeof(struct round));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_probes_are_a_plain_reading),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_names_after_addresses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
