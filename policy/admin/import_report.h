/*
 * import_report - what became of the entries of an import.
 *
 * Both importers count into one of these: entries that went into the
 * table, and entries that were dropped, by kind of fault with the first
 * few of each kind. Examples are strangers' text and kept printable.
 */
#ifndef GREYLIST_IMPORT_REPORT_H
#define GREYLIST_IMPORT_REPORT_H

#include "command.h"

enum { GL_IMPORT_EXAMPLES = 3, GL_IMPORT_EXAMPLE_MAX = 160, GL_IMPORT_FAULTS_MAX = 12 };

struct gl_import_tally {
	uint64_t taken;     /* new to the table */
	uint64_t merged;    /* with what the table knew */
	uint64_t unchanged; /* the table knew as much */
	uint64_t known;     /* and was left as it is, since nothing was to be merged */
};

struct gl_import_dropped {
	uint64_t count;
	char examples[GL_IMPORT_EXAMPLES][GL_IMPORT_EXAMPLE_MAX];
};

/* A kind of fault in words, such as "expired". Static. 0 is no fault. */
typedef const char *gl_import_fault_fn(unsigned fault);

/* Starts as zeros, but for what describes the importer. */
struct gl_import_report {
	gl_import_fault_fn *fault_text;
	unsigned faults;  /* how many kinds there are; at most GL_IMPORT_FAULTS_MAX */
	bool leaves;      /* what is known is left: `known` counts, not `merged` and `unchanged` */
	bool interrupted; /* by a signal: what follows was done before */
	bool takes_overrides; /* the input may have such: what was said by hand */
	struct gl_import_tally triplets, clients, overrides;
	uint64_t hashed; /* of those: entries of a Postgrey with --privacy */
	struct gl_import_dropped dropped[GL_IMPORT_FAULTS_MAX];
};

/*
 * Counts an entry that is dropped. Returns where an example of it is to
 * be written, which is the report's; NULL where there are enough.
 */
char *gl_import_report_drop(struct gl_import_report *report, unsigned fault);

/* Prints lines, or with --json one object. */
void gl_import_report_print(const struct gl_admin *admin, const struct gl_import_report *report);

/* How many entries there were, and how many of them were dropped. */
uint64_t gl_import_report_sum(const struct gl_import_report *report);
uint64_t gl_import_report_dropped(const struct gl_import_report *report);

#endif
