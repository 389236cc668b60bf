/*
 * maillog - the lines of a mail log, as it is or as logrotate left it.
 *
 * Plain text, gzip (RFC 1952, several members one after the other too)
 * and xz; which of them it is says the content, not the name. A build
 * without zlib or liblzma tells such a file and refuses it. What bzip2
 * and zstd made is told as well, and never read.
 *
 * A log may be as large as it likes, and an archive may be made to
 * unpack to far more than it is: nothing here grows with either. A line
 * has a limit, and one that is longer is passed over whole. xz says what
 * memory it needs; over GL_MAILLOG_MEMORY it is refused (`xz -9` needs
 * 65 MiB).
 *
 * Only the admin tool has this room.
 */
#ifndef GREYLIST_MAILLOG_H
#define GREYLIST_MAILLOG_H

#include "greylist/span.h"

enum {
	GL_MAILLOG_LINE_MAX = 8192, /* rsyslog's limit of a message; Postfix's lines are shorter */
	GL_MAILLOG_MEMORY = 134217728 /* bytes that liblzma may use */
};

struct gl_maillog;

/*
 * Reads the descriptor from where it stands; it stays the caller's and
 * has to stay open until gl_maillog_close. `stop` is a descriptor that
 * becomes readable when reading is to end (a log may be a pipe that says
 * nothing for hours), or -1. NULL: out of memory.
 */
struct gl_maillog *gl_maillog_open(int fd, int stop);
void gl_maillog_close(struct gl_maillog *log);

/*
 * The next line without its newline, which the last one need not have;
 * borrowed until the next call. After a failure there are no more lines;
 * those before it were good.
 *
 *   GL_NOT_FOUND    there are no more
 *   GL_TOO_LONG     it was longer than GL_MAILLOG_LINE_MAX; the next call goes on behind it
 *   GL_MORE         `stop` became readable
 *   GL_UNSUPPORTED  compressed in a way that is not read here
 *   GL_CORRUPT      the archive is damaged, or ends before its end
 *   GL_FULL         the archive wants more than GL_MAILLOG_MEMORY
 *   GL_FAILED       it cannot be read, or memory ran out
 */
GL_CHECKED enum gl_status gl_maillog_next(struct gl_maillog *log, struct gl_span *line);

/* A sentence on what went wrong last, without the file's name. Never NULL; borrowed or static. */
const char *gl_maillog_trouble(const struct gl_maillog *log);

/* How many bytes of the descriptor were read so far: of the archive, where it is one. */
uint64_t gl_maillog_bytes(const struct gl_maillog *log);

/* Whether this build reads what gzip and what xz made. */
bool gl_maillog_reads_gzip(void);
bool gl_maillog_reads_xz(void);

#endif
