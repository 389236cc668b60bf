#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/exempt.h"

static struct gl_rule rule_of(enum gl_list list, const char *line)
{
	struct gl_rule rule;
	const char *why;

	assert_int_equal(gl_rule_parse(&rule, list, gl_span_of(line), &why), GL_OK);
	return rule;
}

static struct gl_rules_head head_of_everything(void)
{
	struct gl_rules_head head = { .stamp = "sixteen octets!" };
	const struct gl_rule rules[] = {
		rule_of(GL_LIST_RELAYS, "0.0.0.0/0"),
		rule_of(GL_LIST_RELAYS, "192.0.2.1"),
		rule_of(GL_LIST_CLIENTS, "2001:db8::1"),
		rule_of(GL_LIST_CLIENTS, "::/0"),
		rule_of(GL_LIST_CLIENTS, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p"),
		rule_of(GL_LIST_CLIENTS, "example"),
		rule_of(GL_LIST_RECIPIENTS, "u@a.example"),
		rule_of(GL_LIST_SENDERS, "u@"),
		rule_of(GL_LIST_SENDERS, "/^u/"),
		rule_of(GL_LIST_SENDERS, "/^v/"),
		rule_of(GL_LIST_NEVER, "example"),
		rule_of(GL_LIST_SUFFIXES, "co.uk"),
		rule_of(GL_LIST_SUFFIXES, "*.ck"),
		rule_of(GL_LIST_SUFFIXES, "!www.ck"),
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		gl_rules_head_add(&head, &rules[i]);
	return head;
}

static void test_head_says_what_occurs(void **state)
{
	struct gl_rules_head head = head_of_everything();

	(void)state;
	assert_int_equal(head.use[GL_LIST_RELAYS].v4[0], 1);
	assert_int_equal(head.use[GL_LIST_RELAYS].v4[4], 1);
	assert_int_equal(head.use[GL_LIST_RELAYS].labels, 0);
	assert_int_equal(head.use[GL_LIST_CLIENTS].v4[4], 0);
	assert_int_equal(head.use[GL_LIST_CLIENTS].v6[0], 1);
	assert_int_equal(head.use[GL_LIST_CLIENTS].v6[16], 1);
	assert_int_equal(head.use[GL_LIST_CLIENTS].labels, 1 << 16 | 1 << 1);
	assert_true(head.use[GL_LIST_RECIPIENTS].address);
	assert_false(head.use[GL_LIST_RECIPIENTS].user);
	assert_false(head.use[GL_LIST_SENDERS].address);
	assert_true(head.use[GL_LIST_SENDERS].user);
	assert_int_equal(head.use[GL_LIST_SENDERS].regexes, 2);
	assert_int_equal(head.use[GL_LIST_RECIPIENTS].regexes, 0);
	assert_int_equal(head.use[GL_LIST_NEVER].labels, 1 << 1);
	assert_int_equal(head.use[GL_LIST_SUFFIXES].labels, 1 << 2);
	assert_int_equal(head.use[GL_LIST_SUFFIX_WILDCARDS].labels, 1 << 1);
	assert_int_equal(head.use[GL_LIST_SUFFIX_EXCEPTIONS].labels, 1 << 2);
}

static void test_head_comes_back_as_it_was(void **state)
{
	struct gl_rules_head head = head_of_everything();
	struct gl_rules_head back;
	uint8_t bytes[GL_RULES_HEAD_SIZE];
	uint8_t again[GL_RULES_HEAD_SIZE];

	(void)state;
	gl_rules_head_encode(bytes, &head);
	assert_int_equal(
	    gl_rules_head_decode(&back, (struct gl_span){ (char *)bytes, sizeof bytes }), GL_OK);
	assert_memory_equal(back.stamp, head.stamp, GL_STAMP_SIZE);
	gl_rules_head_encode(again, &back);
	assert_memory_equal(bytes, again, sizeof bytes);
	for (size_t i = 0; i < GL_LISTS; i++) {
		assert_memory_equal(back.use[i].v4, head.use[i].v4, 5);
		assert_memory_equal(back.use[i].v6, head.use[i].v6, 17);
		assert_int_equal(back.use[i].labels, head.use[i].labels);
		assert_int_equal(back.use[i].address, head.use[i].address);
		assert_int_equal(back.use[i].user, head.use[i].user);
		assert_int_equal(back.use[i].regexes, head.use[i].regexes);
	}
}

static void test_head_of_another_size_or_version(void **state)
{
	struct gl_rules_head head = head_of_everything();
	uint8_t bytes[GL_RULES_HEAD_SIZE + 1] = { 0 };
	struct gl_span span = { (char *)bytes, GL_RULES_HEAD_SIZE };

	(void)state;
	gl_rules_head_encode(bytes, &head);
	span.len = GL_RULES_HEAD_SIZE - 1;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
	span.len = GL_RULES_HEAD_SIZE + 1;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
	span.len = 0;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
	span.len = GL_RULES_HEAD_SIZE;
	bytes[0]++;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
}

/* Version 2, from before the public suffixes, as it lies in tables: an override of a.example. */
static void test_head_of_the_version_before(void **state)
{
	enum { SIZE = 1 + 16 + 5 * 29, LABELS = 1 + 16 + 29 + 22 };
	uint8_t bytes[GL_RULES_HEAD_SIZE] = { 2, 's' };
	struct gl_span span = { (char *)bytes, SIZE };
	struct gl_rules_head head;

	(void)state;
	bytes[LABELS + 3] = 1 << 2;
	memset(&head, 0xff, sizeof head);
	assert_int_equal(gl_rules_head_decode(&head, span), GL_OK);
	assert_int_equal(head.stamp[0], 's');
	for (size_t i = 0; i < GL_LISTS; i++)
		assert_int_equal(head.use[i].labels, i == GL_LIST_CLIENTS ? 1 << 2 : 0);
	span.len = GL_RULES_HEAD_SIZE;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
	bytes[0] = 3;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_OK);
	span.len = SIZE;
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
}

static void test_head_with_more_expressions_than_a_list_takes(void **state)
{
	struct gl_rules_head head = { .stamp = { 0 } };
	uint8_t bytes[GL_RULES_HEAD_SIZE];
	struct gl_span span = { (char *)bytes, sizeof bytes };

	(void)state;
	head.use[GL_LIST_NEVER].regexes = GL_REGEXES_MAX;
	gl_rules_head_encode(bytes, &head);
	assert_int_equal(gl_rules_head_decode(&head, span), GL_OK);
	head.use[GL_LIST_NEVER].regexes++;
	gl_rules_head_encode(bytes, &head);
	assert_int_equal(gl_rules_head_decode(&head, span), GL_CORRUPT);
}

static void test_value_of_an_expression(void **state)
{
	static const char expected[] = "\0\0\0\x07"
				       "clients\0/a/\0co\0de";
	struct gl_rule_source source = { 7, gl_span_of("clients"), gl_span_of("/a/"),
		{ "co\0de", 5 } };
	struct gl_rule_source back;
	char room[64];
	struct gl_out out = gl_out_into(room, sizeof room);

	(void)state;
	gl_rule_value_encode(&out, &source);
	assert_int_equal(out.len, sizeof expected - 1);
	assert_memory_equal(room, expected, out.len);
	assert_int_equal(gl_rule_value_decode(&back, gl_out_done(&out)), GL_OK);
	assert_true(gl_span_equal(back.text, source.text));
	assert_true(gl_span_equal(back.code, source.code));
	/* a NUL behind the text and nothing behind the NUL */
	out.len -= 5;
	assert_int_equal(gl_rule_value_decode(&back, gl_out_done(&out)), GL_CORRUPT);
	out.len--;
	assert_int_equal(gl_rule_value_decode(&back, gl_out_done(&out)), GL_OK);
	assert_int_equal(back.code.len, 0);
}

static void test_value_comes_back_as_it_was(void **state)
{
	static const char expected[] = "\x00\x01\x02\x03/etc/clients\0Mail.example";
	struct gl_rule_source source = { 0x010203, gl_span_of("/etc/clients"),
		gl_span_of("Mail.example"), { NULL, 0 } };
	struct gl_rule_source back;
	char room[64];
	struct gl_out out = gl_out_into(room, sizeof room);

	(void)state;
	gl_rule_value_encode(&out, &source);
	assert_int_equal(out.len, sizeof expected - 1);
	assert_memory_equal(room, expected, sizeof expected - 1);
	assert_int_equal(gl_rule_value_decode(&back, gl_out_done(&out)), GL_OK);
	assert_int_equal(back.line, source.line);
	assert_true(gl_span_equal(back.file, source.file));
	assert_true(gl_span_equal(back.text, source.text));
}

static void test_a_value_cut_short(void **state)
{
	static const char value[] = "\0\0\0\x07"
				    "clients";
	struct gl_rule_source source;

	(void)state;
	for (size_t len = 0; len < sizeof value - 1; len++)
		assert_int_equal(
		    gl_rule_value_decode(&source, (struct gl_span){ value, len }), GL_CORRUPT);
	assert_int_equal(
	    gl_rule_value_decode(&source, (struct gl_span){ value, sizeof value }), GL_OK);
	assert_int_equal(source.line, 7);
	assert_int_equal(source.text.len, 0);
}

enum { KEYS = 40 };

static void test_find(void **state)
{
	struct gl_ruleset_item items[KEYS];
	char names[2 * KEYS + 1][4];
	struct gl_ruleset rules = { .items = items };
	struct gl_span value;

	(void)state;
	for (int i = 0; i <= 2 * KEYS; i++)
		snprintf(names[i], sizeof names[i], "k%02d", i);
	for (size_t i = 0; i < KEYS; i++) {
		items[i].key = items[i].value = gl_span_of(names[2 * i + 1]);
	}
	for (size_t count = 0; count <= KEYS; count++) {
		rules.count = count;
		for (size_t i = 0; i <= 2 * KEYS; i++) {
			bool there = i % 2 == 1 && i / 2 < count;
			enum gl_status status = gl_ruleset_find(
			    &rules, gl_span_of(names[i]), &value);

			assert_int_equal(status, there ? GL_OK : GL_NOT_FOUND);
			if (there)
				assert_ptr_equal(value.at, names[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_says_what_occurs),
		cmocka_unit_test(test_head_comes_back_as_it_was),
		cmocka_unit_test(test_head_of_another_size_or_version),
		cmocka_unit_test(test_head_of_the_version_before),
		cmocka_unit_test(test_head_with_more_expressions_than_a_list_takes),
		cmocka_unit_test(test_value_of_an_expression),
		cmocka_unit_test(test_value_comes_back_as_it_was),
		cmocka_unit_test(test_a_value_cut_short),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
