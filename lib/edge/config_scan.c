#include "config_room.h"

#include <stdio.h>
#include <string.h>

struct scan {
	struct gl_reading *reading;
	char *at;
	char *end;
	unsigned line;
	unsigned depth;      /* of braces */
	unsigned control;    /* line of the last control character: one of them a line is enough */
	struct gl_span word; /* the last one, where nothing but blanks followed it */
	struct gl_span before; /* the one in front of that, likewise */
	unsigned word_line, before_line;

	bool inside;       /* a section: */
	unsigned unclosed; /* sections that the next one cut short */
	char *section;     /* where it begins */
	char *body;        /* behind its brace */
	unsigned body_line;
	struct gl_section_reading inner;
};

static void poison(char *from, const char *to)
{
	memset(from, GL_CONFIG_POISON, (size_t)(to - from));
}

/* The first of these bytes from here on, or the end of the line. */
static char *until(const struct scan *scan, char *from, const char *bytes)
{
	while (from < scan->end && *from != '\n' && (*from == '\0' || strchr(bytes, *from) == NULL))
		from++;
	return from;
}

static bool is_variable(const struct scan *scan, const char *at)
{
	return at + 1 < scan->end && at[0] == '$' && at[1] == '{';
}

static bool is_control(char byte)
{
	return (byte >= '\0' && byte < ' ' && byte != '\t') || byte == 0x7f;
}

static const char variable_text[] = "${...} stands for nothing here: write the value itself";
static const char control_text[] = "a control character";

static void report(struct scan *scan, const char *text)
{
	bool again = text == control_text && scan->control == scan->line;

	if (text == control_text)
		scan->control = scan->line;
	if (!again)
		gl_reading_mistake(scan->reading, scan->line, text);
}

static void line_comment(struct scan *scan)
{
	char *stop = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));

	if (stop == NULL)
		stop = scan->end;
	memset(scan->at, ' ', (size_t)(stop - scan->at));
	scan->at = stop;
}

/* libconfuse counts the lines of a comment wrong and takes none inside braces: it sees blanks. */
static void block_comment(struct scan *scan)
{
	unsigned first = scan->line;
	bool closed = false;

	scan->at[0] = ' ';
	scan->at[1] = ' ';
	for (scan->at += 2; scan->at < scan->end && !closed; scan->at++) {
		closed = *scan->at == '*' && scan->at + 1 < scan->end && scan->at[1] == '/';
		if (closed)
			*scan->at++ = ' ';
		if (*scan->at == '\n')
			scan->line++;
		else
			*scan->at = ' ';
	}
	if (!closed)
		gl_reading_mistake(scan->reading, first, "this comment does not end");
}

/* What is reported inside a string, at a place where it goes wrong; otherwise NULL. */
static const char *string_fault(const struct scan *scan, const char *at, char quote)
{
	if (is_variable(scan, at))
		return variable_text;
	if (is_control(*at))
		return control_text;
	/* The other escapes are refused since no value needs them, and libconfuse prints some. */
	if (*at == '\\' && (at + 1 == scan->end || (at[1] != '\\' && at[1] != quote)))
		return "a backslash may only stand before a quote or another backslash";
	return NULL;
}

static void take_word(struct scan *scan, struct gl_span word)
{
	scan->before = scan->word;
	scan->before_line = scan->word_line;
	scan->word = word;
	scan->word_line = scan->line;
}

static void string(struct scan *scan)
{
	char *first = scan->at;
	char quote = *first;
	char *at = first + 1;

	while (at < scan->end && *at != '\n' && *at != quote) {
		const char *fault = string_fault(scan, at, quote);
		bool escape = fault == NULL && *at == '\\';

		if (fault != NULL) {
			report(scan, fault);
			*at = GL_CONFIG_POISON;
		}
		at += escape ? 2 : 1;
	}
	scan->at = at;
	if (at == scan->end || *at == '\n') {
		report(scan, "this string does not end on its line");
		poison(first, at);
		return;
	}
	scan->at++;
	take_word(scan, (struct gl_span){ .at = first + 1, .len = (size_t)(at - first - 1) });
}

static void word(struct scan *scan)
{
	char *first = scan->at;

	while (scan->at < scan->end && strchr(" #\"'\t\n\r={}()+,*", *scan->at) == NULL &&
	       !is_control(*scan->at) && !is_variable(scan, scan->at))
		scan->at++;
	take_word(scan, (struct gl_span){ .at = first, .len = (size_t)(scan->at - first) });
}

static char *in_text(const struct scan *scan, struct gl_span span)
{
	return scan->reading->text + (span.at - scan->reading->text);
}

static unsigned base_depth(const struct scan *scan)
{
	return scan->inside ? 1 : 0;
}

/* libconfuse would only say that there is no such option. */
static void misplaced(struct scan *scan, const struct gl_reading *reading)
{
	char text[256];

	if (gl_section_misplaced(reading, scan->word, text) == NULL)
		return;
	report(scan, text);
	poison(in_text(scan, scan->word), scan->word.at + scan->word.len);
}

/* The word before an equal sign outside of braces, or right inside a section's, is an option. */
static void assignment(struct scan *scan, bool append)
{
	struct gl_reading *reading = scan->inside ? &scan->inner.reading : scan->reading;
	size_t option = gl_option_find(reading->options, scan->word);

	if (scan->depth != base_depth(scan) || scan->word.len == 0)
		return;
	if (option == GL_OPTIONS_MAX) {
		misplaced(scan, reading);
		return;
	}

	unsigned *line = &reading->line[option];

	if (*line != 0 && !append) {
		char text[128];

		snprintf(text, sizeof text, "%s is set a second time, after line %u",
		    reading->options[option].name, *line);
		report(scan, text);
	}
	*line = scan->line;
}

/* The section is taken out of the text: libconfuse sees what stands in it by itself. */
static void end_section(struct scan *scan, char *stop, const char *behind)
{
	gl_section_end(&scan->inner, scan->body, (size_t)(stop - scan->body), scan->body_line);
	for (char *at = scan->section; at < behind; at++)
		if (*at != '\n')
			*at = ' ';
	scan->inside = false;
	scan->depth = 0;
}

static void begin_section(
    struct scan *scan, struct gl_span kind, struct gl_span title, unsigned line)
{
	char text[128];

	if (scan->inside) {
		snprintf(text, sizeof text,
		    "a section cannot stand inside another: the one of line %u has no } before it",
		    scan->inner.section.line);
		gl_reading_mistake(scan->reading, line, text);
		end_section(scan, in_text(scan, kind), kind.at);
		scan->unclosed++;
	}
	scan->inside = true;
	scan->depth = 1;
	scan->section = in_text(scan, kind);
	scan->body = scan->at + 1;
	scan->body_line = scan->line;
	gl_section_begin(&scan->inner, scan->reading, gl_section_kind_of(kind), title, line);
}

/* In quotes it is a title, or nothing. */
static bool begins_section(const struct scan *scan, struct gl_span word)
{
	bool quoted = word.at > scan->reading->text && (word.at[-1] == '"' || word.at[-1] == '\'');

	return !quoted && gl_section_kind_of(word) < GL_SECTION_KINDS;
}

static void open_brace(struct scan *scan)
{
	struct gl_span no_title = { .at = NULL };
	bool may = scan->depth == base_depth(scan);

	if (may && begins_section(scan, scan->before))
		begin_section(scan, scan->before, scan->word, scan->before_line);
	else if (may && begins_section(scan, scan->word))
		begin_section(scan, scan->word, no_title, scan->word_line);
	else
		scan->depth++;
}

static void close_brace(struct scan *scan)
{
	if (scan->depth == 0 && scan->unclosed > 0) {
		scan->unclosed--;
		*scan->at = ' ';
	} else if (scan->inside && scan->depth == 1) {
		end_section(scan, scan->at, scan->at + 1);
	} else if (scan->depth > 0) {
		scan->depth--;
	}
}

/* What neither begins a word nor belongs to the grammar: libconfuse would skip it in silence. */
static void stray(struct scan *scan)
{
	char *stop = scan->at + 1;

	if (is_variable(scan, scan->at)) {
		report(scan, variable_text);
		stop = until(scan, scan->at + 2, "} \t\"',");
		stop += stop < scan->end && *stop == '}';
	} else if (is_control(*scan->at)) {
		report(scan, control_text);
	} else {
		report(scan, *scan->at == '*' ? "'*' has to stand in quotes"
					      : "'+' has to stand in quotes or before '='");
	}
	poison(scan->at, stop);
	scan->at = stop;
}

static void punctuation(struct scan *scan)
{
	char byte = *scan->at;

	if (byte == '{')
		open_brace(scan);
	else if (byte == '}')
		close_brace(scan);
	else if (byte == '=')
		assignment(scan, scan->at > scan->reading->text && scan->at[-1] == '+');
	if (byte != '+')
		scan->word.len = scan->before.len = 0;
	scan->at++;
}

static bool follows(const struct scan *scan, char byte)
{
	return scan->at + 1 < scan->end && scan->at[1] == byte;
}

static void token(struct scan *scan)
{
	char byte = *scan->at;
	bool slash = byte == '/';

	scan->reading->blank = false;
	if (byte == '"' || byte == '\'')
		string(scan);
	else if ((byte != '\0' && strchr("{}=,()", byte) != NULL) ||
		 (byte == '+' && follows(scan, '=')))
		punctuation(scan);
	else if (is_control(byte) || byte == '*' || byte == '+' || is_variable(scan, scan->at))
		stray(scan);
	else if (slash && follows(scan, '*'))
		block_comment(scan);
	else
		word(scan);
}

/* Drops the blanks that lines begin with: most were comments, and libconfuse is slow on them. */
static void squeeze(struct gl_reading *reading)
{
	char *to = reading->text;
	char *from = reading->text;
	char *end = reading->text + reading->len;

	while (from < end) {
		while (from < end && (*from == ' ' || *from == '\t'))
			from++;

		char *newline = memchr(from, '\n', (size_t)(end - from));
		size_t len = (size_t)((newline == NULL ? end : newline + 1) - from);

		memmove(to, from, len);
		to += len;
		from += len;
	}
	reading->len = (size_t)(to - reading->text);
	if (gl_span_trim((struct gl_span){ reading->text, reading->len }).len == 0)
		reading->blank = true;
}

void gl_reading_scan(struct gl_reading *reading)
{
	struct scan scan = { .reading = reading, .line = 1, .at = reading->text };

	scan.end = reading->text + reading->len;
	reading->blank = true;
	while (scan.at < scan.end) {
		char byte = *scan.at;

		if (byte == '\n')
			scan.line++;
		if (byte == '\r')
			*scan.at = ' ';
		if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
			scan.at++;
		else if (byte == '#' || (byte == '/' && follows(&scan, '/')))
			line_comment(&scan);
		else
			token(&scan);
	}
	if (scan.inside) {
		gl_reading_mistake(reading, scan.inner.section.line,
		    "this section does not end: its } is missing");
		end_section(&scan, scan.end, scan.end);
	}
	squeeze(reading);
}
