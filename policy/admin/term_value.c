#include "term_value.h"

int64_t gl_term_seconds(const struct gl_terms *terms, enum gl_term term)
{
	switch (term) {
	case GL_TERM_DELAY:
		return terms->timing.delay;
	case GL_TERM_RETRY_WINDOW:
		return terms->timing.retry_window;
	case GL_TERM_MAX_AGE:
		return terms->timing.max_age;
	case GL_TERM_MODE:
	case GL_TERM_IDENTITY:
	case GL_TERM_EXEMPT:
	case GL_TERM_TEXT:
	case GL_TERMS:
		break;
	}
	return -1;
}

const char *gl_term_word(const struct gl_terms *terms, enum gl_term term)
{
	switch (term) {
	case GL_TERM_MODE:
		return gl_mode_text(terms->mode);
	case GL_TERM_IDENTITY:
		return gl_identity_text(terms->identity);
	case GL_TERM_EXEMPT:
		return terms->exempt ? "true" : "false";
	case GL_TERM_TEXT:
		return terms->text;
	case GL_TERM_DELAY:
	case GL_TERM_RETRY_WINDOW:
	case GL_TERM_MAX_AGE:
	case GL_TERMS:
		break;
	}
	return "";
}

const char *gl_term_value(
    struct gl_term_value *text, const struct gl_terms *terms, enum gl_term term)
{
	struct gl_out out = gl_out_into(text->bytes, sizeof text->bytes);
	int64_t seconds = gl_term_seconds(terms, term);
	if (seconds >= 0)
		gl_out_time(&out, seconds);
	else
		gl_out_text(&out, gl_term_word(terms, term));
	return gl_out_string(&out);
}
