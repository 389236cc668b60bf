#include "wiring.h"

#include <stdarg.h>
#include <stdio.h>

#include "restrictions.h"

/* The three lists that matter, read. */
struct lists {
	struct gl_restrictions written, expanded, relay;
	size_t end; /* of the expanded list */
};

static enum gl_status refuse(struct gl_wiring *wiring, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum gl_status refuse(struct gl_wiring *wiring, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(wiring->why.text, sizeof wiring->why.text, format, arguments);
	va_end(arguments);
	return GL_UNSUPPORTED;
}

static bool guards_relaying(const struct gl_restrictions *relay)
{
	static const char *const guards[] = { "reject_unauth_destination",
		"defer_unauth_destination", "reject", "defer", NULL };
	bool guarded = false;

	for (size_t i = 0; guards[i] != NULL; i++)
		guarded = guarded || gl_restrictions_has(relay, guards[i], relay->count);
	return guarded;
}

/* Whether only mynetworks and authenticated users may relay. */
static bool relays_for_own_only(const struct gl_restrictions *relay)
{
	static const char *const plain[] = { "permit_mynetworks", "permit_sasl_authenticated",
		"reject_unauth_destination", "defer_unauth_destination", NULL };

	for (size_t i = 0; i < relay->count; i++) {
		bool known = false;

		for (size_t j = 0; plain[j] != NULL; j++)
			known = known ||
				gl_span_equal_fold(relay->at[i].name, gl_span_of(plain[j]));
		if (!known)
			return false;
	}
	return true;
}

static bool has(const struct lists *lists, const char *name)
{
	return gl_restrictions_has(&lists->expanded, name, lists->end);
}

static void add(struct gl_out *addition, const char *name)
{
	gl_out_text(addition, name);
	gl_out_text(addition, ", ");
}

static void note(struct gl_out *notes, const char *sentence)
{
	gl_out_text(notes, sentence);
	gl_out_byte(notes, '\n');
}

static void add_permits(struct gl_out *addition, struct gl_out *notes, const struct lists *lists)
{
	bool networks = has(lists, "permit_mynetworks");
	bool users = has(lists, "permit_sasl_authenticated");

	if (!networks)
		add(addition, "permit_mynetworks");
	if (!users)
		add(addition, "permit_sasl_authenticated");
	if (!networks || !users)
		note(notes, "your own networks and authenticated users get past greylisting; all "
			    "that is in front of it in the list still applies to them");
}

static void add_destination(
    struct gl_out *addition, struct gl_out *notes, const struct lists *lists)
{
	if (has(lists, "reject_unauth_destination") || has(lists, "defer_unauth_destination"))
		return;
	if (guards_relaying(&lists->relay) && !relays_for_own_only(&lists->relay)) {
		note(notes, "reject_unauth_destination is left out: smtpd_relay_restrictions "
			    "guards relaying, and lets more than your networks and users relay; "
			    "permit those in front of greylisting, or their mail waits too");
		return;
	}
	add(addition, "reject_unauth_destination");
	note(notes, "reject_unauth_destination comes in front, so that attempts to relay are "
		    "refused and not greylisted; smtpd_relay_restrictions stays as it is");
}

static void add_unlisted(
    struct gl_out *addition, struct gl_out *notes, const struct gl_wiring_input *input)
{
	if (gl_span_equal_fold(gl_span_trim(input->unlisted), gl_span_of("no"))) {
		note(notes, "reject_unlisted_recipient is left out, because you set "
			    "smtpd_reject_unlisted_recipient = no: mail to unknown users is "
			    "greylisted first");
		return;
	}
	add(addition, "reject_unlisted_recipient");
	note(notes, "reject_unlisted_recipient comes in front, so that unknown users are refused "
		    "at once and not after a wait");
}

static enum gl_status read_lists(
    struct lists *lists, struct gl_wiring *wiring, const struct gl_wiring_input *input)
{
	enum gl_status status = gl_restrictions_parse(&lists->written, input->list);

	if (status == GL_OK)
		status = gl_restrictions_parse(&lists->expanded, input->expanded);
	if (status == GL_OK)
		status = gl_restrictions_parse(&lists->relay, input->relay);
	if (status != GL_OK)
		return refuse(wiring,
		    "a restriction list has an open brace, a name without its argument, or more "
		    "than %d entries",
		    GL_RESTRICTIONS_MAX);
	lists->end = gl_restrictions_end(&lists->expanded);
	return GL_OK;
}

/* What keeps us from knowing that mail gets as far as us, and no further than it should. */
static enum gl_status look_for_obstacles(
    struct gl_wiring *wiring, const struct lists *lists, const struct gl_wiring_input *input)
{
	size_t opaque = gl_restrictions_opaque(&lists->expanded, input->classes);
	const struct gl_span *name;

	if (opaque < lists->end) {
		name = &lists->expanded.at[opaque].name;
		return refuse(wiring,
		    "smtpd_recipient_restrictions has \"%.*s\", a map or a restriction class: what "
		    "it lets through or asks cannot be seen from here",
		    (int)name->len, name->at);
	}
	if (lists->end == lists->expanded.count)
		return GL_OK;
	name = &lists->expanded.at[lists->end].name;
	if (!gl_span_equal_fold(*name, gl_span_of("permit")))
		return refuse(wiring,
		    "smtpd_recipient_restrictions has \"%.*s\": mail that is accepted was let "
		    "through before its end, so greylisting belongs further up, where only you "
		    "can tell",
		    (int)name->len, name->at);
	if (gl_restrictions_end(&lists->written) == lists->written.count)
		return refuse(wiring,
		    "smtpd_recipient_restrictions takes a \"permit\" from another parameter: "
		    "greylisting belongs in front of it");
	return GL_OK;
}

static void note_what_is_missing(
    struct gl_out *notes, const struct gl_restrictions *list, size_t service)
{
	static const char *const wanted[] = { "permit_mynetworks", "permit_sasl_authenticated",
		"reject_unauth_destination", "reject_unlisted_recipient", NULL };

	for (size_t i = 0; wanted[i] != NULL; i++) {
		if (gl_restrictions_has(list, wanted[i], service))
			continue;
		gl_out_text(notes, wanted[i]);
		note(notes, " does not stand in front of greylisting; your list stays as it is");
	}
}

static enum gl_status decide(struct gl_wiring *wiring, const struct gl_wiring_input *input,
    struct gl_out *notes, struct gl_out *value)
{
	struct lists lists;
	char buffer[512];
	struct gl_out addition = gl_out_into(buffer, sizeof buffer);
	enum gl_status status = read_lists(&lists, wiring, input);
	size_t service;

	if (status != GL_OK)
		return status;
	service = gl_restrictions_service(&lists.expanded, GL_WIRING_SERVICE);
	if (service < lists.expanded.count) {
		note_what_is_missing(notes, &lists.expanded, service);
		return GL_NOT_FOUND;
	}
	status = look_for_obstacles(wiring, &lists, input);
	if (status != GL_OK)
		return status;
	add_permits(&addition, notes, &lists);
	add_destination(&addition, notes, &lists);
	if (!has(&lists, "reject_unlisted_recipient"))
		add_unlisted(&addition, notes, input);
	gl_out_text(&addition, GL_WIRING_CHECK);
	gl_restrictions_insert(
	    value, &lists.written, gl_restrictions_end(&lists.written), gl_out_done(&addition));
	return addition.full || value->full || notes->full ? GL_TOO_LONG : GL_OK;
}

enum gl_status gl_wiring_decide(struct gl_wiring *wiring, const struct gl_wiring_input *input)
{
	struct gl_out notes = gl_out_into(wiring->notes, sizeof wiring->notes - 1);
	struct gl_out value = gl_out_into(wiring->value, sizeof wiring->value - 1);
	enum gl_status status;

	wiring->why.text[0] = 0;
	status = decide(wiring, input, &notes, &value);
	wiring->notes[notes.len] = 0;
	wiring->value[value.len] = 0;
	if (status == GL_TOO_LONG)
		snprintf(wiring->why.text, sizeof wiring->why.text,
		    "smtpd_recipient_restrictions would become longer than %d bytes",
		    GL_WIRING_VALUE_MAX);
	return status;
}
