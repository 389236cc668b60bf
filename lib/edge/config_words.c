#include "config_room.h"

#include <stdlib.h>
#include <string.h>

#include "greylist/exempt.h"
#include "greylist/reply.h"

static enum gl_status keep(void *field, const char *value)
{
	char **string = field;
	char *copy = strdup(value);

	if (copy == NULL)
		return GL_FAILED;
	free(*string);
	*string = copy;
	return GL_OK;
}

static enum gl_status append(struct gl_strings *strings, const char *value)
{
	char **at = realloc(strings->at, (strings->count + 1) * sizeof *at);

	if (at == NULL)
		return GL_FAILED;
	strings->at = at;
	at[strings->count] = NULL;

	enum gl_status status = keep(&at[strings->count], value);

	if (status == GL_OK)
		strings->count++;
	return status;
}

void gl_strings_clear(struct gl_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->at[i]);
	free(strings->at);
	*strings = (struct gl_strings){ .count = 0 };
}

static bool is_path(const char *value)
{
	return value[0] == '/' && strlen(value) <= GL_CONFIG_PATH_MAX;
}

enum gl_status gl_value_directory(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	(void)because;
	return is_path(value) ? keep(field, value) : GL_MALFORMED;
}

enum gl_status gl_value_file(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	struct gl_strings *files = field;

	(void)option;
	if (files->count == GL_CONFIG_FILES_MAX) {
		*because = "the list is full";
		return GL_MALFORMED;
	}
	return is_path(value) ? append(files, value) : GL_MALFORMED;
}

static enum gl_status append_client(
    struct gl_strings *clients, enum gl_list list, const char *value, const char **because)
{
	struct gl_rule rule;

	if (clients->count == GL_CONFIG_RELAYS_MAX) {
		*because = "the list is full";
		return GL_MALFORMED;
	}

	enum gl_status status = gl_rule_parse(&rule, list, gl_span_of(value), because);

	if (status == GL_NOT_FOUND)
		*because = "there is nothing in it";
	/* what a list takes with a remark is a mistake here */
	return status == GL_OK && *because == NULL ? append(clients, value) : GL_MALFORMED;
}

enum gl_status gl_value_relay(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	return append_client(field, GL_LIST_RELAYS, value, because);
}

enum gl_status gl_value_never(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	return append_client(field, GL_LIST_NEVER, value, because);
}

enum gl_status gl_value_target(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	bool word = strcmp(value, "syslog") == 0 || strcmp(value, "none") == 0;

	(void)option;
	(void)because;
	return word || is_path(value) ? keep(field, value) : GL_MALFORMED;
}

/* Letters, digits and the bytes of `more`, and not longer than `most`. */
static bool is_word(const char *value, const char *more, size_t most)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (!gl_is_alnum(value[i]) && strchr(more, value[i]) == NULL)
			return false;
	return len <= most;
}

enum gl_status gl_value_hostname(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	(void)because;
	return is_word(value, "-._", GL_CONFIG_NAME_MAX) ? keep(field, value) : GL_MALFORMED;
}

enum gl_status gl_value_ident(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	bool good = value[0] != '\0' && is_word(value, "-._/", GL_CONFIG_IDENT_MAX);

	(void)option;
	(void)because;
	return good ? keep(field, value) : GL_MALFORMED;
}

enum gl_status gl_value_facility(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	/* syslog(3), without kern: no process may log as the kernel. */
	static const char *const names[] = { "auth", "authpriv", "cron", "daemon", "ftp", "lpr",
		"mail", "news", "syslog", "user", "uucp", "local0", "local1", "local2", "local3",
		"local4", "local5", "local6", "local7", NULL };

	(void)option;
	(void)because;
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], value) == 0)
			return keep(field, value);
	return GL_MALFORMED;
}

enum gl_status gl_value_delimiter(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	bool empty = value[0] == '\0';
	bool one = !empty && value[1] == '\0' && value[0] > ' ' && value[0] < 0x7f &&
		   value[0] != '@' && !gl_is_alnum(value[0]);

	(void)option;
	(void)because;
	if (empty || one)
		*(char *)field = value[0];
	return empty || one ? GL_OK : GL_MALFORMED;
}

enum gl_status gl_value_action(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	static const char *const words[] = { "DEFER_IF_PERMIT", "DEFER", "450", "451", NULL };
	static const char *const passing[] = { "OK", "PERMIT", "DUNNO", NULL };

	(void)option;
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], value) == 0)
			return keep(field, value);
	for (size_t i = 0; passing[i] != NULL; i++)
		if (strcmp(passing[i], value) == 0)
			*because = "it would let every stranger pass";
	if (value[0] == '5' || strcmp(value, "REJECT") == 0)
		*because = "it would turn mail away for good";
	return GL_MALFORMED;
}

/* Printable ASCII, and nothing behind a percent sign but one of `letters` or another one. */
static bool is_format(const char *value, const char *letters, const char **because)
{
	for (size_t i = 0; value[i] != '\0'; i++) {
		if (value[i] < ' ' || value[i] > '~')
			return false;
		if (value[i] != '%')
			continue;
		i++;
		if (value[i] == '\0' || (value[i] != '%' && strchr(letters, value[i]) == NULL)) {
			*because = "an unknown letter follows a percent sign";
			return false;
		}
	}
	return true;
}

enum gl_status gl_value_text(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	if (value[0] == '\0' || strlen(value) > GL_REPLY_TEXT_MAX)
		return GL_MALFORMED;
	/* RFC 3463 section 2: the class of the enhanced status code says whether to retry. */
	if (gl_is_digit(value[0]) && value[0] != '4' && value[1] == '.') {
		*because = "a deferral's status code begins with 4";
		return GL_MALFORMED;
	}
	return is_format(value, "sr", because) ? keep(field, value) : GL_MALFORMED;
}

/* RFC 5322 2.2: a field name is printable ASCII without a colon; Postfix wants text behind it. */
static bool is_header(const char *value)
{
	size_t name = strcspn(value, ": ");

	return name > 0 && value[name] == ':' && value[name + 1] == ' ' &&
	       gl_span_trim(gl_span_of(value + name + 1)).len > 0;
}

enum gl_status gl_value_header(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	(void)option;
	if (value[0] == '\0')
		return keep(field, value);
	if (strlen(value) > GL_REPLY_HEADER_MAX || !is_header(value))
		return GL_MALFORMED;
	return is_format(value, "tvhd", because) ? keep(field, value) : GL_MALFORMED;
}
