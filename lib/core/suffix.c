#include "greylist/suffix.h"

#include "greylist/punycode.h"

/* RFC 1035 2.3.4; a name of 255 octets has 253 characters. */
enum { LABEL_MAX = 63, NAME_MAX_LEN = 253 };

static bool begins_with(struct gl_span span, const char *prefix)
{
	struct gl_span wanted = gl_span_of(prefix);

	return gl_span_equal(gl_span_head(span, wanted.len), wanted);
}

struct gl_span gl_suffix_entry(struct gl_span line)
{
	struct gl_span entry = gl_span_trim(line);
	size_t len = 0;

	while (len < entry.len && (unsigned char)entry.at[len] > ' ')
		len++;
	return gl_span_head(entry, len);
}

static size_t count_labels(struct gl_span name)
{
	size_t labels = 1;

	for (size_t i = 0; i < name.len; i++)
		labels += name.at[i] == '.';
	return labels;
}

static const char *byte_mistake(char byte)
{
	if (byte == '*')
		return "a '*' stands only in front, for one whole part: *.example";
	if (byte == '!')
		return "a '!' stands only in front, and not with a '*': !www.example";
	if (byte == '#')
		return "a comment begins with // here";
	bool named = gl_is_alnum(byte) || byte == '-' || byte == '_' || byte == '.';

	if ((unsigned char)byte < 128 && !named)
		return "a name has only letters, digits, '-', '_' and '.'";
	return NULL;
}

/* One label of what DNS will have. */
static const char *label_mistake(struct gl_span label)
{
	if (label.len == 0)
		return "a name with nothing between two dots: write it as co.example";
	if (label.len > LABEL_MAX)
		return "a part of the name is longer than the 63 bytes that DNS allows";
	for (size_t i = 0; i < label.len; i++)
		if ((unsigned char)label.at[i] > 127)
			return "letters that are neither ASCII nor UTF-8: save the file as UTF-8";
	return NULL;
}

static bool is_number(struct gl_span label)
{
	uint64_t number;

	return gl_span_number(label, UINT64_MAX, &number) != GL_MALFORMED;
}

static const char *name_mistake(struct gl_span name)
{
	const char *why = NULL;

	while (why == NULL) {
		struct gl_span label = gl_span_head(name, gl_span_find(name, '.'));

		why = label_mistake(label);
		if (label.len == name.len)
			break;
		name = gl_span_skip(name, label.len + 1);
	}
	if (why == NULL && is_number(name))
		return "an address is nobody's public suffix: write names";
	return why;
}

static const char *text_mistake(struct gl_span text)
{
	const char *why = NULL;

	for (size_t i = 0; i < text.len && why == NULL; i++)
		why = byte_mistake(text.at[i]);
	return why;
}

/* Takes '!' or "*." off and says which list it is for. */
static struct gl_span take_mark(enum gl_list *list, struct gl_span entry)
{
	*list = GL_LIST_SUFFIXES;
	if (begins_with(entry, "!")) {
		*list = GL_LIST_SUFFIX_EXCEPTIONS;
		return gl_span_skip(entry, 1);
	}
	if (begins_with(entry, "*.")) {
		*list = GL_LIST_SUFFIX_WILDCARDS;
		return gl_span_skip(entry, 2);
	}
	return entry;
}

enum gl_status gl_suffix_parse(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	char room[NAME_MAX_LEN];
	struct gl_out name = gl_out_into(room, sizeof room);

	*why = NULL;
	*rule = (struct gl_rule){ .kind = GL_RULE_DOMAIN };
	if (begins_with(entry, "//") || gl_span_equal(entry, gl_span_of("*")))
		return GL_NOT_FOUND;
	struct gl_span text = take_mark(&rule->list, entry);

	if (text.len > 1 && text.at[text.len - 1] == '.')
		text.len--;
	size_t labels = count_labels(text);

	rule->text = text;
	gl_out_domain(&name, text);
	*why = text_mistake(text);
	if (*why == NULL && !name.full)
		*why = name_mistake(gl_out_done(&name));
	if (*why != NULL)
		return GL_MALFORMED;
	if (labels > GL_LABELS_MAX || name.full) {
		*why = "longer than any public suffix: a name has at most 16 parts and 253 bytes";
		return GL_TOO_LONG;
	}
	if (labels == 1 && rule->list == GL_LIST_SUFFIX_EXCEPTIONS) {
		*why = "the last part of a name is a public suffix: an exception has two at least";
		return GL_MALFORMED;
	}
	return labels == 1 && rule->list == GL_LIST_SUFFIXES ? GL_NOT_FOUND : GL_OK;
}
