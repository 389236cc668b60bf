/*
 * completion - what the command table says, in the words of a shell.
 *
 *     greylist_completion bash|zsh|fish
 *
 * prints the part of conf/completion/SHELL that completion.sh looks after.
 */
#include "option.h"

#include <stdlib.h>
#include <string.h>

/* What can be completed of an operand or a value, by the noun that the usage line has for it. */
enum kind { KIND_OTHER, KIND_DIRECTORY, KIND_FILE, KIND_USER, KINDS };

struct shell {
	const char *name;
	void (*begin)(void);
	void (*command)(const struct gl_command *command);
	void (*end)(void);
};

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		bool begins = at == text || strchr(" |[", at[-1]) != NULL;
		if (begins && (at[len] == '\0' || strchr(" |].", at[len]) != NULL))
			return true;
	}
	return false;
}

/* "DIR | FILE" are files: directories are completed on the way to them. */
static enum kind kind_of(const char *nouns)
{
	if (has_word(nouns, "FILE"))
		return KIND_FILE;
	if (has_word(nouns, "DIR"))
		return KIND_DIRECTORY;
	return has_word(nouns, "USER") ? KIND_USER : KIND_OTHER;
}

/* Prints what stands between single quotes; each of `special` gets a backslash. */
static void quoted(const char *text, const char *special, const char *apostrophe)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs(apostrophe, stdout);
		else
			printf("%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
	}
}

static void bash_begin(void)
{
	fputs("_greylist_admin_table() { # COMMAND\n\tcase $1 in\n\t'') commands='", stdout);
	for (size_t i = 0; gl_commands[i] != NULL; i++)
		printf("%s%s", i > 0 ? " " : "", gl_commands[i]->name);
	fputs("' ;;\n", stdout);
}

/* "--json --state=waiting|passed|expired --database=DIR " */
static void bash_option(const struct gl_option_text *option)
{
	printf("%s%s", option->name, option->value != NULL ? "=" : "");
	for (const char *at = option->words; at != NULL && *at != '\0'; at++)
		putchar(*at == ' ' ? '|' : *at);
	printf("%s ", option->value != NULL && option->words == NULL ? option->value : "");
}

static void bash_command(const struct gl_command *command)
{
	static const char *const noun[KINDS] = { "", "DIR", "FILE", "USER" };
	struct gl_option_text option;
	printf("\t%s)\n\t\toptions='", command->name);
	for (size_t n = 0; gl_command_option(command, n, &option); n++)
		bash_option(&option);
	fputs("--help'\n", stdout);
	if (command->most > 0)
		printf("\t\toperands='%s' most=%d\n", noun[kind_of(command->arguments)],
		    command->most);
	fputs("\t\t;;\n", stdout);
}

static void shell_end(void)
{
	fputs("\tesac\n}\n", stdout);
}

/* For a description; in a message a backslash in front of anything but a colon would show. */
static void zsh_text(const char *text)
{
	quoted(text, ":\\[]", "'\\''");
}

static void zsh_begin(void)
{
	fputs("_greylist-admin-table() { # COMMAND\n\tcase $1 in\n\t('') commands=(\n", stdout);
	for (size_t i = 0; gl_commands[i] != NULL; i++) {
		printf("\t\t'%s:", gl_commands[i]->name);
		zsh_text(gl_commands[i]->summary);
		fputs("'\n", stdout);
	}
	fputs("\t\t) ;;\n", stdout);
}

/* ":STATE:(waiting passed expired)" */
static void zsh_value(const char *nouns, const char *words)
{
	static const char *const action[KINDS] = { " ", "_files -/", "_files", "_users" };
	putchar(':');
	quoted(nouns, ":", "'\\''");
	if (words != NULL)
		printf(":(%s)", words);
	else
		printf(":%s", action[kind_of(nouns)]);
}

static void zsh_command(const struct gl_command *command)
{
	struct gl_option_text option;
	printf("\t(%s) arguments=(\n", command->name);
	for (size_t n = 0; gl_command_option(command, n, &option); n++) {
		printf("\t\t'%s%s[", option.name, option.value != NULL ? "=" : "");
		zsh_text(option.summary);
		putchar(']');
		if (option.value != NULL)
			zsh_value(option.value, option.words);
		fputs("'\n", stdout);
	}
	if (command->most > 0) {
		printf("\t\t'%s", command->most > 1 ? "*" : "");
		zsh_value(command->arguments, NULL);
		fputs("'\n", stdout);
	}
	fputs("\t\t) ;;\n", stdout);
}

static void fish_text(const char *text)
{
	quoted(text, "\\", "\\'");
}

static void fish_begin(void)
{
	fputs("function __greylist_admin_commands\n    printf '%s\\t%s\\n'", stdout);
	for (size_t i = 0; gl_commands[i] != NULL; i++) {
		printf(" \\\n        %s '", gl_commands[i]->name);
		fish_text(gl_commands[i]->summary);
		putchar('\'');
	}
	fputs("\nend\n", stdout);
}

static void fish_end(void)
{
}

static void fish_value(enum kind kind, const char *words)
{
	static const char *const how[KINDS] = { " -x", " -x -a '(__fish_complete_directories)'",
		" -r -F", " -x -a '(__fish_complete_users)'" };
	if (words != NULL)
		printf(" -x -a '%s'", words);
	else
		fputs(how[kind], stdout);
}

/* How many operands there are can be counted only by who knows which options have a value. */
static void fish_operands(const struct gl_command *command)
{
	enum kind kind = kind_of(command->arguments);
	struct gl_option_text option;
	if (command->most == 0 || kind == KIND_OTHER)
		return;
	printf("complete -c greylist-admin -n '__greylist_admin_operand %s %d", command->name,
	    command->most);
	for (size_t n = 0; gl_command_option(command, n, &option); n++)
		if (option.value != NULL)
			printf(" %s", option.name + 2);
	putchar('\'');
	fputs(kind == KIND_FILE ? " -F" : " -a '(__fish_complete_directories)'", stdout);
	putchar('\n');
}

static void fish_command(const struct gl_command *command)
{
	struct gl_option_text option;
	for (size_t n = 0; gl_command_option(command, n, &option); n++) {
		printf("complete -c greylist-admin -n '__greylist_admin_at %s' -l %s",
		    command->name, option.name + 2);
		if (option.value != NULL)
			fish_value(kind_of(option.value), option.words);
		fputs(" -d '", stdout);
		fish_text(option.summary);
		fputs("'\n", stdout);
	}
	fish_operands(command);
}

static const struct shell shells[] = {
	{ "bash", bash_begin, bash_command, shell_end },
	{ "zsh", zsh_begin, zsh_command, shell_end },
	{ "fish", fish_begin, fish_command, fish_end },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(shells[i].name, argv[1]) != 0)
			continue;
		shells[i].begin();
		for (size_t n = 0; gl_commands[n] != NULL; n++)
			shells[i].command(gl_commands[n]);
		shells[i].end();
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	fputs("usage: greylist_completion bash|zsh|fish\n", stderr);
	return GL_EXIT_USAGE;
}
