#include "greylist/regex.h"

enum gl_status gl_regex_compile(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	(void)code;
	(void)expression;
	(void)why;
	return GL_UNSUPPORTED;
}

enum gl_status gl_regex_search(
    struct gl_span code, struct gl_span expression, struct gl_span subject)
{
	(void)code;
	(void)expression;
	(void)subject;
	return GL_UNSUPPORTED;
}

const char *gl_regex_engine(void)
{
	return "no pcre2";
}
