#include "option.h"

#include <string.h>

enum option_id {
	OPTION_JSON,
	OPTION_DRY_RUN,
	OPTION_CLIENT,
	OPTION_SENDER,
	OPTION_RECIPIENT,
	OPTION_MODE,
	OPTION_UNDO,
	OPTION_POSTFIX_CONFIG,
	OPTION_USER,
	OPTION_DATABASE,
	OPTION_DELAY,
	OPTION_IPV4CIDR,
	OPTION_IPV6CIDR,
	OPTION_HELP,
	OPTIONS
};

static const struct option {
	const char *name;
	const char *value; /* NULL: it takes none */
	unsigned takes;    /* who has it, of enum gl_takes; 0: everybody */
	const char *summary;
} options[OPTIONS] = {
	[OPTION_JSON] = { "--json", NULL, GL_TAKES_JSON, "print JSON, one object a line" },
	[OPTION_DRY_RUN] = { "--dry-run", NULL, GL_TAKES_DRY_RUN,
	    "say what would be done and change nothing" },
	[OPTION_CLIENT] = { "--client", "CLIENT", GL_TAKES_FILTER,
	    "everything of this address or network" },
	[OPTION_SENDER] = { "--sender", "SENDER", GL_TAKES_FILTER,
	    "everything from this address or domain" },
	[OPTION_RECIPIENT] = { "--recipient", "RECIPIENT", GL_TAKES_FILTER,
	    "everything to this address or domain" },
	[OPTION_MODE] = { "--mode", "MODE", GL_TAKES_SETUP,
	    "set `mode` in greylist.conf, such as dry-run" },
	[OPTION_UNDO] = { "--undo", NULL, GL_TAKES_SETUP, "take out what setup-postfix put in" },
	[OPTION_POSTFIX_CONFIG] = { "--postfix-config", "DIR", GL_TAKES_SETUP | GL_TAKES_POSTFIX,
	    "the directory of Postfix's main.cf" },
	[OPTION_USER] = { "--user", "USER", GL_TAKES_SETUP, "whom the helper runs as" },
	[OPTION_DATABASE] = { "--database", "DIR", GL_TAKES_DATABASE,
	    "use the table in this directory" },
	[OPTION_DELAY] = { "--delay", "TIME", GL_TAKES_POSTGREY, "Postgrey's --delay, if not 300" },
	[OPTION_IPV4CIDR] = { "--ipv4cidr", "LENGTH", GL_TAKES_POSTGREY,
	    "Postgrey's --ipv4cidr, if not 24" },
	[OPTION_IPV6CIDR] = { "--ipv6cidr", "LENGTH", GL_TAKES_POSTGREY,
	    "Postgrey's --ipv6cidr, if not 64" },
	[OPTION_HELP] = { "--help", NULL, 0, "print this help" },
};

static bool takes(const struct gl_command *command, const struct option *option)
{
	return option->takes == 0 || (command->takes & option->takes) != 0;
}

/* The option that `text` begins with, up to its end or its '='; OPTIONS: none of this command's. */
static enum option_id find(const struct gl_command *command, const char *text)
{
	size_t len = strcspn(text, "=");
	enum option_id id = OPTION_JSON;
	if (len == 2 && strncmp(text, "-h", len) == 0)
		return OPTION_HELP;
	for (; id < OPTIONS; id++) {
		const struct option *option = &options[id];
		if (strlen(option->name) == len && strncmp(option->name, text, len) == 0 &&
		    takes(command, option))
			break;
	}
	return id;
}

static bool set_filter(struct gl_admin *admin, const char *value, char kind)
{
	if (admin->only != NULL) {
		gl_admin_say(admin, "only one of --client, --sender and --recipient at a time");
		return false;
	}
	admin->only = value;
	admin->only_kind = kind;
	return true;
}

static bool set(struct gl_admin *admin, enum option_id id, const char *value)
{
	switch (id) {
	case OPTION_JSON:
		admin->json = true;
		return true;
	case OPTION_DRY_RUN:
		admin->dry_run = true;
		return true;
	case OPTION_CLIENT:
		return set_filter(admin, value, 'c');
	case OPTION_SENDER:
		return set_filter(admin, value, 's');
	case OPTION_RECIPIENT:
		return set_filter(admin, value, 'r');
	case OPTION_MODE:
		admin->mode = value;
		return true;
	case OPTION_UNDO:
		admin->undo = true;
		return true;
	case OPTION_POSTFIX_CONFIG:
		admin->postfix_config = value;
		return true;
	case OPTION_USER:
		admin->service_user = value;
		return true;
	case OPTION_DATABASE:
		admin->database = value;
		return true;
	case OPTION_DELAY:
		admin->delay = value;
		return true;
	case OPTION_IPV4CIDR:
		admin->ipv4cidr = value;
		return true;
	case OPTION_IPV6CIDR:
		admin->ipv6cidr = value;
		return true;
	case OPTION_HELP:
	case OPTIONS:
		break;
	}
	return false;
}

/* One option at argv[*at]; *at is moved on where its value is the next word. */
static enum gl_parsed take_one(
    struct gl_admin *admin, const struct gl_command *command, char **argv, int *at)
{
	const char *word = argv[*at];
	const char *value = strchr(word, '=');
	enum option_id id = find(command, word);
	if (id == OPTIONS) {
		gl_admin_say(admin, "%s has no option %s", command->name, word);
		return GL_PARSED_WRONG;
	}
	if (id == OPTION_HELP)
		return GL_PARSED_HELP;
	if (options[id].value == NULL && value != NULL) {
		gl_admin_say(admin, "%s takes no value", options[id].name);
		return GL_PARSED_WRONG;
	}
	if (value != NULL)
		value++;
	else if (options[id].value != NULL)
		value = argv[++*at];
	if (options[id].value != NULL && value == NULL) {
		gl_admin_say(admin, "%s needs a value: %s", options[id].name, options[id].value);
		return GL_PARSED_WRONG;
	}
	return set(admin, id, value) ? GL_PARSED_RUN : GL_PARSED_WRONG;
}

enum gl_parsed gl_options_take(
    struct gl_admin *admin, const struct gl_command *command, char **argv, int *count)
{
	bool ended = false;
	*count = 0;
	for (int at = 1; argv[at] != NULL; at++) {
		if (!ended && strcmp(argv[at], "--") == 0) {
			ended = true;
			continue;
		}
		if (ended || argv[at][0] != '-' || argv[at][1] == 0) {
			argv[(*count)++] = argv[at];
			continue;
		}
		enum gl_parsed parsed = take_one(admin, command, argv, &at);
		if (parsed != GL_PARSED_RUN)
			return parsed;
	}
	argv[*count] = NULL;
	return GL_PARSED_RUN;
}

void gl_command_usage(FILE *to, const struct gl_command *command)
{
	fprintf(to, "usage: greylist-admin [-c FILE] %s", command->name);
	for (enum option_id id = OPTION_JSON; id < OPTIONS; id++) {
		const struct option *option = &options[id];
		if (option->takes == 0 || option->takes == GL_TAKES_FILTER ||
		    !takes(command, option))
			continue;
		fprintf(to, " [%s%s%s]", option->name, option->value != NULL ? " " : "",
		    option->value != NULL ? option->value : "");
	}
	fprintf(to, "%s%s\n", command->arguments[0] != 0 ? " " : "", command->arguments);
}

void gl_command_help(FILE *to, const struct gl_command *command)
{
	gl_command_usage(to, command);
	fprintf(to, "\n%s\n\n", command->summary);
	for (enum option_id id = OPTION_JSON; id < OPTIONS; id++) {
		const struct option *option = &options[id];
		if (!takes(command, option))
			continue;
		int used = fprintf(
		    to, "  %s %s", option->name, option->value != NULL ? option->value : "");
		fprintf(to, "%*s%s\n", used < 27 ? 27 - used : 1, "", option->summary);
	}
}
