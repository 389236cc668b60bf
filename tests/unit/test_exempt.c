#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/exempt.h"

struct line_case {
	const char *name;
	enum gl_list list;
	const char *line;
	enum gl_status status;
	/* GL_OK: the key behind its two first octets, a network as text; otherwise a part of *why
	 */
	const char *expected;
};

static const struct line_case line_cases[] = {
	{ "an IPv4 address", GL_LIST_CLIENTS, "192.0.2.7", GL_OK, "192.0.2.7/32" },
	{ "an IPv4 network", GL_LIST_CLIENTS, "192.0.2.0/25", GL_OK, "192.0.2.0/25" },
	{ "three octets are a /24", GL_LIST_CLIENTS, "192.0.2", GL_OK, "192.0.2.0/24" },
	{ "everybody", GL_LIST_CLIENTS, "0.0.0.0/0", GL_OK, "0.0.0.0/0" },
	{ "an IPv6 address", GL_LIST_CLIENTS, "2001:DB8::7", GL_OK, "2001:db8::7/128" },
	{ "an IPv6 network", GL_LIST_CLIENTS, "2001:db8::/33", GL_OK, "2001:db8::/33" },
	{ "a v4-mapped address", GL_LIST_CLIENTS, "::ffff:192.0.2.7", GL_OK, "192.0.2.7/32" },
	{ "a v4-mapped network", GL_LIST_CLIENTS, "::ffff:192.0.2.0/120", GL_OK, "192.0.2.0/24" },
	{ "a host", GL_LIST_CLIENTS, "mail.example.com", GL_OK, "mail.example.com" },
	{ "a name in capitals", GL_LIST_CLIENTS, "Mail.EXAMPLE.com", GL_OK, "mail.example.com" },
	{ "a name with '-' and '_'", GL_LIST_CLIENTS, "a_b-1.example", GL_OK, "a_b-1.example" },
	{ "a name that begins with a digit", GL_LIST_CLIENTS, "1and1.example", GL_OK,
	    "1and1.example" },
	{ "the dot at the end is dropped", GL_LIST_CLIENTS, "example.com.", GL_OK, "example.com" },
	{ "one label", GL_LIST_CLIENTS, "localhost", GL_OK, "localhost" },
	{ "16 labels", GL_LIST_CLIENTS, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", GL_OK,
	    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p" },
	{ "blanks, a comment and a newline", GL_LIST_CLIENTS, " \t a.example \t# ours\r\n", GL_OK,
	    "a.example" },
	{ "a comment right behind", GL_LIST_CLIENTS, "a.example#ours", GL_OK, "a.example" },
	{ "a relay", GL_LIST_RELAYS, "192.0.2.9", GL_OK, "192.0.2.9/32" },
	{ "a mailbox", GL_LIST_RECIPIENTS, "User@Example.Com", GL_OK, "user@example.com" },
	{ "a mailbox with an extension", GL_LIST_RECIPIENTS, "u+x@a.example", GL_OK,
	    "u+x@a.example" },
	{ "a mailbox, dot at the end", GL_LIST_SENDERS, "u@a.example.", GL_OK, "u@a.example" },
	{ "a user", GL_LIST_RECIPIENTS, "Postmaster@", GL_OK, "postmaster" },
	{ "a domain of recipients", GL_LIST_RECIPIENTS, "example.com", GL_OK, "example.com" },
	{ "a domain of senders", GL_LIST_SENDERS, "example.com", GL_OK, "example.com" },

	{ "a client of never_auto_whitelist", GL_LIST_NEVER, "Mail.example.com", GL_OK,
	    "mail.example.com" },
	{ "an expression", GL_LIST_CLIENTS, " /^mail\\d+\\.x/ # ours", GL_OK, "/^mail\\d+\\.x/" },
	{ "an expression of recipients", GL_LIST_RECIPIENTS, "/^U\\+.*@a/", GL_OK, "/^U\\+.*@a/" },
	{ "an expression of senders", GL_LIST_SENDERS, "/^$/", GL_OK, "/^$/" },
	{ "slashes in an expression", GL_LIST_SENDERS, "/a/b/", GL_OK, "/a/b/" },
	{ "an expression that is a slash", GL_LIST_CLIENTS, "///", GL_OK, "///" },

	{ "empty", GL_LIST_CLIENTS, "", GL_NOT_FOUND, NULL },
	{ "blank", GL_LIST_CLIENTS, " \t\r\n", GL_NOT_FOUND, NULL },
	{ "a comment", GL_LIST_CLIENTS, "# a.example", GL_NOT_FOUND, NULL },

	{ "one octet", GL_LIST_CLIENTS, "10", GL_MALFORMED, "a.0.0.0/8" },
	{ "two octets", GL_LIST_CLIENTS, "192.168", GL_MALFORMED, "a.b.0.0/16" },
	{ "two octets with a prefix", GL_LIST_CLIENTS, "192.168/16", GL_MALFORMED, "a.b.0.0/16" },
	{ "three octets with a prefix", GL_LIST_CLIENTS, "192.0.2/24", GL_MALFORMED, "a.b.c.0/24" },
	{ "an octet over 255", GL_LIST_CLIENTS, "192.0.2.256", GL_MALFORMED, "no IPv4 address" },
	{ "five octets", GL_LIST_CLIENTS, "1.2.3.4.5", GL_MALFORMED, "no IPv4 address" },
	{ "a prefix over 32", GL_LIST_CLIENTS, "192.0.2.0/33", GL_MALFORMED, "no IPv4 address" },
	{ "a dot behind three octets", GL_LIST_CLIENTS, "192.0.2.", GL_MALFORMED,
	    "no IPv4 address" },
	{ "a range", GL_LIST_CLIENTS, "192.0.2.1-192.0.2.9", GL_MALFORMED, "write networks" },
	{ "no IPv6 address", GL_LIST_CLIENTS, "2001:db8:::1", GL_MALFORMED, "no IPv6 address" },
	{ "a host with a port", GL_LIST_CLIENTS, "a.example:25", GL_MALFORMED, "no IPv6 address" },
	{ "an address in brackets", GL_LIST_CLIENTS, "[192.0.2.1]", GL_MALFORMED, "brackets" },
	{ "a dot in front", GL_LIST_CLIENTS, ".example.com", GL_MALFORMED,
	    "without the first dot" },
	{ "a star in front", GL_LIST_CLIENTS, "*.example.com", GL_MALFORMED, "without '*'" },
	{ "a star as an octet", GL_LIST_CLIENTS, "192.0.2.*", GL_MALFORMED, "without '*'" },
	{ "two dots", GL_LIST_CLIENTS, "a..example", GL_MALFORMED, "between two dots" },
	{ "two dots at the end", GL_LIST_CLIENTS, "a.example..", GL_MALFORMED, "between two dots" },
	{ "only a dot", GL_LIST_CLIENTS, ".", GL_MALFORMED, "between two dots" },
	{ "a host with a prefix", GL_LIST_CLIENTS, "a.example/24", GL_MALFORMED, "only letters" },
	{ "a name beyond ASCII", GL_LIST_CLIENTS,
	    "b\xc3\xbc"
	    "cher.example",
	    GL_MALFORMED, "ASCII form" },
	{ "a label of 64 bytes", GL_LIST_CLIENTS,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
	    GL_MALFORMED, "63 bytes" },
	{ "17 labels", GL_LIST_CLIENTS, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", GL_TOO_LONG,
	    "at most 16 parts" },
	{ "clients without a name", GL_LIST_CLIENTS, "Unknown", GL_MALFORMED, "write its address" },
	{ "a blank in an expression", GL_LIST_CLIENTS, "/^mail\\d+ x/", GL_MALFORMED,
	    "has no blanks" },
	{ "a control byte in an expression", GL_LIST_CLIENTS, "/a\x01/", GL_MALFORMED,
	    "has no blanks" },
	{ "'#' in an expression", GL_LIST_CLIENTS, "/a#b/", GL_MALFORMED, "'#' ends the line" },
	{ "an expression without an end", GL_LIST_SENDERS, "/a.example", GL_MALFORMED,
	    "ends with '/'" },
	{ "only a slash", GL_LIST_SENDERS, "/", GL_MALFORMED, "ends with '/'" },
	{ "an empty expression", GL_LIST_CLIENTS, "//", GL_MALFORMED, "nothing between" },
	{ "an expression with a flag", GL_LIST_CLIENTS, "/a/i", GL_MALFORMED,
	    "nothing may follow" },
	{ "an expression among relays", GL_LIST_RELAYS, "/a/", GL_MALFORMED,
	    "no regular expressions here" },
	{ "an expression among the never", GL_LIST_NEVER, "/a/", GL_MALFORMED,
	    "no regular expressions here" },
	{ "a mailbox among the never", GL_LIST_NEVER, "u@a.example", GL_MALFORMED,
	    "the recipients or the senders" },
	{ "a mailbox among clients", GL_LIST_CLIENTS, "u@a.example", GL_MALFORMED,
	    "the recipients or the senders" },
	{ "a mailbox among relays", GL_LIST_RELAYS, "u@a.example", GL_MALFORMED,
	    "the recipients or the senders" },
	{ "two entries on a line", GL_LIST_CLIENTS, "a.example b.example", GL_MALFORMED,
	    "one entry a line" },
	{ "a Postfix table", GL_LIST_SENDERS, "a.example\tOK", GL_MALFORMED, "one entry a line" },
	{ "a network among senders", GL_LIST_SENDERS, "192.0.2.0/24", GL_MALFORMED,
	    "into the clients" },
	{ "an IPv6 address among senders", GL_LIST_SENDERS, "2001:db8::7", GL_MALFORMED,
	    "into the clients" },
	{ "no user", GL_LIST_RECIPIENTS, "@example.com", GL_MALFORMED, "without '@'" },
	{ "any user", GL_LIST_RECIPIENTS, "*@example.com", GL_MALFORMED, "without \"*@\"" },
	{ "a pattern of users", GL_LIST_RECIPIENTS, "bounce-*@example.com", GL_MALFORMED,
	    "no meaning here" },
	{ "two mailboxes with a comma", GL_LIST_RECIPIENTS, "a@x.example,b@y.example", GL_MALFORMED,
	    "one address a line" },
	{ "a mailbox and a comma", GL_LIST_RECIPIENTS, "a@x.example,", GL_MALFORMED,
	    "only letters" },
	{ "only '@'", GL_LIST_RECIPIENTS, "@", GL_MALFORMED, "without '@'" },
	{ "a mailbox in brackets", GL_LIST_RECIPIENTS, "<a@x.example>", GL_MALFORMED, "brackets" },
	{ "a mailbox with a dot in front of the domain", GL_LIST_SENDERS, "a@.x.example",
	    GL_MALFORMED, "without the first dot" },
	{ "a mailbox at the root", GL_LIST_SENDERS, "a@.", GL_MALFORMED, "between two dots" },
};

static struct gl_span shown(char *room, size_t size, const struct gl_rule *rule)
{
	struct gl_out out = gl_out_into(room, size);
	struct gl_key key;

	gl_rule_key(&key, rule);
	if (rule->kind == GL_RULE_NETWORK) {
		gl_out_network(&out, &rule->network);
	} else if (rule->kind == GL_RULE_REGEX) {
		gl_out_byte(&out, '/');
		gl_out_span(&out, rule->text);
		gl_out_byte(&out, '/');
	} else {
		gl_out_span(&out, gl_span_skip(gl_key_span(&key), 2));
	}
	return gl_out_done(&out);
}

static bool as_expected(const struct line_case *row, const struct gl_rule *rule, const char *why)
{
	char room[512];

	if (row->status == GL_NOT_FOUND)
		return why == NULL;
	if (row->status != GL_OK)
		return why != NULL && strstr(why, row->expected) != NULL;
	return why == NULL && rule->list == row->list &&
	       gl_span_equal(shown(room, sizeof room, rule), gl_span_of(row->expected));
}

/* As Postgrey takes them; the remark is for whoever wrote it. */
static void test_bits_behind_the_prefix_are_forgiven(void **state)
{
	static const char *const lines[][2] = { { "192.0.2.1/24", "192.0.2.0/24" },
		{ "2001:db8::1/64", "2001:db8::/64" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct gl_rule loose, strict;
		const char *why;

		assert_int_equal(
		    gl_rule_parse(&loose, GL_LIST_CLIENTS, gl_span_of(lines[i][0]), &why), GL_OK);
		assert_non_null(strstr(why, "counts as the whole network"));
		assert_int_equal(
		    gl_rule_parse(&strict, GL_LIST_CLIENTS, gl_span_of(lines[i][1]), &why), GL_OK);
		assert_null(why);
		assert_memory_equal(&loose.network, &strict.network, sizeof strict.network);
	}
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof line_cases / sizeof *line_cases; i++) {
		const struct line_case *row = &line_cases[i];
		struct gl_rule rule;
		const char *why = "unset";
		enum gl_status status = gl_rule_parse(
		    &rule, row->list, gl_span_of(row->line), &why);

		if (status != row->status || !as_expected(row, &rule, why))
			fail_msg("%s: status %d, %s", row->name, (int)status,
			    why == NULL ? "no mistake" : why);
	}
}

static void test_a_span_without_bytes(void **state)
{
	struct gl_rule rule;
	const char *why;

	(void)state;
	assert_int_equal(
	    gl_rule_parse(&rule, GL_LIST_CLIENTS, (struct gl_span){ NULL, 0 }, &why), GL_NOT_FOUND);
}

static void test_every_control_byte_is_a_mistake(void **state)
{
	(void)state;
	for (int byte = 0; byte < 128; byte++) {
		char line[] = "a?b.example";
		struct gl_rule rule;
		const char *why;

		if ((byte >= ' ' && byte != 0x7f) || byte == '\t')
			continue;
		line[1] = (char)byte;
		struct gl_span span = { line, sizeof line - 1 };

		assert_int_equal(
		    gl_rule_parse(&rule, GL_LIST_RECIPIENTS, span, &why), GL_MALFORMED);
		assert_non_null(strstr(why, "control character"));
	}
}

/* A mailbox of exactly so many bytes. */
static struct gl_span mailbox(char *room, size_t len)
{
	memset(room, 'a', len);
	memcpy(room + len - 10, "@b.example", 10);
	return (struct gl_span){ room, len };
}

static void test_the_longest_entry(void **state)
{
	char room[GL_RULE_TEXT_MAX + 1];
	struct gl_rule rule;
	const char *why;

	(void)state;
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SENDERS, mailbox(room, 255), &why), GL_OK);
	assert_int_equal(rule.text.len, 255);
	assert_int_equal(
	    gl_rule_parse(&rule, GL_LIST_SENDERS, mailbox(room, 256), &why), GL_TOO_LONG);
	assert_non_null(strstr(why, "255 bytes"));
}

static void test_the_longest_expression(void **state)
{
	char room[GL_REGEX_TEXT_MAX + 1];
	struct gl_rule rule;
	const char *why;

	(void)state;
	memset(room, 'a', sizeof room);
	room[0] = room[GL_REGEX_TEXT_MAX - 1] = room[GL_REGEX_TEXT_MAX] = '/';
	struct gl_span line = { room, GL_REGEX_TEXT_MAX };

	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SENDERS, line, &why), GL_OK);
	assert_int_equal(rule.text.len, GL_REGEX_TEXT_MAX - 2);
	line.len++;
	assert_int_equal(gl_rule_parse(&rule, GL_LIST_SENDERS, line, &why), GL_TOO_LONG);
	assert_non_null(strstr(why, "1024 bytes"));
}

struct key_case {
	const char *name;
	enum gl_list list;
	const char *entry;
	const char *key;
	size_t len;
};

/* The header's table of octets, byte by byte. */
static const struct key_case key_cases[] = {
	{ "a relay's address", GL_LIST_RELAYS, "192.0.2.7", "L4\x20\xc0\x00\x02\x07", 7 },
	{ "a client's network", GL_LIST_CLIENTS, "192.0.2.0/23", "c4\x17\xc0\x00\x02", 6 },
	{ "an IPv6 network", GL_LIST_CLIENTS, "2001:db8::/32", "c6\x20\x20\x01\x0d\xb8", 7 },
	{ "a client's name", GL_LIST_CLIENTS, "A.example", "cda.example", 11 },
	{ "a recipient", GL_LIST_RECIPIENTS, "U@a.example", "rau@a.example", 13 },
	{ "a user", GL_LIST_RECIPIENTS, "Abuse@", "ruabuse", 7 },
	{ "a sender's domain", GL_LIST_SENDERS, "a.example", "sda.example", 11 },
	{ "the first expression", GL_LIST_SENDERS, "/A/", "sx\0\0", 4 },
	{ "a client of never_auto_whitelist", GL_LIST_NEVER, "192.0.2.7", "n4\x20\xc0\x00\x02\x07",
	    7 },
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof key_cases / sizeof *key_cases; i++) {
		const struct key_case *row = &key_cases[i];
		struct gl_span expected = { row->key, row->len };
		struct gl_rule rule;
		struct gl_key key;
		const char *why;

		assert_int_equal(
		    gl_rule_parse(&rule, row->list, gl_span_of(row->entry), &why), GL_OK);
		gl_rule_key(&key, &rule);
		if (!gl_span_equal(gl_key_span(&key), expected))
			fail_msg("%s", row->name);
	}
}

static void test_the_number_of_an_expression_is_its_key(void **state)
{
	const struct gl_rule rule = { .list = GL_LIST_CLIENTS,
		.kind = GL_RULE_REGEX,
		.text = gl_span_of("a"),
		.number = 0x0102 };
	struct gl_key key;

	(void)state;
	gl_rule_key(&key, &rule);
	assert_true(gl_span_equal(gl_key_span(&key), gl_span_of("cx\x01\x02")));
}

static void test_the_text_between_the_slashes(void **state)
{
	(void)state;
	assert_true(gl_span_equal(gl_rule_expression(gl_span_of("/a/b/")), gl_span_of("a/b")));
	assert_int_equal(gl_rule_expression(gl_span_of("//")).len, 0);
	assert_int_equal(gl_rule_expression(gl_span_of("/")).len, 0);
	assert_int_equal(gl_rule_expression(gl_span_of("")).len, 0);
}

static void test_names_of_the_lists(void **state)
{
	static const char *const names[GL_LISTS] = { "relays", "clients", "recipients", "senders",
		"never_auto_whitelist", "suffixes", "suffix wildcards", "suffix exceptions" };

	(void)state;
	for (enum gl_list list = 0; list < GL_LISTS; list++)
		assert_string_equal(gl_list_name(list), names[list]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits_behind_the_prefix_are_forgiven),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_span_without_bytes),
		cmocka_unit_test(test_every_control_byte_is_a_mistake),
		cmocka_unit_test(test_the_longest_entry),
		cmocka_unit_test(test_the_longest_expression),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_the_number_of_an_expression_is_its_key),
		cmocka_unit_test(test_the_text_between_the_slashes),
		cmocka_unit_test(test_names_of_the_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
