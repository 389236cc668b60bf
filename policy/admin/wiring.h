/*
 * wiring - where greylisting belongs in smtpd_recipient_restrictions.
 *
 * Pure: decides on texts that Postfix printed. The service is asked
 * last, when all that would be refused or let through anyway is out of
 * the way, and what is missing for that comes in front of it:
 *
 *   permit_mynetworks, permit_sasl_authenticated
 *       one's own networks and users do not wait
 *   reject_unauth_destination
 *       attempts to relay are refused, not remembered; left out where
 *       smtpd_relay_restrictions lets others relay than the above
 *   reject_unlisted_recipient
 *       unknown users are refused at once, not after a wait; left out
 *       where smtpd_reject_unlisted_recipient = no says otherwise
 *
 * All of it stands at the end of the list (or right in front of its
 * `permit`), where mail would be accepted anyway: nothing is let
 * through that was refused before.
 */
#ifndef GREYLIST_WIRING_H
#define GREYLIST_WIRING_H

#include "greylist/span.h"

#define GL_WIRING_SERVICE "unix:private/greylist"
#define GL_WIRING_CHECK                                                                            \
	"check_policy_service { " GL_WIRING_SERVICE ", timeout=10s, default_action=DUNNO }"

enum { GL_WIRING_VALUE_MAX = 65536, GL_WIRING_NOTES_MAX = 4096 };

/* As postconf prints them; borrowed. */
struct gl_wiring_input {
	struct gl_span list;     /* smtpd_recipient_restrictions as it is written */
	struct gl_span expanded; /* the same with every $name put in */
	struct gl_span relay;    /* smtpd_relay_restrictions, expanded */
	struct gl_span classes;  /* smtpd_restriction_classes, expanded */
	struct gl_span unlisted; /* smtpd_reject_unlisted_recipient, expanded */
};

struct gl_wiring {
	char value[GL_WIRING_VALUE_MAX]; /* the new list, zero-terminated */
	char notes[GL_WIRING_NOTES_MAX]; /* what the admin should know, one sentence a line */
	struct gl_complaint why;
};

/*
 *   GL_OK           wiring->value is the list to set
 *   GL_NOT_FOUND    nothing to do: the service is asked already
 *   GL_UNSUPPORTED  a list that cannot be understood, or where nothing
 *                   gets as far as us: wiring->why says what it is
 *   GL_TOO_LONG     over a limit above
 */
GL_CHECKED enum gl_status gl_wiring_decide(
    struct gl_wiring *wiring, const struct gl_wiring_input *input);

#endif
