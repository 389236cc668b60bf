/* Whose a client's name is: the probes and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/pool.h"

#include "same.h"

enum { RULES_MAX = 8 };

struct rules {
	size_t count;
	struct gl_key keys[RULES_MAX];
	struct gl_rules_head head;
};

static void add(struct rules *rules, const char *line)
{
	struct gl_rule rule;
	const char *why;

	assert_true(rules->count < RULES_MAX);
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SUFFIXES, gl_span_of(line), &why), GL_OK);
	gl_rules_head_add(&rules->head, &rule);
	gl_rule_key(&rules->keys[rules->count++], &rule);
}

static bool has(const struct rules *rules, struct gl_span key)
{
	for (size_t i = 0; i < rules->count; i++)
		if (gl_span_equal(key, gl_key_span(&rules->keys[i])))
			return true;
	return false;
}

static struct gl_span pool_of(const struct rules *rules, struct gl_span name)
{
	static struct gl_suffix_probes probes;
	bool found[GL_SUFFIX_PROBES_MAX];

	gl_suffix_probes(&probes, &rules->head, name);
	assert_true(probes.count <= GL_SUFFIX_PROBES_MAX);
	for (size_t i = 0; i < probes.count; i++)
		found[i] = has(rules, probes.probe[i].key);
	return gl_pool_domain(name, &probes, found);
}

static const struct rules *some_rules(void)
{
	static struct rules rules;

	rules = (struct rules){ .count = 0 };
	add(&rules, "co.uk");
	add(&rules, "*.ck");
	add(&rules, "!www.ck");
	add(&rules, "compute.example.net");
	add(&rules, "*.vps.example.net");
	add(&rules, "*.nom.br");
	add(&rules, "nom.br");
	return &rules;
}

static const char *const names[][2] = {
	{ "mx7.example.com", "example.com" },
	{ "example.com", "example.com" },
	{ "com", "" },
	{ "mx7.example.co.uk", "example.co.uk" },
	{ "example.co.uk", "example.co.uk" },
	{ "co.uk", "" },
	{ "uk", "" },
	{ "example.uk", "example.uk" },
	{ "MX7.Example.CO.UK", "Example.CO.UK" },
	{ "mx7.example.co.uk.", "example.co.uk" },
	{ "a.b.c.d.e.f.example.co.uk", "example.co.uk" },
	/* a wildcard, and the exception from it */
	{ "mx.shop.co.ck", "shop.co.ck" },
	{ "shop.co.ck", "shop.co.ck" },
	{ "co.ck", "" },
	{ "ck", "" },
	{ "www.ck", "www.ck" },
	{ "mx.www.ck", "www.ck" },
	{ "mx.shop.www.ck", "www.ck" },
	/* the longest rule */
	{ "mx.example.net", "example.net" },
	{ "compute.example.net", "" },
	{ "h1.compute.example.net", "h1.compute.example.net" },
	{ "mx.h1.compute.example.net", "h1.compute.example.net" },
	{ "vps.example.net", "example.net" },
	{ "h1.vps.example.net", "" },
	{ "mx.h1.vps.example.net", "mx.h1.vps.example.net" },
	{ "nom.br", "" },
	{ "silva.nom.br", "" },
	{ "joao.silva.nom.br", "joao.silva.nom.br" },
	/* nobody's */
	{ "", "" },
	{ ".", "" },
	{ "unknown", "" },
	{ "localhost", "" },
	{ "192.0.2.7", "" },
	{ "[192.0.2.7]", "" },
	{ "2001:db8::1", "" },
	{ "mx..example.com", "" },
	{ ".example.com", "" },
	{ "mx example.com", "" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "" },
	{ "mx.example.c*m", "" },
};

static void test_names(void **state)
{
	const struct rules *rules = some_rules();

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		same_text(names[i][0], pool_of(rules, gl_span_of(names[i][0])), names[i][1]);
}

/* Then co.uk would pass for somebody's. */
static void test_without_lists_nothing_is_anybodys(void **state)
{
	struct rules none = { .count = 0 };
	struct rules only_wildcards = { .count = 0 };

	(void)state;
	add(&only_wildcards, "*.ck");
	assert_int_equal(pool_of(&none, gl_span_of("mx.example.com")).len, 0);
	assert_int_equal(pool_of(&only_wildcards, gl_span_of("mx.example.com")).len, 0);
}

static void test_only_what_can_succeed_is_asked(void **state)
{
	static const char *const keys[] = { "edexample.net", "pdmx.h1.example.net",
		"wdh1.example.net", "pdexample.net", "wdnet" };
	static const unsigned labels[] = { 1, 4, 4, 2, 2 };
	static struct gl_suffix_probes probes;
	struct rules rules = { .count = 0 };

	(void)state;
	add(&rules, "!a.b");
	add(&rules, "a.b.c.d");
	add(&rules, "*.a.b.c");
	add(&rules, "a.b");
	add(&rules, "*.a");
	gl_suffix_probes(&probes, &rules.head, gl_span_of("MX.H1.Example.NET."));
	assert_int_equal(probes.count, 5);
	for (size_t i = 0; i < 5; i++) {
		same_text(keys[i], probes.probe[i].key, keys[i]);
		assert_int_equal(probes.probe[i].labels, labels[i]);
	}
}

/* So many one-letter labels, and the name's end. */
static struct gl_span name_of(char *room, size_t labels, const char *end)
{
	for (size_t i = 0; i < labels; i++)
		memcpy(room + 2 * i, "a.", 2);
	memcpy(room + 2 * labels, end, strlen(end));
	return (struct gl_span){ room, 2 * labels + strlen(end) };
}

static void test_the_longest_names(void **state)
{
	static struct gl_suffix_probes probes;
	struct gl_rules_head head;
	char room[1024];
	char label[64];
	const struct rules *rules = some_rules();

	(void)state;
	same_text("253 bytes", pool_of(rules, name_of(room, 124, "co.uk")), "a.co.uk");
	assert_int_equal(pool_of(rules, name_of(room, 125, "co.uk")).len, 0);
	memset(label, 'b', sizeof label);
	memcpy(room, label, 63);
	memcpy(room + 63, ".co.uk", 6);
	assert_int_equal(pool_of(rules, (struct gl_span){ room, 69 }).len, 69);
	memcpy(room, label, 64);
	memcpy(room + 64, ".co.uk", 6);
	assert_int_equal(pool_of(rules, (struct gl_span){ room, 70 }).len, 0);

	memset(&head, 0xff, sizeof head);
	gl_suffix_probes(&probes, &head, name_of(room, 124, "co.uk"));
	assert_int_equal(probes.count, GL_SUFFIX_PROBES_MAX - 2);
	assert_true(probes.used <= sizeof probes.bytes);
}

/* The rule and the name have as many labels as a rule can. */
static void test_the_longest_rule(void **state)
{
	struct rules rules = { .count = 0 };
	char room[64];

	(void)state;
	add(&rules, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.net");
	same_text("more", pool_of(&rules, name_of(room, 20, "net")),
	    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.net");
	assert_int_equal(pool_of(&rules, name_of(room, 15, "net")).len, 0);
	add(&rules, "*.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.net");
	same_text("wildcard", pool_of(&rules, name_of(room, 20, "net")),
	    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.net");
	assert_int_equal(pool_of(&rules, name_of(room, 16, "net")).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_without_lists_nothing_is_anybodys),
		cmocka_unit_test(test_only_what_can_succeed_is_asked),
		cmocka_unit_test(test_the_longest_names),
		cmocka_unit_test(test_the_longest_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
