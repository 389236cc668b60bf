#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/exempt.h"

enum { ENTRIES_MAX = 6 };

/* An entry of a list: the list's letter as in the keys, a blank, the line. */
static struct gl_rule read_entry(const char *entry)
{
	static const char letters[] = "Lcrsn";
	enum gl_list list = (enum gl_list)(strchr(letters, entry[0]) - letters);
	struct gl_rule rule;
	const char *why;

	if (gl_rule_parse(&rule, list, gl_span_of(entry + 2), &why) != GL_OK)
		fail_msg("%s: %s", entry, why);
	return rule;
}

struct question_case {
	const char *name;
	const char *entries[ENTRIES_MAX];
	const char *address;
	const char *client_name;
	const char *recipient;
	const char *sender;
	const char *found; /* the entry that decides; NULL: none does */
	char delimiter;    /* '\0': '+' is meant, '0': none */
};

#define HOST(entry, asked) .entries = { entry }, .client_name = asked
#define FROM(entry, asked) .entries = { entry }, .address = asked
#define TO(entry, asked)   .entries = { entry }, .recipient = asked

static const struct question_case question_cases[] = {
	{ "the host itself", HOST("c a.example", "a.example"), .found = "c a.example" },
	{ "a host below it", HOST("c a.example", "mx.b.a.example"), .found = "c a.example" },
	{ "in either case", HOST("c A.example", "MX.a.EXAMPLE"), .found = "c A.example" },
	{ "a name that only ends alike", HOST("c example.com", "notexample.com") },
	{ "a name that only begins alike", HOST("c example.com", "example.com.evil") },
	{ "the parent of an entry", HOST("c mx.a.example", "a.example") },
	{ "a neighbour below the same parent", HOST("c mx.a.example", "my.a.example") },
	{ "a client without a name", HOST("c a.unknown", "unknown") },
	{ "a name with a dot at the end", HOST("c a.example", "mx.a.example."),
	    .found = "c a.example" },
	{ "a top-level domain", HOST("c example", "mx.a.example"), .found = "c example" },
	{ "a name that is a number, against a network", HOST("c 192.0.2.7", "192.0.2.7") },
	{ "16 labels below 16 labels",
	    HOST("c a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", "z.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p"),
	    .found = "c a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p" },
	{ "an entry of two labels, asked about 30",
	    HOST("c o.p", "1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.o.p"),
	    .found = "c o.p" },
	{ "dots in a row", HOST("c a.example", "x..a.example"), .found = "c a.example" },

	{ "an address", FROM("c 192.0.2.7", "192.0.2.7"), .found = "c 192.0.2.7" },
	{ "the address beside it", FROM("c 192.0.2.7", "192.0.2.6") },
	{ "first of a /24", FROM("c 192.0.2.0/24", "192.0.2.0"), .found = "c 192.0.2.0/24" },
	{ "last of a /24", FROM("c 192.0.2.0/24", "192.0.2.255"), .found = "c 192.0.2.0/24" },
	{ "behind a /24", FROM("c 192.0.2.0/24", "192.0.3.0") },
	{ "three octets", FROM("c 192.0.2", "192.0.2.9"), .found = "c 192.0.2" },
	{ "inside a /9", FROM("c 10.128.0.0/9", "10.200.1.1"), .found = "c 10.128.0.0/9" },
	{ "below a /9", FROM("c 10.128.0.0/9", "10.127.255.255") },
	{ "everybody with IPv4", FROM("c 0.0.0.0/0", "203.0.113.9"), .found = "c 0.0.0.0/0" },
	{ "IPv6 is not everybody with IPv4", FROM("c 0.0.0.0/0", "2001:db8::1") },
	{ "an IPv6 network", FROM("c 2001:db8::/33", "2001:db8:7fff::1"),
	    .found = "c 2001:db8::/33" },
	{ "beside an IPv6 network", FROM("c 2001:db8::/33", "2001:db8:8000::1") },
	{ "a v4-mapped client", FROM("c 192.0.2.0/24", "::ffff:192.0.2.9"),
	    .found = "c 192.0.2.0/24" },
	{ "a v4-mapped entry", FROM("c ::ffff:192.0.2.9", "192.0.2.9"),
	    .found = "c ::ffff:192.0.2.9" },

	{ "a mailbox", TO("r u@a.example", "u@a.example"), .found = "r u@a.example" },
	{ "a mailbox in either case", TO("r U@A.example", "u@a.EXAMPLE"),
	    .found = "r U@A.example" },
	{ "a mailbox with an extension", TO("r u@a.example", "u+x@a.example"),
	    .found = "r u@a.example" },
	{ "the extension's own entry", TO("r u+x@a.example", "u+x@a.example"),
	    .found = "r u+x@a.example" },
	{ "another extension", TO("r u+x@a.example", "u+y@a.example") },
	{ "no extension, where the entry has one", TO("r u+x@a.example", "u@a.example") },
	{ "two delimiters: the first one cuts", TO("r u@a.example", "u+x+y@a.example"),
	    .found = "r u@a.example" },
	{ "a delimiter in front is no extension", TO("r +x@", "+x@a.example"), .found = "r +x@" },
	{ "a mailbox below the domain", TO("r u@a.example", "u@mx.a.example") },
	{ "another user", TO("r u@a.example", "uu@a.example") },
	{ "another delimiter", TO("r u@a.example", "u-x@a.example"), .delimiter = '-',
	    .found = "r u@a.example" },
	{ "'+' where the delimiter is '-'", TO("r u@a.example", "u+x@a.example"),
	    .delimiter = '-' },
	{ "no delimiter", TO("r u@a.example", "u+x@a.example"), .delimiter = '0' },
	{ "a user anywhere", TO("r abuse@", "Abuse@b.example"), .found = "r abuse@" },
	{ "a user anywhere, with an extension", TO("r abuse@", "abuse+x@b.example"),
	    .found = "r abuse@" },
	{ "a user at an address literal", TO("r postmaster@", "postmaster@[192.0.2.1]"),
	    .found = "r postmaster@" },
	{ "a user without a domain (RFC 5321 4.5.1)", TO("r postmaster@", "Postmaster"),
	    .found = "r postmaster@" },
	{ "a user is no domain", TO("r abuse@", "u@abuse") },
	{ "a domain of recipients", TO("r a.example", "u@a.example"), .found = "r a.example" },
	{ "a domain below it", TO("r a.example", "u@mx.a.example"), .found = "r a.example" },
	{ "a domain that only ends alike", TO("r a.example", "u@ba.example") },
	{ "a quoted '@' in the user", TO("r b.example", "\"u@a.example\"@b.example"),
	    .found = "r b.example" },
	{ "a recipient is no sender", TO("s u@a.example", "u@a.example") },
	{ "nothing is asked about", .entries = { "r abuse@", "s a.example", "c a.example" } },
	{ "a sender", .entries = { "s u@a.example" }, .sender = "u+x@a.example",
	    .found = "s u@a.example" },
	{ "the null sender", .entries = { "s a.example", "s u@" }, .sender = "" },

	{ "relays before clients", .entries = { "c 192.0.2.7", "L a.example" },
	    .address = "192.0.2.7", .client_name = "a.example", .found = "L a.example" },
	{ "a relay's wide network before a client's narrow one",
	    .entries = { "c 192.0.2.7", "L 192.0.0.0/16" }, .address = "192.0.2.7",
	    .found = "L 192.0.0.0/16" },
	{ "the narrower network", .entries = { "c 192.0.2.0/24", "c 192.0.2.0/30" },
	    .address = "192.0.2.1", .found = "c 192.0.2.0/30" },
	{ "the longer name", .entries = { "c example", "c b.example", "c a.b.example" },
	    .client_name = "x.b.example", .found = "c b.example" },
	{ "the address before the name", .entries = { "c a.example", "c 192.0.2.0/24" },
	    .address = "192.0.2.1", .client_name = "a.example", .found = "c 192.0.2.0/24" },
	{ "the client before the recipient", .entries = { "r u@a.example", "c b.example" },
	    .client_name = "b.example", .recipient = "u@a.example", .found = "c b.example" },
	{ "the recipient before the sender", .entries = { "s b.example", "r a.example" },
	    .recipient = "u@a.example", .sender = "u@b.example", .found = "r a.example" },
	{ "the extended address before the plain one",
	    .entries = { "r u@a.example", "r u+x@a.example" }, .recipient = "u+x@a.example",
	    .found = "r u+x@a.example" },
	{ "the address before the user", .entries = { "r u@", "r u@a.example" },
	    .recipient = "u@a.example", .found = "r u@a.example" },
	{ "a plain entry before an expression", .entries = { "c /b/", "c example" },
	    .client_name = "b.example", .found = "c example" },
	{ "a client's expression before a recipient", .entries = { "r u@a.example", "c /b/" },
	    .client_name = "b.example", .recipient = "u@a.example", .found = "c /b/" },
	{ "a client without a name, and an expression", HOST("c /^unknown$/", "unknown"),
	    .found = "c /^unknown$/" },
	{ "a client of never_auto_whitelist", .entries = { "n b.example" },
	    .client_name = "a.b.example", .found = "n b.example" },
	{ "a network of never_auto_whitelist", .entries = { "n 192.0.2.0/24" },
	    .address = "192.0.2.1", .found = "n 192.0.2.0/24" },
	{ "an exempt sender before never_auto_whitelist", .entries = { "n b.example", "s u@" },
	    .client_name = "b.example", .sender = "u@a.example", .found = "s u@" },
	{ "the user before the domain", .entries = { "r a.example", "r u@" },
	    .recipient = "u@a.example", .found = "r u@" },
};

static struct gl_exempt_question question_of(
    const struct question_case *row, struct gl_address *address)
{
	char delimiter = row->delimiter == '\0' ? '+' : row->delimiter;
	struct gl_exempt_question question = {
		.client_name = gl_span_of(row->client_name),
		.recipient = gl_span_of(row->recipient),
		.sender = gl_span_of(row->sender),
		.delimiter = delimiter == '0' ? '\0' : delimiter,
	};

	if (row->address != NULL) {
		assert_int_equal(gl_address_parse(address, gl_span_of(row->address)), GL_OK);
		question.client = address;
	}
	return question;
}

/* The entry whose key is the first probe that is among the entries' keys. */
static const char *decide(const struct question_case *row, const struct gl_probes *probes)
{
	for (size_t i = 0; i < probes->count; i++) {
		for (size_t n = 0; n < ENTRIES_MAX && row->entries[n] != NULL; n++) {
			struct gl_rule rule = read_entry(row->entries[n]);
			struct gl_key key;

			gl_rule_key(&key, &rule);
			if (gl_span_equal(probes->probe[i].key, gl_key_span(&key)))
				return row->entries[n];
		}
	}
	return NULL;
}

static void test_questions(void **state)
{
	struct gl_probes *probes = *state;

	for (size_t i = 0; i < sizeof question_cases / sizeof *question_cases; i++) {
		const struct question_case *row = &question_cases[i];
		struct gl_rules_head head = { 0 };
		struct gl_address address;
		struct gl_exempt_question question = question_of(row, &address);

		for (size_t n = 0; n < ENTRIES_MAX && row->entries[n] != NULL; n++) {
			struct gl_rule rule = read_entry(row->entries[n]);

			gl_rules_head_add(&head, &rule);
		}
		gl_exempt_probes(probes, &head, &question);
		if (decide(row, probes) != row->found)
			fail_msg("%s: %s", row->name, decide(row, probes));
	}
}

static void test_no_rules_no_probes(void **state)
{
	struct gl_probes *probes = *state;
	static const struct gl_rules_head head;
	struct gl_address address;
	struct question_case row = { .address = "192.0.2.1",
		.client_name = "a.b.example",
		.recipient = "u+x@a.example",
		.sender = "v@b.example" };
	struct gl_exempt_question question = question_of(&row, &address);

	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 0);
}

static void test_only_what_can_succeed_is_asked(void **state)
{
	struct gl_probes *probes = *state;
	struct gl_rules_head head = { 0 };
	struct gl_address address;
	struct question_case row = { .address = "192.0.2.1",
		.client_name = "a.b.c.example",
		.recipient = "u+x@a.example",
		.sender = "v@b.example" };
	struct gl_exempt_question question = question_of(&row, &address);
	struct gl_rule rules[] = { read_entry("c 10.0.0.0/8"), read_entry("c x.example"),
		read_entry("r w@x.example") };

	for (size_t i = 0; i < 3; i++)
		gl_rules_head_add(&head, &rules[i]);
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 4);
	assert_true(gl_span_equal(probes->probe[0].key, (struct gl_span){ "c4\x08\xc0", 4 }));
	assert_true(gl_span_equal(probes->probe[1].key, gl_span_of("cdc.example")));
	assert_true(gl_span_equal(probes->probe[2].key, gl_span_of("rau+x@a.example")));
	assert_true(gl_span_equal(probes->probe[3].key, gl_span_of("rau@a.example")));
	assert_int_equal(probes->probe[1].list, GL_LIST_CLIENTS);
	assert_int_equal(probes->probe[3].list, GL_LIST_RECIPIENTS);
}

static void test_expressions_are_asked_in_their_order(void **state)
{
	static const char *const keys[] = { "cx\0\0", "cx\0\1", "rx\0\0", "sx\0\0", "sx\0\1",
		"sx\0\2" };
	struct gl_probes *probes = *state;
	struct gl_rules_head head = { 0 };
	struct question_case row = { .client_name = "UNKNOWN", .recipient = "U@A", .sender = "" };
	struct gl_exempt_question question = question_of(&row, NULL);
	struct gl_span subjects[] = { question.client_name, question.client_name,
		question.recipient, question.sender, question.sender, question.sender };

	head.use[GL_LIST_CLIENTS].regexes = 2;
	head.use[GL_LIST_RECIPIENTS].regexes = 1;
	head.use[GL_LIST_SENDERS].regexes = 3;
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct gl_probe *probe = &probes->probe[i];

		assert_int_equal(probe->kind, GL_RULE_REGEX);
		assert_true(gl_span_equal(probe->key, (struct gl_span){ keys[i], 4 }));
		assert_true(gl_span_equal(probe->subject, subjects[i]));
	}
}

/* Labels from the right: the last one as long as fits, the others of one byte. */
static struct gl_span longest_name(char *room, size_t len, size_t labels)
{
	memset(room, 'a', len);
	for (size_t i = 0; i + 1 < labels; i++)
		room[2 * i + 1] = '.';
	return (struct gl_span){ room, len };
}

static void test_the_longest_question_fits(void **state)
{
	struct gl_probes *probes = *state;
	struct gl_rules_head head;
	struct gl_address address;
	char name[GL_RULE_TEXT_MAX];
	char mailbox[GL_RULE_TEXT_MAX];
	struct gl_exempt_question question = { .client = &address, .delimiter = '+' };

	memset(&head, 0xff, sizeof head);
	for (size_t i = 0; i < GL_LISTS; i++)
		head.use[i].address = head.use[i].user = true;
	assert_int_equal(gl_address_parse(&address, gl_span_of("2001:db8::1")), GL_OK);
	question.client_name = longest_name(name, sizeof name, GL_LABELS_MAX);
	longest_name(mailbox, sizeof mailbox, GL_LABELS_MAX + 2);
	memcpy(mailbox, "a+a@", 4);
	question.recipient = question.sender = (struct gl_span){ mailbox, sizeof mailbox };
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, GL_PROBES_MAX);
	assert_true(probes->used <= sizeof probes->bytes);
	assert_true(probes->used > sizeof probes->bytes - 3000);
}

static void test_over_long_spans_are_not_asked(void **state)
{
	struct gl_probes *probes = *state;
	struct gl_rules_head head;
	char long_text[8192];
	struct gl_exempt_question question = { .delimiter = '+' };

	memset(&head, 0xff, sizeof head);
	for (size_t i = 0; i < GL_LISTS; i++)
		head.use[i].address = head.use[i].user = true;
	memset(long_text, 'x', sizeof long_text);
	question.client_name = question.recipient = question.sender = (struct gl_span){ long_text,
		sizeof long_text };
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 3 * GL_REGEXES_MAX);
	for (size_t i = 0; i < GL_LISTS; i++)
		head.use[i].regexes = 0;
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 0);
	memset(long_text, '@', sizeof long_text);
	gl_exempt_probes(probes, &head, &question);
	assert_int_equal(probes->count, 0);
}

static int set_up(void **state)
{
	*state = malloc(sizeof(struct gl_probes));
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
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_no_rules_no_probes),
		cmocka_unit_test(test_only_what_can_succeed_is_asked),
		cmocka_unit_test(test_expressions_are_asked_in_their_order),
		cmocka_unit_test(test_the_longest_question_fits),
		cmocka_unit_test(test_over_long_spans_are_not_asked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
