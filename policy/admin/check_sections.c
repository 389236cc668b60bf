#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lint.h"
#include "term_value.h"

enum { SENTENCE = 1024 };

/* "mode = off, delay = 1m"; empty where nothing is set. */
static void out_settings(struct gl_out *out, const struct gl_settings *settings)
{
	struct gl_terms terms = { .mode = settings->mode,
		.timing = settings->timing,
		.identity = settings->identity,
		.exempt = settings->exempt,
		.text = settings->text };
	const char *between = "";
	for (enum gl_term term = 0; term < GL_TERMS; term++) {
		struct gl_term_value value;
		if ((settings->set >> term & 1) == 0)
			continue;
		gl_out_text(out, between);
		gl_out_text(out, gl_term_name(term));
		gl_out_text(out, " = ");
		gl_out_text(out, gl_term_value(&value, &terms, term));
		between = ", ";
	}
}

static void say_section(struct gl_check *check, const struct gl_section *section)
{
	char text[SENTENCE];
	struct gl_out out = gl_out_into(text, sizeof text);
	const char *file = check->admin->world.config.sections.file;
	out_settings(&out, &section->own);
	if (out.len > 0)
		gl_finding_ok(check, "%s:%u: %s: %s", file, section->line, section->heading,
		    gl_out_string(&out));
	else if (section->delegate == NULL)
		gl_finding(check, GL_FINDING_SECTION_EMPTY, gl_at_line(file, section->line),
		    "%s sets nothing", section->heading);
}

static void delegate_mistake(void *context, const char *mistake)
{
	gl_finding_mistake(context, GL_FINDING_DELEGATION, mistake);
}

/* The group may be the domain owner's; everybody is nobody's. */
static void check_delegate(struct gl_check *check, size_t n)
{
	struct gl_config *config = &check->admin->world.config;
	const struct gl_section *section = &config->sections.at[n];
	char text[SENTENCE];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct stat info;
	if (gl_config_delegate(config, n, delegate_mistake, check) != GL_OK) {
		gl_finding(check, GL_FINDING_DELEGATION, gl_at_file(section->delegate),
		    "could not be read: out of memory");
		return;
	}
	bool there = lstat(section->delegate, &info) == 0;
	if (there && S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0)
		gl_finding(check, GL_FINDING_DELEGATION_OPEN, gl_at_file(section->delegate),
		    "mode %04o", (unsigned)info.st_mode & 07777U);
	out_settings(&out, &section->theirs);
	gl_finding_ok(check, "%s: delegation file of %s: %s", section->delegate, section->heading,
	    out.len > 0 ? gl_out_string(&out)
	    : there     ? "it sets nothing"
			: "there is none now, and none is needed");
}

/* Whether `postconf` has it: a longer word that begins alike is another one. */
static bool is_given(const char *parameters, struct gl_span context)
{
	static const char name[] = "policy_context";
	for (const char *at = parameters; at != NULL && (at = strstr(at, name)) != NULL;) {
		at += sizeof name - 1;
		struct gl_span rest = gl_span_trim(gl_span_of(at));
		if (rest.len == 0 || rest.at[0] != '=')
			continue;
		rest = gl_span_trim(gl_span_skip(rest, 1));
		struct gl_span behind = gl_span_skip(rest, context.len);
		if (gl_span_equal(gl_span_head(rest, context.len), context) &&
		    (behind.len == 0 || strchr(" \t\n,}", behind.at[0]) != NULL))
			return true;
	}
	return false;
}

void gl_lint_contexts(struct gl_check *check, const struct gl_lint_postfix *postfix)
{
	const struct gl_sections *sections = &check->admin->world.config.sections;
	for (size_t i = 0; i < sections->count; i++) {
		const struct gl_section *section = &sections->at[i];
		if (section->kind == GL_SECTION_CONTEXT &&
		    !is_given(postfix->parameters, section->domain) &&
		    !is_given(postfix->overrides, section->domain))
			gl_finding(check, GL_FINDING_CONTEXT_UNUSED,
			    gl_at_line(sections->file, section->line),
			    "no check_policy_service gives %s", section->heading);
	}
}

void gl_check_sections(struct gl_check *check)
{
	const struct gl_sections *sections = &check->admin->world.config.sections;
	for (size_t i = 0; i < sections->count; i++) {
		say_section(check, &sections->at[i]);
		if (sections->at[i].delegate != NULL)
			check_delegate(check, i);
	}
}
