/*
 * lines - the lines of an input, one after the other.
 *
 * The input may be a pipe that has nothing to say for a long time, so
 * who reads from it is waiting for a signal too. A line has a limit; one
 * that is longer is passed over whole.
 */
#ifndef GREYLIST_LINES_H
#define GREYLIST_LINES_H

#include "greylist/span.h"
#include "interrupt.h"

struct gl_lines;

/*
 * Reads the descriptor, which stays the caller's; both are borrowed until
 * gl_lines_free. NULL: out of memory.
 */
struct gl_lines *gl_lines_new(int fd, const struct gl_interrupt *interrupt, size_t longest);
void gl_lines_free(struct gl_lines *lines);

/*
 * The next line without its newline, which the last one need not have;
 * borrowed until the next call.
 *
 *   GL_NOT_FOUND  there are no more
 *   GL_TOO_LONG   it was longer than the limit
 *   GL_MORE       a signal came
 *   GL_FAILED     reading failed; errno says why
 */
GL_CHECKED enum gl_status gl_lines_next(struct gl_lines *lines, struct gl_span *line);

/* Of the line that was read last, from 1. */
uint64_t gl_lines_number(const struct gl_lines *lines);

/* How many bytes of the input the lines so far are. */
uint64_t gl_lines_bytes(const struct gl_lines *lines);

#endif
