#include "shell_words.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* How much of the beginning is no word: a blank, a comment, or a line that goes on. */
static size_t between(struct gl_span text)
{
	if (text.len == 0)
		return 0;
	if (text.at[0] == '#')
		return gl_span_find(text, '\n');
	if (text.at[0] == '\\' && text.len > 1 && text.at[1] == '\n')
		return 2;
	return is_blank(text.at[0]) ? 1 : 0;
}

static struct gl_span skip_between(struct gl_span text)
{
	for (size_t len = between(text); len > 0; len = between(text))
		text = gl_span_skip(text, len);
	return text;
}

/* A backslash: in double quotes it stays in front of what needs none, and at the end of a line both
 * go. */
static size_t take_escaped(struct gl_out *out, struct gl_span text, char quote)
{
	if (text.len < 2) {
		gl_out_byte(out, '\\');
		return 1;
	}
	char byte = text.at[1];
	if (quote == '"' && byte != '"' && byte != '\\' && byte != '$' && byte != '`' &&
	    byte != '\n')
		gl_out_byte(out, '\\');
	if (byte != '\n')
		gl_out_byte(out, byte);
	return 2;
}

/* One word off the front; false: a quote is not closed. */
static bool take_word(struct gl_out *out, struct gl_span *text)
{
	char quote = 0;
	while (text->len > 0 && (quote != 0 || !is_blank(text->at[0]))) {
		char byte = text->at[0];
		size_t taken = 1;
		if (byte == '\\' && quote != '\'')
			taken = take_escaped(out, *text, quote);
		else if (quote == 0 && (byte == '"' || byte == '\''))
			quote = byte;
		else if (quote != 0 && byte == quote)
			quote = 0;
		else
			gl_out_byte(out, byte);
		*text = gl_span_skip(*text, taken);
	}
	return quote == 0;
}

enum gl_status gl_shell_words_cut(struct gl_shell_words *words, struct gl_span text, char *bytes)
{
	struct gl_out out = gl_out_into(bytes, text.len);
	words->count = 0;
	for (text = skip_between(text); text.len > 0; text = skip_between(text)) {
		size_t begin = out.len;
		if (words->count == GL_SHELL_WORDS_MAX)
			return GL_TOO_LONG;
		if (!take_word(&out, &text))
			return GL_MALFORMED;
		words->at[words->count++] = (struct gl_span){ bytes + begin, out.len - begin };
	}
	return GL_OK;
}
