/* Whatever fails while the counters are opened, a status says so and no count is lost. */
#include "greylist/counters.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"
#include "trial.h"

enum { NOON = 43200, BEFORE = 7 };

static const int codes[] = { ENOSPC, EIO, EACCES, EMFILE, EINTR };

struct counting {
	char *dir;
	bool readonly;
	uint64_t before;     /* counted when a run begins */
	enum gl_status good; /* of a run that meets no failure */
	int code;
	bool opened;
	enum gl_status status;
};

static int set_up(void **state)
{
	struct counting *counting = calloc(1, sizeof *counting);

	assert_non_null(counting);
	counting->dir = tmpdir_make();
	*state = counting;
	return 0;
}

static int tear_down(void **state)
{
	struct counting *counting = *state;

	tmpdir_remove(counting->dir);
	free(counting);
	return 0;
}

static enum gl_status open_as_told(struct gl_counters **counters, const struct counting *counting)
{
	return counting->readonly ? gl_counters_open_readonly(counters, counting->dir)
				  : gl_counters_open(counters, counting->dir);
}

static void run(void *context)
{
	struct counting *counting = context;
	struct gl_counters *counters;

	counting->status = open_as_told(&counters, counting);
	counting->opened = counters != NULL;
	gl_counters_add(counters, GL_ACTION_GREYLIST, GL_REASON_NEW, NOON);
	gl_counters_close(counters);
}

static void forget(void *context)
{
	struct counting *counting = context;

	unlink(tmpdir_path(counting->dir, "counters"));
	counting->before = 0;
}

static void spoil(void *context)
{
	struct counting *counting = context;

	forget(counting);
	tmpdir_write(counting->dir, "counters", "rubbish", 7);
}

static void count_some(void *context)
{
	struct counting *counting = context;
	struct gl_counters *counters;

	forget(counting);
	assert_int_equal(gl_counters_open(&counters, counting->dir), GL_OK);
	for (int i = 0; i < BEFORE; i++)
		gl_counters_add(counters, GL_ACTION_GREYLIST, GL_REASON_NEW, NOON);
	gl_counters_close(counters);
	counting->before = BEFORE;
}

/* The right size, but the magic of somebody else. */
static void spoil_magic(void *context)
{
	struct counting *counting = context;

	count_some(counting);
	counting->before = 0;
	FILE *file = fopen(tmpdir_path(counting->dir, "counters"), "r+b");
	assert_non_null(file);
	assert_int_equal(fwrite("rubbish", 1, 8, file), 8);
	assert_int_equal(fclose(file), 0);
}

static bool is_one_of(const char *where, const char *first, const char *second, const char *third)
{
	return strcmp(where, first) == 0 || strcmp(where, second) == 0 || strcmp(where, third) == 0;
}

/* The status that the room's own table of codes has for a failed call. */
static enum gl_status wanted(const struct counting *counting, const char *where)
{
	if (is_one_of(where, "fstat", "mmap", "flock"))
		return GL_FAILED;
	if (counting->code == EACCES)
		return GL_NO_ACCESS;
	return counting->code == ENOSPC ? GL_FULL : GL_FAILED;
}

/* What need not succeed: tidying up, another look at a damaged file, a call that is begun again. */
static bool may_go_on(const struct counting *counting, const char *where)
{
	if (is_one_of(where, "unlinkat", "fstat", "fstatat"))
		return true;
	return counting->code == EINTR && is_one_of(where, "posix_fallocate", "flock", "flock");
}

static void check_status(const struct counting *counting, const char *where)
{
	if (counting->status == GL_OK && may_go_on(counting, where))
		return;
	if (counting->status != wanted(counting, where))
		fail_msg("%s failed, and the status is %d", where, (int)counting->status);
}

static uint64_t counted(const struct counting *counting)
{
	struct gl_counters *counters;
	struct gl_totals totals;
	enum gl_status status = open_as_told(&counters, counting);

	assert_int_equal(status, counting->good);
	gl_counters_totals(counters, &totals);
	gl_counters_close(counters);
	return totals.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW];
}

/* A whole file or none; whoever comes next counts on where it was. */
static void check(void *context, const char *where)
{
	struct counting *counting = context;
	struct stat info;
	bool adds = counting->status == GL_OK && !counting->readonly;

	if (where != NULL)
		check_status(counting, where);
	else
		assert_int_equal(counting->status, counting->good);
	assert_int_equal(counting->opened, counting->status == GL_OK);
	if (counted(counting) != counting->before + adds)
		fail_msg("%s failed, and a count is lost", where != NULL ? where : "nothing");
	if (counting->readonly)
		return;
	assert_int_equal(lstat(tmpdir_path(counting->dir, "counters"), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

static void open_with_failures(
    struct counting *counting, void (*prepare)(void *context), const char *met)
{
	struct trial trial = { prepare, run, check, .context = counting };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		counting->code = codes[i];
		trial_fail_every_call(&trial, FAULT_SYSTEM, codes[i]);
	}
	trial_met(&trial, met);
	counting->code = ENOMEM;
	trial.met[0] = '\0';
	trial_fail_every_call(&trial, FAULT_MEMORY, ENOMEM);
	trial_met(&trial, "calloc");
}

static void a_new_file_is_made_whole_or_not_at_all(void **state)
{
	open_with_failures(
	    *state, forget, "open fstat openat unlinkat posix_fallocate fchmod pwrite linkat mmap");
}

static void a_file_that_is_there_keeps_its_counts(void **state)
{
	open_with_failures(*state, count_some, "open fstat openat mmap");
}

static void a_damaged_file_is_replaced_or_left(void **state)
{
	open_with_failures(*state, spoil,
	    "open fstat openat flock fstatat unlinkat posix_fallocate fchmod pwrite renameat mmap");
	open_with_failures(*state, spoil_magic,
	    "open fstat openat mmap flock fstatat unlinkat posix_fallocate fchmod pwrite renameat");
}

static void reading_harms_nothing(void **state)
{
	struct counting *counting = *state;

	counting->readonly = true;
	open_with_failures(counting, count_some, "open openat fstat mmap");
}

static void reading_repairs_nothing(void **state)
{
	struct counting *counting = *state;

	counting->readonly = true;
	counting->good = GL_CORRUPT;
	open_with_failures(counting, spoil, "open openat fstat");
	counting->good = GL_NOT_FOUND;
	open_with_failures(counting, forget, "open openat");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_new_file_is_made_whole_or_not_at_all),
		CASE(a_file_that_is_there_keeps_its_counts),
		CASE(a_damaged_file_is_replaced_or_left),
		CASE(reading_harms_nothing),
		CASE(reading_repairs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
