#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/rules.h"

static void no_mistake(void *context, const char *mistake)
{
	(void)context;
	fail_msg("%s", mistake);
}

static bool holds(const struct gl_ruleset *rules, enum gl_list list, const char *entry)
{
	struct gl_rule rule;
	struct gl_span value;
	struct gl_key key;
	const char *why;

	assert_int_equal(gl_rule_parse(&rule, list, gl_span_of(entry), &why), GL_OK);
	gl_rule_key(&key, &rule);
	return gl_ruleset_find(rules, gl_key_span(&key), &value) == GL_OK;
}

static void test_the_shipped_lists_have_no_mistake(void **state)
{
	const struct gl_rules_input inputs[] = {
		{ .list = GL_LIST_CLIENTS, .path = GREYLIST_CONF_DIR "/clients" },
		{ .list = GL_LIST_RECIPIENTS, .path = GREYLIST_CONF_DIR "/recipients" },
		{ .list = GL_LIST_SENDERS, .path = GREYLIST_CONF_DIR "/senders" },
	};
	struct gl_ruleset *rules;

	(void)state;
	assert_int_equal(gl_rules_compile(&rules, inputs, 3, no_mistake, NULL), GL_OK);
	/* RFC 5321 4.5.1, RFC 2142 section 4 */
	assert_true(holds(rules, GL_LIST_RECIPIENTS, "postmaster@"));
	assert_true(holds(rules, GL_LIST_RECIPIENTS, "abuse@"));
	/* a sender can be forged by anybody: none is trusted unless the site says so */
	assert_int_equal(rules->head.use[GL_LIST_SENDERS].labels, 0);
	assert_false(rules->head.use[GL_LIST_SENDERS].address);
	assert_false(rules->head.use[GL_LIST_SENDERS].user);
	gl_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_shipped_lists_have_no_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
