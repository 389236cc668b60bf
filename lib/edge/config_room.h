/*
 * config_room - what the files of the config room share; nobody else includes it.
 *
 * The way of a file: config_text.c reads it, config_scan.c blanks its
 * comments and refuses what libconfuse would get wrong, config_confuse.c hands the
 * rest to libconfuse, config_values.c and config_words.c turn each value
 * into its field, config_load.c collects the mistakes and config.c holds
 * the table. What stands in a section's braces, and a delegation file,
 * goes the same way with a smaller table (config_section.c,
 * config_delegation.c); config_terms.c looks at what comes together.
 */
#ifndef GREYLIST_CONFIG_ROOM_H
#define GREYLIST_CONFIG_ROOM_H

#include "greylist/config.h"

struct gl_option;

/*
 * Puts a value into its field, or appends it where the option is a list.
 *
 *   GL_MALFORMED  the field is as before; *because may say more than the option's range (static)
 *   GL_FAILED     out of memory
 */
typedef enum gl_status gl_option_set_fn(
    void *field, const struct gl_option *option, const char *value, const char **because);

enum gl_option_form { GL_FORM_BARE, GL_FORM_QUOTED, GL_FORM_LIST };

struct gl_option {
	const char *name;
	gl_option_set_fn *set;
	size_t at;            /* of the field in struct gl_config */
	const char *standard; /* the default, without quotes; a list's entries parted by blanks */
	const char *least, *most; /* the range, as it is written in the file; or NULL */
	const char *must; /* what the value must be, where there is no range; of a choice its
			     words in the order of the enum, as "a, b or c" */
	enum gl_option_form form; /* how print_defaults writes it */
	const char *sentence;
};

enum {
	GL_OPTIONS_MAX = 48,
	GL_SECTION_OPTIONS_MAX = GL_TERMS + 2, /* the terms, delegate, and the end */
	GL_MISTAKES_MAX = 100,    /* reported of one file; then one line says that there are more */
	GL_CONFIG_PATH_MAX = 255, /* bytes of a path in the file; a log shot has no room for more */
	GL_CONFIG_NAME_MAX = 253, /* bytes of a host name (RFC 1035 2.3.4) */
	GL_CONFIG_IDENT_MAX = 48, /* bytes of log_ident */
	GL_CONFIG_POISON = '\1'   /* put over bytes that were reported; what holds it is let be */
};

/* In the order of the sample file; the name is NULL behind the last. */
extern const struct gl_option gl_options[];

/* The option's place in a table, or GL_OPTIONS_MAX. */
size_t gl_option_find(const struct gl_option *options, struct gl_span name);

/* Puts the default back. GL_FAILED: out of memory. */
GL_CHECKED enum gl_status gl_option_reset(struct gl_config *config, size_t option);

struct gl_mistake {
	struct gl_mistake *next;
	unsigned line;
	char text[]; /* whole, with file and line */
};

/* One file being read. The slot is the first member: libconfuse's callbacks find the rest by it. */
struct gl_reading {
	void *slot;
	struct gl_config *config; /* NULL: not greylist.conf itself */
	const struct gl_option
	    *options;             /* the table that counts here; borrowed, as are all above */
	void *base;               /* what its fields are of */
	struct gl_reading *whole; /* of which this is a section; NULL: of none */
	unsigned lines_before;    /* in the file, in front of the text */
	const char *path;
	char *text; /* the file; owned, unless this is a section */
	size_t len;
	bool blank; /* nothing in it but comments */
	bool out_of_memory;
	bool heard;                    /* libconfuse said what it did not like */
	unsigned line[GL_OPTIONS_MAX]; /* where an option stands; 0: not in the file */
	unsigned value_line;           /* of the value that is being taken */
	bool wrong[GL_OPTIONS_MAX];    /* the option keeps its default */
	bool taken[GL_OPTIONS_MAX];    /* a good value was */
	struct gl_mistake *mistakes;   /* in the order of the file; owned */
	size_t mistake_count;
};

/* Hands the mistakes over in their order, each once; `mistake` may be NULL. */
void gl_reading_tell(struct gl_reading *reading, gl_mistake_fn *mistake, void *context);

/* Notes one; 0 is a line of the file that is not known, and comes last. */
void gl_reading_mistake(struct gl_reading *reading, unsigned line, const char *text);

/* Puts one value of the file into the config, or notes what is wrong with it. */
void gl_reading_take(struct gl_reading *reading, size_t option, const char *value);

/*
 * Reads the file into reading->text.
 *
 *   GL_NO_ACCESS   cannot be opened or read; noted
 *   GL_BAD_CONFIG  larger than GL_CONFIG_SIZE_MAX; noted
 *   GL_FAILED      out of memory
 */
GL_CHECKED enum gl_status gl_reading_load(
    struct gl_reading *reading, struct gl_config_stamp *stamp);

/*
 * The same for a delegation file, whose owner is not trusted. A missing
 * one is an empty text.
 */
GL_CHECKED enum gl_status gl_reading_load_delegate(struct gl_reading *reading);

/*
 * Blanks the comments and notes where each option stands, and every
 * mistake of spelling: "${" (libconfuse would put the environment
 * there), strings that do not end on their line, escapes, control
 * characters, options set twice.
 */
void gl_reading_scan(struct gl_reading *reading);

/* Blanks everything up to the next line behind `line` that is in no braces. False: nothing left. */
bool gl_reading_resume(struct gl_reading *reading, unsigned line);

/* Lets libconfuse go through the text and takes every value. */
void gl_reading_parse(struct gl_reading *reading);

/* A section while its braces are open. */
struct gl_section_reading {
	struct gl_reading reading; /* of what stands in them */
	struct gl_option options[GL_SECTION_OPTIONS_MAX];
	struct gl_section section;
	bool refused; /* what is in it is checked, and dropped */
};

/* GL_SECTION_KINDS: the word begins no section. */
enum gl_section_kind gl_section_kind_of(struct gl_span word);

/* The table of a section's options, or that of a delegation file's. */
void gl_section_options(struct gl_option rows[GL_SECTION_OPTIONS_MAX], bool delegation);

/* Notes what is wrong with the title, which is empty where there is none, or with the place. */
void gl_section_begin(struct gl_section_reading *inner, struct gl_reading *whole,
    enum gl_section_kind kind, struct gl_span title, unsigned line);

/* Takes what stands in the braces, from the line of the first one on. */
void gl_section_end(struct gl_section_reading *inner, char *body, size_t len, unsigned line);

/* Why a name is misplaced in this table, or NULL: it is in no table. Written to `text`. */
const char *gl_section_misplaced(
    const struct gl_reading *reading, struct gl_span name, char text[256]);

/* Which terms were taken, and where they stand. */
void gl_settings_settle(struct gl_settings *settings, const struct gl_reading *reading);

void gl_section_clear(struct gl_section *section);
void gl_sections_clear(struct gl_config *config);

/* Of no file yet. False: out of memory. */
bool gl_delegations_new(struct gl_config *config);

/* What fstat(2) said. */
struct stat;
struct gl_config_stamp gl_stamp_of(const struct stat *info);

/* The sections are complete. GL_FAILED: out of memory. */
GL_CHECKED enum gl_status gl_sections_finish(struct gl_reading *reading);

/*
 * Whether some message could get a delay that is not shorter than its
 * retry_window, one of the two set by the delegation file of section
 * `of`; with `of` NULL set by anybody. Says it: in `text`, at `line`.
 */
bool gl_terms_clash(const struct gl_config *config, const struct gl_section *of,
    const struct gl_reading *reading, char text[512], unsigned *line);

/* config_values.c */
gl_option_set_fn gl_value_time, gl_value_byte, gl_value_number, gl_value_size;
gl_option_set_fn gl_value_choice, gl_value_switch;

/* config_words.c */
gl_option_set_fn gl_value_directory, gl_value_hostname, gl_value_ident, gl_value_facility;
gl_option_set_fn gl_value_target, gl_value_delimiter, gl_value_action, gl_value_text;
gl_option_set_fn gl_value_header, gl_value_file, gl_value_relay, gl_value_never;
void gl_strings_clear(struct gl_strings *strings);

#endif
