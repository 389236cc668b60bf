#include "spoil.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "workload.h"

enum { HEAD = 8 /* octets of a lock file that say what it is */ };

static void put(const char *path, const void *bytes, size_t len, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static size_t get(const char *path, char *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, bytes, size);
	if (len < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
	return (size_t)len;
}

static void take_place(const struct spoil_place *place)
{
	if (rename(place->coming, place->lock) != 0) {
		perror(place->lock);
		exit(1);
	}
}

static void remove_it(const struct spoil_place *place)
{
	unlink(place->lock);
}

static void empty_in_its_place(const struct spoil_place *place)
{
	put(place->coming, "", 0, 0);
	take_place(place);
}

static void empty_it(const struct spoil_place *place)
{
	put(place->lock, "", 0, O_TRUNC);
}

static void cut_it_off(const struct spoil_place *place)
{
	if (truncate(place->lock, 4096 + 1000) != 0)
		perror(place->lock);
}

static char octets[1 << 20];

static size_t garbage(void)
{
	enum { WHOLE = 266240 };
	for (size_t i = 0; i < WHOLE; i++)
		octets[i] = (char)workload_random(1, i);
	return WHOLE;
}

static void garbage_in_its_place(const struct spoil_place *place)
{
	put(place->coming, octets, garbage(), 0);
	take_place(place);
}

static void garbage_over_it(const struct spoil_place *place)
{
	put(place->lock, octets, garbage(), 0);
}

static void garbage_over_its_head(const struct spoil_place *place)
{
	garbage();
	put(place->lock, octets, HEAD, 0);
}

static void other_in_its_place(const struct spoil_place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	put(place->coming, octets, len, 0);
	take_place(place);
}

static void other_over_it(const struct spoil_place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	put(place->lock, octets, len, 0);
}

/* The last of the octets that say what it is, one of the format's. */
static size_t other_version(const struct spoil_place *place)
{
	size_t len = get(place->other, octets, sizeof octets);
	octets[HEAD - 4] = (char)(octets[HEAD - 4] + 1);
	return len;
}

static void other_version_in_its_place(const struct spoil_place *place)
{
	put(place->coming, octets, other_version(place), 0);
	take_place(place);
}

static void other_version_over_it(const struct spoil_place *place)
{
	put(place->lock, octets, other_version(place), 0);
}

/* Who opens a lock.mdb alone makes it a fresh one under a lock of fcntl's, for which others wait;
 * here he is killed on the way, with them waiting. What he began is his to say. */
static void die_making_it(const struct spoil_place *place, size_t from, size_t len)
{
	enum { WAIT = 300 * 1000 * 1000 };
	static const char zeros[64];
	struct flock alone = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	struct timespec pause = { .tv_nsec = WAIT };
	int ready[2];
	char octet;
	if (pipe(ready) != 0)
		return;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(place->lock, O_RDWR);
		bool done = fcntl(fd, F_SETLK, &alone) == 0 &&
			    pwrite(fd, zeros, len, (off_t)from) == (ssize_t)len;
		if (write(ready[1], "", 1) == 1 && done)
			nanosleep(&pause, NULL);
		kill(getpid(), SIGKILL);
	}
	if (read(ready[0], &octet, 1) != 1)
		perror("read");
	close(ready[0]);
	close(ready[1]);
}

static void half_made(const struct spoil_place *place)
{
	die_making_it(place, 0, HEAD);
}

/* All but that it was not told yet which commit was the last. */
static void nearly_made(const struct spoil_place *place)
{
	enum { LAST_COMMIT = 48 };
	die_making_it(place, LAST_COMMIT, 8);
}

const struct spoil spoils[SPOILS] = {
	{ "removed", remove_it, false },
	{ "half made", half_made, false },
	{ "nearly made", nearly_made, false },
	{ "an empty file in its place", empty_in_its_place, false },
	{ "emptied", empty_it, false },
	{ "cut off", cut_it_off, false },
	{ "garbage in its place", garbage_in_its_place, false },
	{ "overwritten with garbage", garbage_over_it, true },
	{ "its head overwritten", garbage_over_its_head, false },
	{ "another table's in its place", other_in_its_place, false },
	{ "overwritten with another table's", other_over_it, true },
	{ "another version's in its place", other_version_in_its_place, false },
	{ "overwritten with another version's", other_version_over_it, true },
};
