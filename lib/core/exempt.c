#include "greylist/exempt.h"

#include <string.h>

#include "greylist/punycode.h"
#include "greylist/suffix.h"

/* RFC 1035 2.3.4 */
enum { LABEL_MAX = 63 };

const char *gl_list_name(enum gl_list list)
{
	switch (list) {
	case GL_LIST_RELAYS:
		return "relays";
	case GL_LIST_CLIENTS:
		return "clients";
	case GL_LIST_RECIPIENTS:
		return "recipients";
	case GL_LIST_SENDERS:
		return "senders";
	case GL_LIST_NEVER:
		return "never_auto_whitelist";
	case GL_LIST_SUFFIXES:
		return "suffixes";
	case GL_LIST_SUFFIX_WILDCARDS:
		return "suffix wildcards";
	case GL_LIST_SUFFIX_EXCEPTIONS:
		return "suffix exceptions";
	case GL_LISTS:
		break;
	}
	return "";
}

static bool of_clients(enum gl_list list)
{
	return list == GL_LIST_RELAYS || list == GL_LIST_CLIENTS || list == GL_LIST_NEVER;
}

static bool has(struct gl_span text, char byte)
{
	return gl_span_find(text, byte) < text.len;
}

/* Whether it is meant as numbers: a digit first, then only digits and `also`. */
static bool is_numeric(struct gl_span text, const char *also)
{
	if (!gl_is_digit(text.at[0]))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!gl_is_digit(text.at[i]) && !has(gl_span_of(also), text.at[i]))
			return false;
	return true;
}

static size_t count(struct gl_span text, char byte)
{
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++)
		found += text.at[i] == byte;
	return found;
}

/* What no entry of any list may look like. */
static const char *shape_mistake(struct gl_span entry)
{
	for (size_t i = 0; i < entry.len; i++) {
		unsigned char byte = (unsigned char)entry.at[i];

		if (byte == ' ' || byte == '\t')
			return "write one entry a line, and '#' in front of a comment";
		if (byte < ' ' || byte == 0x7f)
			return "a control character: the list has to be plain text";
	}
	if (entry.at[0] == '<' || entry.at[0] == '[' || entry.at[0] == '"')
		return "write the entry without brackets and quotes";
	return NULL;
}

static const char *label_mistake(size_t len)
{
	if (len == 0)
		return "a name with nothing between two dots: write it as mail.example.com";
	if (len > LABEL_MAX)
		return "a part of the name is longer than the 63 bytes that DNS allows";
	return NULL;
}

static const char *name_byte_mistake(char byte)
{
	if (byte == '*')
		return "write the name without '*': it stands for everything below it as well";
	if ((unsigned char)byte > 127)
		return "write the name in its ASCII form, such as xn--bcher-kva.example";
	if (!gl_is_alnum(byte) && byte != '-' && byte != '_')
		return "a name has only letters, digits, '-', '_' and '.'";
	return NULL;
}

static const char *name_mistake(struct gl_span name)
{
	if (name.len > 1 && name.at[0] == '.')
		return "write the name without the first dot: it stands for everything below it";
	while (name.len > 0) {
		struct gl_span label = gl_span_head(name, gl_span_find(name, '.'));
		const char *why = NULL;

		for (size_t i = 0; i < label.len && why == NULL; i++)
			why = name_byte_mistake(label.at[i]);
		if (why == NULL)
			why = label_mistake(label.len);
		if (why != NULL || label.len == name.len)
			return why;
		name = gl_span_skip(name, label.len + 1);
	}
	return label_mistake(0);
}

/* example.com. is the same name written in full (RFC 1034 3.1). */
static struct gl_span without_root(struct gl_span name)
{
	if (name.len > 1 && name.at[name.len - 1] == '.')
		name.len--;
	return name;
}

static const char *v4_mistake(struct gl_span entry)
{
	switch (count(entry, '.')) {
	case 0:
		return "one octet is no network: write it as a.0.0.0/8";
	case 1:
		return "two octets are no network: write them as a.b.0.0/16";
	case 2:
		if (has(entry, '/'))
			return "write all four octets in front of the '/', as in a.b.c.0/24";
		break;
	default:
		break;
	}
	return "no IPv4 address or network: write it as 192.0.2.7, 192.0.2.0/24 or 192.0.2";
}

static enum gl_status read_network(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	enum gl_status status = gl_network_parse(&rule->network, entry);

	rule->kind = GL_RULE_NETWORK;
	if (status == GL_OK)
		return GL_OK;
	/* Postgrey takes it for the network, so its lists have such entries */
	if (status == GL_TOO_LONG) {
		*why = "bits are set behind the prefix; it counts as the whole network: write the "
		       "network's first address, as in 192.0.2.0/24, or a longer prefix";
		return GL_OK;
	}
	if (has(entry, ':'))
		*why = "no IPv6 address or network: write it as 2001:db8::7 or 2001:db8::/32";
	else
		*why = v4_mistake(entry);
	return GL_MALFORMED;
}

static enum gl_status read_domain(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	rule->kind = GL_RULE_DOMAIN;
	rule->text = without_root(entry);
	if (of_clients(rule->list) && gl_span_equal_fold(rule->text, gl_span_of("unknown")))
		*why = "\"unknown\" stands for every client without a name: write its address";
	else
		*why = name_mistake(rule->text);
	if (*why != NULL)
		return GL_MALFORMED;
	if (count(rule->text, '.') < GL_LABELS_MAX)
		return GL_OK;
	*why = "a name has at most 16 parts: write a shorter one, which stands for this one too";
	return GL_TOO_LONG;
}

static enum gl_status read_mailbox(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	size_t at = gl_span_find_last(entry, '@');
	struct gl_span user = gl_span_head(entry, at);
	struct gl_span domain = gl_span_skip(entry, at + 1);

	rule->kind = domain.len == 0 ? GL_RULE_USER : GL_RULE_ADDRESS;
	rule->text = domain.len == 0 ? user : without_root(entry);
	if (has(user, '@'))
		*why = "two '@': write one address a line";
	else if (user.len == 0)
		*why = "write a domain without '@': example.com";
	else if (user.len == 1 && user.at[0] == '*')
		*why = "write a domain without \"*@\": example.com";
	else if (has(user, '*'))
		*why = "'*' has no meaning here: write whole addresses, user@ or a domain";
	else if (domain.len > 0)
		*why = name_mistake(without_root(domain));
	return *why == NULL ? GL_OK : GL_MALFORMED;
}

static enum gl_status read_client(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	if (has(entry, '@')) {
		*why = "a list of clients has addresses and host names: a mail address belongs "
		       "into the recipients or the senders";
		return GL_MALFORMED;
	}
	if (has(entry, ':') || is_numeric(entry, "./"))
		return read_network(rule, entry, why);
	if (is_numeric(entry, ".-/")) {
		*why = "no range of addresses: write networks, such as 192.0.2.0/28";
		return GL_MALFORMED;
	}
	return read_domain(rule, entry, why);
}

static enum gl_status read_correspondent(
    struct gl_rule *rule, struct gl_span entry, const char **why)
{
	if (has(entry, '@'))
		return read_mailbox(rule, entry, why);
	if (has(entry, ':') || is_numeric(entry, "./")) {
		*why = "a list of mail addresses and domains: a network belongs into the clients";
		return GL_MALFORMED;
	}
	return read_domain(rule, entry, why);
}

static const char *regex_mistake(enum gl_list list, struct gl_span entry)
{
	size_t end = gl_span_find_last(entry, '/');

	if (list == GL_LIST_RELAYS || list == GL_LIST_NEVER)
		return "no regular expressions here: write addresses, networks or names";
	for (size_t i = 0; i < entry.len; i++)
		if ((unsigned char)entry.at[i] <= ' ' || entry.at[i] == 0x7f)
			return "a regular expression has no blanks: write \\s or \\x20 for one";
	if (end == 0)
		return "a regular expression ends with '/', and '#' ends the line even inside it: "
		       "write \\x23 for one";
	if (end + 1 < entry.len)
		return "nothing may follow the '/' at the end: letters match in either case anyway";
	return end == 1 ? "there is nothing between the slashes" : NULL;
}

static enum gl_status read_regex(struct gl_rule *rule, struct gl_span entry, const char **why)
{
	if (entry.len > GL_REGEX_TEXT_MAX) {
		*why = "longer than 1024 bytes: write it as two regular expressions";
		return GL_TOO_LONG;
	}
	*why = regex_mistake(rule->list, entry);
	rule->kind = GL_RULE_REGEX;
	rule->text = gl_rule_expression(entry);
	return *why == NULL ? GL_OK : GL_MALFORMED;
}

struct gl_span gl_rule_entry(enum gl_list list, struct gl_span line)
{
	if (list >= GL_EXEMPT_LISTS)
		return gl_suffix_entry(line);
	return gl_span_trim(gl_span_head(line, gl_span_find(line, '#')));
}

enum gl_status gl_rule_parse(
    struct gl_rule *rule, enum gl_list list, struct gl_span line, const char **why)
{
	struct gl_span entry = gl_rule_entry(list, line);

	*why = NULL;
	*rule = (struct gl_rule){ .list = list };
	if (entry.len == 0)
		return GL_NOT_FOUND;
	if (list >= GL_EXEMPT_LISTS)
		return gl_suffix_parse(rule, entry, why);
	if (entry.at[0] == '/')
		return read_regex(rule, entry, why);
	if (entry.len > GL_RULE_TEXT_MAX) {
		*why = "longer than 255 bytes: no address or name is";
		return GL_TOO_LONG;
	}
	*why = shape_mistake(entry);
	if (*why != NULL)
		return GL_MALFORMED;
	if (of_clients(list))
		return read_client(rule, entry, why);
	return read_correspondent(rule, entry, why);
}

static char list_byte(enum gl_list list)
{
	switch (list) {
	case GL_LIST_RELAYS:
		return 'L';
	case GL_LIST_CLIENTS:
		return 'c';
	case GL_LIST_RECIPIENTS:
		return 'r';
	case GL_LIST_SENDERS:
		return 's';
	case GL_LIST_NEVER:
		return 'n';
	case GL_LIST_SUFFIXES:
		return 'p';
	case GL_LIST_SUFFIX_WILDCARDS:
		return 'w';
	case GL_LIST_SUFFIX_EXCEPTIONS:
		return 'e';
	case GL_LISTS:
		break;
	}
	return '?';
}

bool gl_rule_is_suffix(struct gl_span key)
{
	for (enum gl_list list = GL_EXEMPT_LISTS; list < GL_LISTS; list++)
		if (key.len > 0 && key.at[0] == list_byte(list))
			return true;
	return false;
}

static char kind_byte(enum gl_rule_kind kind)
{
	switch (kind) {
	case GL_RULE_DOMAIN:
		return 'd';
	case GL_RULE_ADDRESS:
		return 'a';
	case GL_RULE_USER:
		return 'u';
	case GL_RULE_REGEX:
		return 'x';
	case GL_RULE_NETWORK:
		break;
	}
	return '?';
}

static void out_text(struct gl_out *out, const struct gl_rule *rule)
{
	if (rule->list >= GL_EXEMPT_LISTS) {
		gl_out_domain(out, rule->text);
	} else if (rule->kind != GL_RULE_REGEX) {
		gl_out_lower(out, rule->text);
	} else {
		gl_out_byte(out, (char)(rule->number >> 8));
		gl_out_byte(out, (char)(rule->number & 0xff));
	}
}

void gl_rule_key(struct gl_key *key, const struct gl_rule *rule)
{
	struct gl_out out = gl_out_into((char *)key->bytes, sizeof key->bytes);
	struct gl_key network;

	gl_out_byte(&out, list_byte(rule->list));
	if (rule->kind == GL_RULE_NETWORK) {
		gl_network_key(&network, &rule->network);
		gl_out_span(&out, gl_key_span(&network));
	} else {
		gl_out_byte(&out, kind_byte(rule->kind));
		out_text(&out, rule);
	}
	key->len = (uint16_t)out.len;
}
