#include "finding.h"

#include <stdarg.h>
#include <string.h>

#include "output.h"

enum severity { OK, SKIPPED, WARNING, ERROR, SEVERITIES };

static const char *const severities[SEVERITIES] = { "ok", "skipped", "warning", "error" };

/* '%' in the advice stands for the file. */
static const struct kind {
	const char *name;
	enum severity severity;
	const char *why;
	const char *advice; /* NULL: the sentence itself says it */
} kinds[GL_FINDINGS] = {
	[GL_FINDING_CONFIG] = { "configuration", ERROR, "every mail passes until it is mended",
	    NULL },
	[GL_FINDING_CONFIG_CLOSED] = { "configuration-closed", ERROR, "every mail passes",
	    "chmod 0644 %" },
	[GL_FINDING_IDENTITY] = { "identity", ERROR,
	    "nobody else can look at the table as the helper sees it", NULL },
	[GL_FINDING_SECTION_EMPTY] = { "section-empty", WARNING, "it changes nothing",
	    "remove it, or set something in it" },
	[GL_FINDING_CONTEXT_UNUSED] = { "context-unused", WARNING, "the section never counts",
	    "write policy_context= into the braces of a check_policy_service in main.cf" },
	[GL_FINDING_DELEGATION] = { "delegation", WARNING,
	    "it is left out, and what greylist.conf says of this domain holds", NULL },
	[GL_FINDING_DELEGATION_OPEN] = { "delegation-open", WARNING,
	    "everybody on this machine can decide for the domain", "chmod o-w %" },
	[GL_FINDING_DIRECTORY_MISSING] = { "directory-missing", ERROR,
	    "nothing can be remembered, so every mail passes",
	    "install -d -m 0750 -o greylist -g greylist %" },
	[GL_FINDING_DIRECTORY_KIND] = { "directory-kind", ERROR,
	    "nothing can be remembered, so every mail passes", "name another one in `database`" },
	[GL_FINDING_DIRECTORY_ROOT] = { "directory-root", ERROR,
	    "the helper never runs as root and cannot use it",
	    "chown it to the user= of the spawn service" },
	[GL_FINDING_DIRECTORY_OPEN] = { "directory-open", WARNING,
	    "it lets others in, and it holds mail addresses", "chmod 0750 %" },
	[GL_FINDING_FOREIGN_FILE] = { "foreign-file", ERROR, "the helper cannot use it",
	    "chown -h it to the owner of the state directory" },
	[GL_FINDING_UNREADABLE] = { "unreadable", ERROR, "the helper cannot use it",
	    "make it readable to the owner of the state directory" },
	[GL_FINDING_SECRET_OPEN] = { "secret-open", WARNING,
	    "others can read the digest secret, and try out who wrote to whom", "chmod 0600 %" },
	[GL_FINDING_NO_ROOM] = { "no-room", WARNING, "where the disk is full every stranger passes",
	    "make room" },
	[GL_FINDING_LIST_ENTRY] = { "list-entry", WARNING, "greylist does not take it as it stands",
	    NULL },
	[GL_FINDING_LIST_DUPLICATE] = { "list-duplicate", WARNING,
	    "the second entry changes nothing", "remove one of them" },
	[GL_FINDING_LIST_SHADOWED] = { "list-shadowed", WARNING, "the narrower changes nothing",
	    "remove one of them" },
	[GL_FINDING_LIST_SWAPPED] = { "list-swapped", WARNING, "none of those ever matches",
	    "see whether the files of two options are exchanged" },
	[GL_FINDING_LIST_UNREAD] = { "list-unread", WARNING, "nobody reads it",
	    "name it in client_lists, recipient_lists or sender_lists, or move it away" },
	[GL_FINDING_LISTS_CLOSED] = { "lists-closed", ERROR,
	    "the last good ones stay in force, so edits count for nothing",
	    "make them readable to the owner of the state directory" },
	[GL_FINDING_SUFFIXES_MISSING] = { "suffixes-missing", WARNING,
	    "whose a client's name is cannot be told, so names of pools fall back to networks, and "
	    "mail that is retried from another one waits anew",
	    "install the package publicsuffix, or name the shipped list, suffixes" },
	[GL_FINDING_RELAY_MISSING] = { "relay-missing", WARNING,
	    "mail that it forwards waits, and once it is auto-whitelisted all spam through it "
	    "passes",
	    "where it forwards to this machine, add it to `relays`" },
	[GL_FINDING_LOG_CLOSED] = { "log-closed", WARNING, "syslog gets the log instead",
	    "make it writable to the owner of the state directory" },
	[GL_FINDING_TABLE] = { "table", ERROR, "without the table every mail passes", NULL },
	[GL_FINDING_TABLE_FULL] = { "table-full", WARNING, "when it is full every stranger passes",
	    "run greylist-admin purge or raise `map_limit`" },
	[GL_FINDING_TABLE_DAMAGED] = { "table-damaged", ERROR,
	    "what cannot be read is a stranger, and more may break",
	    "greylist-admin restore brings a backup back and keeps what can be read" },
	[GL_FINDING_TABLE_GAPS] = { "table-gaps", WARNING, "the file is larger than it has to be",
	    "run greylist-admin compact" },
	[GL_FINDING_TABLE_UNUSED] = { "table-unused", WARNING, "it takes room, and nobody asks it",
	    "remove it once nothing of it is needed any more" },
	[GL_FINDING_COUNTERS] = { "counters", WARNING, "nothing is counted",
	    "remove %, and the helper begins a new one" },
	[GL_FINDING_POSTFIX] = { "postfix", WARNING, "its wiring was not checked",
	    "mend it, or name another directory with --postfix-config" },
	[GL_FINDING_NOT_WIRED] = { "not-wired", WARNING,
	    "Postfix never asks, so nothing is greylisted", "run greylist-admin setup-postfix" },
	[GL_FINDING_NOT_AT_RCPT] = { "not-at-rcpt", ERROR,
	    "the service decides at RCPT TO only, so nothing is greylisted",
	    "move it to smtpd_recipient_restrictions" },
	[GL_FINDING_NOT_AT_DATA] = { "not-at-data", WARNING,
	    "mail without a sender passes at RCPT, and nobody judges it afterwards",
	    "ask the service in smtpd_data_restrictions too, or set null_sender to rcpt" },
	[GL_FINDING_NOT_REACHED] = { "not-reached", ERROR,
	    "Postfix never gets as far as it, so nothing is greylisted", "move it in front" },
	[GL_FINDING_ONLY_WARNS] = { "only-warns", WARNING,
	    "Postfix logs and lets the mail pass, so nothing is greylisted",
	    "take warn_if_reject out, or set mode = \"dry-run\" in greylist.conf" },
	[GL_FINDING_OWN_NETWORKS] = { "own-networks", WARNING,
	    "your own machines wait like strangers", "put permit_mynetworks in front" },
	[GL_FINDING_UNAUTH_DESTINATION] = { "unauth-destination", WARNING,
	    "attempts to relay are greylisted and fill the table, unless "
	    "smtpd_relay_restrictions refuses them first",
	    "put reject_unauth_destination in front" },
	[GL_FINDING_UNLISTED_RECIPIENT] = { "unlisted-recipient", WARNING,
	    "unknown users are told 450 instead of 550, and every guess of a spammer fills the "
	    "table",
	    "put reject_unlisted_recipient in front" },
	[GL_FINDING_DEFAULT_ACTION] = { "default-action", WARNING,
	    "it answers all mail while the service is in trouble",
	    "write default_action=DUNNO into the braces" },
	[GL_FINDING_TIMEOUT] = { "timeout", WARNING,
	    "so long every client waits while the service is in trouble",
	    "write timeout=10s into the braces" },
	[GL_FINDING_SERVICE_MISSING] = { "service-missing", ERROR,
	    "Postfix asks a service that is not there", "run greylist-admin setup-postfix" },
	[GL_FINDING_SERVICE_COMMAND] = { "service-command", ERROR,
	    "only spawn starts the helper as it has to be", "run greylist-admin setup-postfix" },
	[GL_FINDING_PROCESS_LIMIT] = { "process-limit", WARNING,
	    "under load connections beyond it wait in vain", "write 0 into the column maxproc" },
	[GL_FINDING_TIME_LIMIT] = { "time-limit", WARNING,
	    "spawn kills helpers that smtpd still uses", "set it to 3600" },
	[GL_FINDING_CHROOT] = { "chroot", ERROR,
	    "inside the jail there are neither helper nor configuration nor table",
	    "write n into the column chroot" },
	[GL_FINDING_CHROOT_DEFAULT] = { "chroot-default", WARNING,
	    "it is Postfix's version and compatibility_level that say what this means",
	    "write n into the column chroot" },
	[GL_FINDING_USER_MISSING] = { "user-missing", ERROR, "spawn refuses to run without one",
	    "add user= with the owner of the state directory" },
	[GL_FINDING_USER_UNKNOWN] = { "user-unknown", ERROR,
	    "spawn ends at once, and all mail runs into the timeout",
	    "make that user, or name the owner of the state directory" },
	[GL_FINDING_USER_REFUSED] = { "user-refused", ERROR,
	    "spawn ends at once, and all mail runs into the timeout",
	    "name the owner of the state directory" },
	[GL_FINDING_USER_FOREIGN] = { "user-foreign", ERROR,
	    "the helper cannot use the table, so every mail passes",
	    "name the owner in user=, or chown the directory" },
	[GL_FINDING_HELPER_MISSING] = { "helper-missing", ERROR, "nobody answers Postfix",
	    "install greylist-policy there, or mend argv=" },
	[GL_FINDING_HELPER_CLOSED] = { "helper-closed", ERROR, "nobody answers Postfix",
	    "chmod 0755 %, and its directories likewise" },
	[GL_FINDING_HELPER_CONFIG] = { "helper-config", WARNING,
	    "what was checked is not what is in force",
	    "check that one: greylist-admin -c FILE check" },
};

const char *gl_finding_name(enum gl_finding kind)
{
	return kinds[kind].name;
}

struct gl_place gl_at_file(const char *file)
{
	return (struct gl_place){ .file = file };
}

struct gl_place gl_at_line(const char *file, unsigned long line)
{
	return (struct gl_place){ .file = file, .line = line };
}

struct gl_place gl_at_parameter(const char *file, const char *parameter)
{
	return (struct gl_place){ .file = file, .parameter = parameter };
}

/* What is said about one finding, put together. */
struct words {
	enum severity severity;
	const char *name; /* NULL: nothing is wrong */
	struct gl_place place;
	const char *what;
	const char *why;
	char advice[1024];
};

static void advise(struct words *words, const char *advice)
{
	struct gl_out out = gl_out_into(words->advice, sizeof words->advice);
	struct gl_span rest = gl_span_of(advice);
	size_t percent = gl_span_find(rest, '%');

	gl_out_span(&out, gl_span_head(rest, percent));
	if (percent < rest.len) {
		gl_out_text(&out, words->place.file);
		gl_out_span(&out, gl_span_skip(rest, percent + 1));
	}
	gl_out_string(&out);
}

static void print_severity(const struct gl_check *check, enum severity severity)
{
	static const enum gl_colour colours[SEVERITIES] = { GL_GREEN, GL_GREEN, GL_YELLOW, GL_RED };
	const char *text = severities[severity];
	bool coloured = check->admin->colour && severity != SKIPPED;
	gl_print_colour(check->admin->out, coloured, colours[severity], text);
	fprintf(check->admin->out, "%*s", 8 - (int)strlen(text), "");
}

static void print_text(const struct gl_check *check, const struct words *words)
{
	FILE *to = check->admin->out;
	char text[8192];
	struct gl_out out = gl_out_into(text, sizeof text);
	const char *const parts[] = { words->what, words->why, words->advice };
	const char *between = "";

	if (words->place.file != NULL) {
		gl_out_text(&out, words->place.file);
		if (words->place.line > 0) {
			gl_out_byte(&out, ':');
			gl_out_decimal(&out, (int64_t)words->place.line);
		}
		gl_out_text(&out, ": ");
	}
	if (words->place.parameter != NULL) {
		gl_out_text(&out, words->place.parameter);
		gl_out_text(&out, ": ");
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i] == NULL || parts[i][0] == 0)
			continue;
		gl_out_text(&out, between);
		gl_out_text(&out, parts[i]);
		between = "; ";
	}
	print_severity(check, words->severity);
	gl_print_printable(to, gl_out_done(&out));
	fputc('\n', to);
}

static json_t *text_or_null(const char *text)
{
	return text == NULL || text[0] == 0 ? json_null() : gl_json_text(gl_span_of(text));
}

static void print_json(FILE *to, const struct words *words)
{
	const struct gl_place *place = &words->place;

	gl_json_line(
	    to, json_pack("{so so so so so so so so}", "severity",
		    gl_json_text(gl_span_of(severities[words->severity])), "name",
		    text_or_null(words->name), "file", text_or_null(place->file), "line",
		    place->line > 0 ? json_integer((json_int_t)place->line) : json_null(),
		    "parameter", text_or_null(place->parameter), "what", text_or_null(words->what),
		    "why", text_or_null(words->why), "advice", text_or_null(words->advice)));
}

static void print(const struct gl_check *check, const struct words *words)
{
	if (check->admin->json)
		print_json(check->admin->out, words);
	else
		print_text(check, words);
}

static void find(
    struct gl_check *check, enum gl_finding finding, struct gl_place place, const char *what)
{
	const struct kind *kind = &kinds[finding];
	struct words words = { kind->severity, kind->name, place, what, kind->why, "" };

	if (kind->severity == ERROR)
		check->errors++;
	else
		check->warnings++;
	advise(&words, kind->advice);
	print(check, &words);
}

void gl_finding(
    struct gl_check *check, enum gl_finding kind, struct gl_place place, const char *format, ...)
{
	char what[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	find(check, kind, place, what);
}

void gl_finding_mistake(struct gl_check *check, enum gl_finding kind, const char *mistake)
{
	char file[4096];
	struct gl_span text = gl_span_of(mistake);
	size_t colon = gl_span_find(text, ':');
	struct gl_span rest = gl_span_skip(text, colon + 1);
	struct gl_place place = { .file = file };
	size_t digits = gl_span_find(rest, ':');
	uint64_t line = 0;

	if (colon == text.len) {
		find(check, kind, (struct gl_place){ .file = NULL }, mistake);
		return;
	}
	snprintf(file, sizeof file, "%.*s", (int)colon, mistake);
	if (gl_span_number(gl_span_head(rest, digits), UINT32_MAX, &line) == GL_OK)
		rest = gl_span_skip(rest, digits + 1);
	place.line = (unsigned long)line;
	rest = gl_span_trim(rest);
	find(check, kind, place, rest.len > 0 ? rest.at : "");
}

static void note(struct gl_check *check, enum severity severity, const char *format,
    va_list arguments) __attribute__((format(printf, 3, 0)));

static void note(
    struct gl_check *check, enum severity severity, const char *format, va_list arguments)
{
	char what[4096];
	struct words words = { .severity = severity, .what = what };

	vsnprintf(what, sizeof what, format, arguments);
	print(check, &words);
}

void gl_finding_ok(struct gl_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(check, OK, format, arguments);
	va_end(arguments);
}

void gl_finding_skipped(struct gl_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(check, SKIPPED, format, arguments);
	va_end(arguments);
}
