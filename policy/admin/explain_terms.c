#include "explain.h"
#include "output.h"
#include "term_value.h"

/* GL_TERMS: no section did. */
static enum gl_term deciding(const struct gl_judgement *judgement)
{
	const struct gl_terms *terms = &judgement->terms;
	if (judgement->rule.line == 0 || !judgement->pass)
		return GL_TERMS;
	if (terms->mode == GL_MODE_OFF)
		return GL_TERM_MODE;
	/* a list's rule would be of another place */
	const struct gl_origin *from = &terms->from[GL_TERM_EXEMPT];
	bool exempt = terms->exempt && from->section != NULL &&
		      judgement->rule.line == from->line &&
		      gl_span_equal(judgement->rule.file, gl_span_of(from->file));
	return exempt ? GL_TERM_EXEMPT : GL_TERMS;
}

static void print_origin(const struct gl_admin *admin, const struct gl_origin *from,
    const char *before, const char *between)
{
	fputs(before, admin->out);
	gl_print_printable(admin->out, gl_span_of(from->section->heading));
	fputs(between, admin->out);
	gl_print_printable(admin->out, gl_span_of(from->file));
	fprintf(admin->out, ":%u", from->line);
}

bool gl_explain_section(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_terms *terms = &explanation->judgement.terms;
	enum gl_term term = deciding(&explanation->judgement);
	struct gl_term_value text;
	if (term == GL_TERMS)
		return false;
	fprintf(admin->out, "%s = %s", gl_term_name(term), gl_term_value(&text, terms, term));
	print_origin(admin, &terms->from[term], " by ", " in ");
	fputc('\n', admin->out);
	return true;
}

void gl_explain_terms_text(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_terms *terms = &explanation->judgement.terms;
	enum gl_term told = deciding(&explanation->judgement);
	enum gl_reason reason = explanation->judgement.reason;
	if (reason == GL_REASON_STATE || reason == GL_REASON_INCOMPLETE)
		return;
	for (enum gl_term term = 0; term < GL_TERMS; term++) {
		struct gl_term_value text;
		if (terms->from[term].section == NULL || term == told)
			continue;
		fprintf(admin->out, "%s ", gl_term_name(term));
		gl_print_printable(admin->out, gl_span_of(gl_term_value(&text, terms, term)));
		print_origin(admin, &terms->from[term], " (", ", ");
		fputs(")\n", admin->out);
	}
}

static json_t *term_json(const struct gl_terms *terms, enum gl_term term)
{
	const struct gl_origin *from = &terms->from[term];
	json_t *value = gl_json_text(gl_span_of(gl_term_word(terms, term)));
	if (gl_term_seconds(terms, term) >= 0) {
		json_decref(value);
		value = json_integer((json_int_t)gl_term_seconds(terms, term));
	} else if (term == GL_TERM_EXEMPT) {
		json_decref(value);
		value = json_boolean(terms->exempt);
	}
	if (from->section == NULL)
		return json_pack("{s:o, s:n, s:n, s:n}", "value", value, "section", "file", "line");
	return json_pack("{s:o, s:o, s:o, s:I}", "value", value, "section",
	    gl_json_text(gl_span_of(from->section->heading)), "file",
	    gl_json_text(gl_span_of(from->file)), "line", (json_int_t)from->line);
}

json_t *gl_explain_terms_json(const struct gl_explanation *explanation)
{
	json_t *object = json_object();
	for (enum gl_term term = 0; term < GL_TERMS; term++)
		json_object_set_new(
		    object, gl_term_name(term), term_json(&explanation->judgement.terms, term));
	return object;
}
