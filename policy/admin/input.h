/*
 * input - what an operand names to be read, opened as whoever called.
 *
 * Root can open what the table's owner, whom it becomes later, may not;
 * so this happens in a command's `open`, and admin->input is read.
 */
#ifndef GREYLIST_INPUT_H
#define GREYLIST_INPUT_H

#include "command.h"

/* "FILE: what: reason of errno" is said; returns the exit code that errno means. */
enum gl_exit gl_input_cannot(const struct gl_admin *admin, const char *name, const char *what);

/*
 * Opens FILE or "-" (standard input) into admin->input. Returns an exit
 * code; what went wrong was said. A directory is GL_EXIT_INPUT.
 */
enum gl_exit gl_input_open(struct gl_admin *admin, const char *operand);

/* What it is called in a message; borrowed from the operand. */
const char *gl_input_name(const char *operand);

#endif
