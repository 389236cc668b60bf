/* The tables of the exempt lists' grammar: grammar/plain says what their lines mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/regex.h"
#include "greylist/rules.h"
#include "tmpdir.h"

enum { TEXT_MAX = 512, LINES_MIN = 60, SUBJECTS_MIN = 150, EXPRESSIONS_MIN = 15 };

/* Where the reading stands. */
struct table {
	char *dir;
	char said[TEXT_MAX]; /* about the line; empty: nothing */
	char line[TEXT_MAX]; /* as the table has it, behind its list */
	enum gl_list list;
	struct gl_ruleset *rules;
	char delimiter;
	bool expected; /* what was said has been held against the table */
	unsigned lines, subjects;
	struct gl_probes probes;
};

/* FILE:1: "ENTRY": what is wrong */
static void keep_mistake(void *context, const char *mistake)
{
	struct table *table = context;
	const char *text = strstr(mistake, ":1: \"");

	text = text == NULL ? NULL : strstr(text, "\": ");
	if (text == NULL || table->said[0] != '\0')
		fail_msg("%s: %s", table->line, mistake);
	else
		snprintf(table->said, sizeof table->said, "%s", text + strlen("\": "));
}

static void compile(struct table *table)
{
	const char *name = gl_list_name(table->list);
	struct gl_rules_input input = { .list = table->list };
	struct gl_rules_hooks hooks = { keep_mistake, table, gl_regex_compile, false };

	tmpdir_write(table->dir, name, table->line, strlen(table->line));
	input.path = tmpdir_path(table->dir, name);
	assert_int_equal(gl_rules_compile(&table->rules, &input, 1, &hooks), GL_OK);
}

static void end_line(struct table *table)
{
	if (table->said[0] != '\0' && !table->expected)
		fail_msg("%s: says %s", table->line, table->said);
	gl_rules_free(table->rules);
	table->rules = NULL;
}

static void begin_line(struct table *table, char *rest)
{
	char *text = strchr(rest, ' ');

	end_line(table);
	assert_non_null(text);
	*text++ = '\0';
	for (table->list = 0; strcmp(gl_list_name(table->list), rest) != 0; table->list++)
		assert_true(table->list < GL_LISTS);
	snprintf(table->line, sizeof table->line, "%s", text);
	table->said[0] = '\0';
	table->expected = false;
	table->delimiter = '+';
	table->lines++;
	compile(table);
}

static struct gl_exempt_question question_of(
    const struct table *table, const char *subject, struct gl_address *client)
{
	struct gl_span text = gl_span_of(subject);
	struct gl_exempt_question question = { .delimiter = table->delimiter };

	question.client_name = gl_span_of("unknown");
	if (table->list == GL_LIST_RECIPIENTS) {
		question.recipient = text;
	} else if (table->list == GL_LIST_SENDERS) {
		question.sender = text;
	} else if (gl_address_parse(client, text) == GL_OK) {
		question.client = client;
	} else {
		assert_int_equal(gl_address_parse(client, gl_span_of("198.51.100.1")), GL_OK);
		question.client = client;
		question.client_name = text;
	}
	return question;
}

static bool decides(const struct gl_ruleset *rules, const struct gl_probe *probe)
{
	struct gl_rule_source rule;
	struct gl_span value;

	if (gl_ruleset_find(rules, probe->key, &value) != GL_OK)
		return false;
	assert_int_equal(gl_rule_value_decode(&rule, value), GL_OK);
	return probe->kind != GL_RULE_REGEX ||
	       gl_regex_search(rule.code, gl_rule_expression(rule.text), probe->subject) == GL_OK;
}

static bool passes(struct table *table, const char *subject)
{
	struct gl_address client;
	struct gl_exempt_question question = question_of(table, subject, &client);

	gl_exempt_probes(&table->probes, &table->rules->head, &question);
	for (size_t i = 0; i < table->probes.count; i++)
		if (decides(table->rules, &table->probes.probe[i]))
			return true;
	return false;
}

static void hold(struct table *table, const char *subject, bool wanted)
{
	table->subjects++;
	if (passes(table, subject) != wanted)
		fail_msg("%s: %s has to %s", table->line, subject, wanted ? "match" : "miss");
}

static void read_row(struct table *table, const char *word, char *rest)
{
	if (strcmp(word, "line") == 0) {
		begin_line(table, rest);
	} else if (strcmp(word, "says") == 0) {
		if (strcmp(table->said, rest) != 0)
			fail_msg("%s: says \"%s\"", table->line, table->said);
		table->expected = true;
	} else if (strcmp(word, "delimiter") == 0) {
		table->delimiter = strcmp(rest, "none") == 0 ? '\0' : rest[0];
	} else if (strcmp(word, "match") == 0 || strcmp(word, "only-here") == 0) {
		hold(table, rest, true);
	} else if (strcmp(word, "miss") == 0 || strcmp(word, "only-there") == 0) {
		hold(table, rest, false);
	} else {
		fail_msg("%s: what is \"%s\"?", table->line, word);
	}
}

static void read_file(struct table *table, const char *path)
{
	FILE *file = fopen(path, "r");
	char row[TEXT_MAX];

	assert_non_null(file);
	while (fgets(row, sizeof row, file) != NULL) {
		size_t len = strcspn(row, "\n");
		size_t word = strcspn(row, " \n");

		assert_true(row[len] == '\n');
		row[len] = '\0';
		if (len == 0 || row[0] == '#')
			continue;
		assert_true(word < len);
		row[word] = '\0';
		read_row(table, row, row + word + 1);
	}
	end_line(table);
	fclose(file);
}

static void test_plain_lines(void **state)
{
	struct table *table = *state;

	read_file(table, GREYLIST_GOLDEN_GRAMMAR "/plain");
	assert_true(table->lines >= LINES_MIN);
	assert_true(table->subjects >= SUBJECTS_MIN);
}

/* A build without PCRE2 has none. */
static void test_expressions(void **state)
{
	struct table *table = *state;

	if (strncmp(gl_regex_engine(), "no ", 3) == 0)
		return;
	read_file(table, GREYLIST_GOLDEN_GRAMMAR "/expressions");
	assert_true(table->lines >= EXPRESSIONS_MIN);
}

static int set_up(void **state)
{
	struct table *table = calloc(1, sizeof *table);

	*state = table;
	if (table == NULL)
		return -1;
	table->dir = tmpdir_make();
	return 0;
}

static int tear_down(void **state)
{
	struct table *table = *state;

	gl_rules_free(table->rules);
	tmpdir_remove(table->dir);
	free(table);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_expressions, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
