/*
 * said - what was said with `allow` and `deny-auto-whitelist` and is in
 * force, as it stands in the table.
 */
#ifndef GREYLIST_SAID_H
#define GREYLIST_SAID_H

#include <jansson.h>

#include "command.h"

/* One override. All borrowed. */
struct gl_said {
	enum gl_override_kind kind;
	struct gl_span key;
	struct gl_override override;
};

/* It is good during the call. Return false to end the walk. */
typedef bool gl_said_fn(void *context, const struct gl_said *said);

/*
 * Hands out what is in force, in the order of the keys; nothing of the
 * table is pinned meanwhile. One that cannot be read is named on
 * admin->err and left out; admin->left_out is then set. Statuses as
 * gl_store_scan.
 */
GL_CHECKED enum gl_status gl_said_walk(struct gl_admin *admin, gl_said_fn *each, void *context);

/* What the commands call it: "allow" or "never", and "client" and so on. Static. */
const char *gl_said_type(enum gl_override_kind kind);
const char *gl_said_what(enum gl_override_kind kind);

/* The object that `allow --json` prints; a new reference, or NULL where memory is out. */
json_t *gl_said_json(const struct gl_said *said);

#endif
