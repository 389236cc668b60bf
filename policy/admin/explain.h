/*
 * explain - what a delivery attempt would be answered now, and all that
 * is known about why; and the two forms in which that is printed.
 */
#ifndef GREYLIST_EXPLAIN_H
#define GREYLIST_EXPLAIN_H

#include "entry.h"
#include "logread.h"

enum {
	GL_NAMED_MAX = 5,              /* of others, so many are named and the rest counted */
	GL_EXPLAIN_WALK_MAX = 1000000, /* entries that the command looks at for them */
	GL_NOTES_MAX = 8
};

/* Others who would pass, or who wait: the first few by their keys, and how many there are. */
struct gl_others {
	bool looked; /* they were looked for */
	bool all;    /* and everywhere: walk_max entries were enough */
	uint64_t count;
	struct gl_entry named[GL_NAMED_MAX];
};

/* About 290 KiB. Borrows nothing but the configuration, and `notes`. */
struct gl_explanation {
	struct gl_request request; /* the caller's to fill in, as what follows up to `refusal` */
	uint64_t walk_max;         /* entries of a table that are looked at for others */
	bool pasted;               /* it came as a line or a request: say what was understood */
	size_t note_count;
	const char *notes[GL_NOTES_MAX];
	char refusal[128]; /* for one of the notes */

	struct gl_judgement judgement; /* its ops are void */
	bool counts;                   /* the helper would count a success of the client's */
	bool has_record;
	struct gl_entry record; /* that decided */
	bool fresh;             /* the triplet's record is none, or counts as none */
	int64_t retry_at;       /* 0 where it passes */
	int64_t retry_until;    /* the end of the retry window of one that waits, or 0 */
	struct gl_others
	    neighbours;             /* clients of the same network that the auto-whitelist passes */
	struct gl_others elsewhere; /* the same sender and recipient from other networks */
};

/*
 * Judges explanation->request and looks around, changing nothing.
 * Statuses as gl_judge and gl_store_scan.
 */
GL_CHECKED enum gl_status gl_explain(struct gl_admin *admin, struct gl_explanation *explanation);

/* The action as the log has it; with mode = dry-run "would-greylist". Static. */
const char *gl_explain_verdict(const struct gl_explanation *explanation);

/* "exempt by recipient ... in FILE:LINE", where a section decided. False: none did. */
bool gl_explain_section(const struct gl_admin *admin, const struct gl_explanation *explanation);

/* What else holds of it by a section; in JSON all that holds. The caller owns the value. */
void gl_explain_terms_text(const struct gl_admin *admin, const struct gl_explanation *explanation);
json_t *gl_explain_terms_json(const struct gl_explanation *explanation);

/* False: the output failed. */
bool gl_explain_text(const struct gl_admin *admin, const struct gl_explanation *explanation);
bool gl_explain_json(const struct gl_admin *admin, const struct gl_explanation *explanation);

#endif
