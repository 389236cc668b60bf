/*
 * lint - what `check` looks at beyond its own files: the entries of the
 * exempt lists among each other, Postfix's wiring, and the MX hosts.
 *
 * Nothing here changes anything, and each step is good for itself: what
 * cannot be looked at is said to be skipped.
 */
#ifndef GREYLIST_LINT_H
#define GREYLIST_LINT_H

#include "dns.h"
#include "finding.h"
#include "master_cf.h"

/* The exempt lists as they were compiled; all borrowed. */
struct gl_lint_lists {
	const struct gl_rules_input *inputs;
	size_t count;
	const struct gl_ruleset *rules;
	char delimiter; /* of address extensions; 0: none */
};

/* Duplicates, entries that a wider one covers, lists in the place of the other. */
void gl_lint_lists(struct gl_check *check, const struct gl_lint_lists *lists);

/*
 * Reads every page and every entry of the table, in a child of this
 * process, since damage may end whoever reads it. Closes the table that
 * is open here.
 */
void gl_check_deep(struct gl_check *check);

/* Says what sections there are, and reads their delegation files as the helper does. */
void gl_check_sections(struct gl_check *check);

/* Files beside the configuration that look like lists and are none of the inputs. */
void gl_lint_unread(struct gl_check *check, const struct gl_lint_lists *lists);

/* What Postfix says of itself; all the caller's, NULL where it was not asked. */
struct gl_lint_postfix {
	char *parameters; /* postconf -x: "name = value", one a line */
	char *services;   /* postconf -M */
	char *overrides;  /* postconf -Px */
	char *main_cf;    /* path */
	char *master_cf;  /* path */
};

/*
 * Asks postconf, as whoever runs this: so before root becomes anybody
 * else. False, and said, where there is no Postfix or it does not answer.
 */
bool gl_lint_postfix_ask(struct gl_lint_postfix *postfix, struct gl_check *check);
void gl_lint_postfix_clear(struct gl_lint_postfix *postfix);

/* The parameter's value; empty where Postfix knows none of this name. */
struct gl_span gl_lint_parameter(const struct gl_lint_postfix *postfix, const char *name);

/* Cuts the next word off a list of words between commas and blanks; empty at the end. */
struct gl_span gl_lint_word(struct gl_span *rest);

/*
 * The wiring, both halves. `directory` is the state directory, whose
 * owner the helper has to be; NULL where it is not known.
 */
void gl_lint_postfix(
    struct gl_check *check, const struct gl_lint_postfix *postfix, const char *directory);

enum { GL_LINT_SERVICES_MAX = 16 };

/* Our services in master.cf, and how they are asked. */
struct gl_lint_services {
	size_t count;
	struct gl_service at[GL_LINT_SERVICES_MAX];
	unsigned asked; /* how often restrictions ask one of them */
	unsigned kept;  /* how often without closing the connection after one request */
};

/* Where in the restrictions they are asked, how, and what stands in front; counts it. */
void gl_lint_wiring(struct gl_check *check, const struct gl_lint_postfix *postfix,
    struct gl_lint_services *services);

/* One of them, its line in master.cf. */
void gl_lint_service(struct gl_check *check, const struct gl_lint_postfix *postfix,
    const struct gl_service *service, const char *directory);

/* Whether helpers are killed in the midst of a connection. */
void gl_lint_time_limit(struct gl_check *check, const struct gl_lint_postfix *postfix,
    const struct gl_service *service);

/* The MX hosts of our domains that `relays` should name. The resolver is handed in. */
void gl_lint_relays(struct gl_check *check, const struct gl_lint_postfix *postfix,
    const struct gl_ruleset *rules, const struct gl_resolver *resolver);

/* Sections for a policy_context that Postfix never sends. */
void gl_lint_contexts(struct gl_check *check, const struct gl_lint_postfix *postfix);

#endif
