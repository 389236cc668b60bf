/* What was said by hand: its bytes, its time limit, and which look-ups it needs. */
#include "greylist/override.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/record.h"

static struct gl_span bytes_of(const struct gl_override *override, char *buffer, size_t size)
{
	struct gl_out out = gl_out_into(buffer, size);
	gl_override_encode(&out, override);
	assert_false(out.full);
	return gl_out_done(&out);
}

static void the_bytes_are_those_of_the_header(void **state)
{
	static const char expected[] = "\1\0\0\0\0\0\0\3\xe8\0\0\0\0\0\0\5\x14"
				       "a@b\0otp";
	struct gl_override override = { 1000, 1300, gl_span_of("a@b"), gl_span_of("otp") };
	char buffer[GL_OVERRIDE_MAX];
	(void)state;
	struct gl_span bytes = bytes_of(&override, buffer, sizeof buffer);
	assert_int_equal(bytes.len, sizeof expected - 1);
	assert_memory_equal(bytes.at, expected, bytes.len);
}

static void decoding_gives_back_what_was_encoded(void **state)
{
	struct dice dice = { 7 };
	(void)state;
	for (int i = 0; i < 2000; i++) {
		char buffer[GL_OVERRIDE_MAX], who[GL_OVERRIDE_TEXT_MAX], why[GL_OVERRIDE_TEXT_MAX];
		struct gl_override back, override = { .made = dice_between(&dice, 0, GL_TIME_MAX),
			.until = dice_between(&dice, 0, GL_TIME_MAX) };
		memset(who, 'w', sizeof who);
		memset(why, 'y', sizeof why);
		override.who = (struct gl_span){ who,
			(size_t)dice_between(&dice, 0, GL_OVERRIDE_TEXT_MAX) };
		override.reason = (struct gl_span){ why,
			(size_t)dice_between(&dice, 0, GL_OVERRIDE_TEXT_MAX) };
		struct gl_span bytes = bytes_of(&override, buffer, sizeof buffer);
		assert_int_equal(gl_override_decode(&back, bytes), GL_OK);
		assert_int_equal(back.made, override.made);
		assert_int_equal(back.until, override.until);
		assert_true(gl_span_equal(back.who, override.who));
		assert_true(gl_span_equal(back.reason, override.reason));
		size_t end = (size_t)dice_between(&dice, 0, GL_OVERRIDE_HEAD);
		struct gl_span cut = gl_span_head(bytes, end);
		assert_int_equal(gl_override_decode(&back, cut), GL_CORRUPT);
	}
}

static void what_cannot_be_read_is_named(void **state)
{
	char buffer[GL_OVERRIDE_MAX];
	struct gl_override back, override = { 1, 2, gl_span_of("a"), gl_span_of("") };
	(void)state;
	struct gl_span bytes = bytes_of(&override, buffer, sizeof buffer);
	buffer[0] = 2;
	assert_int_equal(gl_override_decode(&back, bytes), GL_VERSION);
	buffer[0] = 1;
	buffer[1] = '\x7f';
	assert_int_equal(gl_override_decode(&back, bytes), GL_CORRUPT);
	buffer[1] = 0;
	memset(buffer + GL_OVERRIDE_HEAD, 'a', bytes.len - GL_OVERRIDE_HEAD);
	assert_int_equal(gl_override_decode(&back, bytes), GL_CORRUPT);
}

static void it_counts_at_its_last_second_and_not_behind_it(void **state)
{
	struct gl_override limited = { .until = 1000 }, endless = { .until = 0 };
	(void)state;
	assert_true(gl_override_in_force(&limited, 999));
	assert_true(gl_override_in_force(&limited, 1000));
	assert_false(gl_override_in_force(&limited, 1001));
	assert_true(gl_override_in_force(&endless, GL_TIME_MAX));
}

static void its_kind_is_read_from_its_key(void **state)
{
	static const char *const keys[GL_OVERRIDE_KINDS] = { "cd", "sa", "ru", "t4", "nd" };
	static const char *const names[GL_OVERRIDE_KINDS] = { "client", "sender", "recipient",
		"triplet", "never" };
	enum gl_override_kind kind;
	(void)state;
	for (size_t i = 0; i < GL_OVERRIDE_KINDS; i++) {
		assert_int_equal(gl_override_kind_of(&kind, gl_span_of(keys[i])), GL_OK);
		assert_int_equal(kind, i);
		assert_string_equal(gl_override_kind_text(kind), names[i]);
	}
	assert_int_equal(gl_override_kind_of(&kind, gl_span_of("Ld")), GL_CORRUPT);
	assert_int_equal(gl_override_kind_of(&kind, (struct gl_span){ "\0", 1 }), GL_CORRUPT);
}

/* Whatever is said about a client or an address, the question finds its key. */
static void the_head_leads_to_the_key(void **state)
{
	static const struct {
		enum gl_list list;
		const char *entry;
	} cases[] = { { GL_LIST_CLIENTS, "192.0.2.7" }, { GL_LIST_CLIENTS, "192.0.2.0/25" },
		{ GL_LIST_NEVER, "b.test" }, { GL_LIST_SENDERS, "b.test" },
		{ GL_LIST_RECIPIENTS, "c@d.test" }, { GL_LIST_RECIPIENTS, "c@" } };
	static struct gl_probes probes;
	struct gl_address client;
	(void)state;
	assert_int_equal(gl_address_parse(&client, gl_span_of("192.0.2.7")), GL_OK);
	struct gl_exempt_question question = { &client, gl_span_of("mail.b.test"),
		gl_span_of("c@d.test"), gl_span_of("a@b.test"), '+' };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gl_rules_head head = { .stamp = { 0 } };
		struct gl_rule rule;
		struct gl_key key;
		const char *why;
		bool found = false;
		assert_int_equal(
		    gl_rule_parse(&rule, cases[i].list, gl_span_of(cases[i].entry), &why), GL_OK);
		gl_rule_key(&key, &rule);
		gl_exempt_probes(&probes, &head, &question);
		assert_int_equal(probes.count, 0);
		gl_override_head_add(&head, gl_key_span(&key));
		gl_exempt_probes(&probes, &head, &question);
		for (size_t p = 0; p < probes.count; p++)
			found |= gl_span_equal(probes.probe[p].key, gl_key_span(&key));
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_header),
		cmocka_unit_test(decoding_gives_back_what_was_encoded),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(it_counts_at_its_last_second_and_not_behind_it),
		cmocka_unit_test(its_kind_is_read_from_its_key),
		cmocka_unit_test(the_head_leads_to_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
