#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_MAX_AT_ONCE = 8 }; /* directories held open while removing */

enum gl_status gl_scratch_make(struct gl_scratch *scratch, struct gl_complaint *why)
{
	const char *place = getenv("TMPDIR");
	if (place == NULL || place[0] == '\0')
		place = "/tmp";
	int len = snprintf(
	    scratch->directory, sizeof scratch->directory, "%s/greylist.XXXXXX", place);
	gl_interrupt_begin(&scratch->interrupt);
	if (len > 0 && (size_t)len < sizeof scratch->directory &&
	    mkdtemp(scratch->directory) != NULL)
		return GL_OK;
	snprintf(why->text, sizeof why->text, "%s: no temporary directory can be made there: %s",
	    place,
	    strerror(len > 0 && (size_t)len < sizeof scratch->directory ? errno : ENAMETOOLONG));
	scratch->directory[0] = '\0';
	gl_interrupt_end(&scratch->interrupt);
	return GL_NO_ACCESS;
}

bool gl_scratch_readable(const struct gl_scratch *scratch, int fd)
{
	struct pollfd waiting[] = { { .fd = fd, .events = POLLIN },
		{ .fd = scratch->interrupt.fd, .events = POLLIN } };
	while (poll(waiting, 2, -1) < 0 && errno == EINTR)
		continue;
	return (waiting[1].revents & POLLIN) == 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)kind;
	(void)place;
	remove(path);
	return 0;
}

void gl_scratch_remove(struct gl_scratch *scratch)
{
	if (scratch->directory[0] == '\0')
		return;
	nftw(scratch->directory, remove_one, OPEN_MAX_AT_ONCE, FTW_DEPTH | FTW_PHYS);
	scratch->directory[0] = '\0';
	gl_interrupt_end(&scratch->interrupt);
}
