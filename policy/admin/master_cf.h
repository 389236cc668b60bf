/*
 * master_cf - the services of Postfix, as `postconf -M` and `postconf -P` print them.
 *
 * One service a line, seven columns and the command:
 *
 *     smtp inet n - y - - smtpd -o name=value
 *
 * and one override a line:
 *
 *     smtp/inet/smtpd_recipient_restrictions = reject
 *
 * Nothing is allocated; everything borrows from the text.
 */
#ifndef GREYLIST_MASTER_CF_H
#define GREYLIST_MASTER_CF_H

#include "greylist/span.h"

struct gl_service {
	struct gl_span name;      /* smtp, or address:port */
	struct gl_span type;      /* inet, unix, pass, ... */
	struct gl_span chroot;    /* y, n, or - for the default */
	struct gl_span limit;     /* of processes, likewise */
	struct gl_span command;   /* the program's name */
	struct gl_span arguments; /* what stands behind it */
};

/* Cuts the next line off `lines`. GL_NOT_FOUND behind the last, GL_MALFORMED with too few columns.
 */
GL_CHECKED enum gl_status gl_service_next(struct gl_service *service, struct gl_span *lines);

/* Whether it is an smtpd, straight from the network or behind postscreen. */
bool gl_service_is_smtpd(const struct gl_service *service);

/* Whether strangers' mail arrives there: port smtp or 25 of any address, or behind postscreen. */
bool gl_service_is_public(const struct gl_service *service);

/* Whether the overrides give this service a value of its own for the parameter. */
bool gl_service_overrides(
    const struct gl_service *service, struct gl_span overrides, const char *parameter);

/* The same, and which value. */
bool gl_service_override(struct gl_span *value, const struct gl_service *service,
    struct gl_span overrides, const char *parameter);

/* Who may be greylisted, with this restriction list in main.cf. */
struct gl_reach {
	unsigned plain;           /* smtpd services that take the list from main.cf */
	struct gl_span public;    /* a public one that has a list of its own; empty: none */
	struct gl_span elsewhere; /* another one that has, such as submission; empty: none */
};

/* Goes through all services. GL_MALFORMED: not what postconf -M prints. */
GL_CHECKED enum gl_status gl_master_reach(
    struct gl_reach *reach, struct gl_span services, struct gl_span overrides);

/* Our own service. All borrowed and zero-terminated. */
struct gl_spawn {
	const char *service; /* its name */
	const char *user;
	const char *helper;
	const char *config; /* NULL: the helper's own default */
};

/* "greylist unix - n n - 0 spawn user=... argv=..." */
void gl_spawn_format(struct gl_out *out, const struct gl_spawn *spawn);

/* Whether two lines say the same, however many blanks stand between the words. */
bool gl_service_line_equal(struct gl_span a, struct gl_span b);

#endif
