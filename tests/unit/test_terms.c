#include "greylist/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

enum { DAY = 86400 };

#define BIT(term) (1U << (term))

static const struct gl_timing outside = { 180, 2 * DAY, 35 * DAY };

/* What is said of a section in one line: kind, title, what it sets. */
static struct gl_section section_of(enum gl_section_kind kind, const char *title)
{
	struct gl_span text = gl_span_of(title);
	size_t at = gl_span_find_last(text, '@');
	struct gl_section section = { .kind = kind,
		.line = 1,
		.heading = (char *)(uintptr_t)title,
		.domain = text,
		.read = true };

	if (at < text.len && kind != GL_SECTION_CONTEXT) {
		section.user = gl_span_head(text, at);
		section.domain = gl_span_skip(text, at + 1);
	}
	return section;
}

static struct gl_sections sections_of(struct gl_section *at, size_t count)
{
	struct gl_sections sections = { .count = count, .at = at, .delimiter = '+' };

	for (size_t i = 0; i < count; i++)
		sections.of[at[i].kind]++;
	return sections;
}

struct question {
	const char *name;
	const char *recipient, *sender, *context;
	const char *wanted; /* the title whose delay counts; NULL: none */
};

static const char *const recipients[] = { "org", "example.org", "sub.example.org",
	"user@example.org", "user+ext@example.org" };
static const char *const senders[] = { "example.net", "a.example.net", "joe@example.net",
	"list-#@example.net" };
static const char *const contexts[] = { "partners", "Partners" };

static const struct question questions[] = {
	{ "nothing matches", "user@example.com", "a@b.test", "", NULL },
	{ "a domain", "any@example.org", "", "", "example.org" },
	{ "in upper case", "ANY@EXAMPLE.ORG", "", "", "example.org" },
	{ "with a dot at its end", "any@example.org.", "", "", "example.org" },
	{ "the longer domain", "any@sub.example.org", "", "", "sub.example.org" },
	{ "below the longer domain", "any@x.sub.example.org", "", "", "sub.example.org" },
	{ "another below the shorter", "any@x.example.org", "", "", "example.org" },
	{ "only the end of a label", "any@anexample.org", "", "", "org" },
	{ "the top", "any@x.org", "", "", "org" },
	{ "an address", "user@example.org", "", "", "user@example.org" },
	{ "an address in upper case", "USER@Example.Org", "", "", "user@example.org" },
	{ "an extension", "user+other@example.org", "", "", "user@example.org" },
	{ "an extension of its own", "user+ext@example.org", "", "", "user+ext@example.org" },
	{ "an address is of its very domain", "user@sub.example.org", "", "", "sub.example.org" },
	{ "a longer user", "user2@example.org", "", "", "example.org" },
	{ "no user before the extension", "+ext@example.org", "", "", "example.org" },
	{ "no domain", "postmaster", "", "", NULL },
	{ "nothing at all", "", "", "", NULL },
	{ "a sender's domain", "u@b.test", "x@example.net", "", "example.net" },
	{ "a longer one", "u@b.test", "x@a.example.net", "", "a.example.net" },
	{ "a sender's address", "u@b.test", "Joe@example.net", "", "joe@example.net" },
	{ "with an extension", "u@b.test", "joe+tag@example.net", "", "joe@example.net" },
	{ "as the table has it", "u@b.test", "list-77@example.net", "", "list-#@example.net" },
	{ "the recipient before the sender", "u@x.org", "joe@example.net", "", "org" },
	{ "a context", "u@b.test", "a@b.test", "partners", "partners" },
	{ "contexts have a case", "u@b.test", "a@b.test", "Partners", "Partners" },
	{ "another context", "u@b.test", "a@b.test", "PARTNERS", NULL },
	{ "the sender before the context", "u@b.test", "x@example.net", "partners", "example.net" },
	{ "the recipient before the context", "u@x.org", "", "partners", "org" },
};

/* Every section sets a delay of its own, so that the delay says which one counted. */
static size_t fill(struct gl_section *at)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof recipients / sizeof *recipients; i++)
		at[count++] = section_of(GL_SECTION_RECIPIENT, recipients[i]);
	for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
		at[count++] = section_of(GL_SECTION_SENDER, senders[i]);
	for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
		at[count++] = section_of(GL_SECTION_CONTEXT, contexts[i]);
	for (size_t i = 0; i < count; i++) {
		at[i].own.set = BIT(GL_TERM_DELAY);
		at[i].own.timing.delay = (int64_t)i;
		at[i].own.line[GL_TERM_DELAY] = 100 + (unsigned)i;
	}
	return count;
}

static void shuffle(struct gl_section *at, size_t count, struct dice *dice)
{
	for (size_t i = 1; i < count; i++) {
		size_t other = (size_t)dice_between(dice, 0, (int64_t)i);
		struct gl_section kept = at[i];

		at[i] = at[other];
		at[other] = kept;
	}
}

static void the_most_specific_counts_in_any_order(void **state)
{
	struct gl_section at[16];
	size_t count = fill(at);
	struct dice dice = { 20261124 };

	(void)state;
	for (size_t round = 0; round < 50; round++) {
		shuffle(at, count, &dice);
		struct gl_sections sections = sections_of(at, count);

		for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
			const struct question *q = &questions[i];
			struct gl_terms terms = { .timing = outside };
			struct gl_terms_question question = { gl_span_of(q->recipient),
				gl_span_of(q->sender), gl_span_of(q->context) };
			const struct gl_origin *from = &terms.from[GL_TERM_DELAY];

			gl_terms_narrow(&terms, &sections, &question);
			const char *got = from->section == NULL ? NULL : from->section->heading;

			if ((got == NULL) != (q->wanted == NULL) ||
			    (got != NULL && strcmp(got, q->wanted) != 0))
				fail_msg("%s: %s", q->name, got == NULL ? "none" : got);
			if (got != NULL)
				assert_int_equal(from->line, 100 + terms.timing.delay);
		}
	}
}

static void each_option_comes_from_the_most_specific_that_sets_it(void **state)
{
	char text[] = "later";
	struct gl_section at[] = { section_of(GL_SECTION_RECIPIENT, "example.org"),
		section_of(GL_SECTION_RECIPIENT, "user@example.org"),
		section_of(GL_SECTION_SENDER, "example.net"),
		section_of(GL_SECTION_CONTEXT, "partners") };
	struct gl_sections sections = sections_of(at, 4);
	struct gl_terms terms = { .mode = GL_MODE_ON, .timing = outside, .text = "outside" };
	struct gl_terms_question question = { gl_span_of("user@example.org"),
		gl_span_of("a@example.net"), gl_span_of("partners") };

	(void)state;
	at[0].own = (struct gl_settings){
		.set = BIT(GL_TERM_MODE) | BIT(GL_TERM_EXEMPT), .mode = GL_MODE_OFF, .exempt = true
	};
	at[1].own = (struct gl_settings){ .set = BIT(GL_TERM_EXEMPT), .exempt = false };
	at[2].own = (struct gl_settings){
		.set = BIT(GL_TERM_TEXT) | BIT(GL_TERM_MODE), .text = text, .mode = GL_MODE_DRY_RUN
	};
	at[3].own = (struct gl_settings){ .set = BIT(GL_TERM_MAX_AGE) | BIT(GL_TERM_RETRY_WINDOW) |
						 BIT(GL_TERM_IDENTITY),
		.timing = { .max_age = 60 * DAY, .retry_window = 3 * DAY },
		.identity = GL_IDENTITY_NAME };
	gl_terms_narrow(&terms, &sections, &question);
	assert_int_equal(terms.mode, GL_MODE_OFF);
	assert_false(terms.exempt);
	assert_ptr_equal(terms.from[GL_TERM_EXEMPT].section, &at[1]);
	assert_string_equal(terms.text, "later");
	assert_int_equal(terms.timing.max_age, 60 * DAY);
	assert_int_equal(terms.timing.retry_window, 3 * DAY);
	assert_int_equal(terms.identity, GL_IDENTITY_NAME);
	assert_int_equal(terms.timing.delay, outside.delay);
	assert_null(terms.from[GL_TERM_DELAY].section);
}

static int64_t delay_of(const struct gl_sections *sections, const char *recipient)
{
	struct gl_terms terms = { .timing = outside };
	struct gl_terms_question question = { .recipient = gl_span_of(recipient) };

	gl_terms_narrow(&terms, sections, &question);
	return terms.timing.delay;
}

static void a_delegation_goes_before_its_section_and_behind_others(void **state)
{
	char path[] = "/home/example.org/greylist.conf";
	struct gl_section at[] = { section_of(GL_SECTION_RECIPIENT, "example.org"),
		section_of(GL_SECTION_RECIPIENT, "user@example.org"),
		section_of(GL_SECTION_RECIPIENT, "sub.example.org") };
	struct gl_sections sections = sections_of(at, 3);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		at[i].own = (struct gl_settings){ .set = BIT(GL_TERM_DELAY),
			.timing.delay = (int64_t)i };
	at[0].delegate = path;
	at[0].theirs = (struct gl_settings){ .set = BIT(GL_TERM_DELAY), .timing.delay = 10 };
	assert_int_equal(delay_of(&sections, "any@example.org"), 10);
	assert_int_equal(delay_of(&sections, "any@x.example.org"), 10);
	assert_int_equal(delay_of(&sections, "user@example.org"), 1);
	assert_int_equal(delay_of(&sections, "any@sub.example.org"), 2);
	assert_int_equal(delay_of(&sections, "any@example.com"), outside.delay);
	at[0].read = false;
	assert_int_equal(delay_of(&sections, "any@example.org"), 0);
}

/* Worlds of random sections: whoever judges, no record counts longer than its own times say. */
static const char *const titles[GL_SECTION_KINDS][4] = {
	{ "b.test", "x.b.test", "joe@b.test", "c.test" },
	{ "s.test", "a@s.test", "t.test", "test" },
	{ "one", "two", "three", "four" },
};

static void random_settings(struct gl_settings *settings, struct dice *dice)
{
	*settings = (struct gl_settings){ .set = (uint32_t)dice_between(dice, 0, 127) };
	settings->timing = (struct gl_timing){ dice_between(dice, 1, 60),
		dice_between(dice, 61, 1000), dice_between(dice, 61, 1000) };
}

static size_t random_sections(struct gl_section at[12], struct dice *dice)
{
	static char path[] = "/file";
	size_t count = 0;

	for (size_t kind = 0; kind < GL_SECTION_KINDS; kind++) {
		for (size_t i = 0; i < 4; i++) {
			if (dice_one_in(dice, 2))
				continue;
			at[count] = section_of((enum gl_section_kind)kind, titles[kind][i]);
			random_settings(&at[count].own, dice);
			if (kind == GL_SECTION_RECIPIENT && i != 2 && dice_one_in(dice, 2)) {
				at[count].delegate = path;
				at[count].read = dice_one_in(dice, 2);
				random_settings(&at[count].theirs, dice);
			}
			count++;
		}
	}
	return count;
}

static void no_request_has_a_record_count_longer_than_it_does(void **state)
{
	static const char *const tos[] = { "joe@b.test", "joe+x@b.test", "any@x.b.test",
		"any@c.test", "any@d.test" };
	static const char *const froms[] = { "", "a@s.test", "a+x@s.test", "b@t.test", "c@u.net" };
	static const char *const words[] = { "", "one", "two", "three", "four", "five" };
	struct dice dice = { 20261125 };
	size_t equal = 0;

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		struct gl_section at[12];
		struct gl_sections sections = sections_of(at, random_sections(at, &dice));
		const char *to = tos[dice_between(&dice, 0, 4)];
		const char *from = froms[dice_between(&dice, 0, 4)];
		const char *word = words[dice_between(&dice, 0, 5)];
		struct gl_terms terms = { .timing = outside };
		struct gl_terms_question question = { gl_span_of(to), gl_span_of(from),
			gl_span_of(word) };
		char text[64];
		struct gl_out out = gl_out_into(text, sizeof text);

		gl_out_text(&out, strcmp(from, "a+x@s.test") == 0 ? "a@s.test" : from);
		gl_out_byte(&out, '\0');
		gl_out_text(&out, to);
		struct gl_record record = { .text = gl_out_done(&out) };

		if (dice_one_in(&dice, 5))
			record.text.len = 0;
		struct gl_timing counts = gl_terms_of_record(&outside, &sections, &record);

		/* whatever the unread files turn out to say */
		for (size_t i = 0; i < sections.count; i++)
			at[i].read = true;
		gl_terms_narrow(&terms, &sections, &question);
		assert_true(counts.retry_window >= terms.timing.retry_window);
		assert_true(counts.max_age >= terms.timing.max_age);
		equal += counts.max_age == terms.timing.max_age;
		if (word[0] == '\0' && sections.of[GL_SECTION_CONTEXT] == 0 &&
		    record.text.len > 0 && counts.max_age < GL_TIME_MAX &&
		    counts.retry_window < GL_TIME_MAX)
			assert_memory_equal(&counts, &terms.timing, sizeof counts);
	}
	/* and not simply for ever */
	assert_true(equal > 5000);
}

static void names_and_words_are_those_of_the_file(void **state)
{
	(void)state;
	assert_string_equal(gl_term_name(GL_TERM_RETRY_WINDOW), "retry_window");
	assert_string_equal(gl_section_kind_name(GL_SECTION_CONTEXT), "policy_context");
	assert_string_equal(gl_mode_text(GL_MODE_DRY_RUN), "dry-run");
	assert_null(gl_mode_text(GL_MODE_ON + 10));
	assert_string_equal(gl_identity_text(GL_IDENTITY_NAME), "network+name");
	assert_null(gl_identity_text(GL_IDENTITY_NAME + 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_counts_in_any_order),
		cmocka_unit_test(each_option_comes_from_the_most_specific_that_sets_it),
		cmocka_unit_test(a_delegation_goes_before_its_section_and_behind_others),
		cmocka_unit_test(no_request_has_a_record_count_longer_than_it_does),
		cmocka_unit_test(names_and_words_are_those_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
