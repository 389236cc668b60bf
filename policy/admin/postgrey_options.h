/*
 * postgrey_options - Postgrey's command line, as Postgrey reads it.
 *
 * Names may be abbreviated and stand behind one dash or two; a value
 * follows '=' or is the next word. What is given twice counts as given
 * last, but for the lists, which add up.
 */
#ifndef GREYLIST_POSTGREY_OPTIONS_H
#define GREYLIST_POSTGREY_OPTIONS_H

#include "greylist/config.h"
#include "shell_words.h"

enum gl_postgrey_option {
	GL_POSTGREY_AUTO_WHITELIST,
	GL_POSTGREY_DAEMONIZE,
	GL_POSTGREY_DBDIR,
	GL_POSTGREY_DELAY,
	GL_POSTGREY_EXIM,
	GL_POSTGREY_GREYLIST_ACTION,
	GL_POSTGREY_GREYLIST_TEXT,
	GL_POSTGREY_GROUP,
	GL_POSTGREY_HELP,
	GL_POSTGREY_HOSTNAME,
	GL_POSTGREY_INET,
	GL_POSTGREY_IPV4CIDR,
	GL_POSTGREY_IPV6CIDR,
	GL_POSTGREY_LISTEN_QUEUE_SIZE,
	GL_POSTGREY_LOOKUP_BY_HOST,
	GL_POSTGREY_LOOKUP_BY_SUBNET,
	GL_POSTGREY_MAN,
	GL_POSTGREY_MAX_AGE,
	GL_POSTGREY_NOACTION,
	GL_POSTGREY_PIDFILE,
	GL_POSTGREY_PRIVACY,
	GL_POSTGREY_QUIET,
	GL_POSTGREY_RETRY_WINDOW,
	GL_POSTGREY_SOCKETMODE,
	GL_POSTGREY_SYSLOG_FACILITY,
	GL_POSTGREY_UNIX,
	GL_POSTGREY_USER,
	GL_POSTGREY_VERBOSE,
	GL_POSTGREY_VERSION,
	GL_POSTGREY_WHITELIST_CLIENTS,
	GL_POSTGREY_WHITELIST_RECIPIENTS,
	GL_POSTGREY_X_GREYLIST_HEADER,
	GL_POSTGREY_OPTIONS /* how many there are */
};

/* The name, without dashes. Static. */
const char *gl_postgrey_option_name(enum gl_postgrey_option option);

struct gl_postgrey_list {
	size_t count;
	struct gl_span at[GL_CONFIG_FILES_MAX];
};

/* All spans are borrowed from the words. */
struct gl_postgrey_line {
	bool given[GL_POSTGREY_OPTIONS];
	struct gl_span value[GL_POSTGREY_OPTIONS]; /* empty where it takes none or has none */
	struct gl_postgrey_list clients, recipients;
	struct gl_shell_words strange; /* words that Postgrey would not know either */
};

/* Reads the words, the program's own name in front of them or not. */
void gl_postgrey_line_read(struct gl_postgrey_line *line, const struct gl_shell_words *words);

#endif
