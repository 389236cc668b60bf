/*
 * Regular expressions: whatever stands in a list and whoever asks, the
 * search ends, and code says what the text says. Code that somebody else
 * made is never trusted.
 *
 * The expression ends at the first NUL byte; the subject follows.
 */
#include <string.h>

#include "greylist/regex.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[GL_REGEX_CODE_MAX];
	struct gl_span all = { (const char *)data, size };
	struct gl_span expression = gl_span_head(all, gl_span_find(all, '\0'));
	struct gl_span subject = gl_span_skip(all, expression.len + 1);
	struct gl_out code = gl_out_into(room, sizeof room);
	struct gl_complaint why = { "" };

	if (expression.len > GL_REGEX_TEXT_MAX)
		return 0;
	enum gl_status compiled = gl_regex_compile(&code, expression, &why);
	enum gl_status by_code = gl_regex_search(gl_out_done(&code), expression, subject);
	enum gl_status by_text = gl_regex_search(gl_span_of(NULL), expression, subject);
	enum gl_status by_anything = gl_regex_search(all, expression, subject);

	REQUIRE(by_code == by_text && by_anything == by_text);
	if (compiled == GL_UNSUPPORTED)
		return 0;
	REQUIRE(compiled == GL_OK || (why.text[0] != '\0' && strchr(why.text, '\n') == NULL));
	if (compiled == GL_MALFORMED && subject.len <= GL_REGEX_SUBJECT_MAX)
		REQUIRE(by_code == GL_MALFORMED);
	return 0;
}
