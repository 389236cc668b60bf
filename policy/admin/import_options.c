#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "conf_draft.h"
#include "output.h"
#include "postgrey_options.h"
#include "textfile.h"

/* How Postgrey was told to work, on its way into greylist.conf. */
struct ways {
	struct gl_postgrey_line line;
	struct gl_conf_draft draft;
};

/* "# --NAME=VALUE: " and what there is to say about it. */
static void comment(struct ways *ways, enum gl_postgrey_option option, const char *words)
{
	FILE *to = ways->draft.to;
	if (option == GL_POSTGREY_OPTIONS) {
		fprintf(to, "# %s\n", words);
		return;
	}
	struct gl_span value = ways->line.value[option];
	fprintf(to, "# --%s", gl_postgrey_option_name(option));
	if (value.len > 0) {
		fputc('=', to);
		gl_print_printable(to, value);
	}
	fprintf(to, ": %s\n", words);
}

/* Puts the draft's value in as `name`, or says why it cannot be. */
static void offer(struct ways *ways, enum gl_postgrey_option option, const char *name)
{
	if (!gl_conf_draft_add(&ways->draft, name))
		comment(ways, option, ways->draft.mistake.text);
}

static void offer_text(
    struct ways *ways, enum gl_postgrey_option option, const char *name, const char *otherwise)
{
	struct gl_span value = ways->line.value[option];
	if (value.len == 0 && otherwise == NULL)
		return;
	gl_conf_out_quoted(&ways->draft.value, value.len > 0 ? value : gl_span_of(otherwise));
	offer(ways, option, name);
}

/* Postgrey fills in the first of each letter and leaves every other '%' alone. */
static void out_template(struct gl_out *out, struct gl_span text, const char *letters)
{
	char used[8] = "";
	gl_out_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char next = i + 1 < text.len ? text.at[i + 1] : 0;
		bool filled = text.at[i] == '%' && next != 0 && strchr(letters, next) != NULL &&
			      strchr(used, next) == NULL;
		if (filled)
			used[strlen(used)] = next;
		else if (text.at[i] == '%')
			gl_out_byte(out, '%');
		else if (text.at[i] == '"' || text.at[i] == '\\')
			gl_out_byte(out, '\\');
		gl_out_byte(out, text.at[i]);
	}
	gl_out_byte(out, '"');
}

static void offer_template(
    struct ways *ways, enum gl_postgrey_option option, const char *name, const char *letters)
{
	static const char text[] = "Greylisted, see http://postgrey.schweikert.ch/help/%r.html";
	struct gl_span value = ways->line.value[option];
	if (value.len == 0 && option != GL_POSTGREY_GREYLIST_TEXT)
		return;
	out_template(&ways->draft.value, value.len > 0 ? value : gl_span_of(text), letters);
	offer(ways, option, name);
}

enum { NUMBER_MOST = 100000000 };

/* Postgrey's number of an option; its default where it is absent or 0, as Postgrey has it. */
static bool number_of(
    struct ways *ways, enum gl_postgrey_option option, uint64_t otherwise, uint64_t *number)
{
	struct gl_span value = ways->line.value[option];
	*number = otherwise;
	if (!ways->line.given[option])
		return true;
	if (gl_span_number(value, NUMBER_MOST, number) != GL_OK) {
		comment(ways, option, "is no number");
		*number = otherwise;
		return false;
	}
	if (*number == 0)
		*number = otherwise;
	return true;
}

static void offer_time(
    struct ways *ways, enum gl_postgrey_option option, const char *name, uint64_t seconds)
{
	gl_conf_out_time(&ways->draft.value, seconds);
	offer(ways, option, name);
}

static void offer_timing(struct ways *ways)
{
	enum { DELAY = 300, DAYS = 35, WINDOW = 2, DAY = 86400 };
	uint64_t number;
	struct gl_span window = ways->line.value[GL_POSTGREY_RETRY_WINDOW];
	bool hours = window.len > 0 && gl_lower(window.at[window.len - 1]) == 'h';
	if (hours)
		ways->line.value[GL_POSTGREY_RETRY_WINDOW].len--;
	bool good = number_of(ways, GL_POSTGREY_RETRY_WINDOW, WINDOW, &number);
	ways->line.value[GL_POSTGREY_RETRY_WINDOW] = window;
	offer_time(ways, GL_POSTGREY_RETRY_WINDOW, "retry_window",
	    number * (hours && good ? GL_HOUR : DAY));
	number_of(ways, GL_POSTGREY_DELAY, DELAY, &number);
	offer_time(ways, GL_POSTGREY_DELAY, "delay", number);
	number_of(ways, GL_POSTGREY_MAX_AGE, DAYS, &number);
	offer_time(ways, GL_POSTGREY_MAX_AGE, "max_age", number * DAY);
}

static void offer_number(
    struct ways *ways, enum gl_postgrey_option option, const char *name, uint64_t number)
{
	gl_out_decimal(&ways->draft.value, (int64_t)number);
	offer(ways, option, name);
}

static void offer_clients(struct ways *ways)
{
	enum { IPV4CIDR = 24, IPV6CIDR = 64, THRESHOLD = 5 };
	bool hosts = ways->line.given[GL_POSTGREY_LOOKUP_BY_HOST];
	uint64_t number;
	number_of(ways, GL_POSTGREY_IPV4CIDR, IPV4CIDR, &number);
	offer_number(ways, GL_POSTGREY_IPV4CIDR, "ipv4_prefix", hosts ? 32 : number);
	number_of(ways, GL_POSTGREY_IPV6CIDR, IPV6CIDR, &number);
	offer_number(ways, GL_POSTGREY_IPV6CIDR, "ipv6_prefix", hosts ? 128 : number);
	struct gl_span threshold = ways->line.value[GL_POSTGREY_AUTO_WHITELIST];
	if (threshold.len > 0 && gl_span_number(threshold, NUMBER_MOST, &number) != GL_OK)
		comment(ways, GL_POSTGREY_AUTO_WHITELIST, "is no number");
	else
		offer_number(ways, GL_POSTGREY_AUTO_WHITELIST, "auto_whitelist",
		    threshold.len > 0 ? number : THRESHOLD);
}

/* What Postgrey cannot do otherwise. */
static void offer_word(struct ways *ways, const char *name, const char *word)
{
	gl_conf_out_quoted(&ways->draft.value, gl_span_of(word));
	offer(ways, GL_POSTGREY_OPTIONS, name);
}

static void offer_identity(struct ways *ways)
{
	fputs("# As with Postgrey. Without these two lines less mail is late: a retry counts "
	      "from\n# the whole pool of a sender, and a message waits once for all its "
	      "recipients.\n",
	    ways->draft.to);
	offer_word(ways, "identity", "network");
	offer_word(ways, "recipients", "each");
}

static void offer_flag(
    struct ways *ways, enum gl_postgrey_option option, const char *name, const char *value)
{
	if (!ways->line.given[option])
		return;
	gl_out_text(&ways->draft.value, value);
	offer(ways, option, name);
}

/* Debian's own places, where none was given; naming one takes both away. */
static void offer_list(struct ways *ways, enum gl_postgrey_option option, const char *name,
    const char *const otherwise[2])
{
	const struct gl_postgrey_list *list = option == GL_POSTGREY_WHITELIST_CLIENTS
						  ? &ways->line.clients
						  : &ways->line.recipients;
	size_t count = list->count > 0 ? list->count : 2;
	gl_out_byte(&ways->draft.value, '{');
	for (size_t i = 0; i < count; i++) {
		gl_out_text(&ways->draft.value, i > 0 ? ", " : "");
		gl_conf_out_quoted(
		    &ways->draft.value, list->count > 0 ? list->at[i] : gl_span_of(otherwise[i]));
	}
	gl_out_byte(&ways->draft.value, '}');
	offer(ways, option, name);
}

static void offer_lists(struct ways *ways)
{
	static const char *const clients[2] = { "/etc/postgrey/whitelist_clients",
		"/etc/postgrey/whitelist_clients.local" };
	static const char *const recipients[2] = { "/etc/postgrey/whitelist_recipients",
		"/etc/postgrey/whitelist_recipients.local" };
	fputs("# Postgrey's own lists are read as they are; greylist's are in /etc/greylist.\n",
	    ways->draft.to);
	offer_list(ways, GL_POSTGREY_WHITELIST_CLIENTS, "client_lists", clients);
	offer_list(ways, GL_POSTGREY_WHITELIST_RECIPIENTS, "recipient_lists", recipients);
	gl_out_text(&ways->draft.value, "{}");
	offer(ways, GL_POSTGREY_OPTIONS, "sender_lists");
}

/* What greylist.conf has no option for, and what there is instead. */
static void print_rest(struct ways *ways)
{
	static const char wiring[] = "Postfix starts greylist-policy itself; greylist-admin "
				     "setup-postfix wires it";
	static const char user[] = "the helper runs as user= in Postfix's master.cf";
	static const struct {
		enum gl_postgrey_option option;
		const char *words;
	} rest[] = {
		{ GL_POSTGREY_UNIX, wiring },
		{ GL_POSTGREY_INET, wiring },
		{ GL_POSTGREY_SOCKETMODE, wiring },
		{ GL_POSTGREY_LISTEN_QUEUE_SIZE, wiring },
		{ GL_POSTGREY_DAEMONIZE, wiring },
		{ GL_POSTGREY_PIDFILE, wiring },
		{ GL_POSTGREY_USER, user },
		{ GL_POSTGREY_GROUP, user },
		{ GL_POSTGREY_QUIET, "a mail is one line in the log, and the log is all there is; "
				     "log_target = \"none\" writes none" },
		{ GL_POSTGREY_VERBOSE, "greylist-admin explain says more than a log does" },
		{ GL_POSTGREY_NOACTION, "mode = \"dry-run\" greylists nobody" },
	};
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (ways->line.given[rest[i].option])
			comment(ways, rest[i].option, rest[i].words);
	for (size_t i = 0; i < ways->line.strange.count; i++) {
		fputs("# ", ways->draft.to);
		gl_print_printable(ways->draft.to, ways->line.strange.at[i]);
		fputs(": Postgrey has no such option\n", ways->draft.to);
	}
}

static void print_import(struct ways *ways)
{
	static const enum gl_postgrey_option terms[] = { GL_POSTGREY_DELAY, GL_POSTGREY_IPV4CIDR,
		GL_POSTGREY_IPV6CIDR };
	FILE *to = ways->draft.to;
	struct gl_span place = ways->line.value[GL_POSTGREY_DBDIR];
	fputs("# What Postgrey remembers is taken over by\n#\tgreylist-admin import-postgrey", to);
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		if (!ways->line.given[terms[i]])
			continue;
		fprintf(to, " --%s ", gl_postgrey_option_name(terms[i]));
		gl_print_printable(to, ways->line.value[terms[i]]);
	}
	fputc(' ', to);
	gl_print_printable(to, place.len > 0 ? place : gl_span_of("/var/lib/postgrey"));
	fputc('\n', to);
}

static void print_all(struct ways *ways)
{
	fputs("# greylist.conf as Postgrey was told to work, by greylist-admin "
	      "import-postgrey-options.\n",
	    ways->draft.to);
	offer_timing(ways);
	offer_clients(ways);
	offer_identity(ways);
	offer_text(ways, GL_POSTGREY_GREYLIST_ACTION, "action", "DEFER_IF_PERMIT");
	offer_template(ways, GL_POSTGREY_GREYLIST_TEXT, "text", "sr");
	offer_template(ways, GL_POSTGREY_X_GREYLIST_HEADER, "header", "tvhd");
	offer_text(ways, GL_POSTGREY_HOSTNAME, "hostname", NULL);
	offer_flag(ways, GL_POSTGREY_PRIVACY, "privacy", "true");
	offer_flag(ways, GL_POSTGREY_PRIVACY, "postgrey_hashes", "true");
	offer_flag(ways, GL_POSTGREY_EXIM, "requests_per_connection", "1");
	offer_lists(ways);
	fputs("# For tools that look for Postgrey's lines in the log.\n", ways->draft.to);
	gl_out_text(&ways->draft.value, "\"postgrey\"");
	offer(ways, GL_POSTGREY_OPTIONS, "log_ident");
	offer_text(ways, GL_POSTGREY_SYSLOG_FACILITY, "log_facility", NULL);
	print_rest(ways);
	print_import(ways);
}

static bool is_path(struct gl_span text)
{
	return text.len > 0 && text.at[0] != '-' && gl_span_find(text, '/') < text.len &&
	       gl_span_find(text, ' ') == text.len;
}

/* What stands behind NAME= in the last word that begins so; false: in none. */
static bool assigned(const struct gl_shell_words *words, const char *name, struct gl_span *value)
{
	struct gl_span wanted = gl_span_of(name);
	bool found = false;
	for (size_t i = 0; i < words->count; i++) {
		if (!gl_span_equal(gl_span_head(words->at[i], wanted.len), wanted))
			continue;
		*value = gl_span_skip(words->at[i], wanted.len);
		found = true;
	}
	return found;
}

/* A file such as /etc/default/postgrey, or a command line. `bytes` holds twice the text. */
static enum gl_status read_ways(struct ways *ways, struct gl_span text, bool is_file, char *bytes)
{
	struct gl_shell_words words;
	struct gl_span options;
	struct gl_span greylist_text = { NULL, 0 };
	enum gl_status status = gl_shell_words_cut(&words, text, bytes);
	if (status == GL_OK && is_file) {
		if (!assigned(&words, "POSTGREY_OPTS=", &options))
			return GL_NOT_FOUND;
		assigned(&words, "POSTGREY_TEXT=", &greylist_text);
		status = gl_shell_words_cut(&words, options, bytes + text.len);
	}
	if (status != GL_OK)
		return status;
	gl_postgrey_line_read(&ways->line, &words);
	if (greylist_text.len > 0) {
		ways->line.given[GL_POSTGREY_GREYLIST_TEXT] = true;
		ways->line.value[GL_POSTGREY_GREYLIST_TEXT] = greylist_text;
	}
	return GL_OK;
}

static enum gl_exit say_unreadable(
    const struct gl_admin *admin, const char *operand, enum gl_status status)
{
	if (status == GL_NOT_FOUND)
		gl_admin_say(admin, "%s: there is no POSTGREY_OPTS in it", operand);
	else if (status == GL_MALFORMED)
		gl_admin_say(admin, "%s: a quote is not closed", operand);
	else
		gl_admin_say(
		    admin, "%s: there are more than %d words", operand, GL_SHELL_WORDS_MAX);
	return GL_EXIT_INPUT;
}

static enum gl_exit translate(
    struct gl_admin *admin, const char *operand, struct gl_span text, bool is_file)
{
	enum gl_exit code = GL_EXIT_IO;
	struct ways *ways = calloc(1, sizeof *ways);
	char *bytes = malloc(2 * text.len + 1);
	if (ways == NULL || bytes == NULL)
		goto out;
	enum gl_status status = read_ways(ways, text, is_file, bytes);
	if (status != GL_OK) {
		code = say_unreadable(admin, operand, status);
		goto out;
	}
	gl_conf_draft_init(&ways->draft, admin->out);
	print_all(ways);
	code = GL_EXIT_OK;
out:
	free(bytes);
	free(ways);
	return code;
}

static enum gl_exit import_options(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	struct gl_complaint why = { "" };
	struct gl_span text = gl_span_of(operands[0]);
	if (!is_path(text))
		return translate(admin, "the command line", text, false);
	char *bytes = NULL;
	size_t len = 0;
	enum gl_status status = gl_textfile_read(&bytes, &len, operands[0], &why);
	if (status != GL_OK) {
		gl_admin_say(admin, "%s", why.text);
		return status == GL_NOT_FOUND ? GL_EXIT_INPUT : gl_exit_of(status);
	}
	enum gl_exit code = translate(admin, operands[0], (struct gl_span){ bytes, len }, true);
	free(bytes);
	return code;
}

const struct gl_command gl_command_import_postgrey_options = {
	.name = "import-postgrey-options",
	.arguments = "'COMMAND LINE' | FILE",
	.summary = "print the greylist.conf that does what Postgrey was told to do",
	.need = GL_NEED_NOTHING,
	.least = 1,
	.most = 1,
	.run = import_options,
};
