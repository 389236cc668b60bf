/*
 * Over random lists with regular expressions: the rule that the compiled
 * rules lead to is the one that a plain reading finds, list by list,
 * plain entries first and expressions in their order. The plain reading
 * compares names and addresses as text and asks PCRE2 by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "greylist/regex.h"
#include "greylist/rules.h"

#include "dice.h"

enum { ROUNDS = 3000, QUESTIONS = 5, ENTRIES = 3, LISTS = 3, TEXT = 64 };

static const enum gl_list lists[LISTS] = { GL_LIST_CLIENTS, GL_LIST_RECIPIENTS, GL_LIST_SENDERS };

struct world {
	char entries[LISTS][ENTRIES][TEXT];
	const char *words[LISTS][ENTRIES];
	struct gl_rules_input inputs[LISTS];
	struct gl_probes probes;
};

static void random_text(struct dice *dice, char *text, const char *const *parts, size_t most)
{
	size_t count = 0;

	while (parts[count] != NULL)
		count++;
	text[0] = '\0';
	for (int64_t n = dice_between(dice, 1, (int64_t)most); n > 0; n--)
		strcat(text, parts[dice_between(dice, 0, (int64_t)count - 1)]);
}

static void random_name(struct dice *dice, char *name)
{
	static const char *const parts[] = { "a", "B", "mx", "1", "22", ".a", ".b", "-", NULL };

	strcpy(name, "n");
	random_text(dice, name + 1, parts, 4);
	strcat(name, ".test");
}

static void random_entry(struct dice *dice, char *entry)
{
	static const char *const parts[] = { "^", "$", "a", "b", "\\d+", "\\.", "(mx|n)", "[ab]",
		".*", "@", "n?", "(?!a)", NULL };

	if (dice_one_in(dice, 3)) {
		random_name(dice, entry);
		return;
	}
	strcpy(entry, dice_one_in(dice, 2) ? "/^" : "/.\\.");
	random_text(dice, entry + strlen(entry), parts, 4);
	strcat(entry, "/");
}

static bool searched(const char *entry, const char *subject)
{
	int error;
	size_t at;
	pcre2_code *code = pcre2_compile(
	    (PCRE2_SPTR)entry + 1, strlen(entry) - 2, PCRE2_CASELESS, &error, &at, NULL);

	if (code == NULL)
		return false;
	pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
	int found = pcre2_match(code, (PCRE2_SPTR)subject, strlen(subject), 0, 0, match, NULL);

	pcre2_match_data_free(match);
	pcre2_code_free(code);
	return found >= 0;
}

static bool below(const char *name, const char *domain)
{
	size_t all = strlen(name);
	size_t tail = strlen(domain);

	if (all < tail || strcasecmp(name + all - tail, domain) != 0)
		return false;
	return all == tail || name[all - tail - 1] == '.';
}

/* Of one list: the longest name that matches, otherwise the first expression; NULL: none. */
static const char *plainly_found(const struct world *world, size_t list, const char *subject)
{
	const char *at = strchr(subject, '@');
	const char *name = at == NULL ? subject : at + 1;
	const char *found = NULL;

	for (size_t i = 0; i < ENTRIES; i++) {
		const char *entry = world->entries[list][i];

		if (entry[0] != '/' && below(name, entry) &&
		    (found == NULL || strlen(entry) > strlen(found)))
			found = entry;
	}
	for (size_t i = 0; i < ENTRIES && found == NULL; i++)
		if (world->entries[list][i][0] == '/' && searched(world->entries[list][i], subject))
			found = world->entries[list][i];
	return found;
}

static bool decides(const struct gl_probe *probe, const struct gl_rule_source *source)
{
	return probe->kind != GL_RULE_REGEX ||
	       gl_regex_search(source->code, gl_rule_expression(source->text), probe->subject) ==
		   GL_OK;
}

/* The text of the rule that decides; empty where none does. */
static struct gl_span found_by_rules(struct world *world, const struct gl_ruleset *rules,
    const char *subjects[LISTS], enum gl_list *list)
{
	struct gl_exempt_question question = {
		.client_name = gl_span_of(subjects[0]),
		.recipient = gl_span_of(subjects[1]),
		.sender = gl_span_of(subjects[2]),
	};

	gl_exempt_probes(&world->probes, &rules->head, &question);
	for (size_t i = 0; i < world->probes.count; i++) {
		const struct gl_probe *probe = &world->probes.probe[i];
		struct gl_rule_source source;
		struct gl_span value;

		if (gl_ruleset_find(rules, probe->key, &value) != GL_OK)
			continue;
		assert_int_equal(gl_rule_value_decode(&source, value), GL_OK);
		*list = probe->list;
		if (decides(probe, &source))
			return source.text;
	}
	return gl_span_of("");
}

static void silent(void *context, const char *mistake)
{
	(void)context;
	(void)mistake;
}

static struct gl_ruleset *random_rules(struct world *world, struct dice *dice)
{
	const struct gl_rules_hooks hooks = { silent, NULL, gl_regex_compile, false };
	struct gl_ruleset *rules;

	for (size_t list = 0; list < LISTS; list++) {
		for (size_t i = 0; i < ENTRIES; i++) {
			random_entry(dice, world->entries[list][i]);
			world->words[list][i] = world->entries[list][i];
		}
		world->inputs[list] = (struct gl_rules_input){ .list = lists[list],
			.path = "list",
			.words = world->words[list],
			.word_count = ENTRIES };
	}
	assert_int_equal(gl_rules_compile(&rules, world->inputs, LISTS, &hooks), GL_OK);
	return rules;
}

/* True where a list said something. */
static bool ask(struct world *world, const struct gl_ruleset *rules, struct dice *dice)
{
	char texts[LISTS][TEXT];
	const char *subjects[LISTS] = { texts[0], texts[1], texts[2] };
	enum gl_list list = GL_LISTS;
	const char *plain = NULL;
	size_t by = 0;

	random_name(dice, texts[0]);
	for (size_t i = 1; i < LISTS; i++) {
		strcpy(texts[i], "u1@");
		random_name(dice, texts[i] + 3);
	}
	if (dice_one_in(dice, 5))
		texts[2][0] = '\0';
	if (dice_one_in(dice, 5))
		strcpy(texts[0], "unknown");
	for (; by < LISTS && plain == NULL; by++)
		plain = plainly_found(world, by, subjects[by]);
	struct gl_span found = found_by_rules(world, rules, subjects, &list);

	if (!gl_span_equal(found, gl_span_of(plain == NULL ? "" : plain)))
		fail_msg("%s, %s, %s: %s by reading, %.*s by the rules", subjects[0], subjects[1],
		    subjects[2], plain, (int)found.len, found.at);
	if (plain != NULL)
		assert_int_equal(list, lists[by - 1]);
	return plain != NULL;
}

static void the_rules_say_what_a_plain_reading_says(void **state)
{
	struct world *world = *state;
	struct dice dice = { 20261123 };
	unsigned matches = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct gl_ruleset *rules = random_rules(world, &dice);

		for (unsigned i = 0; i < QUESTIONS; i++)
			matches += ask(world, rules, &dice);
		gl_rules_free(rules);
	}
	assert_in_range(matches, ROUNDS * QUESTIONS / 10, ROUNDS * QUESTIONS / 10 * 9);
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct world));
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
		cmocka_unit_test(the_rules_say_what_a_plain_reading_says),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
