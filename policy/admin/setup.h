/*
 * setup - what the steps of setup-postfix hand to each other.
 */
#ifndef GREYLIST_SETUP_H
#define GREYLIST_SETUP_H

#include "command.h"
#include "master_cf.h"
#include "setup_files.h"

#define GL_SETUP_SERVICE "greylist"
#define GL_SETUP_LIMIT   "greylist_time_limit"
#define GL_SETUP_SECONDS "3600" /* above smtpd_policy_service_max_ttl */
#define GL_SETUP_LIST    "smtpd_recipient_restrictions"

struct gl_setup {
	struct gl_admin *admin;
	struct gl_setup_place place; /* where the files are */
	struct gl_setup_kept kept;
	struct gl_setup_set now; /* what they hold */
	const char *user;        /* that the helper runs as */
	bool quiet;              /* changes are not shown */
	struct gl_complaint why;
};

/* Shows one change on admin->out; an empty span is shown as (none). */
void gl_setup_show(const struct gl_setup *setup, enum gl_setup_file file, const char *name,
    const struct gl_span change[2]);

/*
 * What the files hold with greylisting wired in; shows the changes.
 * `wired` is the caller's to clear in any case.
 *
 *   GL_UNSUPPORTED  this Postfix has to be wired by hand; setup->why says why
 *   others          of gl_postconf and of the files
 */
GL_CHECKED enum gl_status gl_setup_wire(struct gl_setup *setup, struct gl_setup_set *wired);

/* The lines for an admin's own hand, on admin->out. */
void gl_setup_by_hand(const struct gl_setup *setup);

/*
 * What the files would hold without us: as they were before, or, where
 * they were edited since, as they are without our words. `undone` is
 * the caller's to clear in any case.
 */
GL_CHECKED enum gl_status gl_setup_undo(struct gl_setup *setup, struct gl_setup_set *undone);

/* Sets `mode` in the text of greylist.conf. GL_FAILED: out of memory. */
GL_CHECKED enum gl_status gl_setup_mode(
    const struct gl_setup *setup, struct gl_setup_set *set, struct gl_span value);

/* Asks the service as Postfix would, and forgets it again. */
GL_CHECKED enum gl_exit gl_setup_prove(struct gl_setup *setup);

#endif
