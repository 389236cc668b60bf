#include "config_room.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct gl_config, field)

const struct gl_option gl_options[] = {
	{ "database", gl_value_directory, AT(database), "/var/lib/greylist", NULL, NULL,
	    "an absolute path of at most 255 bytes", GL_FORM_QUOTED,
	    "The directory of the table, owned by the user that the helper runs as." },
	{ "delay", gl_value_time, AT(timing.delay), "3m", "1s", "7d", NULL, GL_FORM_QUOTED,
	    "How long a stranger waits before a retry passes; shorter than retry_window." },
	{ "retry_window", gl_value_time, AT(timing.retry_window), "2d", "2s", "60d", NULL,
	    GL_FORM_QUOTED,
	    "How long after the first attempt a retry still counts; a later one is a stranger." },
	{ "max_age", gl_value_time, AT(timing.max_age), "35d", "1h", "3650d", NULL, GL_FORM_QUOTED,
	    "How long somebody who passed is remembered without being seen again." },
	{ "ipv4_prefix", gl_value_byte, AT(ipv4_prefix), "24", "8", "32", NULL, GL_FORM_BARE,
	    "IPv4 clients that share this many leading bits are one client." },
	{ "ipv6_prefix", gl_value_byte, AT(ipv6_prefix), "64", "16", "128", NULL, GL_FORM_BARE,
	    "The same for IPv6." },
	{ "identity", gl_value_choice, AT(identity), "network+name", NULL, NULL,
	    "network or network+name", GL_FORM_QUOTED,
	    "network+name: a retry also counts from another network, of a server whose verified "
	    "name is in the same domain." },
	{ "recipients", gl_value_choice, AT(recipients), "message", NULL, NULL, "each or message",
	    GL_FORM_QUOTED,
	    "message: once a recipient's wait is over, the later ones of the same message pass "
	    "too." },
	{ "null_sender", gl_value_choice, AT(null_sender), "rcpt", NULL, NULL, "rcpt or data",
	    GL_FORM_QUOTED,
	    "data: mail without a sender waits at DATA, so that call-outs pass; needs a line in "
	    "main.cf." },
	{ "client_certificates", gl_value_choice, AT(client_certificates), "pass", NULL, NULL,
	    "pass or ignore", GL_FORM_QUOTED,
	    "pass: a client whose certificate Postfix trusts never waits." },
	{ "suspects_only", gl_value_switch, AT(suspects_only), "false", NULL, NULL, "true or false",
	    GL_FORM_BARE,
	    "true: only clients wait that look wrong by their name, their HELO or a policy "
	    "context." },
	{ "remember_recipients", gl_value_switch, AT(remember_recipients), "false", NULL, NULL,
	    "true or false", GL_FORM_BARE,
	    "true: whom your users write to may answer without a wait; needs a line in "
	    "master.cf." },
	{ "auto_whitelist", gl_value_number, AT(auto_whitelist), "2", "0", "1000", NULL,
	    GL_FORM_BARE,
	    "After this many successes, an hour apart, a client's address waits no more; 0: "
	    "never." },
	{ "auto_whitelist_per", gl_value_choice, AT(auto_whitelist_per), "address", NULL, NULL,
	    "address or network", GL_FORM_QUOTED,
	    "Whether an address earns that for itself or for its whole network." },
	{ "never_auto_whitelist", gl_value_never, AT(never_auto_whitelist), "", NULL, NULL,
	    "at most 256 addresses, networks or host names", GL_FORM_LIST,
	    "Clients that are never counted for that, and wait with each new sender." },
	{ "mode", gl_value_choice, AT(mode), "on", NULL, NULL, "off, learn, dry-run or on",
	    GL_FORM_QUOTED,
	    "learn: all pass and are known from then on; dry-run: all pass, and the log says who "
	    "would wait; off: all pass." },
	{ "on_error", gl_value_choice, AT(on_error), "pass", NULL, NULL, "pass or defer",
	    GL_FORM_QUOTED, "What a client gets while the table cannot be used." },
	{ "request_timeout", gl_value_time, AT(request_timeout), "5s", "1s", "60s", NULL,
	    GL_FORM_QUOTED, "What one request may take, waiting for other writers included." },
	{ "idle_timeout", gl_value_time, AT(idle_timeout), "20m", "1m", "1d", NULL, GL_FORM_QUOTED,
	    "How long a helper waits for a request; above Postfix's 1000 s, so that Postfix hangs "
	    "up." },
	{ "requests_per_connection", gl_value_number, AT(requests_per_connection), "0", "0",
	    "1000000", NULL, GL_FORM_BARE,
	    "Close after this many answers, for servers that expect it; 0: serve until hang-up." },
	{ "sync", gl_value_choice, AT(sync), "full", NULL, NULL, "full, meta or none",
	    GL_FORM_QUOTED,
	    "full: on disk before the answer; meta: may forget the last one; none: tmpfs only." },
	{ "map_limit", gl_value_size, AT(map_limit), "2G", "16M", "1T", NULL, GL_FORM_QUOTED,
	    "How large the table may grow; address space that is reserved, not memory or disk." },
	{ "max_entries", gl_value_number, AT(max_entries), "1000000", "0", "1000000000", NULL,
	    GL_FORM_BARE,
	    "How many triplets there may be: beyond it those that are worth least go; 0: as many "
	    "as fit." },
	{ "max_pending_per_client", gl_value_number, AT(max_pending_per_client), "1000", "0",
	    "1000000000", NULL, GL_FORM_BARE,
	    "How many of them may wait of one client's network, or of one domain's servers; 0: "
	    "any." },
	{ "privacy", gl_value_switch, AT(privacy), "false", NULL, NULL, "true or false",
	    GL_FORM_BARE, "true: no sender or recipient is stored, only a keyed digest of both." },
	{ "postgrey_hashes", gl_value_switch, AT(postgrey_hashes), "false", NULL, NULL,
	    "true or false", GL_FORM_BARE,
	    "true, for one max_age behind an import from postgrey --privacy: look for its "
	    "hashes." },
	{ "sandbox", gl_value_switch, AT(sandbox), "true", NULL, NULL, "true or false",
	    GL_FORM_BARE,
	    "true: a helper gives up all that it does not need before it reads a request." },
	{ "recipient_delimiter", gl_value_delimiter, AT(recipient_delimiter), "+", NULL, NULL,
	    "one punctuation character other than @, or empty", GL_FORM_QUOTED,
	    "What parts user from extension in user+extension@example.com; as Postfix has it." },
	{ "hostname", gl_value_hostname, AT(hostname), "", NULL, NULL, "a host name, or empty",
	    GL_FORM_QUOTED, "The name that %h in the header becomes; empty: the machine's own." },
	{ "action", gl_value_action, AT(action), "DEFER_IF_PERMIT", NULL, NULL,
	    "DEFER_IF_PERMIT, DEFER, 450 or 451", GL_FORM_QUOTED,
	    "How Postfix is told to turn a stranger away; only these four ask for a retry." },
	{ "text", gl_value_text, AT(text), "Greylisted, please retry in %s seconds", NULL, NULL,
	    "1 to 200 bytes of printable ASCII with no more than %s, %r and %%", GL_FORM_QUOTED,
	    "What the stranger's server is told: %s seconds left, %r the recipient's domain." },
	{ "header", gl_value_header, AT(header),
	    "X-Greylist: delayed %t seconds by greylist-%v at %h; %d", NULL, NULL,
	    "\"Name: value\" of at most 400 bytes with no more than %t, %v, %h, %d and %%, or "
	    "empty",
	    GL_FORM_QUOTED,
	    "Put on top of mail that waited: %t seconds, %v version, %h hostname, %d date." },
	{ "client_lists", gl_value_file, AT(client_lists),
	    "/etc/greylist/clients /etc/greylist/clients.local", NULL, NULL,
	    "at most 32 absolute paths of up to 255 bytes", GL_FORM_LIST,
	    "Files of clients that never wait." },
	{ "recipient_lists", gl_value_file, AT(recipient_lists),
	    "/etc/greylist/recipients /etc/greylist/recipients.local", NULL, NULL,
	    "at most 32 absolute paths of up to 255 bytes", GL_FORM_LIST,
	    "Files of recipients whose mail never waits." },
	{ "sender_lists", gl_value_file, AT(sender_lists),
	    "/etc/greylist/senders /etc/greylist/senders.local", NULL, NULL,
	    "at most 32 absolute paths of up to 255 bytes", GL_FORM_LIST,
	    "Files of senders whose mail never waits; senders are easily forged." },
	{ "suffix_lists", gl_value_file, AT(suffix_lists),
	    "/usr/share/publicsuffix/public_suffix_list.dat /etc/greylist/suffixes "
	    "/etc/greylist/suffixes.local",
	    NULL, NULL, "at most 32 absolute paths of up to 255 bytes", GL_FORM_LIST,
	    "Files of public suffixes, which tell whose a client's name is; one of them is "
	    "enough." },
	{ "relays", gl_value_relay, AT(relays), "", NULL, NULL,
	    "at most 256 addresses, networks or host names", GL_FORM_LIST,
	    "Your own backup MX and forwarders: pass, and are never remembered or counted." },
	{ "log_ident", gl_value_ident, AT(log_ident), "greylist-policy", NULL, NULL,
	    "1 to 48 letters, digits, dots, dashes, slashes or underscores", GL_FORM_QUOTED,
	    "The program's name in the log; \"postgrey\" for tools that look for Postgrey's "
	    "lines." },
	{ "log_facility", gl_value_facility, AT(log_facility), "mail", NULL, NULL,
	    "a facility of syslog(3) such as mail, daemon or local0", GL_FORM_QUOTED,
	    "The syslog facility." },
	{ "log_target", gl_value_target, AT(log_target), "syslog", NULL, NULL,
	    "syslog, none or an absolute path of at most 255 bytes", GL_FORM_QUOTED,
	    "syslog, none, or a file that is opened for each line, so rotating it needs no "
	    "signal." },
	{ .name = NULL },
};

_Static_assert(sizeof gl_options / sizeof *gl_options <= GL_OPTIONS_MAX, "room for every option");

size_t gl_option_find(const struct gl_option *options, struct gl_span name)
{
	for (size_t i = 0; options[i].name != NULL; i++)
		if (gl_span_equal(gl_span_of(options[i].name), name))
			return i;
	return GL_OPTIONS_MAX;
}

const char *gl_config_option(size_t n)
{
	return n < sizeof gl_options / sizeof *gl_options ? gl_options[n].name : NULL;
}

/* A list's default holds its entries parted by blanks, each at most a path. */
static enum gl_status set_default_list(struct gl_strings *strings, const struct gl_option *option)
{
	const char *because = NULL;
	enum gl_status status = GL_OK;
	struct gl_span rest = gl_span_of(option->standard);

	gl_strings_clear(strings);
	while (status == GL_OK && rest.len > 0) {
		char entry[GL_CONFIG_PATH_MAX + 1];
		struct gl_out out = gl_out_into(entry, sizeof entry);
		size_t len = gl_span_find(rest, ' ');

		gl_out_span(&out, gl_span_head(rest, len));
		status = option->set(strings, option, gl_out_string(&out), &because);
		rest = gl_span_skip(rest, len + 1);
	}
	return status;
}

enum gl_status gl_option_reset(struct gl_config *config, size_t n)
{
	const struct gl_option *option = &gl_options[n];
	const char *because = NULL;
	void *field = (char *)config + option->at;

	if (option->form == GL_FORM_LIST)
		return set_default_list(field, option);
	return option->set(field, option, option->standard, &because);
}

enum gl_status gl_config_defaults(struct gl_config *config)
{
	enum gl_status status = GL_OK;

	*config = (struct gl_config){ .database = NULL };
	for (size_t i = 0; status == GL_OK && gl_options[i].name != NULL; i++)
		status = gl_option_reset(config, i);
	return status;
}

void gl_config_clear(struct gl_config *config)
{
	free(config->database);
	free(config->hostname);
	free(config->action);
	free(config->text);
	free(config->header);
	gl_strings_clear(&config->client_lists);
	gl_strings_clear(&config->recipient_lists);
	gl_strings_clear(&config->sender_lists);
	gl_strings_clear(&config->suffix_lists);
	gl_strings_clear(&config->relays);
	gl_strings_clear(&config->never_auto_whitelist);
	free(config->log_ident);
	free(config->log_facility);
	free(config->log_target);
	gl_sections_clear(config);
	*config = (struct gl_config){ .database = NULL };
}

static void print_list(FILE *to, const char *entries)
{
	const char *between = "";

	fputc('{', to);
	for (const char *at = entries; *at != '\0';) {
		int len = (int)strcspn(at, " ");

		fprintf(to, "%s\"%.*s\"", between, len, at);
		between = ", ";
		at += len + (at[len] == ' ');
	}
	fputs("}\n", to);
}

static void print_option(FILE *to, const struct gl_option *option)
{
	if (option->least != NULL)
		fprintf(to, "\n# %s\n# From %s to %s.\n", option->sentence, option->least,
		    option->most);
	else
		fprintf(to, "\n# %s\n# %s must be %s.\n", option->sentence,
		    option->form == GL_FORM_LIST ? "They" : "It", option->must);

	fprintf(to, "%s = ", option->name);
	if (option->form == GL_FORM_LIST)
		print_list(to, option->standard);
	else
		fprintf(to, option->form == GL_FORM_BARE ? "%s\n" : "\"%s\"\n", option->standard);
}

void gl_config_print_defaults(FILE *to)
{
	fputs("# greylist.conf: how greylist-policy and greylist-admin behave. See "
	      "greylist.conf(5).\n"
	      "#\n"
	      "# Each option stands here with its built-in default, so an empty file means the "
	      "same.\n"
	      "# An edited file counts at the next request; greylist-admin check finds its "
	      "mistakes.\n"
	      "# Times take s, m, h, d or w, and a bare number means seconds; sizes take K, M, G "
	      "or T.\n",
	    to);
	for (size_t i = 0; gl_options[i].name != NULL; i++)
		print_option(to, &gl_options[i]);
	fputs("\n"
	      "# Sections say what is otherwise for some recipients, senders or policy contexts.\n"
	      "#\n"
	      "# A domain that wants no greylisting, and one whose owner decides:\n"
	      "#\n"
	      "#recipient \"example.org\" {\n"
	      "#\tmode = \"off\"\n"
	      "#}\n"
	      "#recipient \"example.net\" {\n"
	      "#\tdelay = \"1m\"\n"
	      "#\ttext = \"Bitte in %s Sekunden noch einmal versuchen\"\n"
	      "#\tdelegate = \"/home/example.net/greylist.conf\"\n"
	      "#}\n"
	      "#\n"
	      "# With mode = \"off\" above, only for those who asked for it:\n"
	      "#\n"
	      "#recipient \"user@example.com\" {\n"
	      "#\tmode = \"on\"\n"
	      "#}\n",
	    to);
}
