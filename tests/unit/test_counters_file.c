#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist/counters.h"

#include "tmpdir.h"

enum { NOON = 43200 };

static int set_up(void **state)
{
	*state = tmpdir_make();
	return 0;
}

static int tear_down(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

static struct gl_counters *opened(const char *directory)
{
	struct gl_counters *counters;

	assert_int_equal(gl_counters_open(&counters, directory), GL_OK);
	assert_non_null(counters);
	return counters;
}

static void count(struct gl_counters *counters, int64_t now)
{
	gl_counters_add(counters, GL_ACTION_GREYLIST, GL_REASON_NEW, now);
}

static uint64_t counted(const struct gl_counters *counters)
{
	struct gl_totals totals;

	gl_counters_totals(counters, &totals);
	return totals.verdicts[GL_ACTION_GREYLIST][GL_REASON_NEW];
}

static struct stat look(const char *directory)
{
	struct stat info;

	assert_int_equal(lstat(tmpdir_path(directory, "counters"), &info), 0);
	return info;
}

static void assert_nothing_else(const char *directory)
{
	char command[600];

	snprintf(command, sizeof command, "test \"$(ls -A '%s')\" = counters", directory);
	assert_int_equal(system(command), 0);
}

static void overwrite(const char *directory, off_t at, uint64_t word)
{
	int fd = open(tmpdir_path(directory, "counters"), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &word, sizeof word, at), sizeof word);
	close(fd);
}

static void test_the_file_is_whole_and_not_for_everybody(void **state)
{
	mode_t before = umask(077);
	struct gl_counters *counters = opened(*state);
	struct stat info = look(*state);

	umask(before);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_true(info.st_blocks * 512 >= info.st_size);
	assert_nothing_else(*state);
	gl_counters_close(counters);
}

static void test_what_a_killed_process_left_is_cleared_away(void **state)
{
	char name[64];

	snprintf(name, sizeof name, "counters.%ld", (long)getpid());
	tmpdir_write(*state, name, "half", 4);
	gl_counters_close(opened(*state));
	assert_nothing_else(*state);
}

struct damage {
	const char *name;
	off_t size; /* 0: as it is */
	off_t at;   /* of a word that is overwritten; -1: none */
};

static const struct damage damages[] = {
	{ "empty", 1, -1 },
	{ "cut short", 4096, -1 },
	{ "too long", 1000000, -1 },
	{ "another magic", 0, 0 },
	{ "another version", 0, 8 },
	{ "of the first layout", 22912, -1 },
};

static void spoil(const char *directory, const struct damage *damage)
{
	const char *path = tmpdir_path(directory, "counters");

	if (damage->size != 0)
		assert_int_equal(truncate(path, damage->size - (damage->size == 1)), 0);
	if (damage->at >= 0)
		overwrite(directory, damage->at, 0x7777);
}

static void test_a_damaged_file_is_made_anew(void **state)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct gl_counters *counters = opened(*state);
		off_t size = look(*state).st_size;

		count(counters, NOON);
		gl_counters_close(counters);
		spoil(*state, &damages[i]);
		counters = opened(*state);
		if (counted(counters) != 0 || look(*state).st_size != size ||
		    (look(*state).st_mode & 07777) != 0640)
			fail_msg("%s", damages[i].name);
		count(counters, NOON);
		gl_counters_close(counters);
		counters = opened(*state);
		assert_int_equal(counted(counters), 1);
		gl_counters_close(counters);
		assert_nothing_else(*state);
	}
}

/*
 * The layout, in words: later versions keep it, or every upgrade begins
 * at zero. Verdict a for reason r is at 70 + 32 a + its number.
 */
enum { WORDS = 230 + 64 * 162, AT_TOTALS = 70, AT_RING = 230, SNAPSHOT = 162 };

static uint64_t word_at(const char *directory, off_t at)
{
	uint64_t word;
	int fd = open(tmpdir_path(directory, "counters"), O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &word, sizeof word, at * 8), sizeof word);
	close(fd);
	return word;
}

static void test_everything_has_its_place_for_ever(void **state)
{
	static const struct {
		enum gl_reason reason;
		int at;
	} places[] = { { GL_REASON_CONFIG, 0 }, { GL_REASON_STORE, 1 }, { GL_REASON_INCOMPLETE, 3 },
		{ GL_REASON_MODE, 4 }, { GL_REASON_AUTHENTICATED, 5 }, { GL_REASON_RELAY, 6 },
		{ GL_REASON_CLIENT_LIST, 7 }, { GL_REASON_RECIPIENT_LIST, 8 },
		{ GL_REASON_SENDER_LIST, 9 }, { GL_REASON_AUTO_WHITELIST, 10 },
		{ GL_REASON_FOUND, 11 }, { GL_REASON_NEW, 12 }, { GL_REASON_EARLY, 13 },
		{ GL_REASON_ALLOWED, 14 }, { GL_REASON_CERTIFICATE, 15 },
		{ GL_REASON_NULL_SENDER, 16 }, { GL_REASON_UNSUSPICIOUS, 17 },
		{ GL_REASON_SAME_MESSAGE, 18 }, { GL_REASON_ANSWERED, 19 } };
	struct gl_counters *counters = opened(*state);

	assert_int_equal(look(*state).st_size, WORDS * 8);
	assert_int_equal(word_at(*state, 1), 2);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		for (int action = 0; action < GL_ACTIONS; action++) {
			gl_counters_add(counters, (enum gl_action)action, places[i].reason, NOON);
			assert_int_equal(
			    word_at(*state, AT_TOTALS + 32 * action + places[i].at), 1);
		}
	gl_counters_first_pass(counters, 250);
	assert_int_equal(word_at(*state, AT_TOTALS + 128), 250);
	assert_int_equal(word_at(*state, AT_TOTALS + 131), 1);
	gl_counters_close(counters);
}

/* A later version counted a reason that this one does not know. */
static void test_what_a_later_version_counts_is_kept(void **state)
{
	enum { DAY = 86400, TODAY = 20000, UNKNOWN = 3 * 32 + 31 };
	struct gl_counters *counters = opened(*state);

	count(counters, (int64_t)TODAY * DAY);
	overwrite(*state, (AT_TOTALS + UNKNOWN) * 8, 77);
	count(counters, (int64_t)(TODAY + 1) * DAY);
	assert_int_equal(word_at(*state, AT_TOTALS + UNKNOWN), 77);
	assert_int_equal(
	    word_at(*state, AT_RING + TODAY % GL_COUNTERS_DAYS * SNAPSHOT + 2 + UNKNOWN), 77);
	assert_int_equal(counted(counters), 2);
	gl_counters_close(counters);
}

static void test_reading_only(void **state)
{
	struct gl_counters *counters = opened(*state);
	struct gl_counters *reader;
	uint8_t hand[GL_HAND_MAX] = { 1 };

	count(counters, NOON);
	assert_int_equal(gl_counters_open_readonly(&reader, *state), GL_OK);
	assert_int_equal(counted(reader), 1);
	count(counters, NOON);
	count(reader, NOON);
	assert_int_equal(counted(reader), 2);
	assert_true(gl_counters_warning_due(reader, GL_FULL, NOON));
	assert_true(gl_counters_warning_due(reader, GL_FULL, NOON));
	gl_counters_hand_set(reader, hand);
	gl_counters_hand_get(counters, hand);
	assert_int_equal(hand[0], 0);
	gl_counters_close(counters);
	gl_counters_close(reader);
}

static void test_reading_only_never_creates_or_repairs(void **state)
{
	struct gl_counters *reader;

	assert_int_equal(gl_counters_open_readonly(&reader, *state), GL_NOT_FOUND);
	assert_null(reader);
	assert_int_equal(access(tmpdir_path(*state, "counters"), F_OK), -1);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		gl_counters_close(opened(*state));
		spoil(*state, &damages[i]);
		struct stat before = look(*state);

		assert_int_equal(gl_counters_open_readonly(&reader, *state), GL_CORRUPT);
		assert_null(reader);
		assert_int_equal(look(*state).st_ino, before.st_ino);
		assert_int_equal(look(*state).st_size, before.st_size);
	}
}

static void test_places_that_cannot_be_used(void **state)
{
	struct gl_counters *counters;

	assert_int_equal(gl_counters_open(&counters, tmpdir_path(*state, "nowhere")), GL_NO_ACCESS);
	assert_null(counters);
	tmpdir_write(*state, "precious", "text", 4);
	assert_int_equal(symlink("precious", tmpdir_path(*state, "counters")), 0);
	assert_int_equal(gl_counters_open(&counters, *state), GL_FAILED);
	assert_int_equal(unlink(tmpdir_path(*state, "counters")), 0);
	assert_int_equal(mkdir(tmpdir_path(*state, "counters"), 0700), 0);
	assert_int_equal(gl_counters_open(&counters, *state), GL_FAILED);
	assert_int_equal(gl_counters_open(&counters, "/proc/self"), GL_NO_ACCESS);
}

/* What opening says where a file may have no more than `size` bytes. */
static enum gl_status open_with_limit(const char *directory, rlim_t size)
{
	pid_t child = fork();
	int result;

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = { size, size };
		struct gl_counters *counters;

		alarm(60);
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(99);
		_exit((int)gl_counters_open(&counters, directory));
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	return (enum gl_status)WEXITSTATUS(result);
}

static void test_no_room(void **state)
{
	struct stat before;

	assert_int_equal(open_with_limit(*state, 4096), GL_FULL);
	assert_int_equal(rmdir(*state), 0);
	assert_int_equal(mkdir(*state, 0700), 0);
	gl_counters_close(opened(*state));
	/* the old file stays where the new one has no room */
	spoil(*state, &damages[0]);
	before = look(*state);
	assert_int_equal(open_with_limit(*state, 4096), GL_FULL);
	assert_int_equal(look(*state).st_ino, before.st_ino);
	assert_nothing_else(*state);
	gl_counters_close(opened(*state));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_file_is_whole_and_not_for_everybody),
		TEST(test_what_a_killed_process_left_is_cleared_away),
		TEST(test_a_damaged_file_is_made_anew),
		TEST(test_everything_has_its_place_for_ever),
		TEST(test_what_a_later_version_counts_is_kept),
		TEST(test_reading_only),
		TEST(test_reading_only_never_creates_or_repairs),
		TEST(test_places_that_cannot_be_used),
		TEST(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
