#include "greylist/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_world.h"
#include "tmpdir.h"

enum { FILE_MAX = 17000 };

/* A configuration with one delegation file, `d`, for example.org; `more` stands behind it. */
static void with_delegation(struct config_world *world, const char *options, const char *more)
{
	char text[1024];

	snprintf(text, sizeof text, "recipient \"example.org\" { %s delegate = \"%s/d\" }\n%s",
	    options, world->dir, more);
	assert_int_equal(config_world_load(world, text), GL_OK);
}

static void write_file(const struct config_world *world, const char *text)
{
	tmpdir_write(world->dir, "d", text, strlen(text));
}

/* What mail to this address gets, after a look at the file. */
static struct gl_terms terms_of(struct config_world *world, const char *recipient)
{
	struct gl_terms terms;
	struct gl_terms_question question = { .recipient = gl_span_of(recipient) };

	world->said[0] = '\0';
	assert_int_equal(
	    gl_config_delegates_of(&world->config, question.recipient, config_world_note, world),
	    GL_OK);
	gl_config_terms_for(&terms, &world->config, &question);
	return terms;
}

static void a_missing_file_is_an_empty_one(void **state)
{
	struct config_world *world = *state;

	with_delegation(world, "delay = 4m", "");
	assert_int_equal(terms_of(world, "u@example.org").timing.delay, 240);
	assert_string_equal(world->said, "");
}

static void an_edited_file_counts_at_the_next_look_and_for_its_domain_only(void **state)
{
	struct config_world *world = *state;
	struct gl_terms terms;

	with_delegation(world, "delay = 4m", "recipient vip@example.org { delay = 5m }");
	write_file(world, "# mine\ndelay = 1m\ntext = \"Bitte warten\"\nmode = dry-run\n");
	terms = terms_of(world, "u@example.org");
	assert_int_equal(terms.timing.delay, 60);
	assert_string_equal(terms.text, "Bitte warten");
	assert_int_equal(terms.mode, GL_MODE_DRY_RUN);
	assert_int_equal(terms.from[GL_TERM_TEXT].line, 3);
	assert_string_equal(strrchr(terms.from[GL_TERM_TEXT].file, '/'), "/d");
	assert_int_equal(terms_of(world, "u@sub.example.org").timing.delay, 60);
	assert_int_equal(terms_of(world, "vip@example.org").timing.delay, 300);
	assert_string_equal(terms_of(world, "vip@example.org").text, "Bitte warten");
	assert_int_equal(terms_of(world, "u@example.com").timing.delay, 180);

	write_file(world, "delay = 2m");
	terms = terms_of(world, "u@example.org");
	assert_int_equal(terms.timing.delay, 120);
	assert_int_equal(terms.mode, GL_MODE_ON);
	assert_int_equal(unlink(tmpdir_path(world->dir, "d")), 0);
	assert_int_equal(terms_of(world, "u@example.org").timing.delay, 240);
	assert_string_equal(world->said, "");
}

struct mistake {
	const char *text;
	const char *said;
};

static const struct mistake mistakes[] = {
	{ "text = fine\ndelay = 8d\n", "d:2: delay must be from 1s to 7d, not 8d\n" },
	{ "database = \"/tmp\"\ntext = fine\n",
	    "d:1: database does not belong into a delegation file\n" },
	{ "delegate = \"/etc/passwd\"\ntext = fine\n",
	    "d:1: delegate does not belong into a delegation file\n" },
	{ "nonsense = 1\ntext = fine\n", "d:1: no such option 'nonsense'\n" },
	{ "text = fine\nrecipient \"u@example.com\" { mode = off }\n",
	    "d:2: recipient \"u@example.com\" cannot stand here: a delegation file has no "
	    "sections\n" },
	{ "text = fine\nrecipient \"u@example.com\" {",
	    "d:2: recipient \"u@example.com\" cannot stand here: a delegation file has no "
	    "sections\nd:2: this section does not end: its } is missing\n" },
	{ "delay = 4m\ndelay = 5m\ntext = fine\n",
	    "d:2: delay is set a second time, after line 1\n" },
	{ "text = fine\nmode = ${HOME}\n", "d:2: ${...} stands for nothing here: write the value "
					   "itself\n" },
	{ "text = fine\ndelay = 3d\n",
	    "d:2: delay must be shorter than retry_window (2d outside of all sections), not 3d by "
	    "the file of recipient \"example.org\" in line 2: one message can get both\n" },
	{ "text = fine\nretry_window = 3m\n",
	    "d:2: delay must be shorter than retry_window (3m by the file of recipient "
	    "\"example.org\" in line 2), not 4m of recipient \"example.org\" in line 1: one "
	    "message can get both\n" },
};

static void what_is_wrong_is_left_out_and_the_rest_holds(void **state)
{
	struct config_world *world = *state;

	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		const struct mistake *mistake = &mistakes[i];

		with_delegation(world, "delay = 4m", "");
		write_file(world, mistake->text);
		struct gl_terms terms = terms_of(world, "u@example.org");

		if (strcmp(world->said, mistake->said) != 0)
			fail_msg("%s: said '%s'", mistake->text, world->said);
		assert_string_equal(terms.text, "fine");
		assert_true(terms.timing.delay == 240 || strstr(mistake->text, "5m") != NULL);
		assert_int_equal(terms.timing.retry_window, 172800);
		/* said once */
		terms_of(world, "u@example.org");
		assert_string_equal(world->said, "");
		assert_int_equal(terms_of(world, "u@example.com").timing.delay, 180);
	}
}

static void expect_refused(struct config_world *world, const char *because)
{
	struct gl_terms terms = terms_of(world, "u@example.org");

	if (strstr(world->said, because) == NULL)
		fail_msg("said '%s', not '%s'", world->said, because);
	assert_int_equal(terms.timing.delay, 240);
	terms_of(world, "u@example.org");
	assert_string_equal(world->said, "");
}

static void only_a_small_regular_file_is_read(void **state)
{
	struct config_world *world = *state;
	char path[512];
	char other[512];
	char text[FILE_MAX];

	snprintf(path, sizeof path, "%s/d", world->dir);
	snprintf(other, sizeof other, "%s/other", world->dir);
	with_delegation(world, "delay = 4m", "");
	tmpdir_write(world->dir, "other", "delay = 1m", 10);
	assert_int_equal(symlink(other, path), 0);
	expect_refused(world, "d: is no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_refused(world, "d: is no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	expect_refused(world, "d: is no regular file");
	assert_int_equal(rmdir(path), 0);
	memset(text, '\n', sizeof text);
	memcpy(text, "delay = 1m", 10);
	tmpdir_write(world->dir, "d", text, GL_DELEGATE_SIZE_MAX + 1);
	expect_refused(world, "d: is too large for a delegation file (16 KiB)");
	tmpdir_write(world->dir, "d", text, GL_DELEGATE_SIZE_MAX);
	assert_int_equal(terms_of(world, "u@example.org").timing.delay, 60);
	assert_string_equal(world->said, "");
}

static void a_closed_file_is_said_once(void **state)
{
	struct config_world *world = *state;

	if (geteuid() == 0)
		skip();
	with_delegation(world, "delay = 4m", "");
	write_file(world, "delay = 1m");
	assert_int_equal(chmod(tmpdir_path(world->dir, "d"), 0), 0);
	expect_refused(world, "d: cannot be read: Permission denied");
}

static void two_files_never_come_together_wrongly(void **state)
{
	struct config_world *world = *state;
	char more[256];

	snprintf(more, sizeof more, "recipient \"sub.example.org\" { delegate = \"%s/e\" }\n",
	    world->dir);
	with_delegation(world, "", more);
	write_file(world, "retry_window = 2h");
	tmpdir_write(world->dir, "e", "delay = 3h", 10);
	struct gl_terms terms = terms_of(world, "u@sub.example.org");

	assert_true(terms.timing.delay < terms.timing.retry_window);
	assert_non_null(strstr(world->said, "e:1: delay must be shorter than retry_window"));
	assert_int_equal(terms_of(world, "u@example.org").timing.retry_window, 7200);
}

static void unread_files_are_read_in_turn(void **state)
{
	struct config_world *world = *state;
	char text[2048];
	size_t used = 0;
	size_t read = 0;

	for (int i = 0; i < 5; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
		    "recipient d%d.test { delegate = \"%s/d\" }\n", i, world->dir);
	assert_int_equal(config_world_load(world, text), GL_OK);
	for (size_t round = 0; round < 3; round++) {
		assert_int_equal(
		    gl_config_delegates_unread(&world->config, 2, 4, config_world_note, world),
		    GL_OK);
		read = 0;
		for (size_t i = 0; i < 5; i++)
			read += world->config.sections.at[i].read;
		assert_int_equal(read, round == 2 ? 5 : 2 * (round + 1));
		assert_true(world->config.sections.at[4].read);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_world_enter, config_world_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_missing_file_is_an_empty_one),
		CASE(an_edited_file_counts_at_the_next_look_and_for_its_domain_only),
		CASE(what_is_wrong_is_left_out_and_the_rest_holds),
		CASE(only_a_small_regular_file_is_read),
		CASE(a_closed_file_is_said_once),
		CASE(two_files_never_come_together_wrongly),
		CASE(unread_files_are_read_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
