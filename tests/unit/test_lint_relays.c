#include "lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One record of the test's own DNS; a name that is not there has nothing. */
struct record {
	const char *name;
	enum gl_dns_type type;
	const char *value; /* NULL: no answer */
};

static const struct record zone[] = {
	{ "example.com", GL_DNS_MX, "mail.example.com" },
	{ "example.com", GL_DNS_MX, "backup.example.net" },
	{ "example.com", GL_DNS_MX, "twin.example.net" },
	{ "second.example", GL_DNS_MX, "backup.example.net" },
	{ "here.example", GL_DNS_MX, "localhost.example" },
	{ "broken.example", GL_DNS_MX, NULL },
	{ "half.example", GL_DNS_MX, "silent.example" },
	{ "mail.example.com", GL_DNS_A, "198.51.100.1" },
	{ "backup.example.net", GL_DNS_A, "203.0.113.1" },
	{ "backup.example.net", GL_DNS_AAAA, "2001:db8::1" },
	{ "twin.example.net", GL_DNS_A, "203.0.113.2" },
	{ "localhost.example", GL_DNS_A, "127.0.0.1" },
	{ "localhost.example", GL_DNS_A, "203.0.113.9" },
	{ "silent.example", GL_DNS_A, NULL },
};

static enum gl_status answer_from_zone(const struct gl_resolver *resolver,
    struct gl_dns_answer *answer, const char *name, enum gl_dns_type type)
{
	unsigned *questions = *(unsigned *const *)resolver->context;

	++*questions;
	answer->count = 0;
	for (size_t i = 0; i < sizeof zone / sizeof *zone; i++) {
		const struct record *record = &zone[i];

		if (strcmp(record->name, name) != 0 || record->type != type)
			continue;
		if (record->value == NULL)
			return GL_FAILED;
		if (type == GL_DNS_MX)
			snprintf(
			    answer->at[answer->count].name, GL_DNS_NAME_MAX, "%s", record->value);
		else
			assert_int_equal(gl_address_parse(&answer->at[answer->count].address,
					     gl_span_of(record->value)),
			    GL_OK);
		answer->count++;
	}
	return answer->count > 0 ? GL_OK : GL_NOT_FOUND;
}

static void no_mistake(void *context, const char *mistake)
{
	(void)context;
	fail_msg("%s", mistake);
}

static enum gl_status no_regex(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	(void)code;
	(void)expression;
	(void)why;
	return GL_UNSUPPORTED;
}

static struct gl_ruleset *rules_of(const char *relay)
{
	const char *words[] = { relay };
	struct gl_rules_input input = { .list = GL_LIST_RELAYS,
		.path = "greylist.conf",
		.words = words,
		.word_count = relay != NULL ? 1 : 0,
		.line = 1 };
	const struct gl_rules_hooks hooks = { no_mistake, NULL, no_regex, false };
	struct gl_ruleset *rules;

	assert_int_equal(gl_rules_compile(&rules, &input, 1, &hooks), GL_OK);
	return rules;
}

struct outcome {
	char *text; /* what was printed */
	unsigned warnings;
	unsigned questions;
};

static struct outcome lint(const char *parameters, const char *relay)
{
	struct outcome outcome = { NULL, 0, 0 };
	unsigned *questions = &outcome.questions;
	struct gl_resolver resolver = { .ask = answer_from_zone, .context = &questions };
	struct gl_lint_postfix postfix = { .parameters = strdup(parameters) };
	struct gl_admin admin = { .world.config_path = "greylist.conf" };
	struct gl_check check = { .admin = &admin };
	struct gl_ruleset *rules = rules_of(relay);
	size_t size;

	admin.out = open_memstream(&outcome.text, &size);
	assert_non_null(admin.out);
	gl_lint_relays(&check, &postfix, rules, &resolver);
	fclose(admin.out);
	outcome.warnings = check.warnings;
	gl_rules_free(rules);
	gl_lint_postfix_clear(&postfix);
	return outcome;
}

static void each_mx_host_has_to_be_this_machine_or_a_relay(void **state)
{
	static const struct {
		const char *name, *parameters, *relay;
		unsigned warnings;
		const char *said; /* among what is printed */
	} rows[] = {
		{ "none named", "mydestination = example.com\nmyhostname = mail.example.com", NULL,
		    3, "203.0.113.1, backup.example.net, is an MX host of example.com" },
		{ "IPv6 too", "mydestination = example.com\nmyhostname = mail.example.com", NULL, 3,
		    "2001:db8::1, backup.example.net" },
		{ "a network", "relay_domains = example.com\nmyhostname = mail.example.com",
		    "203.0.113.0/24", 1, "2001:db8::1" },
		{ "by name", "virtual_mailbox_domains = example.com\nmyhostname = MAIL.example.com",
		    "example.net", 0, "those of 1 domains" },
		{ "behind a proxy",
		    "virtual_alias_domains = example.com\nproxy_interfaces = 198.51.100.1",
		    "example.net", 0, "those of 1 domains" },
		{ "another host's name", "mydestination = example.com", "example.net", 1,
		    "198.51.100.1, mail.example.com" },
		{ "one of its addresses is ours", "mydestination = here.example", NULL, 0,
		    "those of 1 domains" },
		{ "said once for two domains",
		    "mydestination = second.example, example.com\nmyhostname = mail.example.com",
		    "203.0.113.2", 2, "an MX host of second.example" },
		{ "a domain without MX", "mydestination = nothing.example", NULL, 0,
		    "not checked, DNS names none for the 1 domains" },
		{ "only the machine itself", "mydestination = localhost, localhost.localdomain, vm",
		    NULL, 0, "names no domain of ours" },
		{ "tables", "mydestination = hash:/etc/domains, /etc/more", NULL, 0,
		    "not checked for 2 tables" },
		{ "no answer", "mydestination = broken.example, example.com", NULL, 0,
		    "not checked from broken.example on, DNS does not answer" },
		{ "no address", "mydestination = half.example", NULL, 0,
		    "not checked from half.example on, DNS does not answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outcome outcome = lint(rows[i].parameters, rows[i].relay);

		if (outcome.warnings != rows[i].warnings ||
		    strstr(outcome.text, rows[i].said) == NULL)
			fail_msg(
			    "%s: %u warnings: %s", rows[i].name, outcome.warnings, outcome.text);
		free(outcome.text);
	}
}

static void a_dead_resolver_is_asked_once(void **state)
{
	struct outcome outcome = lint("mydestination = broken.example, example.com", NULL);

	(void)state;
	assert_int_equal(outcome.questions, 1);
	free(outcome.text);
}

static void not_every_domain_is_asked_about(void **state)
{
	char parameters[4096] = "mydestination =";
	struct outcome outcome;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		snprintf(parameters + strlen(parameters), 32, " domain%u.example", i);
	outcome = lint(parameters, NULL);
	assert_int_equal(outcome.questions, 32);
	assert_non_null(strstr(outcome.text, "not checked for 8 tables and further domains"));
	free(outcome.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mx_host_has_to_be_this_machine_or_a_relay),
		cmocka_unit_test(a_dead_resolver_is_asked_once),
		cmocka_unit_test(not_every_domain_is_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
