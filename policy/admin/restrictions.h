/*
 * restrictions - a list of smtpd restrictions, read and edited as text.
 *
 * The grammar (postconf(5), smtpd_recipient_restrictions):
 *
 *     list        = *( separator / restriction )
 *     restriction = [ "warn_if_reject" ] name [ argument ]
 *     separator   = blank / newline / comma
 *
 * Braces hold a word together, separators and all. Which names take an
 * argument is known by their spelling. Names match in either case.
 * Nothing is allocated; everything borrows from the text that was
 * parsed, and an edit writes a new text in which every byte that is
 * not part of the edit stays as it was.
 */
#ifndef GREYLIST_RESTRICTIONS_H
#define GREYLIST_RESTRICTIONS_H

#include "greylist/span.h"

enum { GL_RESTRICTIONS_MAX = 256 }; /* in one list; more is GL_TOO_LONG */

struct gl_restriction {
	struct gl_span name;
	struct gl_span argument; /* empty where the name takes none */
	bool warn_only;          /* behind warn_if_reject: it only logs */
	size_t from, to;         /* where it stands in the text, warn_if_reject included */
};

struct gl_restrictions {
	struct gl_span text;
	size_t count;
	struct gl_restriction at[GL_RESTRICTIONS_MAX];
};

/*
 * Reads a list; an empty one is fine.
 *
 *   GL_MALFORMED  an open brace, or a name without its argument
 *   GL_TOO_LONG   more than GL_RESTRICTIONS_MAX
 */
GL_CHECKED enum gl_status gl_restrictions_parse(struct gl_restrictions *list, struct gl_span text);

/* Whether one of the first `before` is this name, and does more than warn. */
bool gl_restrictions_has(const struct gl_restrictions *list, const char *name, size_t before);

/* Whom a check_policy_service asks, such as unix:private/greylist; empty for any other. */
struct gl_span gl_restriction_service(const struct gl_restriction *restriction);

/*
 * An option in a check_policy_service's braces, which postconf(5) has as
 * name=value or { name = value }. False where it is not there.
 */
bool gl_restriction_option(
    struct gl_span *value, const struct gl_restriction *restriction, const char *name);

/* Index of the check_policy_service that asks this service, or list->count. */
size_t gl_restrictions_service(const struct gl_restrictions *list, const char *service);

/*
 * Index of the first that leaves nothing of the mail that we care about
 * to those behind it (permit, reject, defer, permit_auth_destination
 * and the like), or list->count.
 */
size_t gl_restrictions_end(const struct gl_restrictions *list);

/*
 * Index of the first whose meaning is not in the list itself, or
 * list->count: a bare map, a group, or one of the space or comma
 * separated restriction classes.
 */
size_t gl_restrictions_opaque(const struct gl_restrictions *list, struct gl_span classes);

/* Writes the list with `addition` in front of the index-th, list->count meaning at the end. */
void gl_restrictions_insert(
    struct gl_out *out, const struct gl_restrictions *list, size_t index, struct gl_span addition);

/* What an edit of ours added, as two readings of the same parameter. */
struct gl_restrictions_edit {
	const struct gl_restrictions *before;
	const struct gl_restrictions *after;
	const char *service; /* asked with whatever options, it is the same restriction */
};

/* Writes the list without what the edit added, each once, where it is still there. */
void gl_restrictions_revert(struct gl_out *out, const struct gl_restrictions *list,
    const struct gl_restrictions_edit *edit);

/* Writes the list without the index-th. */
void gl_restrictions_remove(struct gl_out *out, const struct gl_restrictions *list, size_t index);

#endif
