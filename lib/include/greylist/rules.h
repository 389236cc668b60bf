/*
 * rules - compiles the text of exempt lists and public suffixes into a struct gl_ruleset.
 *
 * The one room that reads list files. A bad line is reported with its
 * file and line and skipped; the rest works. A file that is named but
 * missing is reported, unless its name ends in ".local" or it is one of
 * public suffixes. A file that is there but cannot be read fails the whole compilation: the caller
 * then keeps the last good rules.
 */
#ifndef GREYLIST_RULES_H
#define GREYLIST_RULES_H

#include "greylist/exempt.h"

/* One place that rules come from: a file, or the strings of an option. All borrowed. */
struct gl_rules_input {
	enum gl_list list;
	const char *path;         /* the list file; or the file that the option stands in */
	const char *const *words; /* the option's strings; NULL: `path` is a list file */
	size_t word_count;
	unsigned line; /* of the option */
};

/* Called for each bad line or missing file: "clients.local:7: ...". */
typedef void gl_rules_mistake_fn(void *context, const char *mistake);

/* Compiles an expression; its statuses and the complaint are those of gl_regex_compile (regex.h).
 */
typedef enum gl_status gl_rules_regex_fn(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why);

/* What a compilation needs of its caller. */
struct gl_rules_hooks {
	gl_rules_mistake_fn *mistake;
	void *context; /* of mistake */
	gl_rules_regex_fn *regex;
	bool all; /* report each bad line; otherwise the first 50 of an input, and how many more */
};

/*
 * A stamp of the inputs as they are on disk now: a digest of each
 * path, its inode, size and times, and of the options' words. Equal
 * stamps mean that compiling again would change nothing. One system
 * call for each file; cannot fail (a missing file has a stamp too).
 */
void gl_rules_stamp(
    uint8_t stamp[GL_STAMP_SIZE], const struct gl_rules_input *inputs, size_t count);

/*
 * Reads and compiles all inputs. *rules is the caller's, to be given
 * back with gl_rules_free; it is NULL on failure. Where an entry stands
 * twice the first one counts. Regular expressions that cannot be
 * compiled in this build are reported and kept without their code, so
 * that the same rules serve a build that can.
 *
 *   GL_NO_ACCESS  a file is there but cannot be read; reported
 *   GL_FAILED     out of memory, or a read failed; reported
 */
GL_CHECKED enum gl_status gl_rules_compile(struct gl_ruleset **rules,
    const struct gl_rules_input *inputs, size_t count, const struct gl_rules_hooks *hooks);

/* NULL is fine. */
void gl_rules_free(struct gl_ruleset *rules);

#endif
