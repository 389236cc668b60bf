/* The lists that come with greylist: no bad line, nothing twice, each entry with its reason. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/regex.h"
#include "greylist/rules.h"
#include "greylist/suffix.h"

enum { LINE_MAX_BYTES = 512, REASON_WORDS_MIN = 4, CLIENTS_MIN = 40, SUFFIXES_MIN = 500 };

static const struct gl_rules_input inputs[] = {
	{ .list = GL_LIST_CLIENTS, .path = GREYLIST_CONF_DIR "/clients" },
	{ .list = GL_LIST_RECIPIENTS, .path = GREYLIST_CONF_DIR "/recipients" },
	{ .list = GL_LIST_SENDERS, .path = GREYLIST_CONF_DIR "/senders" },
};

static void no_mistake(void *context, const char *mistake)
{
	(void)context;
	fail_msg("%s", mistake);
}

static bool has_key(const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	struct gl_span value;
	struct gl_key key;

	gl_rule_key(&key, rule);
	return gl_ruleset_find(rules, gl_key_span(&key), &value) == GL_OK;
}

static bool holds(const struct gl_ruleset *rules, enum gl_list list, const char *entry)
{
	struct gl_rule rule;
	const char *why;

	assert_int_equal(gl_rule_parse(&rule, list, gl_span_of(entry), &why), GL_OK);
	return has_key(rules, &rule);
}

/* A year and a month, such as 2024-02. */
static bool is_date(const char *at)
{
	static const char shape[] = "dddd-dd";

	for (size_t i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)at[i]) : at[i] != shape[i])
			return false;
	return !isdigit((unsigned char)at[strlen(shape)]);
}

/* What stands in the comment above the entries of one block. */
struct reason {
	unsigned words;
	bool dated;
	bool grouped; /* behind a heading */
};

static void read_reason(struct reason *reason, const char *line)
{
	bool inside = false;

	reason->grouped |= strncmp(line, "# ---- ", 7) == 0;
	for (const char *at = line; *at != '\0'; at++) {
		bool letter = isalpha((unsigned char)*at) != 0;

		reason->words += letter && !inside;
		reason->dated |= is_date(at);
		inside = letter;
	}
}

/* The line's entry, if any, after its reason was checked. */
static bool read_line(struct gl_rule *rule, enum gl_list list, struct reason *reason, char *line)
{
	const char *why;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#')
		read_reason(reason, line);
	if (line[0] == '\0')
		*reason = (struct reason){ .grouped = reason->grouped };
	if (line[0] == '\0' || line[0] == '#')
		return false;
	assert_int_equal(gl_rule_parse(rule, list, gl_span_of(line), &why), GL_OK);
	if (reason->words < REASON_WORDS_MIN)
		fail_msg("no reason is given for %s", line);
	if (!reason->dated)
		fail_msg("no date is given for %s", line);
	if (!reason->grouped)
		fail_msg("%s stands in no group", line);
	return true;
}

/* A wider entry would make this one useless. */
static void not_shadowed(const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	struct gl_rule wider = *rule;

	if (rule->kind != GL_RULE_DOMAIN)
		return;
	while (gl_span_find(wider.text, '.') < wider.text.len) {
		wider.text = gl_span_skip(wider.text, gl_span_find(wider.text, '.') + 1);
		if (has_key(rules, &wider))
			fail_msg("%.*s is meant by %.*s already", (int)rule->text.len,
			    rule->text.at, (int)wider.text.len, wider.text.at);
	}
}

static struct gl_ruleset *compile(const struct gl_rules_input *input, size_t count)
{
	const struct gl_rules_hooks hooks = { no_mistake, NULL, gl_regex_compile, false };
	struct gl_ruleset *rules;

	assert_int_equal(gl_rules_compile(&rules, input, count, &hooks), GL_OK);
	return rules;
}

/* Returns how many entries the list has. */
static size_t read_list(const struct gl_rules_input *input)
{
	struct gl_ruleset *rules = compile(input, 1);
	struct reason reason = { .words = 0 };
	FILE *file = fopen(input->path, "r");
	char line[LINE_MAX_BYTES];
	size_t entries = 0;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		struct gl_rule rule;

		if (!read_line(&rule, input->list, &reason, line))
			continue;
		entries++;
		assert_true(has_key(rules, &rule));
		not_shadowed(rules, &rule);
		if (input->list == GL_LIST_CLIENTS && rule.kind != GL_RULE_DOMAIN)
			fail_msg("%s: an address changes hands; ship names only", line);
	}
	fclose(file);
	/* one key is the head's; an entry that stands twice has one key */
	assert_int_equal(rules->count, entries + 1);
	gl_rules_free(rules);
	return entries;
}

static void test_the_shipped_lists_have_no_mistake(void **state)
{
	struct gl_ruleset *rules = compile(inputs, 3);

	(void)state;
	/* RFC 5321 4.5.1, RFC 2142 section 4 */
	assert_true(holds(rules, GL_LIST_RECIPIENTS, "postmaster@"));
	assert_true(holds(rules, GL_LIST_RECIPIENTS, "abuse@"));
	/* a sender can be forged by anybody: none is trusted unless the site says so */
	assert_int_equal(rules->head.use[GL_LIST_SENDERS].labels, 0);
	assert_false(rules->head.use[GL_LIST_SENDERS].address);
	assert_false(rules->head.use[GL_LIST_SENDERS].user);
	gl_rules_free(rules);
}

static void test_every_entry_has_a_reason_and_stands_once(void **state)
{
	(void)state;
	assert_true(read_list(&inputs[0]) >= CLIENTS_MIN);
	assert_int_equal(read_list(&inputs[1]), 2);
	assert_int_equal(read_list(&inputs[2]), 0);
}

/* A top-level domain would let the whole of it in. */
static void test_no_client_entry_is_a_whole_top_level_domain(void **state)
{
	struct gl_ruleset *rules = compile(inputs, 1);

	(void)state;
	assert_int_equal(rules->head.use[GL_LIST_CLIENTS].labels & 3, 0);
	gl_rules_free(rules);
}

/* By their labels from the last one on, whatever mark is in front. */
static int by_labels(struct gl_span a, struct gl_span b)
{
	while (a.len > 0 && b.len > 0) {
		size_t dot_a = gl_span_find_last(a, '.');
		size_t dot_b = gl_span_find_last(b, '.');
		bool last_a = dot_a == a.len;
		bool last_b = dot_b == b.len;
		int order = gl_span_compare(last_a ? a : gl_span_skip(a, dot_a + 1),
		    last_b ? b : gl_span_skip(b, dot_b + 1));

		if (order != 0)
			return order;
		a = gl_span_head(a, last_a ? 0 : dot_a);
		b = gl_span_head(b, last_b ? 0 : dot_b);
	}
	return (a.len > 0) - (b.len > 0);
}

static struct gl_span unmarked(char *line)
{
	struct gl_span entry = gl_suffix_entry(gl_span_of(line));

	return gl_span_skip(entry, entry.at[0] == '*' ? 2 : entry.at[0] == '!');
}

/* Every rule behind a dated heading, in its place, and once. */
static void test_the_suffixes_are_sorted_and_stand_once(void **state)
{
	const struct gl_rules_input input = { .list = GL_LIST_SUFFIXES,
		.path = GREYLIST_CONF_DIR "/suffixes" };
	struct gl_ruleset *rules = compile(&input, 1);
	FILE *file = fopen(input.path, "r");
	char lines[2][LINE_MAX_BYTES] = { "", "" };
	unsigned which = 0;
	bool dated = false;
	size_t entries = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(lines[which], LINE_MAX_BYTES, file) != NULL) {
		char *line = lines[which];

		if (strncmp(line, "// ---- ", 8) == 0) {
			dated = strstr(line, "(2") != NULL && is_date(strstr(line, "(2") + 1);
			lines[!which][0] = '\0';
		}
		if (line[0] == '\n' || line[0] == '/')
			continue;
		if (!dated)
			fail_msg("no date is given for %s", line);
		if (lines[!which][0] != '\0' &&
		    by_labels(unmarked(lines[!which]), unmarked(line)) >= 0)
			fail_msg("out of order: %s", line);
		entries++;
		which = !which;
	}
	fclose(file);
	assert_true(entries >= SUFFIXES_MIN);
	assert_int_equal(rules->count, entries + 1);
	gl_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_shipped_lists_have_no_mistake),
		cmocka_unit_test(test_every_entry_has_a_reason_and_stands_once),
		cmocka_unit_test(test_the_suffixes_are_sorted_and_stand_once),
		cmocka_unit_test(test_no_client_entry_is_a_whole_top_level_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
