#include "greylist/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file is an array of 64-bit words in the machine's own order, and
 * this is their numbering. It never leaves the machine.
 */
enum {
	CELLS = GL_ACTIONS * GL_REASONS,
	SNAPSHOT = 1 + CELLS, /* the day, then its totals */
	AT_MAGIC = 0,
	AT_VERSION,
	AT_DAY,       /* that the running totals belong to; 0: none yet */
	AT_WARNED,    /* when the last warning was due; 0: never */
	AT_REPLACING, /* not 0: somebody is about to replace the table */
	AT_HAND,
	HAND_WORDS = (GL_HAND_MAX + 7) / 8,
	AT_TOTALS = AT_HAND + HAND_WORDS,
	AT_RING = AT_TOTALS + CELLS,
	WORDS = AT_RING + GL_COUNTERS_DAYS * SNAPSHOT,
	SIZE = WORDS * 8,
	DAY_SECONDS = 86400,
	ATTEMPTS = 8 /* to open a file that others are making at the same time */
};

#define MAGIC   UINT64_C(0x67726579636e7472) /* "greycntr" */
#define VERSION (UINT64_C(1) << 32 | (uint64_t)GL_ACTIONS << 16 | (uint64_t)GL_REASONS)

typedef _Atomic uint64_t word;
_Static_assert(sizeof(word) == 8 && ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");

struct gl_counters {
	word *words;
	bool readonly;
};

static enum gl_status from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case EACCES:
	case EPERM:
	case EROFS:
		return GL_NO_ACCESS;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return GL_FULL;
	default:
		return GL_FAILED;
	}
}

/* Whole on the disk before anybody maps it: a hole would be SIGBUS on a full disk. */
static enum gl_status fill(int fd)
{
	const uint64_t head[] = { MAGIC, VERSION };
	int error;

	do
		error = posix_fallocate(fd, 0, SIZE);
	while (error == EINTR);
	if (error != 0)
		return from_errno(error);
	/* despite a umask of 077, which spawn(8) sets */
	if (fchmod(fd, 0640) != 0)
		return from_errno(errno);
	ssize_t done = pwrite(fd, head, sizeof head, 0);

	if (done < 0)
		return from_errno(errno);
	return done == (ssize_t)sizeof head ? GL_OK : GL_FAILED;
}

/* Puts a new file of zeros in the place of the damaged one, or where there is none. */
static enum gl_status make(int directory, bool replace)
{
	enum gl_status status = GL_OK;
	char name[64];
	int fd = -1;

	snprintf(name, sizeof name, "counters.%ld", (long)getpid());
	/* left behind by a process of this very number that was killed here */
	if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		return from_errno(errno);
	fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return from_errno(errno);
	status = fill(fd);
	if (status != GL_OK)
		goto out;
	if (replace && renameat(directory, name, directory, "counters") != 0)
		status = from_errno(errno);
	if (!replace && linkat(directory, name, directory, "counters", 0) != 0 && errno != EEXIST)
		status = from_errno(errno);
out:
	close(fd);
	unlinkat(directory, name, 0);
	return status;
}

static bool is_ours(int directory, int fd)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 &&
	       fstatat(directory, "counters", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/*
 * The lock is on the damaged file itself: whoever comes second finds it
 * replaced, and nobody goes on counting in a file without a name.
 */
static enum gl_status heal(int directory, int fd)
{
	int locked;

	do
		locked = flock(fd, LOCK_EX);
	while (locked != 0 && errno == EINTR);
	if (locked != 0)
		return GL_FAILED;
	return is_ours(directory, fd) ? make(directory, true) : GL_OK;
}

/* GL_CORRUPT: not a file of counters that this version can use. */
static enum gl_status map(struct gl_counters *counters, int fd)
{
	struct stat info;
	int protection = counters->readonly ? PROT_READ : PROT_READ | PROT_WRITE;

	if (fstat(fd, &info) != 0)
		return GL_FAILED;
	if (!S_ISREG(info.st_mode) || info.st_size != SIZE)
		return GL_CORRUPT;
	void *at = mmap(NULL, SIZE, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return GL_FAILED;
	counters->words = at;
	if (atomic_load(&counters->words[AT_MAGIC]) == MAGIC &&
	    atomic_load(&counters->words[AT_VERSION]) == VERSION)
		return GL_OK;
	munmap(at, SIZE);
	counters->words = NULL;
	return GL_CORRUPT;
}

/* GL_MORE: the file was made just now; look again. */
static enum gl_status attempt(struct gl_counters *counters, int directory)
{
	int access = counters->readonly ? O_RDONLY : O_RDWR;
	int fd = openat(directory, "counters", access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum gl_status status;

	if (fd < 0 && errno == ENOENT && counters->readonly)
		return GL_NOT_FOUND;
	if (fd < 0 && errno == ENOENT) {
		status = make(directory, false);
		return status == GL_OK ? GL_MORE : status;
	}
	if (fd < 0)
		return from_errno(errno);
	status = map(counters, fd);
	if (status == GL_CORRUPT && !counters->readonly) {
		status = heal(directory, fd);
		if (status == GL_OK)
			status = GL_MORE;
	}
	close(fd);
	return status;
}

/* What is made in somebody else's directory would lock the owner out. */
static enum gl_status check_owner(int directory)
{
	struct stat info;

	if (fstat(directory, &info) != 0)
		return GL_FAILED;
	return info.st_uid == geteuid() ? GL_OK : GL_NO_ACCESS;
}

static enum gl_status open_in(struct gl_counters **counters, const char *directory, bool readonly)
{
	enum gl_status status;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*counters = NULL;
	if (fd < 0)
		return from_errno(errno);
	struct gl_counters *opened = calloc(1, sizeof *opened);

	if (opened == NULL) {
		status = GL_FAILED;
		goto out;
	}
	opened->readonly = readonly;
	status = readonly ? GL_OK : check_owner(fd);
	if (status != GL_OK)
		goto out;
	status = GL_MORE;
	for (int i = 0; i < ATTEMPTS && status == GL_MORE; i++)
		status = attempt(opened, fd);
	if (status == GL_OK) {
		*counters = opened;
		opened = NULL;
	} else if (status == GL_MORE) {
		status = GL_FAILED;
	}
out:
	free(opened);
	close(fd);
	return status;
}

enum gl_status gl_counters_open(struct gl_counters **counters, const char *directory)
{
	return open_in(counters, directory, false);
}

enum gl_status gl_counters_open_readonly(struct gl_counters **counters, const char *directory)
{
	return open_in(counters, directory, true);
}

void gl_counters_close(struct gl_counters *counters)
{
	if (counters == NULL)
		return;
	munmap(counters->words, SIZE);
	free(counters);
}

static word *snapshot_of(const struct gl_counters *counters, int64_t day)
{
	return counters->words + AT_RING + (size_t)(day % GL_COUNTERS_DAYS) * SNAPSHOT;
}

static void copy_cells(word *to, const word *from)
{
	for (size_t i = 0; i < CELLS; i++)
		atomic_store_explicit(&to[i], atomic_load(&from[i]), memory_order_relaxed);
}

static void take_snapshot(struct gl_counters *counters, int64_t day)
{
	word *snapshot = snapshot_of(counters, day);

	atomic_store(&snapshot[0], 0);
	copy_cells(snapshot + 1, counters->words + AT_TOTALS);
	atomic_store_explicit(&snapshot[0], (uint64_t)day, memory_order_release);
}

/*
 * Whoever moves the day word on takes the snapshot. A day back is a
 * process that read its clock before midnight; more is a clock that was
 * put right, and the days are counted from there again.
 */
static void turn_day(struct gl_counters *counters, int64_t today)
{
	word *word_of_day = &counters->words[AT_DAY];
	uint64_t seen = atomic_load(word_of_day);
	int64_t day = (int64_t)seen;

	if (today == day || today == day - 1 || today <= 0)
		return;
	if (!atomic_compare_exchange_strong(word_of_day, &seen, (uint64_t)today))
		return;
	if (day > 0 && today > day)
		take_snapshot(counters, day);
}

void gl_counters_add(
    struct gl_counters *counters, enum gl_action action, enum gl_reason reason, int64_t now)
{
	if (counters == NULL || counters->readonly || action >= GL_ACTIONS || reason >= GL_REASONS)
		return;
	turn_day(counters, now / DAY_SECONDS);
	size_t cell = (size_t)action * GL_REASONS + (size_t)reason;

	atomic_fetch_add(&counters->words[AT_TOTALS + cell], 1);
}

static void read_cells(struct gl_totals *totals, const word *cells)
{
	for (size_t i = 0; i < CELLS; i++)
		totals->verdicts[i / GL_REASONS][i % GL_REASONS] = atomic_load_explicit(
		    &cells[i], memory_order_relaxed);
}

void gl_counters_totals(const struct gl_counters *counters, struct gl_totals *totals)
{
	memset(totals, 0, sizeof *totals);
	if (counters == NULL)
		return;
	totals->day = (int64_t)atomic_load(&counters->words[AT_DAY]);
	read_cells(totals, counters->words + AT_TOTALS);
}

enum gl_status gl_counters_day(
    const struct gl_counters *counters, int64_t day, struct gl_totals *totals)
{
	memset(totals, 0, sizeof *totals);
	if (counters == NULL || day <= 0)
		return GL_NOT_FOUND;
	const word *snapshot = snapshot_of(counters, day);
	uint64_t stamp = (uint64_t)day;

	if (atomic_load_explicit(&snapshot[0], memory_order_acquire) != stamp)
		return GL_NOT_FOUND;
	read_cells(totals, snapshot + 1);
	totals->day = day;
	/* it may have been overwritten while it was read */
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&snapshot[0], memory_order_relaxed) == stamp)
		return GL_OK;
	memset(totals, 0, sizeof *totals);
	return GL_NOT_FOUND;
}

/*
 * Less than a minute either way: two processes may read the clock in one
 * order and get here in the other, while a clock that was put back by
 * more must not silence warnings.
 */
/* The word is the second, and in its last bits the cause. */
bool gl_counters_warning_due(struct gl_counters *counters, enum gl_status cause, int64_t now)
{
	enum { CAUSE_BITS = 5, CAUSES = 1 << CAUSE_BITS };

	if (counters == NULL || counters->readonly)
		return true;
	word *warned = &counters->words[AT_WARNED];
	uint64_t last = atomic_load(warned);
	int64_t since = now - (int64_t)(last >> CAUSE_BITS);
	bool same = last != 0 && last % CAUSES == (uint64_t)cause % CAUSES;

	if (same && since > -GL_MINUTE && since < GL_MINUTE)
		return false;
	uint64_t next = (uint64_t)now << CAUSE_BITS | ((uint64_t)cause % CAUSES);

	return atomic_compare_exchange_strong(warned, &last, next);
}

void gl_counters_hand_get(const struct gl_counters *counters, uint8_t hand[GL_HAND_MAX])
{
	uint64_t words[HAND_WORDS] = { 0 };

	if (counters != NULL)
		for (size_t i = 0; i < HAND_WORDS; i++)
			words[i] = atomic_load_explicit(
			    &counters->words[AT_HAND + i], memory_order_relaxed);
	memcpy(hand, words, GL_HAND_MAX);
}

void gl_counters_hand_set(struct gl_counters *counters, const uint8_t hand[GL_HAND_MAX])
{
	uint64_t words[HAND_WORDS] = { 0 };

	if (counters == NULL || counters->readonly)
		return;
	memcpy(words, hand, GL_HAND_MAX);
	for (size_t i = 0; i < HAND_WORDS; i++)
		atomic_store_explicit(
		    &counters->words[AT_HAND + i], words[i], memory_order_relaxed);
}

bool gl_counters_replacing(const struct gl_counters *counters)
{
	return counters != NULL && atomic_load(&counters->words[AT_REPLACING]) != 0;
}
