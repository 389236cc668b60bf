/*
 * import_postgrey - the way of Postgrey's entries into the table.
 *
 * What is imported is opened first, as whoever called, and becomes the
 * text of a dump; then the caller becomes the owner of the table, and
 * the text is read entry by entry. An entry is merged with what the
 * table knows, so an import may be repeated, and broken off at any time.
 */
#ifndef GREYLIST_IMPORT_POSTGREY_H
#define GREYLIST_IMPORT_POSTGREY_H

#include "greylist/postgrey.h"
#include "import_batch.h"

/* What Postgrey was told, as far as its databases do not say it. */
struct gl_import_terms {
	int64_t delay;
	struct gl_postgrey_cut cut;
};

/*
 * Opens DIR, FILE or "-" (standard input) into admin->input. A
 * directory is read by a child, which is its owner, into a file that
 * nobody else sees. Returns an exit code; what went wrong was said.
 */
enum gl_exit gl_import_open(struct gl_admin *admin, int count, char **operands);

/*
 * One of Postgrey's entries as a change to the table. Anything but
 * GL_POSTGREY_GOOD leaves *change undefined; the entry is to be dropped.
 */
enum gl_postgrey_fault gl_import_change_make(struct gl_import_change *change,
    const struct gl_admin *admin, const struct gl_import_terms *terms,
    const struct gl_postgrey_entry *entry);

#endif
