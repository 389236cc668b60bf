#include "postgrey_options.h"

enum arity { NONE, VALUE, MAYBE };

static const struct option {
	const char *name;
	const char *others; /* each with a blank behind */
	enum arity arity;
} options[GL_POSTGREY_OPTIONS] = {
	[GL_POSTGREY_AUTO_WHITELIST] = { "auto-whitelist-clients", "", MAYBE },
	[GL_POSTGREY_DAEMONIZE] = { "daemonize", "d ", NONE },
	[GL_POSTGREY_DBDIR] = { "dbdir", "", VALUE },
	[GL_POSTGREY_DELAY] = { "delay", "", VALUE },
	[GL_POSTGREY_EXIM] = { "exim", "", NONE },
	[GL_POSTGREY_GREYLIST_ACTION] = { "greylist-action", "", VALUE },
	[GL_POSTGREY_GREYLIST_TEXT] = { "greylist-text", "", VALUE },
	[GL_POSTGREY_GROUP] = { "group", "", VALUE },
	[GL_POSTGREY_HELP] = { "help", "h ", NONE },
	[GL_POSTGREY_HOSTNAME] = { "hostname", "", VALUE },
	[GL_POSTGREY_INET] = { "inet", "i ", VALUE },
	[GL_POSTGREY_IPV4CIDR] = { "ipv4cidr", "", VALUE },
	[GL_POSTGREY_IPV6CIDR] = { "ipv6cidr", "", VALUE },
	[GL_POSTGREY_LISTEN_QUEUE_SIZE] = { "listen-queue-size", "", VALUE },
	[GL_POSTGREY_LOOKUP_BY_HOST] = { "lookup-by-host", "", NONE },
	[GL_POSTGREY_LOOKUP_BY_SUBNET] = { "lookup-by-subnet", "", NONE },
	[GL_POSTGREY_MAN] = { "man", "", NONE },
	[GL_POSTGREY_MAX_AGE] = { "max-age", "", VALUE },
	[GL_POSTGREY_NOACTION] = { "noaction", "no-action n ", NONE },
	[GL_POSTGREY_PIDFILE] = { "pidfile", "", VALUE },
	[GL_POSTGREY_PRIVACY] = { "privacy", "", NONE },
	[GL_POSTGREY_QUIET] = { "quiet", "q ", NONE },
	[GL_POSTGREY_RETRY_WINDOW] = { "retry-window", "", VALUE },
	[GL_POSTGREY_SOCKETMODE] = { "socketmode", "", VALUE },
	[GL_POSTGREY_SYSLOG_FACILITY] = { "syslog-facility", "syslogfacility facility ", VALUE },
	[GL_POSTGREY_UNIX] = { "unix", "u ", VALUE },
	[GL_POSTGREY_USER] = { "user", "", VALUE },
	[GL_POSTGREY_VERBOSE] = { "verbose", "v ", NONE },
	[GL_POSTGREY_VERSION] = { "version", "", NONE },
	[GL_POSTGREY_WHITELIST_CLIENTS] = { "whitelist-clients", "", VALUE },
	[GL_POSTGREY_WHITELIST_RECIPIENTS] = { "whitelist-recipients", "", VALUE },
	[GL_POSTGREY_X_GREYLIST_HEADER] = { "x-greylist-header", "", VALUE },
};

const char *gl_postgrey_option_name(enum gl_postgrey_option option)
{
	return options[option].name;
}

static bool begins_with(struct gl_span name, struct gl_span with)
{
	return gl_span_equal_fold(gl_span_head(name, with.len), with);
}

/* 2: the word is one of the option's names; 1: it begins one; 0: neither. */
static int fits(const struct option *option, struct gl_span word)
{
	struct gl_span name = gl_span_of(option->name);
	struct gl_span others = gl_span_of(option->others);
	int best = 0;
	while (name.len > 0) {
		if (gl_span_equal_fold(name, word))
			return 2;
		if (begins_with(name, word))
			best = 1;
		size_t end = gl_span_find(others, ' ');
		name = gl_span_head(others, end);
		others = gl_span_skip(others, end + 1);
	}
	return best;
}

/* GL_POSTGREY_OPTIONS: none, or more than one. */
static enum gl_postgrey_option find(struct gl_span word)
{
	enum gl_postgrey_option found = GL_POSTGREY_OPTIONS;
	size_t begun = 0;
	for (enum gl_postgrey_option i = GL_POSTGREY_AUTO_WHITELIST; i < GL_POSTGREY_OPTIONS; i++) {
		int fit = fits(&options[i], word);
		if (fit == 2)
			return i;
		begun += fit == 1;
		found = fit == 1 ? i : found;
	}
	return begun == 1 ? found : GL_POSTGREY_OPTIONS;
}

static bool is_option(struct gl_span word)
{
	return word.len > 1 && word.at[0] == '-';
}

static void add(struct gl_postgrey_list *list, struct gl_span value)
{
	if (list->count < GL_CONFIG_FILES_MAX)
		list->at[list->count++] = value;
}

static void take(
    struct gl_postgrey_line *line, enum gl_postgrey_option option, struct gl_span value)
{
	line->given[option] = true;
	line->value[option] = value;
	if (option == GL_POSTGREY_WHITELIST_CLIENTS)
		add(&line->clients, value);
	else if (option == GL_POSTGREY_WHITELIST_RECIPIENTS)
		add(&line->recipients, value);
}

/* The word at `at`; returns how many words it takes. */
static size_t read_word(
    struct gl_postgrey_line *line, const struct gl_shell_words *words, size_t at)
{
	struct gl_span word = words->at[at];
	enum gl_postgrey_option option = GL_POSTGREY_OPTIONS;
	if (is_option(word))
		word = gl_span_skip(word, word.at[1] == '-' ? 2 : 1);
	size_t equal = gl_span_find(word, '=');
	struct gl_span value = gl_span_skip(word, equal + 1);
	if (is_option(words->at[at]) && equal > 0)
		option = find(gl_span_head(word, equal));
	bool wrong = option == GL_POSTGREY_OPTIONS ||
		     (options[option].arity == NONE && equal < word.len);
	bool next = !wrong && options[option].arity != NONE && equal == word.len &&
		    at + 1 < words->count &&
		    (options[option].arity == VALUE || !is_option(words->at[at + 1]));
	if (wrong)
		line->strange.at[line->strange.count++] = words->at[at];
	else
		take(line, option, next ? words->at[at + 1] : value);
	return next ? 2 : 1;
}

/* Behind the program's name, where the line begins with it or with an interpreter's. */
static size_t first_word(const struct gl_shell_words *words)
{
	static const char program[] = "postgrey";
	if (words->count == 0 || is_option(words->at[0]))
		return 0;
	for (size_t i = 0; i < words->count; i++) {
		struct gl_span word = words->at[i];
		size_t slash = gl_span_find_last(word, '/');
		struct gl_span name = slash < word.len ? gl_span_skip(word, slash + 1) : word;
		if (!is_option(word) && gl_span_equal(name, gl_span_of(program)))
			return i + 1;
	}
	return 0;
}

void gl_postgrey_line_read(struct gl_postgrey_line *line, const struct gl_shell_words *words)
{
	*line = (struct gl_postgrey_line){ .strange.count = 0 };
	for (size_t at = first_word(words); at < words->count;)
		at += read_word(line, words, at);
}
