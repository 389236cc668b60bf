#include "conf_text.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_MARK };

struct token {
	enum token_kind kind;
	struct gl_span text;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_mark(char byte)
{
	return byte == '{' || byte == '}' || byte == '(' || byte == ')' || byte == '=' ||
	       byte == '+' || byte == ',' || byte == ';';
}

/* Bytes of a comment at the beginning of the text; 0: there is none. */
static size_t comment_length(struct gl_span text)
{
	size_t i = 2;

	if (text.at[0] == '#' || (text.len >= 2 && text.at[0] == '/' && text.at[1] == '/'))
		return gl_span_find(text, '\n');
	if (text.len < 2 || text.at[0] != '/' || text.at[1] != '*')
		return 0;
	while (i + 1 < text.len && (text.at[i] != '*' || text.at[i + 1] != '/'))
		i++;
	return i + 1 < text.len ? i + 2 : text.len;
}

static struct gl_span skip_blanks(struct gl_span text)
{
	while (text.len > 0) {
		size_t comment = comment_length(text);

		if (comment == 0 && !is_blank(text.at[0]))
			break;
		text = gl_span_skip(text, comment > 0 ? comment : 1);
	}
	return text;
}

static size_t string_length(struct gl_span text)
{
	size_t i = 1;

	for (; i < text.len && text.at[i] != text.at[0]; i++) {
		if (text.at[i] == '\\')
			i++;
	}
	return i < text.len ? i + 1 : text.len;
}

static size_t word_length(struct gl_span text)
{
	size_t i = 0;

	while (i < text.len && !is_blank(text.at[i]) && !is_mark(text.at[i]) && text.at[i] != '"' &&
	       text.at[i] != '\'' && text.at[i] != '#')
		i++;
	return i;
}

static struct token next_token(struct gl_span *text)
{
	struct token token = { TOKEN_END, { NULL, 0 } };
	size_t len = 1;

	*text = skip_blanks(*text);
	if (text->len == 0)
		return token;
	if (text->at[0] == '"' || text->at[0] == '\'') {
		token.kind = TOKEN_STRING;
		len = string_length(*text);
	} else if (is_mark(text->at[0])) {
		token.kind = TOKEN_MARK;
	} else {
		token.kind = TOKEN_WORD;
		len = word_length(*text);
	}
	token.text = gl_span_head(*text, len);
	*text = gl_span_skip(*text, len);
	return token;
}

static bool is(const struct token *token, enum token_kind kind, const char *text)
{
	return token->kind == kind && gl_span_equal(token->text, gl_span_of(text));
}

/* The tokens of the option's last setting; all TOKEN_END where there is none. */
struct setting {
	struct token name, equals, value;
};

static struct setting find_setting(struct gl_span text, const char *option)
{
	struct setting window = { .value = { .kind = TOKEN_MARK } };
	struct setting found = { .value = { .kind = TOKEN_END } };
	size_t depth = 0;

	while (window.value.kind != TOKEN_END) {
		window = (struct setting){ window.equals, window.value, next_token(&text) };
		if (depth == 0 && is(&window.name, TOKEN_WORD, option) &&
		    is(&window.equals, TOKEN_MARK, "=") &&
		    (window.value.kind == TOKEN_WORD || window.value.kind == TOKEN_STRING))
			found = window;
		if (is(&window.value, TOKEN_MARK, "{"))
			depth++;
		else if (is(&window.value, TOKEN_MARK, "}") && depth > 0)
			depth--;
	}
	return found;
}

bool gl_conf_find(struct gl_span *value, struct gl_span text, const char *option)
{
	struct setting setting = find_setting(text, option);

	*value = setting.value.text;
	return setting.value.kind != TOKEN_END;
}

static void append_line(
    struct gl_out *out, struct gl_span text, const char *option, struct gl_span value)
{
	gl_out_span(out, text);
	if (text.len > 0 && text.at[text.len - 1] != '\n')
		gl_out_byte(out, '\n');
	gl_out_text(out, option);
	gl_out_text(out, " = ");
	gl_out_span(out, value);
	gl_out_byte(out, '\n');
}

void gl_conf_set(struct gl_out *out, struct gl_span text, const char *option, struct gl_span value)
{
	struct gl_span old;
	size_t at;

	if (!gl_conf_find(&old, text, option)) {
		append_line(out, text, option, value);
		return;
	}
	at = (size_t)(old.at - text.at);
	gl_out_span(out, gl_span_head(text, at));
	gl_out_span(out, value);
	gl_out_span(out, gl_span_skip(text, at + old.len));
}

void gl_conf_unset(struct gl_out *out, struct gl_span text, const char *option)
{
	struct setting setting = find_setting(text, option);
	struct gl_span line, rest;
	size_t from, to;

	if (setting.value.kind == TOKEN_END) {
		gl_out_span(out, text);
		return;
	}
	from = (size_t)(setting.name.text.at - text.at);
	to = (size_t)(setting.value.text.at - text.at) + setting.value.text.len;
	line = gl_span_head(text, from);
	rest = gl_span_skip(text, to);
	if ((from == 0 || text.at[from - 1] == '\n') && (rest.len == 0 || rest.at[0] == '\n'))
		rest = gl_span_skip(rest, 1);
	else
		line = gl_span_head(text, to);
	gl_out_span(out, line);
	gl_out_span(out, rest);
}
