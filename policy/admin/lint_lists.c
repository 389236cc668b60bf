#include "lint.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "textfile.h"

/* One list on its way through, an entry after the other. */
struct reading {
	struct gl_check *check;
	const struct gl_lint_lists *lists;
	const struct gl_rules_input *input;
	unsigned long line;
	size_t fits;    /* entries that only this kind of list has */
	size_t misfits; /* lines that only the other kind of list could have */
};

static bool of_clients(enum gl_list list)
{
	struct gl_rule rule;
	const char *why;

	return gl_rule_parse(&rule, list, gl_span_of("192.0.2.1"), &why) == GL_OK;
}

static bool find_key(
    struct gl_rule_source *source, const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	struct gl_span value;
	struct gl_key key;

	gl_rule_key(&key, rule);
	return gl_ruleset_find(rules, gl_key_span(&key), &value) == GL_OK &&
	       gl_rule_value_decode(source, value) == GL_OK;
}

/* Expressions have no key of their own, but a number each. */
static bool find_regex(
    struct gl_rule_source *source, const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	struct gl_rule other = *rule;

	for (unsigned n = 0; n < rules->head.use[rule->list].regexes; n++) {
		other.number = (uint16_t)n;
		if (find_key(source, rules, &other) && source->text.len >= 2 &&
		    gl_span_equal(gl_span_head(gl_span_skip(source->text, 1), source->text.len - 2),
			rule->text))
			return true;
	}
	return false;
}

/* The entry of the same list that says this, where there is one. */
static bool find(
    struct gl_rule_source *source, const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	if (rule->kind == GL_RULE_REGEX)
		return find_regex(source, rules, rule);
	return find_key(source, rules, rule);
}

static bool occurs(const struct gl_rules_use *use, enum gl_family family, unsigned prefix)
{
	const uint8_t *bits = family == GL_V4 ? use->v4 : use->v6;

	return (bits[prefix / 8] >> prefix % 8 & 1) != 0;
}

static bool find_network(
    struct gl_rule_source *source, const struct gl_ruleset *rules, const struct gl_rule *rule)
{
	const struct gl_rules_use *use = &rules->head.use[rule->list];
	struct gl_rule wider = *rule;

	for (unsigned prefix = rule->network.prefix; prefix-- > 0;) {
		if (!occurs(use, rule->network.base.family, prefix))
			continue;
		wider.network = gl_network_of(&rule->network.base, (uint8_t)prefix);
		if (find(source, rules, &wider))
			return true;
	}
	return false;
}

/* The domain and those above it. */
static bool find_domain(struct gl_rule_source *source, const struct gl_ruleset *rules,
    const struct gl_rule *from, struct gl_span domain)
{
	struct gl_rule wider = { .list = from->list, .kind = GL_RULE_DOMAIN, .text = domain };

	while (wider.text.len > 0) {
		if (find(source, rules, &wider))
			return true;
		wider.text = gl_span_skip(wider.text, gl_span_find(wider.text, '.') + 1);
	}
	return false;
}

static struct gl_span parent(struct gl_span domain)
{
	return gl_span_skip(domain, gl_span_find(domain, '.') + 1);
}

/* Without its extension; empty where it has none. */
static struct gl_span base_user(struct gl_span user, char delimiter)
{
	size_t at = delimiter != 0 ? gl_span_find(user, delimiter) : user.len;

	return at > 0 && at < user.len ? gl_span_head(user, at) : gl_span_head(user, 0);
}

static bool find_user(struct gl_rule_source *source, const struct gl_ruleset *rules,
    const struct gl_rule *from, struct gl_span user)
{
	struct gl_rule wider = { .list = from->list, .kind = GL_RULE_USER, .text = user };

	return user.len > 0 && find(source, rules, &wider);
}

static bool find_mailbox(
    struct gl_rule_source *source, const struct gl_lint_lists *lists, const struct gl_rule *rule)
{
	char text[GL_RULE_TEXT_MAX];
	struct gl_out plain = gl_out_into(text, sizeof text);
	size_t at = gl_span_find_last(rule->text, '@');
	struct gl_span user = gl_span_head(rule->text, at);
	struct gl_span base = base_user(user, lists->delimiter);
	struct gl_rule wider = *rule;

	gl_out_span(&plain, base);
	gl_out_span(&plain, gl_span_skip(rule->text, at));
	wider.text = gl_out_done(&plain);
	return (base.len > 0 && find(source, lists->rules, &wider)) ||
	       find_user(source, lists->rules, rule, user) ||
	       find_user(source, lists->rules, rule, base) ||
	       find_domain(source, lists->rules, rule, gl_span_skip(rule->text, at + 1));
}

/* The nearest entry of the same list that covers this one. */
static bool find_wider(
    struct gl_rule_source *source, const struct gl_lint_lists *lists, const struct gl_rule *rule)
{
	switch (rule->kind) {
	case GL_RULE_NETWORK:
		return find_network(source, lists->rules, rule);
	case GL_RULE_DOMAIN:
		return find_domain(source, lists->rules, rule, parent(rule->text));
	case GL_RULE_ADDRESS:
		return find_mailbox(source, lists, rule);
	case GL_RULE_USER:
		return find_user(
		    source, lists->rules, rule, base_user(rule->text, lists->delimiter));
	case GL_RULE_REGEX:
		break;
	}
	return false;
}

static bool is_here(const struct reading *reading, const struct gl_rule_source *source)
{
	return source->line == reading->line &&
	       gl_span_equal(source->file, gl_span_of(reading->input->path));
}

/* Among the words of one option, which all stand at one place. */
static bool is_repeated(const struct reading *reading, const struct gl_rule *rule, size_t word)
{
	struct gl_key key, other;

	gl_rule_key(&key, rule);
	for (size_t i = 0; i < word; i++) {
		struct gl_rule earlier;
		const char *why;

		if (gl_rule_parse(
			&earlier, rule->list, gl_span_of(reading->input->words[i]), &why) != GL_OK)
			continue;
		gl_rule_key(&other, &earlier);
		if (gl_span_equal(gl_key_span(&key), gl_key_span(&other)))
			return true;
	}
	return false;
}

static void lint_entry(
    struct reading *reading, const struct gl_rule *rule, struct gl_span text, size_t word)
{
	struct gl_place place = gl_at_line(reading->input->path, reading->line);
	struct gl_rule_source other;

	if (find(&other, reading->lists->rules, rule) &&
	    (!is_here(reading, &other) || is_repeated(reading, rule, word)))
		gl_finding(reading->check, GL_FINDING_LIST_DUPLICATE, place,
		    "\"%.*s\" stands at %.*s:%lu already", (int)text.len, text.at,
		    (int)other.file.len, other.file.at, (unsigned long)other.line);
	else if (find_wider(&other, reading->lists, rule))
		gl_finding(reading->check, GL_FINDING_LIST_SHADOWED, place,
		    "\"%.*s\" is covered by \"%.*s\" at %.*s:%lu", (int)text.len, text.at,
		    (int)other.text.len, other.text.at, (int)other.file.len, other.file.at,
		    (unsigned long)other.line);
}

/* Host names and domains stand in lists of either kind. */
static bool is_telling(const struct gl_rule *rule)
{
	return rule->kind == GL_RULE_NETWORK || rule->kind == GL_RULE_ADDRESS ||
	       rule->kind == GL_RULE_USER;
}

static void lint_line(struct reading *reading, struct gl_span line, size_t word)
{
	enum gl_list list = reading->input->list;
	enum gl_list other = of_clients(list) ? GL_LIST_RECIPIENTS : GL_LIST_CLIENTS;
	struct gl_rule rule;
	const char *why;
	enum gl_status status = gl_rule_parse(&rule, list, line, &why);

	if (status == GL_OK) {
		reading->fits += is_telling(&rule);
		lint_entry(reading, &rule, gl_rule_entry(list, line), word);
	} else if (status != GL_NOT_FOUND && gl_rule_parse(&rule, other, line, &why) == GL_OK) {
		reading->misfits += is_telling(&rule);
	}
}

static void lint_text(struct reading *reading, struct gl_span text)
{
	while (text.len > 0) {
		struct gl_span line = gl_span_head(text, gl_span_find(text, '\n'));

		reading->line++;
		lint_line(reading, line, 0);
		text = gl_span_skip(text, line.len + 1);
	}
}

static void lint_file(struct reading *reading)
{
	struct gl_complaint why;
	struct stat info;
	char *bytes = NULL;
	size_t len;
	enum gl_status status = GL_NOT_FOUND;

	/* a FIFO without a writer must not hold us up */
	if (stat(reading->input->path, &info) == 0 && S_ISREG(info.st_mode))
		status = gl_textfile_read(&bytes, &len, reading->input->path, &why);
	if (status == GL_OK)
		lint_text(reading, (struct gl_span){ bytes, len });
	else if (status == GL_TOO_LONG)
		gl_finding_skipped(reading->check,
		    "%s: not checked for duplicates, it is longer than %d bytes",
		    reading->input->path, GL_TEXTFILE_MAX);
	free(bytes);
}

static void say_swapped(const struct reading *reading)
{
	enum { FEWEST = 2 };
	bool clients = of_clients(reading->input->list);

	if (reading->misfits < FEWEST || reading->misfits <= reading->fits)
		return;
	gl_finding(reading->check, GL_FINDING_LIST_SWAPPED, gl_at_file(reading->input->path),
	    "is read as a list of %s, but %zu of its lines are %s",
	    gl_list_name(reading->input->list), reading->misfits,
	    clients ? "mail addresses, as recipients and senders have them"
		    : "addresses of machines, as clients have them");
}

void gl_lint_lists(struct gl_check *check, const struct gl_lint_lists *lists)
{
	for (size_t i = 0; i < lists->count; i++) {
		const struct gl_rules_input *input = &lists->inputs[i];
		struct reading reading = { .check = check, .lists = lists, .input = input };

		/* of public suffixes several sources say the same, and one below another is none */
		if (input->list >= GL_EXEMPT_LISTS)
			continue;
		if (input->words == NULL)
			lint_file(&reading);
		reading.line = input->line;
		for (size_t word = 0; input->words != NULL && word < input->word_count; word++)
			lint_line(&reading, gl_span_of(input->words[word]), word);
		say_swapped(&reading);
	}
}
