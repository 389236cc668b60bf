#include "restrictions.h"

/* As Postfix: CHARS_COMMA_SP and CHARS_BRACE of its mail_params.h. */
static bool is_separator(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == ',';
}

/* The next word from *at on, which moves behind it; empty at the end. */
static enum gl_status next_word(struct gl_span *word, struct gl_span text, size_t *at)
{
	size_t depth = 0;
	size_t from;

	while (*at < text.len && is_separator(text.at[*at]))
		++*at;
	from = *at;
	for (; *at < text.len && (depth > 0 || !is_separator(text.at[*at])); ++*at) {
		if (text.at[*at] == '{')
			depth++;
		else if (text.at[*at] == '}' && depth > 0)
			depth--;
	}
	*word = gl_span_head(gl_span_skip(text, from), *at - from);
	return depth == 0 ? GL_OK : GL_MALFORMED;
}

static bool named(struct gl_span name, const char *text)
{
	return gl_span_equal_fold(name, gl_span_of(text));
}

static bool begins(struct gl_span name, const char *with)
{
	struct gl_span head = gl_span_of(with);

	return gl_span_equal_fold(gl_span_head(name, head.len), head);
}

static bool takes_argument(struct gl_span name)
{
	static const char *const beginnings[] = { "check_", "reject_rbl", "reject_rhsbl",
		"permit_dnswl_client", "permit_rhswl_client", "sleep", NULL };

	if (named(name, "check_relay_domains"))
		return false;
	for (size_t i = 0; beginnings[i] != NULL; i++) {
		if (begins(name, beginnings[i]))
			return true;
	}
	return false;
}

/* Reads one restriction from *at on; GL_NOT_FOUND at the end of the text. */
static enum gl_status next_restriction(
    struct gl_restriction *restriction, struct gl_span text, size_t *at)
{
	struct gl_span word;
	enum gl_status status = next_word(&word, text, at);

	*restriction = (struct gl_restriction){ .from = *at - word.len };
	if (status == GL_OK && named(word, "warn_if_reject")) {
		restriction->warn_only = true;
		status = next_word(&word, text, at);
		if (status == GL_OK && word.len == 0)
			status = GL_MALFORMED;
	}
	if (status != GL_OK)
		return status;
	if (word.len == 0)
		return GL_NOT_FOUND;
	restriction->name = word;
	if (takes_argument(word)) {
		status = next_word(&restriction->argument, text, at);
		if (status == GL_OK && restriction->argument.len == 0)
			status = GL_MALFORMED;
	}
	restriction->to = *at;
	return status;
}

enum gl_status gl_restrictions_parse(struct gl_restrictions *list, struct gl_span text)
{
	enum gl_status status;
	size_t at = 0;

	list->text = text;
	list->count = 0;
	for (;;) {
		struct gl_restriction next;

		status = next_restriction(&next, text, &at);
		if (status != GL_OK)
			break;
		if (list->count == GL_RESTRICTIONS_MAX)
			return GL_TOO_LONG;
		list->at[list->count++] = next;
	}
	return status == GL_NOT_FOUND ? GL_OK : status;
}

bool gl_restrictions_has(const struct gl_restrictions *list, const char *name, size_t before)
{
	for (size_t i = 0; i < before && i < list->count; i++) {
		if (!list->at[i].warn_only && named(list->at[i].name, name))
			return true;
	}
	return false;
}

static struct gl_span without_braces(struct gl_span word)
{
	if (word.len >= 2 && word.at[0] == '{' && word.at[word.len - 1] == '}')
		word = gl_span_head(gl_span_skip(word, 1), word.len - 2);
	return word;
}

struct gl_span gl_restriction_service(const struct gl_restriction *restriction)
{
	struct gl_span word = { NULL, 0 };
	size_t at = 0;

	if (!named(restriction->name, "check_policy_service") ||
	    next_word(&word, without_braces(restriction->argument), &at) != GL_OK)
		return (struct gl_span){ NULL, 0 };
	return word;
}

bool gl_restriction_option(
    struct gl_span *value, const struct gl_restriction *restriction, const char *name)
{
	struct gl_span inside = without_braces(restriction->argument);
	struct gl_span word;
	size_t at = 0;

	while (next_word(&word, inside, &at) == GL_OK && word.len > 0) {
		struct gl_span option = without_braces(word);
		size_t equals = gl_span_find(option, '=');

		if (equals == option.len ||
		    !named(gl_span_trim(gl_span_head(option, equals)), name))
			continue;
		*value = gl_span_trim(gl_span_skip(option, equals + 1));
		return true;
	}
	return false;
}

static bool asks(const struct gl_restriction *restriction, const char *service)
{
	return gl_span_equal(gl_restriction_service(restriction), gl_span_of(service));
}

size_t gl_restrictions_service(const struct gl_restrictions *list, const char *service)
{
	size_t i = 0;

	while (i < list->count && !asks(&list->at[i], service))
		i++;
	return i;
}

size_t gl_restrictions_end(const struct gl_restrictions *list)
{
	static const char *const ends[] = { "permit", "reject", "defer", "check_relay_domains",
		"permit_auth_destination", NULL };
	size_t first = list->count;

	for (size_t i = 0; i < list->count && first == list->count; i++) {
		for (size_t j = 0; ends[j] != NULL; j++) {
			if (!list->at[i].warn_only && named(list->at[i].name, ends[j]))
				first = i;
		}
	}
	return first;
}

static bool is_class(struct gl_span name, struct gl_span classes)
{
	struct gl_span word;
	size_t at = 0;

	while (next_word(&word, classes, &at) == GL_OK && word.len > 0) {
		if (gl_span_equal_fold(word, name))
			return true;
	}
	return false;
}

size_t gl_restrictions_opaque(const struct gl_restrictions *list, struct gl_span classes)
{
	size_t i = 0;

	for (; i < list->count; i++) {
		struct gl_span name = list->at[i].name;

		if (gl_span_find(name, ':') < name.len || name.at[0] == '{' ||
		    is_class(name, classes))
			break;
	}
	return i;
}

void gl_restrictions_insert(
    struct gl_out *out, const struct gl_restrictions *list, size_t index, struct gl_span addition)
{
	size_t at;

	if (index < list->count) {
		at = list->at[index].from;
		gl_out_span(out, gl_span_head(list->text, at));
		gl_out_span(out, addition);
		gl_out_text(out, ", ");
		gl_out_span(out, gl_span_skip(list->text, at));
		return;
	}
	if (list->count > 0) {
		gl_out_span(out, gl_span_head(list->text, list->at[list->count - 1].to));
		gl_out_text(out, ", ");
	}
	gl_out_span(out, addition);
}

static bool same(
    const struct gl_restriction *a, const struct gl_restriction *b, const char *service)
{
	if (asks(a, service) && asks(b, service))
		return true;
	return a->warn_only == b->warn_only && gl_span_equal_fold(a->name, b->name) &&
	       gl_span_equal(a->argument, b->argument);
}

/* The first of the list that equals `wanted` and is not taken yet, or list->count. */
static size_t find_free(const struct gl_restrictions *list, const bool *taken,
    const struct gl_restriction *wanted, const char *service)
{
	size_t i = 0;

	while (i < list->count && (taken[i] || !same(&list->at[i], wanted, service)))
		i++;
	return i;
}

/* Each is written with the separator in front of it; the first that stays loses its own. */
static void write_without(
    struct gl_out *out, const struct gl_restrictions *list, const bool *dropped)
{
	size_t end = 0;
	bool begun = false;

	for (size_t i = 0; i < list->count; i++) {
		size_t from = begun ? end : list->at[i].from;

		end = list->at[i].to;
		if (dropped[i])
			continue;
		gl_out_span(out, gl_span_head(gl_span_skip(list->text, from), end - from));
		begun = true;
	}
}

void gl_restrictions_revert(
    struct gl_out *out, const struct gl_restrictions *list, const struct gl_restrictions_edit *edit)
{
	bool was_there[GL_RESTRICTIONS_MAX] = { false };
	bool dropped[GL_RESTRICTIONS_MAX] = { false };

	for (size_t i = 0; i < edit->after->count; i++) {
		const struct gl_restriction *added = &edit->after->at[i];
		size_t old = find_free(edit->before, was_there, added, edit->service);
		size_t now;

		if (old < edit->before->count) {
			was_there[old] = true;
			continue;
		}
		now = find_free(list, dropped, added, edit->service);
		if (now < list->count)
			dropped[now] = true;
	}
	write_without(out, list, dropped);
}

void gl_restrictions_remove(struct gl_out *out, const struct gl_restrictions *list, size_t index)
{
	bool dropped[GL_RESTRICTIONS_MAX] = { false };

	if (index < list->count)
		dropped[index] = true;
	write_without(out, list, dropped);
}
