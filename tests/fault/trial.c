#include "trial.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS_MAX = 2000, DESCRIPTORS_MAX = 256 };

/* stdout and stderr while a run goes on: a file in memory stands in for both. */
struct mute {
	int heard;
	int kept[2];
};

static void mute_begin(struct mute *mute)
{
	fflush(stdout);
	fflush(stderr);
	mute->heard = memfd_create("heard", MFD_CLOEXEC);
	assert_true(mute->heard >= 0);
	for (int i = 0; i < 2; i++) {
		mute->kept[i] = dup(STDOUT_FILENO + i);
		assert_true(mute->kept[i] >= 0);
		assert_true(dup2(mute->heard, STDOUT_FILENO + i) >= 0);
	}
}

/* How many bytes were written meanwhile; up to `size` of them are kept. */
static size_t mute_end(struct mute *mute, char *said, size_t size)
{
	fflush(stdout);
	fflush(stderr);
	for (int i = 0; i < 2; i++) {
		dup2(mute->kept[i], STDOUT_FILENO + i);
		close(mute->kept[i]);
	}
	ssize_t len = pread(mute->heard, said, size, 0);
	close(mute->heard);
	return len > 0 ? (size_t)len : 0;
}

static int descriptors(void)
{
	int open_ones = 0;
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		open_ones += fcntl(fd, F_GETFD) >= 0;
	return open_ones;
}

/* Mappings of files in the test's own directory. */
static int mappings(void)
{
	char line[1024];
	int found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof line, maps) != NULL)
		found += strstr(line, "/greylist-test.") != NULL;
	fclose(maps);
	return found;
}

static void note(struct trial *trial, const char *where)
{
	char *met = trial->met;
	size_t len = strlen(where);
	for (const char *at = strstr(met, where); at != NULL; at = strstr(at + 1, where))
		if ((at == met || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return;
	size_t used = strlen(met);
	snprintf(met + used, sizeof trial->met - used, "%s%s", used > 0 ? " " : "", where);
}

/* One run with its n-th call failing. False: it made fewer calls. */
static bool once(struct trial *trial, enum fault_kind kind, unsigned n, int code)
{
	struct mute mute;
	char said[256] = "";
	int open_before = descriptors();
	int mapped_before = mappings();
	mute_begin(&mute);
	fault_arm(kind, n, code);
	trial->run(trial->context);
	bool failed = fault_disarm();
	size_t len = mute_end(&mute, said, sizeof said - 1);
	const char *where = failed ? fault_where() : "nothing";
	if (len > 0)
		fail_msg("%s failed, and somebody said: %s", where, said);
	if (descriptors() != open_before)
		fail_msg(
		    "%s failed, and %d descriptors are left", where, descriptors() - open_before);
	if (mappings() != mapped_before)
		fail_msg("%s failed, and %d mappings are left", where, mappings() - mapped_before);
	if (failed)
		note(trial, where);
	trial->check(trial->context, failed ? where : NULL);
	return failed;
}

void trial_fail_every_call(struct trial *trial, enum fault_kind kind, int code)
{
	bool failed = true;
	for (unsigned n = 1; failed; n++) {
		if (n > CALLS_MAX)
			fail_msg("never a run without a failure");
		if (trial->prepare != NULL)
			trial->prepare(trial->context);
		failed = once(trial, kind, n, code);
	}
}

void trial_met(const struct trial *trial, const char *names)
{
	assert_string_equal(trial->met, names);
}
