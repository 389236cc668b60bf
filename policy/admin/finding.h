/*
 * finding - what `check` found: what, where, why it matters, what to do.
 *
 * An error keeps greylisting from working (mail then passes) or mail
 * from arriving; a warning is worth mending. One table in finding.c says
 * of every kind how bad it is, why, and what helps. A finding is a line,
 *
 *     warning /etc/greylist/clients:3: WHAT; WHY; ADVICE
 *
 * that begins with "ok", "skipped" (it could not be looked at),
 * "warning" or "error"; with --json it is an object.
 */
#ifndef GREYLIST_FINDING_H
#define GREYLIST_FINDING_H

#include "command.h"

enum gl_finding {
	GL_FINDING_CONFIG,
	GL_FINDING_CONFIG_CLOSED,
	GL_FINDING_IDENTITY,
	GL_FINDING_SECTION_EMPTY,
	GL_FINDING_CONTEXT_UNUSED,
	GL_FINDING_DELEGATION,
	GL_FINDING_DELEGATION_OPEN,

	GL_FINDING_DIRECTORY_MISSING,
	GL_FINDING_DIRECTORY_KIND,
	GL_FINDING_DIRECTORY_ROOT,
	GL_FINDING_DIRECTORY_OPEN,
	GL_FINDING_FOREIGN_FILE,
	GL_FINDING_UNREADABLE,
	GL_FINDING_SECRET_OPEN,
	GL_FINDING_NO_ROOM,

	GL_FINDING_LIST_ENTRY,
	GL_FINDING_LIST_DUPLICATE,
	GL_FINDING_LIST_SHADOWED,
	GL_FINDING_LIST_SWAPPED,
	GL_FINDING_LIST_UNREAD,
	GL_FINDING_LISTS_CLOSED,
	GL_FINDING_SUFFIXES_MISSING,
	GL_FINDING_RELAY_MISSING,

	GL_FINDING_LOG_CLOSED,
	GL_FINDING_TABLE,
	GL_FINDING_TABLE_FULL,
	GL_FINDING_TABLE_DAMAGED,
	GL_FINDING_TABLE_GAPS,
	GL_FINDING_TABLE_UNUSED,
	GL_FINDING_COUNTERS,

	GL_FINDING_POSTFIX,
	GL_FINDING_NOT_WIRED,
	GL_FINDING_NOT_AT_RCPT,
	GL_FINDING_NOT_AT_DATA,
	GL_FINDING_NOT_REACHED,
	GL_FINDING_ONLY_WARNS,
	GL_FINDING_OWN_NETWORKS,
	GL_FINDING_UNAUTH_DESTINATION,
	GL_FINDING_UNLISTED_RECIPIENT,
	GL_FINDING_DEFAULT_ACTION,
	GL_FINDING_TIMEOUT,

	GL_FINDING_SERVICE_MISSING,
	GL_FINDING_SERVICE_COMMAND,
	GL_FINDING_PROCESS_LIMIT,
	GL_FINDING_TIME_LIMIT,
	GL_FINDING_CHROOT,
	GL_FINDING_CHROOT_DEFAULT,
	GL_FINDING_USER_MISSING,
	GL_FINDING_USER_UNKNOWN,
	GL_FINDING_USER_REFUSED,
	GL_FINDING_USER_FOREIGN,
	GL_FINDING_HELPER_MISSING,
	GL_FINDING_HELPER_CLOSED,
	GL_FINDING_HELPER_CONFIG,
	GL_FINDINGS
};

/* Its name in JSON and in the man page, such as "list-shadowed". Static. */
const char *gl_finding_name(enum gl_finding kind);

struct gl_check {
	struct gl_admin *admin;
	unsigned warnings;
	unsigned errors;
};

/* Where it is. Borrowed; what is 0 or NULL is not said. */
struct gl_place {
	const char *file;
	unsigned long line;
	const char *parameter;
};

struct gl_place gl_at_file(const char *file);
struct gl_place gl_at_line(const char *file, unsigned long line);
struct gl_place gl_at_parameter(const char *file, const char *parameter);

/* Prints one finding and counts it. The format says what is there. */
void gl_finding(struct gl_check *check, enum gl_finding kind, struct gl_place place,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same of a sentence that begins with its place: "clients:7: ...". */
void gl_finding_mistake(struct gl_check *check, enum gl_finding kind, const char *mistake);

/* Something that is as it has to be, and something that nobody could look at. */
void gl_finding_ok(struct gl_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gl_finding_skipped(struct gl_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Looks at the state directory without touching a file in it: owner,
 * modes, room. False where it cannot even be looked at.
 */
bool gl_check_place(struct gl_check *check, const char *directory);

#endif
