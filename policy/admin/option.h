/*
 * option - the options that commands take, from one table.
 *
 * Options stand before, between or behind the operands; "--" ends them.
 * A value follows its option or an equals sign.
 */
#ifndef GREYLIST_OPTION_H
#define GREYLIST_OPTION_H

#include "command.h"

enum gl_parsed { GL_PARSED_RUN, GL_PARSED_HELP, GL_PARSED_WRONG };

/*
 * Takes the options out of argv[1..] into the admin's fields and moves
 * the operands, *count of them and a NULL, to the front of argv. What
 * is wrong was said on admin->err. HELP: --help was given.
 */
enum gl_parsed gl_options_take(
    struct gl_admin *admin, const struct gl_command *command, char **argv, int *count);

/* "usage: greylist-admin [-c FILE] show [--json] CLIENT SENDER RECIPIENT". */
void gl_command_usage(FILE *to, const struct gl_command *command);

/* The usage line, what the command does, and a line for each of its options. */
void gl_command_help(FILE *to, const struct gl_command *command);

/* What a shell has to know of an option to complete it; all of it static. */
struct gl_option_text {
	const char *name;
	const char *value; /* what the usage line calls it, such as DIR; NULL: it takes none */
	const char *words; /* the values that there are, a blank between them; NULL: any */
	const char *summary;
};

/* The command's n-th option, counted from 0; false behind the last. */
bool gl_command_option(const struct gl_command *command, size_t n, struct gl_option_text *text);

#endif
