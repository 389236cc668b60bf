/*
 * entry - one line of `list`: a triplet or a client as the table holds it.
 *
 * Three forms of the same: JSON, TSV for pipes, aligned columns for a
 * terminal. The order of the fields in the first two is an interface
 * (greylist-admin(8), OUTPUT).
 */
#ifndef GREYLIST_ENTRY_H
#define GREYLIST_ENTRY_H

#include <jansson.h>

#include "command.h"

struct gl_entry {
	enum gl_table table; /* GL_TABLE_TRIPLET or GL_TABLE_CLIENT */
	struct gl_span key, value;
	struct gl_identity identity; /* its pool borrowed from the key */
	bool inherited;              /* of a Postgrey with --privacy: nobody can say which client */
	struct gl_record record;     /* of a triplet */
	struct gl_client memory;     /* of a client */
};

/*
 * Key and value are borrowed by the entry.
 *
 *   GL_CORRUPT, GL_VERSION  not an entry that this version can read
 */
GL_CHECKED enum gl_status gl_entry_read(
    struct gl_entry *entry, enum gl_table table, struct gl_span key, struct gl_span value);

/* Says that the entry could not be read, by its client, and sets admin->left_out. */
void gl_entry_leave_out(
    struct gl_admin *admin, const struct gl_entry *entry, enum gl_status status);

/* Prints it in the form that was asked for. False: the output failed. */
bool gl_entry_print(const struct gl_admin *admin, const struct gl_entry *entry);

/* What stands above the columns; nothing in the other forms. */
void gl_entry_heading(const struct gl_admin *admin, enum gl_table table);

/* As gl_entry_print, but on a terminal a line for each field, with everything that is known. */
bool gl_entry_describe(const struct gl_admin *admin, const struct gl_entry *entry);

/* "TIME, in 3 min 20 s", or "since TIME" where that is past. */
void gl_print_retry(const struct gl_admin *admin, int64_t retry_at);

/* A new reference, or NULL where memory is out. */
json_t *gl_entry_json(const struct gl_admin *admin, const struct gl_entry *entry);

#endif
