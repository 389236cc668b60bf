/*
 * command - what every command of greylist-admin is made of.
 *
 * One file a command, each ending in one const struct; the table in
 * commands.c lists them and drives dispatch, help, the man page's check
 * and the tests. Exit codes are those of sysexits(3), so that scripts
 * can tell "nothing matched" from "cannot tell".
 */
#ifndef GREYLIST_COMMAND_H
#define GREYLIST_COMMAND_H

#include <stdio.h>

#include "world.h"

enum gl_exit {
	GL_EXIT_OK = 0,
	GL_EXIT_NOTHING = 1, /* nothing matched; `check`: warnings */
	GL_EXIT_USAGE = 64,
	GL_EXIT_INPUT = 65,       /* bad input */
	GL_EXIT_UNAVAILABLE = 69, /* Postfix, the service or a library is not there, or the probe
				     was answered wrong */
	GL_EXIT_IO = 74,
	GL_EXIT_LATER = 75, /* try later: the table is busy or full */
	GL_EXIT_PERMISSION = 77,
	GL_EXIT_CONFIG = 78
};

/* What a command needs before it runs; gl_command_run sees to it and says what is missing. */
enum gl_need {
	GL_NEED_NOTHING, /* runs as whoever called */
	GL_NEED_CONFIG,  /* a readable configuration, still as whoever called */
	GL_NEED_OWNER,   /* the same, and a caller who may use the table; the command opens it */
	GL_NEED_READ,    /* the table, as its owner, changing nothing */
	GL_NEED_WRITE,   /* the table, as its owner */
	GL_NEED_CREATE   /* the same; where there is no table one is made */
};

/* Handed to every command; owned by main.c (or by a test). */
struct gl_admin {
	struct gl_world world;
	FILE *out; /* results */
	FILE *err; /* everything else */
	int64_t now;
	bool terminal;     /* `out` is a terminal: aligned columns instead of TSV */
	unsigned columns;  /* of the terminal; 0: not known */
	bool colour;       /* it shows colours, and they are wanted */
	unsigned reopened; /* how often another table took the open one's place */
	bool left_out;     /* entries could not be read; what was done is not all */

	/* What was given with options, as it was written; see option.c. */
	bool json;
	bool dry_run;
	bool undo;
	bool merge;
	bool remove;
	bool reverse;
	bool never_retried;
	bool prometheus;
	bool watch;
	bool deep;
	const char *client, *sender, *recipient; /* NULL: not given, as for all below */
	const char *state, *since, *before;
	const char *sort, *limit;
	const char *lasting; /* --for */
	const char *reason;
	const char *days;
	const char *mode;
	const char *postfix_config;
	const char *service_user; /* --user */
	const char *database;
	const char *delay, *ipv4cidr, *ipv6cidr; /* Postgrey's own */

	FILE *input;              /* what the command's `open` opened, or NULL */
	struct gl_logfiles *logs; /* the same of `learn` (logfiles.h) */
};

/* Which of the options above a command takes. A bit mask. */
enum gl_takes {
	GL_TAKES_JSON = 1,
	GL_TAKES_DRY_RUN = 2,
	GL_TAKES_WHO = 4,    /* --client --sender --recipient */
	GL_TAKES_FILTER = 8, /* --state --since --before --never-retried */
	GL_TAKES_ORDER = 16, /* --sort --reverse --limit */
	GL_TAKES_SETUP = 32, /* --mode --user --undo */
	GL_TAKES_DATABASE = 64,
	GL_TAKES_POSTGREY = 128, /* --delay --ipv4cidr --ipv6cidr */
	GL_TAKES_POSTFIX = 256,  /* --postfix-config */
	GL_TAKES_PASS = 512,     /* --remove --reason */
	GL_TAKES_FOR = 1024,
	GL_TAKES_MERGE = 2048,
	GL_TAKES_FIGURES = 4096, /* --days --prometheus --watch */
	GL_TAKES_DEEP = 8192,
	GL_TAKES_SINCE = 16384 /* --since alone */
};

struct gl_command {
	const char *name;
	const char *arguments; /* for the usage line, such as "CLIENT SENDER RECIPIENT" */
	const char *summary;   /* one line for --help */
	enum gl_need need;
	unsigned takes;  /* of enum gl_takes */
	int least, most; /* operands */
	/* Opens what the operands name while it is still whoever called who does it; NULL: nothing.
	 * Called with a good configuration, unless the command needs none. */
	enum gl_exit (*open)(struct gl_admin *admin, int count, char **operands);
	/* Operands only, zero-terminated list. Returns an exit code. */
	enum gl_exit (*run)(struct gl_admin *admin, int count, char **operands);
};

/* All commands, NULL behind the last. */
extern const struct gl_command *const gl_commands[];

extern const struct gl_command gl_command_allow;
extern const struct gl_command gl_command_backup;
extern const struct gl_command gl_command_check;
extern const struct gl_command gl_command_compact;
extern const struct gl_command gl_command_delete;
extern const struct gl_command gl_command_deny_auto_whitelist;
extern const struct gl_command gl_command_explain;
extern const struct gl_command gl_command_export;
extern const struct gl_command gl_command_import;
extern const struct gl_command gl_command_import_postgrey;
extern const struct gl_command gl_command_import_postgrey_options;
extern const struct gl_command gl_command_learn;
extern const struct gl_command gl_command_list;
extern const struct gl_command gl_command_purge;
extern const struct gl_command gl_command_replay;
extern const struct gl_command gl_command_restore;
extern const struct gl_command gl_command_setup_postfix;
extern const struct gl_command gl_command_show;
extern const struct gl_command gl_command_stats;

/* Prints how the tool is called and every command's line. */
void gl_commands_help(FILE *to);

/*
 * Parses options and operands of a command, opens what it needs, and
 * runs it. argv[0] is its name, or as much of it as no other command
 * shares; the order of argv changes.
 */
enum gl_exit gl_command_run(struct gl_admin *admin, int argc, char **argv);

/*
 * Becomes the owner of the state directory and opens the table, for a
 * command that has to open something else first and so needs only a
 * configuration. What went wrong was said.
 */
enum gl_exit gl_admin_open_table(struct gl_admin *admin, enum gl_need need);

/* The exit code that a status of the store means. */
enum gl_exit gl_exit_of(enum gl_status status);

/* "greylist-admin: ", the sentence made printable, and a newline on admin->err. */
void gl_admin_say(const struct gl_admin *admin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what went wrong with the table after it was opened; returns the exit code. GL_OK is silent.
 */
enum gl_exit gl_admin_fail(const struct gl_admin *admin, enum gl_status status);

/*
 * After a call came back with `status`: whether it is to be made again,
 * because another table (or other rules) took the place of the one that
 * was open, and that one is open now.
 */
bool gl_admin_again(struct gl_admin *admin, enum gl_status status);

#endif
