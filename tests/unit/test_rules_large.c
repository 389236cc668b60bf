/* Lists of 100,000 entries: they compile, lie in the table and are found there. */
#include "conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/rules.h"

#include "site.h"
#include "tmpdir.h"

enum { ENTRIES = 100000, START = 1700000000 };

static enum gl_status no_regex(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	(void)code;
	(void)expression;
	(void)why;
	return GL_UNSUPPORTED;
}

static void no_mistake(void *context, const char *mistake)
{
	(void)context;
	fail_msg("%s", mistake);
}

/* Names in no order, and among them addresses of every hundredth. */
static void write_clients(const struct site *site)
{
	size_t size = ENTRIES * 32;
	char *text = malloc(size);
	struct gl_out out = gl_out_into(text, size);

	assert_non_null(text);
	for (unsigned i = 0; i < ENTRIES; i++) {
		unsigned n = i * 7919 % ENTRIES;

		if (n % 100 == 0) {
			gl_out_text(&out, "10.");
			gl_out_decimal(&out, n / 65536);
			gl_out_byte(&out, '.');
			gl_out_decimal(&out, n / 256 % 256);
			gl_out_byte(&out, '.');
			gl_out_decimal(&out, n % 256);
		} else {
			gl_out_text(&out, "host");
			gl_out_decimal(&out, n);
			gl_out_text(&out, ".example");
		}
		gl_out_byte(&out, '\n');
	}
	assert_false(out.full);
	tmpdir_write(site->root, "clients", text, out.len);
	free(text);
}

static void they_compile_to_sorted_keys(void **state)
{
	const struct gl_rules_hooks hooks = { no_mistake, NULL, no_regex, false };
	struct site *site = *state;
	struct gl_rules_input input = { .list = GL_LIST_CLIENTS };
	struct gl_ruleset *rules;

	write_clients(site);
	input.path = tmpdir_path(site->root, "clients");
	assert_int_equal(gl_rules_compile(&rules, &input, 1, &hooks), GL_OK);
	assert_int_equal(rules->count, ENTRIES + 1);
	for (size_t i = 1; i < rules->count; i++)
		assert_true(gl_span_compare(rules->items[i - 1].key, rules->items[i].key) < 0);
	gl_rules_free(rules);
}

static void expect(
    const struct site *site, const char *client, const char *name, const char *answer)
{
	struct conversation talk = { .config = site->config, .now = START };
	struct attempt attempt = { client, name, "a@b.test", "c@d.test", NULL, NULL };

	try_once(&talk, &attempt);
	if (!answered(&talk, answer))
		fail_msg("%s %s: expected %s, got %s", client, name, answer, talk.reply);
}

static void a_session_finds_each_of_them(void **state)
{
	struct site *site = *state;

	write_clients(site);
	expect(site, "192.0.2.7", "host7919.example", "DUNNO");
	expect(site, "192.0.2.7", "mx.host99999.example", "DUNNO");
	expect(site, "192.0.2.7", "host100.example", "DEFER_IF_PERMIT");
	expect(site, "10.0.0.100", NULL, "DUNNO");
	expect(site, "10.1.134.60", NULL, "DUNNO");
	expect(site, "10.0.0.101", NULL, "DEFER_IF_PERMIT");
	assert_false(site_logged(site, "warning"));
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(they_compile_to_sorted_keys),
		AT_SITE(a_session_finds_each_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
