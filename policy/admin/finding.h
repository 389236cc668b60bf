/*
 * finding - what `check` found, a line each, and what to do about it.
 *
 * An error keeps greylisting from working (mail then passes); a warning
 * is worth mending. The lines begin with "ok", "warning" or "error".
 */
#ifndef GREYLIST_FINDING_H
#define GREYLIST_FINDING_H

#include "command.h"

struct gl_check {
	struct gl_admin *admin;
	unsigned warnings;
	unsigned errors;
};

void gl_finding_ok(struct gl_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gl_finding_warning(struct gl_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gl_finding_error(struct gl_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Looks at the state directory without touching a file in it: owner,
 * modes, room. False where it cannot even be looked at.
 */
bool gl_check_place(struct gl_check *check, const char *directory);

#endif
