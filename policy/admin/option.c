#include "option.h"

#include <stddef.h>
#include <string.h>

#define FLAG(field)          NULL, offsetof(struct gl_admin, field), NULL
#define VALUE(field)         offsetof(struct gl_admin, field), NULL
#define CHOICE(field, words) offsetof(struct gl_admin, field), words

static const struct option {
	const char *name;
	const char *value; /* NULL: it takes none, and its field is a bool */
	size_t field;      /* of struct gl_admin */
	const char *words; /* the values that there are; NULL: any */
	unsigned takes;    /* who has it, of enum gl_takes */
	const char *summary;
} options[] = {
	{ "--json", FLAG(json), GL_TAKES_JSON, "print JSON, one object a line" },
	{ "--prometheus", FLAG(prometheus), GL_TAKES_FIGURES,
	    "print metrics for node_exporter's textfile collector" },
	{ "--watch", FLAG(watch), GL_TAKES_FIGURES, "show it anew every two seconds" },
	{ "--days", "DAYS", VALUE(days), GL_TAKES_FIGURES, "so many days, 7 if not given" },
	{ "--dry-run", FLAG(dry_run), GL_TAKES_DRY_RUN,
	    "say what would be done and change nothing" },
	{ "--client", "CLIENT", VALUE(client), GL_TAKES_WHO,
	    "of this network, or of the one that this address is in" },
	{ "--sender", "SENDER", VALUE(sender), GL_TAKES_WHO, "from this address or domain" },
	{ "--recipient", "RECIPIENT", VALUE(recipient), GL_TAKES_WHO, "to this address or domain" },
	{ "--state", "STATE", CHOICE(state, "waiting passed expired"), GL_TAKES_FILTER,
	    "waiting, passed or expired" },
	{ "--since", "TIME", VALUE(since), GL_TAKES_FILTER | GL_TAKES_SINCE,
	    "last seen then or later: 2h (ago), 2026-01-31" },
	{ "--before", "TIME", VALUE(before), GL_TAKES_FILTER, "last seen before then" },
	{ "--never-retried", FLAG(never_retried), GL_TAKES_FILTER,
	    "one recorded attempt, and no pass" },
	{ "--sort", "FIELD",
	    CHOICE(sort, "client sender recipient state first_seen last_seen passed_at "
			 "retry_at attempts passes"),
	    GL_TAKES_ORDER, "by first_seen, last_seen, retry_at, attempts, count ..." },
	{ "--reverse", FLAG(reverse), GL_TAKES_ORDER, "the largest first, not the smallest" },
	{ "--limit", "COUNT", VALUE(limit), GL_TAKES_ORDER, "no more entries than that" },
	{ "--for", "TIME", VALUE(lasting), GL_TAKES_FOR, "how long, such as 10m or 1h" },
	{ "--reason", "TEXT", VALUE(reason), GL_TAKES_PASS, "why, for whoever reads it later" },
	{ "--remove", FLAG(remove), GL_TAKES_PASS, "take it back" },
	{ "--merge", FLAG(merge), GL_TAKES_MERGE, "join with what the table has already" },
	{ "--deep", FLAG(deep), GL_TAKES_DEEP, "read every page and record of the table too" },
	{ "--mode", "MODE", CHOICE(mode, "learn dry-run on"), GL_TAKES_SETUP,
	    "set `mode` in greylist.conf, such as dry-run" },
	{ "--undo", FLAG(undo), GL_TAKES_SETUP, "take out what setup-postfix put in" },
	{ "--postfix-config", "DIR", VALUE(postfix_config), GL_TAKES_POSTFIX,
	    "the directory of Postfix's main.cf" },
	{ "--user", "USER", VALUE(service_user), GL_TAKES_SETUP, "whom the helper runs as" },
	{ "--database", "DIR", VALUE(database), GL_TAKES_DATABASE,
	    "use the table in this directory" },
	{ "--delay", "TIME", VALUE(delay), GL_TAKES_POSTGREY, "Postgrey's --delay, if not 300" },
	{ "--ipv4cidr", "LENGTH", VALUE(ipv4cidr), GL_TAKES_POSTGREY,
	    "Postgrey's --ipv4cidr, if not 24" },
	{ "--ipv6cidr", "LENGTH", VALUE(ipv6cidr), GL_TAKES_POSTGREY,
	    "Postgrey's --ipv6cidr, if not 64" },
};

enum { OPTIONS = sizeof options / sizeof *options };

static bool takes(const struct gl_command *command, const struct option *option)
{
	return (command->takes & option->takes) != 0;
}

/* The command's option that `text` is, up to its end or its '='; NULL: none of this command's. */
static const struct option *find(const struct gl_command *command, const char *text)
{
	size_t len = strcspn(text, "=");
	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, text, len) == 0 &&
		    takes(command, &options[i]))
			return &options[i];
	return NULL;
}

static void set(struct gl_admin *admin, const struct option *option, const char *value)
{
	char *field = (char *)admin + option->field;
	if (option->value == NULL)
		*(bool *)field = true;
	else
		memcpy(field, &value, sizeof value);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* One option at argv[*at]; *at is moved on where its value is the next word. */
static enum gl_parsed take_one(
    struct gl_admin *admin, const struct gl_command *command, char **argv, int *at)
{
	const char *word = argv[*at];
	const char *value = strchr(word, '=');
	const struct option *option = find(command, word);
	if (is_help(word))
		return GL_PARSED_HELP;
	if (option == NULL) {
		gl_admin_say(admin, "%s has no option %s", command->name, word);
		return GL_PARSED_WRONG;
	}
	if (option->value == NULL && value != NULL) {
		gl_admin_say(admin, "%s takes no value", option->name);
		return GL_PARSED_WRONG;
	}
	if (value != NULL)
		value++;
	else if (option->value != NULL)
		value = argv[++*at];
	if (option->value != NULL && value == NULL) {
		gl_admin_say(admin, "%s needs a value: %s", option->name, option->value);
		return GL_PARSED_WRONG;
	}
	set(admin, option, value);
	return GL_PARSED_RUN;
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

/* Those that say who is meant may stand in the command's arguments. */
static bool is_in_usage(const struct gl_command *command, const struct option *option)
{
	return takes(command, option) && strstr(command->arguments, option->name) == NULL;
}

void gl_command_usage(FILE *to, const struct gl_command *command)
{
	enum { SPELT_OUT = 6 };
	size_t count = 0;
	for (size_t i = 0; i < OPTIONS; i++)
		count += is_in_usage(command, &options[i]);
	fprintf(to, "usage: greylist-admin [-c FILE] %s", command->name);
	if (count > SPELT_OUT)
		fputs(" [OPTION ...]", to);
	for (size_t i = 0; count <= SPELT_OUT && i < OPTIONS; i++) {
		const struct option *option = &options[i];
		if (is_in_usage(command, option))
			fprintf(to, " [%s%s%s]", option->name, option->value != NULL ? " " : "",
			    option->value != NULL ? option->value : "");
	}
	fprintf(to, "%s%s\n", command->arguments[0] != 0 ? " " : "", command->arguments);
}

static void print_help(FILE *to, const char *name, const char *value, const char *summary)
{
	enum { COLUMN = 27 };
	int used = fprintf(to, "  %s %s", name, value != NULL ? value : "");
	fprintf(to, "%*s%s\n", used < COLUMN ? COLUMN - used : 1, "", summary);
}

void gl_command_help(FILE *to, const struct gl_command *command)
{
	gl_command_usage(to, command);
	fprintf(to, "\n%s\n\n", command->summary);
	for (size_t i = 0; i < OPTIONS; i++)
		if (takes(command, &options[i]))
			print_help(to, options[i].name, options[i].value, options[i].summary);
	print_help(to, "--help", NULL, "print this help");
}

bool gl_command_option(const struct gl_command *command, size_t n, struct gl_option_text *text)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (!takes(command, &options[i]) || n-- > 0)
			continue;
		*text = (struct gl_option_text){ options[i].name, options[i].value,
			options[i].words, options[i].summary };
		return true;
	}
	return false;
}
