/*
 * terms - what holds of one delivery attempt: mode, times, text and the
 * like, out of the sections of greylist.conf.
 *
 * A section speaks of a recipient or of a sender, each an address or a
 * domain with everything below it, or of a policy_context, the word that
 * main.cf gives with check_policy_service (Postfix SMTPD_POLICY_README,
 * since 3.1). It sets some options and leaves the others alone. Each
 * option is taken from the most specific section that sets it:
 *
 *     recipient's address             user+ext@example.org
 *     the same without its extension  user@example.org
 *     recipient's domain              sub.example.org, before example.org, before org
 *     sender's address                as the table has it (sender.h)
 *     sender's domain
 *     policy_context
 *     outside of all sections
 *
 * A domain's section may name a delegation file, which the domain's owner
 * edits. What that sets goes before the section's own options, and so
 * is good for mail to that domain only.
 *
 * Everything here is pure. Who read the sections (config.h) owns them.
 */
#ifndef GREYLIST_TERMS_H
#define GREYLIST_TERMS_H

#include "greylist/decision.h"

enum gl_mode { GL_MODE_OFF, GL_MODE_LEARN, GL_MODE_DRY_RUN, GL_MODE_ON };
enum gl_identity_option { GL_IDENTITY_NETWORK, GL_IDENTITY_NAME };

/* What a section may set. */
enum gl_term {
	GL_TERM_MODE,
	GL_TERM_DELAY,
	GL_TERM_RETRY_WINDOW,
	GL_TERM_MAX_AGE,
	GL_TERM_IDENTITY,
	GL_TERM_EXEMPT,
	GL_TERM_TEXT,
	GL_TERMS /* how many there are */
};

/* What was set in one place. Only the terms in `set` mean anything. */
struct gl_settings {
	uint32_t set;            /* bit n: term n */
	unsigned line[GL_TERMS]; /* where */
	enum gl_mode mode;
	struct gl_timing timing;
	enum gl_identity_option identity;
	bool exempt;
	char *text; /* or NULL */
};

enum gl_section_kind {
	GL_SECTION_RECIPIENT,
	GL_SECTION_SENDER,
	GL_SECTION_CONTEXT,
	GL_SECTION_KINDS /* how many there are */
};

enum { GL_SECTIONS_MAX = 256 }; /* a request looks at each of them */

/* Every pointer is owned by the sections' owner. */
struct gl_section {
	enum gl_section_kind kind;
	unsigned line;
	char *heading;         /* as it is shown: recipient "example.org" */
	struct gl_span user;   /* of an address, else empty; borrowed from the heading, as is */
	struct gl_span domain; /* the domain, or the policy_context */
	struct gl_settings own;
	char *delegate; /* the delegation file's path, or NULL */
	unsigned delegate_line;
	bool read;                 /* there is none, or what it sets is known: */
	struct gl_settings theirs; /* may be of a file that was edited since */
};

struct gl_sections {
	size_t count;
	struct gl_section *at;
	size_t of[GL_SECTION_KINDS]; /* how many of each kind */
	char *file;                  /* where they stand; NULL without sections */
	char delimiter;              /* in front of an address extension; 0: none */
};

/* What is asked about, as it came from the wire. All borrowed. */
struct gl_terms_question {
	struct gl_span recipient;
	struct gl_span sender;
	struct gl_span context; /* empty: none */
};

/* Where a term comes from. All borrowed from the sections. */
struct gl_origin {
	const struct gl_section *section; /* NULL: from outside of all sections */
	const char *file;                 /* greylist.conf, or the delegation file */
	unsigned line;
};

struct gl_terms {
	enum gl_mode mode;
	struct gl_timing timing; /* delay < retry_window where that holds outside, see config.h */
	enum gl_identity_option identity;
	bool exempt;      /* nobody waits */
	const char *text; /* borrowed */
	struct gl_origin from[GL_TERMS];
};

/*
 * Narrows the terms that hold outside of all sections, which the caller
 * put there, to what holds of this question. Looks at every section;
 * cannot fail. A delegation file that was not read yet sets nothing.
 */
void gl_terms_narrow(struct gl_terms *terms, const struct gl_sections *sections,
    const struct gl_terms_question *question);

/* Whether the section speaks of mail to this recipient. */
bool gl_section_receives(
    const struct gl_section *section, const struct gl_sections *sections, struct gl_span recipient);

/*
 * The times by which a triplet's record counts, from those outside of
 * all sections. A record does not say with which policy_context it came,
 * and with privacy = true not even to whom: then the record counts for
 * as long as any section that it may be of would have it count. What
 * nobody has read yet may set anything: for its domain the window and the age
 * are GL_TIME_MAX. The delay is the one without a policy_context.
 */
struct gl_timing gl_terms_of_record(const struct gl_timing *outside,
    const struct gl_sections *sections, const struct gl_record *record);

/* The word in greylist.conf, such as "dry-run"; NULL behind the last mode or identity. Static. */
const char *gl_mode_text(enum gl_mode mode);
const char *gl_identity_text(enum gl_identity_option identity);

/* "mode", "delay", ... as in greylist.conf. Static. */
const char *gl_term_name(enum gl_term term);

/* "recipient", "sender", "policy_context". Static. */
const char *gl_section_kind_name(enum gl_section_kind kind);

#endif
