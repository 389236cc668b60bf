/* Whatever fails while a configuration is read, the status says so and the next reading works. */
#include "greylist/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_world.h"
#include "tmpdir.h"
#include "trial.h"

static const struct file {
	const char *name;
	const char *text; /* NULL: the file is missing */
	enum gl_status status;
} files[] = {
	{ "a good one",
	    "delay = 4m\nhostname = mx.example.com\nclient_lists = { /a, /b }\n"
	    "client_lists += { /c }\nrelays = { 192.0.2.1, backup.example.com }\n"
	    "recipient a.test { delay = 1m text = ours delegate = /d }\nsender b@b.test { }\n",
	    GL_OK },
	{ "an empty one", "", GL_OK },
	{ "mistakes of all kinds",
	    "delay = 3d\nretry_window = 2d\nmode = never\nnonsense\nclient_lists = { bad }\n"
	    "text = \"${HOME}\"\nmode = off\nrecipient a.test { text = ours delay = 0 delegate = d "
	    "}\n"
	    "recipient a.test { text = ours }\nsender 'a b' { text = ours sync = full",
	    GL_BAD_CONFIG },
	{ "a missing one", NULL, GL_NO_ACCESS },
};

struct reading {
	struct config_world *world;
	const struct file *file;
	enum fault_kind kind;
	int code;
	char path[512];
	struct gl_config_stamp stamp;
	enum gl_status status;
};

static void prepare(void *context)
{
	struct reading *reading = context;

	gl_config_clear(&reading->world->config);
	reading->world->said[0] = '\0';
}

static void run(void *context)
{
	struct reading *reading = context;

	reading->status = gl_config_load(&reading->world->config, reading->path, config_world_note,
	    reading->world, &reading->stamp);
}

/* What the file says, where it was read: the strings of lists included. */
static void assert_as_written(const struct reading *reading)
{
	const struct gl_config *config = &reading->world->config;
	bool good = reading->file == &files[0];

	assert_int_equal(config->timing.delay, good ? 240 : 180);
	assert_int_equal(config->client_lists.count, good ? 3 : 2);
	assert_int_equal(config->relays.count, good ? 2 : 0);
	assert_int_equal(config->sections.count, good ? 2 : reading->file == &files[2]);
	assert_string_equal(config->hostname, good ? "mx.example.com" : "");
	assert_string_equal(config->log_target, "syslog");
}

/* A file that was not read, or not to the end, has to be read again though it stays as it is. */
static void check_stamp(const struct reading *reading, const char *where)
{
	static const struct gl_config_stamp zero;
	struct gl_config_stamp now;
	bool read = reading->status == GL_OK || reading->status == GL_BAD_CONFIG;

	gl_config_look(&now, reading->path);
	if (!gl_config_same(&reading->stamp, read ? &now : &zero))
		fail_msg("%s: %s failed, and the stamp is wrong", reading->file->name, where);
}

static void check_status(const struct reading *reading, const char *where)
{
	bool again = reading->code == EINTR && strcmp(where, "read") == 0;
	enum gl_status wanted = reading->kind == FAULT_MEMORY ? GL_FAILED : GL_NO_ACCESS;

	if (again)
		wanted = reading->file->status;
	if (reading->status != wanted)
		fail_msg("%s: %s failed, and the status is %d", reading->file->name, where,
		    (int)reading->status);
}

static void check(void *context, const char *where)
{
	struct reading *reading = context;

	if (where != NULL)
		check_status(reading, where);
	check_stamp(reading, where != NULL ? where : "nothing");
	if (reading->status == GL_BAD_CONFIG || reading->status == GL_NO_ACCESS)
		assert_string_not_equal(reading->world->said, "");
	if (reading->status == GL_NO_ACCESS)
		assert_non_null(strstr(reading->world->said, "c: cannot be read: "));

	prepare(reading);
	run(reading);
	assert_int_equal(reading->status, reading->file->status);
	check_stamp(reading, "nothing");
	assert_as_written(reading);
}

static void fail_every_call(struct reading *reading, struct trial *trial, int code)
{
	reading->code = code;
	reading->kind = code == ENOMEM ? FAULT_MEMORY : FAULT_SYSTEM;
	trial_fail_every_call(trial, reading->kind, code);
}

static void read_with_failures(struct config_world *world, const int *codes, const char *met)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reading reading = { .world = world, .file = &files[i] };
		struct trial trial = { prepare, run, check, .context = &reading };

		snprintf(reading.path, sizeof reading.path, "%s", tmpdir_path(world->dir, "c"));
		unlink(reading.path);
		if (reading.file->text != NULL)
			tmpdir_write(
			    world->dir, "c", reading.file->text, strlen(reading.file->text));
		for (size_t k = 0; codes[k] != 0; k++)
			fail_every_call(&reading, &trial, codes[k]);
		if (i == 0)
			trial_met(&trial, met);
	}
}

static void a_failing_call_is_a_mistake_of_the_file(void **state)
{
	static const int codes[] = { EIO, EACCES, EMFILE, EINTR, 0 };

	read_with_failures(*state, codes, "open fstat read");
}

static void no_memory_is_no_mistake(void **state)
{
	static const int codes[] = { ENOMEM, 0 };

	read_with_failures(*state, codes, "strdup realloc cfg_init fmemopen calloc");
}

/* What a domain's owner wrote is left out where it cannot be read; nothing else suffers. */
static void run_delegate(void *context)
{
	struct reading *reading = context;

	reading->status = gl_config_delegate(
	    &reading->world->config, 0, config_world_note, reading->world);
}

static void prepare_delegate(void *context)
{
	struct reading *reading = context;
	char text[1024];

	snprintf(text, sizeof text, "recipient a.test { delay = 4m delegate = '%s/d' }",
	    reading->world->dir);
	assert_int_equal(config_world_load(reading->world, text), GL_OK);
}

static void check_delegate(void *context, const char *where)
{
	struct reading *reading = context;
	struct gl_config *config = &reading->world->config;
	struct gl_terms_question question = { .recipient = gl_span_of("u@a.test") };
	bool memory = where != NULL && reading->kind == FAULT_MEMORY;
	bool again = reading->code == EINTR && where != NULL && strcmp(where, "read") == 0;
	struct gl_terms terms;

	assert_int_equal(reading->status, memory ? GL_FAILED : GL_OK);
	gl_config_terms_for(&terms, config, &question);
	assert_int_equal(terms.timing.delay, where == NULL || again ? 60 : 240);
	assert_true(where == NULL || memory || again || reading->world->said[0] != '\0');
	if (!memory)
		return;
	run_delegate(reading);
	gl_config_terms_for(&terms, config, &question);
	assert_int_equal(terms.timing.delay, 60);
	assert_string_equal(terms.text, "ours");
}

static void a_delegation_that_cannot_be_read_is_left_out(void **state)
{
	static const int codes[] = { ENOMEM, EIO, EACCES, EMFILE, EINTR, 0 };
	struct reading reading = { .world = *state, .file = &files[0] };
	struct trial trial = { prepare_delegate, run_delegate, check_delegate,
		.context = &reading };

	tmpdir_write(reading.world->dir, "d", "delay = 1m\ntext = ours\n", 23);
	for (size_t k = 0; codes[k] != 0; k++)
		fail_every_call(&reading, &trial, codes[k]);
}

static void a_file_that_cannot_be_looked_at_has_no_stamp(void **state)
{
	struct config_world *world = *state;
	struct gl_config_stamp read;
	struct gl_config_stamp now;

	tmpdir_write(world->dir, "c", "delay = 4m", 10);
	assert_int_equal(
	    gl_config_load(&world->config, tmpdir_path(world->dir, "c"), NULL, NULL, &read), GL_OK);
	fault_arm(FAULT_SYSTEM, 1, EIO);
	gl_config_look(&now, tmpdir_path(world->dir, "c"));
	assert_true(fault_disarm());
	assert_false(gl_config_same(&read, &now));
	gl_config_look(&now, tmpdir_path(world->dir, "c"));
	assert_true(gl_config_same(&read, &now));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, config_world_enter, config_world_leave)
	const struct CMUnitTest tests[] = {
		CASE(a_failing_call_is_a_mistake_of_the_file),
		CASE(no_memory_is_no_mistake),
		CASE(a_delegation_that_cannot_be_read_is_left_out),
		CASE(a_file_that_cannot_be_looked_at_has_no_stamp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
