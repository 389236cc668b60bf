#include "config_room.h"

#include <stdlib.h>
#include <string.h>

#include "greylist/exempt.h"
#include "greylist/sender.h"

enum { TITLE_MAX = 255, HEADING_MAX = TITLE_MAX + 32 };

static const size_t term_fields[GL_TERMS] = {
	[GL_TERM_MODE] = offsetof(struct gl_section, own.mode),
	[GL_TERM_DELAY] = offsetof(struct gl_section, own.timing.delay),
	[GL_TERM_RETRY_WINDOW] = offsetof(struct gl_section, own.timing.retry_window),
	[GL_TERM_MAX_AGE] = offsetof(struct gl_section, own.timing.max_age),
	[GL_TERM_IDENTITY] = offsetof(struct gl_section, own.identity),
	[GL_TERM_EXEMPT] = offsetof(struct gl_section, own.exempt),
	[GL_TERM_TEXT] = offsetof(struct gl_section, own.text),
};

static const struct gl_option exempt = {
	.name = "exempt", .set = gl_value_switch, .must = "true or false", .form = GL_FORM_BARE
};

static const struct gl_option delegate = { .name = "delegate",
	.set = gl_value_directory,
	.at = offsetof(struct gl_section, delegate),
	.must = "an absolute path of at most 255 bytes",
	.form = GL_FORM_QUOTED };

/* The same words and ranges inside and outside: one row each, with another field. */
void gl_section_options(struct gl_option rows[GL_SECTION_OPTIONS_MAX], bool delegation)
{
	size_t count = 0;

	for (enum gl_term term = 0; term < GL_TERMS; term++) {
		size_t known = gl_option_find(gl_options, gl_span_of(gl_term_name(term)));

		if (term != GL_TERM_EXEMPT && known == GL_OPTIONS_MAX)
			continue;
		rows[count] = term == GL_TERM_EXEMPT ? exempt : gl_options[known];
		rows[count++].at = term_fields[term];
	}
	if (!delegation)
		rows[count++] = delegate;
	rows[count] = (struct gl_option){ .name = NULL };
}

enum gl_section_kind gl_section_kind_of(struct gl_span word)
{
	enum gl_section_kind kind = 0;

	while (
	    kind < GL_SECTION_KINDS && !gl_span_equal(word, gl_span_of(gl_section_kind_name(kind))))
		kind++;
	return kind;
}

void gl_settings_settle(struct gl_settings *settings, const struct gl_reading *reading)
{
	for (enum gl_term term = 0; term < GL_TERMS; term++) {
		size_t row = gl_option_find(reading->options, gl_span_of(gl_term_name(term)));

		if (row == GL_OPTIONS_MAX || !reading->taken[row] || reading->wrong[row])
			continue;
		settings->set |= 1U << term;
		settings->line[term] = reading->line[row];
	}
}

static bool is_domain(struct gl_span domain, size_t *len, const char **why)
{
	struct gl_rule rule;

	if (domain.len == 0 || gl_span_find(domain, '#') < domain.len ||
	    gl_rule_parse(&rule, GL_LIST_RECIPIENTS, domain, why) != GL_OK)
		return false;
	*len = rule.text.len;
	return rule.kind == GL_RULE_DOMAIN && *why == NULL && rule.text.at == domain.at;
}

static bool is_plain(struct gl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.at[i] >= '\0' && text.at[i] < ' ') || text.at[i] == 0x7f ||
		    gl_span_find(gl_span_of("\"\\"), text.at[i]) < 2)
			return false;
	return text.len > 0 && text.len <= TITLE_MAX;
}

/* The record's sender is all that list, show and the sweep know it by. */
static bool is_normal(struct gl_span sender)
{
	char text[TITLE_MAX];
	struct gl_out out = gl_out_into(text, sizeof text);

	gl_out_sender(&out, sender);
	return !out.full && gl_span_equal_fold(gl_out_done(&out), sender);
}

/* Cuts the title, which stands in the heading, into its parts. */
static bool take_title(struct gl_section *section, struct gl_span title, const char **why)
{
	size_t at = gl_span_find_last(title, '@');
	bool address = at < title.len;

	section->domain = title;
	if (!is_plain(title))
		return false;
	if (section->kind == GL_SECTION_CONTEXT)
		return true;
	if (address) {
		section->user = gl_span_head(title, at);
		section->domain = gl_span_skip(title, at + 1);
	}
	if (address && (section->user.len == 0 || gl_span_find(section->user, ' ') < at ||
			   gl_span_find(section->user, '@') < at))
		return false;
	if (!is_domain(section->domain, &section->domain.len, why))
		return false;
	if (section->kind == GL_SECTION_SENDER && address && !is_normal(title)) {
		*why = "greylist-admin list shows in which form a sender is known";
		return false;
	}
	return true;
}

static const struct gl_section *find_same(
    const struct gl_sections *sections, const struct gl_section *section)
{
	for (size_t i = 0; i < sections->count; i++) {
		const struct gl_section *other = &sections->at[i];
		bool context = section->kind == GL_SECTION_CONTEXT;

		if (other->kind == section->kind &&
		    gl_span_equal_fold(other->user, section->user) &&
		    (context ? gl_span_equal(other->domain, section->domain)
			     : gl_span_equal_fold(other->domain, section->domain)))
			return other;
	}
	return NULL;
}

static void note(struct gl_section_reading *inner, const char *what, const char *why)
{
	char text[HEADING_MAX + 384];
	struct gl_out out = gl_out_into(text, sizeof text);

	inner->refused = true;
	gl_out_text(&out, inner->section.heading);
	gl_out_text(&out, what);
	if (why != NULL) {
		gl_out_text(&out, ": ");
		gl_out_text(&out, why);
	}
	gl_reading_mistake(&inner->reading, inner->section.line, gl_out_string(&out));
}

static void check_title(struct gl_section_reading *inner, struct gl_span title)
{
	const struct gl_config *config = inner->reading.whole->config;
	struct gl_section *section = &inner->section;
	const char *why = NULL;
	char text[64];
	struct gl_out out = gl_out_into(text, sizeof text);

	if (config == NULL) {
		note(inner, " cannot stand here: a delegation file has no sections", NULL);
	} else if (!take_title(section, title, &why)) {
		note(inner,
		    section->kind == GL_SECTION_CONTEXT
			? " must name a context in 1 to 255 printable characters, as main.cf does"
			: " must name an address or a domain, such as \"user@example.org\" or "
			  "\"example.org\"",
		    why);
	} else if (find_same(&config->sections, section) != NULL) {
		gl_out_text(&out, " stands a second time, after line ");
		gl_out_decimal(&out, find_same(&config->sections, section)->line);
		note(inner, gl_out_string(&out), NULL);
	} else if (config->sections.count == GL_SECTIONS_MAX) {
		note(inner, " is one too many: there can be 256 sections", NULL);
	}
}

void gl_section_begin(struct gl_section_reading *inner, struct gl_reading *whole,
    enum gl_section_kind kind, struct gl_span title, unsigned line)
{
	char heading[HEADING_MAX];
	struct gl_out out = gl_out_into(heading, sizeof heading);

	*inner = (struct gl_section_reading){ .section = { .kind = kind, .line = line } };
	inner->reading = (struct gl_reading){ .options = inner->options,
		.base = &inner->section,
		.whole = whole,
		.path = whole->path };
	gl_section_options(inner->options, whole->config == NULL);
	gl_out_text(&out, gl_section_kind_name(kind));
	gl_out_text(&out, " \"");
	size_t at = out.len;
	gl_out_span(&out, title);
	gl_out_byte(&out, '"');
	inner->section.heading = strdup(gl_out_string(&out));
	if (inner->section.heading == NULL)
		whole->out_of_memory = inner->refused = true;
	else if (gl_span_find(title, GL_CONFIG_POISON) < title.len)
		inner->refused = true;
	else
		check_title(inner,
		    gl_span_head(gl_span_skip(gl_span_of(inner->section.heading), at), title.len));
}

static bool append(struct gl_config *config, const struct gl_section *section)
{
	struct gl_sections *sections = &config->sections;
	struct gl_section *at = realloc(sections->at, (sections->count + 1) * sizeof *at);

	if (at == NULL)
		return false;
	sections->at = at;
	at[sections->count++] = *section;
	sections->of[section->kind]++;
	return true;
}

static void check_delegate(struct gl_section_reading *inner)
{
	struct gl_section *section = &inner->section;
	size_t row = gl_option_find(inner->options, gl_span_of(delegate.name));

	section->read = section->delegate == NULL;
	if (section->read)
		return;
	section->delegate_line = inner->reading.line[row];
	if (section->kind != GL_SECTION_RECIPIENT || section->user.len > 0)
		gl_reading_mistake(&inner->reading, section->delegate_line,
		    "delegate belongs into the recipient section of a domain only");
}

void gl_section_end(struct gl_section_reading *inner, char *body, size_t len, unsigned line)
{
	struct gl_reading *reading = &inner->reading;
	struct gl_reading *whole = reading->whole;
	struct gl_span text = { body, len };

	reading->text = body;
	reading->len = len;
	reading->lines_before = line - 1;
	if (gl_span_trim(text).len > 0)
		gl_reading_parse(reading);
	gl_settings_settle(&inner->section.own, reading);
	check_delegate(inner);
	whole->out_of_memory = whole->out_of_memory || reading->out_of_memory;
	if (!inner->refused && !whole->out_of_memory && append(whole->config, &inner->section))
		return;
	if (!inner->refused)
		whole->out_of_memory = true;
	gl_section_clear(&inner->section);
}

const char *gl_section_misplaced(
    const struct gl_reading *reading, struct gl_span name, char text[256])
{
	struct gl_option rows[GL_SECTION_OPTIONS_MAX];
	struct gl_out out = gl_out_into(text, 256);
	bool outside = reading->options == gl_options;
	bool section = gl_section_kind_of(name) < GL_SECTION_KINDS;

	gl_section_options(rows, false);
	if (!section && gl_option_find(outside ? rows : gl_options, name) == GL_OPTIONS_MAX &&
	    !gl_span_equal(name, gl_span_of(delegate.name)))
		return NULL;
	gl_out_span(&out, name);
	if (section)
		gl_out_text(&out, " begins a section and is no option: a title and { follow it");
	else if (outside)
		gl_out_text(&out, " belongs into a section, such as recipient \"example.org\" { }");
	else if (reading->whole == NULL)
		gl_out_text(&out, " does not belong into a delegation file");
	else
		gl_out_text(&out, " does not belong into a section; is a } missing before it?");
	return gl_out_string(&out);
}

void gl_section_clear(struct gl_section *section)
{
	free(section->heading);
	free(section->delegate);
	free(section->own.text);
	free(section->theirs.text);
	*section = (struct gl_section){ .line = 0 };
}

void gl_sections_clear(struct gl_config *config)
{
	for (size_t i = 0; i < config->sections.count; i++)
		gl_section_clear(&config->sections.at[i]);
	free(config->sections.at);
	free(config->sections.file);
	free(config->delegations);
	config->sections = (struct gl_sections){ .count = 0 };
	config->delegations = NULL;
}
