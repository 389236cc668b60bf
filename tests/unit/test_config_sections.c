#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config_world.h"

static const struct gl_section *section_at(const struct config_world *world, size_t n)
{
	assert_true(n < world->config.sections.count);
	return &world->config.sections.at[n];
}

static bool sets(const struct gl_section *section, enum gl_term term)
{
	return (section->own.set >> term & 1) != 0;
}

static void sections_are_read_with_their_lines(void **state)
{
	struct config_world *world = *state;

	assert_int_equal(
	    config_world_load(world, "# one\n"
				     "mode = on\n"
				     "recipient \"Example.ORG.\" { # and more\n"
				     "\tmode = \"off\" delay = 1m\n"
				     "\n"
				     "\ttext = 'it\\'s } {'\n"
				     "}\n"
				     "sender a@s.test\n"
				     "{ exempt = true /* so it\n"
				     "is */ max_age = 60d }\n"
				     "policy_context 'Some words' { retry_window = 1d }\n"
				     "recipient \"u+x@b.test\" {} relays = { 192.0.2.1 }\n"),
	    GL_OK);
	assert_int_equal(world->config.sections.count, 4);
	const struct gl_section *section = section_at(world, 0);

	assert_int_equal(section->line, 3);
	assert_string_equal(section->heading, "recipient \"Example.ORG.\"");
	assert_true(gl_span_equal(section->domain, gl_span_of("Example.ORG")));
	assert_int_equal(section->user.len, 0);
	assert_int_equal(section->own.mode, GL_MODE_OFF);
	assert_int_equal(section->own.timing.delay, 60);
	assert_int_equal(section->own.line[GL_TERM_DELAY], 4);
	assert_string_equal(section->own.text, "it's } {");
	assert_int_equal(section->own.line[GL_TERM_TEXT], 6);
	assert_false(sets(section, GL_TERM_MAX_AGE));
	section = section_at(world, 1);
	assert_int_equal(section->kind, GL_SECTION_SENDER);
	assert_int_equal(section->line, 8);
	assert_true(gl_span_equal(section->user, gl_span_of("a")));
	assert_true(section->own.exempt);
	assert_int_equal(section->own.line[GL_TERM_EXEMPT], 9);
	assert_int_equal(section->own.line[GL_TERM_MAX_AGE], 10);
	section = section_at(world, 2);
	assert_true(gl_span_equal(section->domain, gl_span_of("Some words")));
	assert_int_equal(section->own.line[GL_TERM_RETRY_WINDOW], 11);
	assert_int_equal(section_at(world, 3)->own.set, 0);
	assert_int_equal(world->config.relays.count, 1);
	assert_int_equal(world->config.relays.line, 12);
}

static void terms_come_from_the_config(void **state)
{
	struct config_world *world = *state;
	struct gl_terms terms;
	struct gl_terms_question question = { .recipient = gl_span_of("u#x@b.test") };

	assert_int_equal(
	    config_world_load(world,
		"mode = off text = plain recipient_delimiter = '#'\n"
		"recipient u@b.test { mode = on }\nrecipient b.test { text = theirs }\n"),
	    GL_OK);
	gl_config_terms(&terms, &world->config);
	assert_int_equal(terms.mode, GL_MODE_OFF);
	assert_string_equal(terms.text, "plain");
	assert_int_equal(terms.timing.delay, 180);
	gl_config_terms_for(&terms, &world->config, &question);
	assert_int_equal(terms.mode, GL_MODE_ON);
	assert_string_equal(terms.text, "theirs");
	assert_int_equal(terms.from[GL_TERM_MODE].line, 2);
	assert_string_equal(strrchr(terms.from[GL_TERM_MODE].file, '/'), "/c");
}

static void there_is_room_for_so_many_sections(void **state)
{
	struct config_world *world = *state;
	static char text[GL_SECTIONS_MAX * 40];
	size_t used = 0;

	for (int i = 0; i < GL_SECTIONS_MAX; i++)
		used += (size_t)snprintf(
		    text + used, sizeof text - used, "recipient d%d.test { delay = 1m }\n", i);
	assert_int_equal(config_world_load(world, text), GL_OK);
	assert_int_equal(world->config.sections.count, GL_SECTIONS_MAX);
	snprintf(text + used, sizeof text - used, "sender more.test { }\n");
	assert_int_equal(config_world_load(world, text), GL_BAD_CONFIG);
	assert_string_equal(world->said,
	    "c:257: sender \"more.test\" is one too many: there can be 256 sections\n");
}

/* Where some message could get a delay and a window that do not go together. */
struct clash {
	const char *text;
	const char *said; /* a part; NULL: all is well */
};

#define LONG_DELAY   "delay = 3h"
#define SHORT_WINDOW "retry_window = 2h"

static const struct clash clashes[] = {
	{ "recipient a.test { delay = 3d }",
	    "c:1: delay must be shorter than retry_window (2d "
	    "outside of all sections), not 3d of recipient \"a.test\" "
	    "in line 1: one message can get both\n" },
	{ "recipient a.test {\n delay = 3d\nretry_window = 4d }", NULL },
	{ "recipient a.test { " LONG_DELAY " }\nrecipient b.test { " SHORT_WINDOW " }", NULL },
	{ "recipient a.test { " LONG_DELAY " }\nrecipient b.a.test { " SHORT_WINDOW " }", "c:2: " },
	{ "recipient u@a.test { " LONG_DELAY " }\nrecipient a.test { " SHORT_WINDOW " }", "c:2: " },
	{ "recipient u@a.test { " LONG_DELAY " }\nrecipient u@b.test { " SHORT_WINDOW " }", NULL },
	{ "recipient u@a.test { " LONG_DELAY " }\nrecipient u+x@a.test { " SHORT_WINDOW " }",
	    "c:2: " },
	{ "recipient a.test { " LONG_DELAY " }\nsender b.test { " SHORT_WINDOW " }", "c:2: " },
	{ "sender b.test { " SHORT_WINDOW " }\npolicy_context p { " LONG_DELAY " }", "c:2: " },
	{ "policy_context q { " SHORT_WINDOW " }\npolicy_context p { " LONG_DELAY " }", NULL },
	/* what is more specific keeps the two apart */
	{ "recipient a.test { " LONG_DELAY " retry_window = 1d }\nsender b.test { " SHORT_WINDOW
	  " }",
	    NULL },
	{ "recipient a.test { retry_window = 1d }\nrecipient b.a.test { " LONG_DELAY
	  " }\nsender s.test { " SHORT_WINDOW " }",
	    NULL },
	{ SHORT_WINDOW "\nrecipient a.test { " LONG_DELAY " }\n", "(2h in line 1), not 3h of" },
	{ LONG_DELAY "\n\nrecipient a.test { " SHORT_WINDOW " }\n", "c:3: " },
};

static void a_delay_is_shorter_than_its_window_in_all_that_can_come_together(void **state)
{
	struct config_world *world = *state;

	for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++) {
		const struct clash *clash = &clashes[i];
		enum gl_status status = config_world_load(world, clash->text);

		if (clash->said == NULL && status != GL_OK)
			fail_msg("%s: %s", clash->text, world->said);
		if (clash->said != NULL &&
		    (status != GL_BAD_CONFIG || strstr(world->said, clash->said) == NULL))
			fail_msg("%s: said '%s'", clash->text, world->said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    sections_are_read_with_their_lines, config_world_enter, config_world_leave),
		cmocka_unit_test_setup_teardown(
		    terms_come_from_the_config, config_world_enter, config_world_leave),
		cmocka_unit_test_setup_teardown(
		    there_is_room_for_so_many_sections, config_world_enter, config_world_leave),
		cmocka_unit_test_setup_teardown(
		    a_delay_is_shorter_than_its_window_in_all_that_can_come_together,
		    config_world_enter, config_world_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
