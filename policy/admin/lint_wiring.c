#include "lint.h"

#include <stdio.h>
#include <stdlib.h>

#include "greylist/config.h"
#include "restrictions.h"

enum { TIMEOUT_MOST = 30, NAME_ROOM = 256 };

/* The restriction lists in the order in which smtpd goes through them; postconf(5). */
enum stage { CLIENT, HELO, SENDER, RELAY_FIRST, RECIPIENT, RELAY, DATA, END_OF_DATA, STAGES };

static const char *const stage_names[STAGES] = { "smtpd_client_restrictions",
	"smtpd_helo_restrictions", "smtpd_sender_restrictions", "smtpd_relay_restrictions",
	"smtpd_recipient_restrictions", "smtpd_relay_restrictions", "smtpd_data_restrictions",
	"smtpd_end_of_data_restrictions" };

/* One smtpd: main.cf, or a service of master.cf with lists of its own. */
struct walk {
	struct gl_check *check;
	const struct gl_lint_postfix *postfix;
	struct gl_lint_services *services;
	const struct gl_service *smtpd; /* NULL: main.cf */
	bool delay;                     /* smtpd_delay_reject */
	bool relay_first;               /* smtpd_relay_before_recipient_restrictions */
	bool unlisted;                  /* smtpd_reject_unlisted_recipient */
	bool at_rcpt;                   /* asked where it counts */
	bool at_data;                   /* asked there */
	const char *elsewhere;          /* asked where it does not; NULL: nowhere */
	struct gl_restrictions lists[STAGES];
};

static bool is(struct gl_span span, const char *text)
{
	return gl_span_equal_fold(span, gl_span_of(text));
}

static struct gl_span value_of(const struct walk *walk, const char *name)
{
	struct gl_span value;

	if (walk->smtpd != NULL &&
	    gl_service_override(&value, walk->smtpd, gl_span_of(walk->postfix->overrides), name))
		return value;
	return gl_lint_parameter(walk->postfix, name);
}

/* main.cf and the parameter, or master.cf and the override as postconf -P names it. */
static struct gl_place place_of(const struct walk *walk, const char *name, char room[NAME_ROOM])
{
	struct gl_span value;

	if (walk->smtpd == NULL ||
	    !gl_service_override(&value, walk->smtpd, gl_span_of(walk->postfix->overrides), name))
		return gl_at_parameter(walk->postfix->main_cf, name);
	snprintf(room, NAME_ROOM, "%.*s/%.*s/%s", (int)walk->smtpd->name.len, walk->smtpd->name.at,
	    (int)walk->smtpd->type.len, walk->smtpd->type.at, name);
	return gl_at_parameter(walk->postfix->master_cf, room);
}

static struct gl_span behind(struct gl_span text, char byte)
{
	size_t at = gl_span_find_last(text, byte);

	return at < text.len ? gl_span_skip(text, at + 1) : text;
}

/* unix:private/NAME, inet:HOST:PORT; master.cf has inet services as PORT or HOST:PORT. */
static bool names(struct gl_span asked, const struct gl_service *service)
{
	struct gl_span type = gl_span_head(asked, gl_span_find(asked, ':'));

	if (!gl_span_equal(type, service->type))
		return false;
	if (is(type, "unix"))
		return gl_span_equal(behind(asked, '/'), service->name);
	return gl_span_equal(behind(asked, ':'), behind(service->name, ':'));
}

enum whose { OTHERS, OURS, MISSING };

static enum whose whose(const struct walk *walk, struct gl_span asked)
{
	struct gl_span usual = gl_span_of("greylist");
	struct gl_span name = behind(asked, '/');

	for (size_t i = 0; i < walk->services->count; i++) {
		if (names(asked, &walk->services->at[i]))
			return OURS;
	}
	if (gl_span_equal(gl_span_head(asked, 5), gl_span_of("unix:")) &&
	    gl_span_equal(gl_span_head(name, usual.len), usual))
		return MISSING;
	return OTHERS;
}

/* An option, or the parameter that stands for all policy services. */
static struct gl_span option_of(
    const struct walk *walk, const struct gl_restriction *restriction, const char *name)
{
	struct gl_span value;
	char parameter[NAME_ROOM];

	if (gl_restriction_option(&value, restriction, name))
		return value;
	snprintf(parameter, sizeof parameter, "smtpd_policy_service_%s", name);
	return value_of(walk, parameter);
}

static void lint_options(
    struct walk *walk, const struct gl_restriction *restriction, struct gl_place place)
{
	struct gl_span action = option_of(walk, restriction, "default_action");
	struct gl_span timeout = option_of(walk, restriction, "timeout");
	struct gl_span verb = gl_lint_word(&(struct gl_span){ action.at, action.len });
	int64_t seconds;

	if (action.len > 0 && !is(verb, "DUNNO") && !is(verb, "OK") && !is(verb, "PERMIT"))
		gl_finding(walk->check, GL_FINDING_DEFAULT_ACTION, place, "default_action is %.*s",
		    (int)action.len, action.at);
	if (gl_time_parse(&seconds, timeout) == GL_OK && seconds > TIMEOUT_MOST)
		gl_finding(walk->check, GL_FINDING_TIMEOUT, place, "timeout is %.*s",
		    (int)timeout.len, timeout.at);
	if (!is(option_of(walk, restriction, "request_limit"), "1"))
		walk->services->kept++;
}

static bool is_skipped(const struct walk *walk, enum stage stage)
{
	return (stage == RELAY_FIRST && !walk->relay_first) ||
	       (stage == RELAY && walk->relay_first);
}

/* Whether strangers have met this name by then, in this list or one that came before. */
static bool is_behind(const struct walk *walk, enum stage stage, size_t index, const char *name)
{
	for (enum stage earlier = CLIENT; earlier < stage; earlier++) {
		const struct gl_restrictions *list = &walk->lists[earlier];

		if (!is_skipped(walk, earlier) && gl_restrictions_has(list, name, list->count))
			return true;
	}
	return gl_restrictions_has(&walk->lists[stage], name, index);
}

/* A list that names it too late is told so even where another list makes up for it. */
static bool guards_relaying(const struct walk *walk, enum stage stage, size_t index)
{
	static const char *const guards[] = { "reject_unauth_destination",
		"defer_unauth_destination" };
	const struct gl_restrictions *list = &walk->lists[stage];
	bool guarded = false, late = false;

	for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
		guarded = guarded || is_behind(walk, stage, index, guards[i]);
		late = late || (gl_restrictions_has(list, guards[i], list->count) &&
				   !gl_restrictions_has(list, guards[i], index));
	}
	return guarded && !late;
}

static void lint_order(struct walk *walk, enum stage stage, size_t index, struct gl_place place)
{
	const struct gl_restrictions *list = &walk->lists[stage];

	if (gl_restrictions_end(list) < index)
		gl_finding(walk->check, GL_FINDING_NOT_REACHED, place,
		    "greylisting is asked behind \"%.*s\"",
		    (int)list->at[gl_restrictions_end(list)].name.len,
		    list->at[gl_restrictions_end(list)].name.at);
	if (list->at[index].warn_only)
		gl_finding(walk->check, GL_FINDING_ONLY_WARNS, place,
		    "greylisting is asked behind warn_if_reject");
	if (!gl_restrictions_has(list, "permit_mynetworks", index) &&
	    value_of(walk, "mynetworks").len > 0)
		gl_finding(walk->check, GL_FINDING_OWN_NETWORKS, place,
		    "permit_mynetworks does not stand in front of greylisting");
	if (!guards_relaying(walk, stage, index))
		gl_finding(walk->check, GL_FINDING_UNAUTH_DESTINATION, place,
		    "reject_unauth_destination does not stand in front of greylisting");
	if (walk->unlisted && !is_behind(walk, stage, index, "reject_unlisted_recipient"))
		gl_finding(walk->check, GL_FINDING_UNLISTED_RECIPIENT, place,
		    "reject_unlisted_recipient does not stand in front of greylisting");
}

/* smtpd_delay_reject puts off the first three to RCPT TO; DATA comes after the decision. */
static bool is_at_rcpt(const struct walk *walk, enum stage stage)
{
	return stage < DATA && (stage > SENDER || walk->delay);
}

static void look_at(struct walk *walk, enum stage stage, size_t index)
{
	const struct gl_restriction *restriction = &walk->lists[stage].at[index];
	struct gl_span asked = gl_restriction_service(restriction);
	enum whose owner = asked.len > 0 ? whose(walk, asked) : OTHERS;
	char room[NAME_ROOM];
	struct gl_place place = place_of(walk, stage_names[stage], room);

	if (owner == OTHERS)
		return;
	if (owner == MISSING)
		gl_finding(walk->check, GL_FINDING_SERVICE_MISSING, place,
		    "%.*s is asked, and master.cf has no such service", (int)asked.len, asked.at);
	walk->services->asked++;
	lint_options(walk, restriction, place);
	if (is_at_rcpt(walk, stage)) {
		walk->at_rcpt = true;
		lint_order(walk, stage, index, place);
	} else {
		walk->at_data = walk->at_data || stage == DATA;
		walk->elsewhere = stage_names[stage];
	}
}

/* null_sender = "data" puts off to there what passes before. */
static void say_data(const struct walk *walk)
{
	char room[NAME_ROOM];
	const struct gl_config *config = &walk->check->admin->world.config;

	if (walk->at_rcpt && !walk->at_data && config->null_sender == GL_NULL_SENDER_DATA)
		gl_finding(walk->check, GL_FINDING_NOT_AT_DATA,
		    place_of(walk, stage_names[DATA], room),
		    "null_sender is data, and greylisting is not asked here");
}

static void say_elsewhere(const struct walk *walk)
{
	char room[NAME_ROOM];

	if (walk->at_rcpt || walk->elsewhere == NULL)
		return;
	gl_finding(walk->check, GL_FINDING_NOT_AT_RCPT, place_of(walk, walk->elsewhere, room),
	    "greylisting is asked here only%s",
	    walk->delay ? "" : ", and smtpd_delay_reject is no");
}

/* What stands in front of a class depends on who uses it: only its options are looked at. */
static void look_at_classes(struct walk *walk)
{
	struct gl_span classes = value_of(walk, "smtpd_restriction_classes");
	struct gl_span word;

	while ((word = gl_lint_word(&classes)).len > 0) {
		struct gl_restrictions *list = &walk->lists[CLIENT];
		char name[NAME_ROOM];

		snprintf(name, sizeof name, "%.*s", (int)word.len, word.at);
		if (gl_restrictions_parse(list, value_of(walk, name)) != GL_OK)
			continue;
		for (size_t i = 0; i < list->count; i++) {
			struct gl_span asked = gl_restriction_service(&list->at[i]);

			if (asked.len == 0 || whose(walk, asked) == OTHERS)
				continue;
			walk->services->asked++;
			lint_options(
			    walk, &list->at[i], place_of(walk, name, (char[NAME_ROOM]){ 0 }));
			gl_finding_skipped(walk->check,
			    "%s: %s: a restriction class, what stands in front of it was not "
			    "checked",
			    walk->postfix->main_cf, name);
		}
	}
}

static void walk_lists(struct walk *walk, const struct gl_service *smtpd)
{
	walk->smtpd = smtpd;
	walk->at_rcpt = walk->at_data = false;
	walk->elsewhere = NULL;
	walk->delay = !is(value_of(walk, "smtpd_delay_reject"), "no");
	walk->unlisted = !is(value_of(walk, "smtpd_reject_unlisted_recipient"), "no");
	walk->relay_first = is(value_of(walk, "smtpd_relay_before_recipient_restrictions"), "yes");
	for (enum stage stage = CLIENT; stage < STAGES; stage++) {
		struct gl_span value = value_of(walk, stage_names[stage]);

		if (gl_restrictions_parse(&walk->lists[stage], value) != GL_OK)
			gl_finding_skipped(walk->check, "%s: %s: not checked, it cannot be read",
			    walk->postfix->main_cf, stage_names[stage]);
	}
	for (enum stage stage = CLIENT; stage < STAGES; stage++) {
		for (size_t i = 0; i < walk->lists[stage].count && !is_skipped(walk, stage); i++)
			look_at(walk, stage, i);
	}
	say_elsewhere(walk);
	say_data(walk);
	look_at_classes(walk);
}

static bool has_own_lists(const struct walk *walk, const struct gl_service *smtpd)
{
	bool own = false;

	for (enum stage stage = CLIENT; stage < STAGES; stage++)
		own = own || gl_service_overrides(
				 smtpd, gl_span_of(walk->postfix->overrides), stage_names[stage]);
	return own;
}

static bool any_public(struct gl_span lines)
{
	struct gl_service service;
	bool public = false;

	while (!public && gl_service_next(&service, &lines) == GL_OK)
	public = gl_service_is_public(&service);
	return public;
}

/*
 * main.cf once, where any smtpd for strangers goes by it, and each of
 * those that do not. Where none listens on port 25, all are for strangers.
 */
static void walk_services(struct walk *walk)
{
	struct gl_span lines = gl_span_of(walk->postfix->services);
	bool public = any_public(lines), others = false, plain = false;
	struct gl_service smtpd;

	while (gl_service_next(&smtpd, &lines) == GL_OK) {
		if (public ? !gl_service_is_public(&smtpd) : !gl_service_is_smtpd(&smtpd))
			continue;
		if (!has_own_lists(walk, &smtpd)) {
			plain = true;
			continue;
		}
		others = true;
		walk_lists(walk, &smtpd);
	}
	if (plain || !others)
		walk_lists(walk, NULL);
}

void gl_lint_wiring(struct gl_check *check, const struct gl_lint_postfix *postfix,
    struct gl_lint_services *services)
{
	struct walk *walk = calloc(1, sizeof *walk);

	if (walk == NULL) {
		gl_finding_skipped(check, "%s: not checked, out of memory", postfix->main_cf);
		return;
	}
	walk->check = check;
	walk->postfix = postfix;
	walk->services = services;
	walk_services(walk);
	free(walk);
	if (services->asked > 0)
		return;
	if (services->count > 0)
		gl_finding(check, GL_FINDING_NOT_WIRED, gl_at_file(postfix->main_cf),
		    "no restriction for strangers asks the service %.*s of master.cf",
		    (int)services->at[0].name.len, services->at[0].name.at);
	else
		gl_finding(check, GL_FINDING_NOT_WIRED, gl_at_file(postfix->main_cf),
		    "no restriction asks for greylisting, and master.cf has no service for it");
}
