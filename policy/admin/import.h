/*
 * import - the way of Postgrey's entries into the table.
 *
 * What is imported is opened first, as whoever called, and becomes the
 * text of a dump; then the caller becomes the owner of the table, and
 * the text is read entry by entry. An entry is merged with what the
 * table knows, so an import may be repeated, and broken off at any time.
 */
#ifndef GREYLIST_IMPORT_H
#define GREYLIST_IMPORT_H

#include "command.h"
#include "greylist/postgrey.h"

enum { GL_IMPORT_EXAMPLES = 3, GL_IMPORT_EXAMPLE_MAX = 160 };

struct gl_import_tally {
	uint64_t taken;     /* new to the table */
	uint64_t merged;    /* with what the table knew */
	uint64_t unchanged; /* the table knew as much */
};

struct gl_import_report {
	struct gl_import_tally triplets, clients;
	uint64_t hashed; /* of those: entries of a Postgrey with --privacy */
	uint64_t dropped[GL_POSTGREY_FAULTS];
	char examples[GL_POSTGREY_FAULTS][GL_IMPORT_EXAMPLES][GL_IMPORT_EXAMPLE_MAX];
};

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

/* Entries on their way: some hundred are one transaction. */
struct gl_import_batch;

/* NULL: out of memory. All three are borrowed until gl_import_batch_free. */
struct gl_import_batch *gl_import_batch_new(
    struct gl_admin *admin, const struct gl_import_terms *terms, struct gl_import_report *report);
void gl_import_batch_free(struct gl_import_batch *batch);

/*
 * Adds an entry, and writes where the batch is full. Tells by *fault
 * whether it is dropped; it is then for the caller to count it.
 * Statuses as gl_store_apply.
 */
GL_CHECKED enum gl_status gl_import_batch_add(struct gl_import_batch *batch,
    const struct gl_postgrey_entry *entry, enum gl_postgrey_fault *fault);

/* Writes what is left. Statuses as gl_store_apply. */
GL_CHECKED enum gl_status gl_import_batch_flush(struct gl_import_batch *batch);

/* Counts an entry that is dropped; the first few are kept for the report. */
void gl_import_report_drop(struct gl_import_report *report, enum gl_postgrey_fault fault,
    const struct gl_postgrey_pair *pair);

/* Prints lines, or with --json one object. */
void gl_import_report_print(const struct gl_admin *admin, const struct gl_import_report *report);

/* How many entries there were. */
uint64_t gl_import_report_sum(const struct gl_import_report *report);

#endif
