#include "answer.h"

#include <string.h>

static const char *const verbs[ANSWER_VERBS] = {
	[ANSWER_DUNNO] = "DUNNO",
	[ANSWER_PREPEND] = "PREPEND",
	[ANSWER_DEFER_IF_PERMIT] = "DEFER_IF_PERMIT",
	[ANSWER_DEFER] = "DEFER",
	[ANSWER_450] = "450",
	[ANSWER_451] = "451",
	[ANSWER_OTHER] = "other",
};

static enum answer_verb verb_of(const char *at, size_t len)
{
	for (size_t i = 0; i < ANSWER_OTHER; i++) {
		if (strlen(verbs[i]) == len && memcmp(verbs[i], at, len) == 0)
			return (enum answer_verb)i;
	}
	return ANSWER_OTHER;
}

enum answer_state answer_judge(struct answer *answer)
{
	static const char begin[] = "action=";
	size_t fixed = sizeof begin - 1;
	size_t common = answer->len < fixed ? answer->len : fixed;
	if (memcmp(answer->bytes, begin, common) != 0)
		return ANSWER_MALFORMED;
	const char *end = memchr(answer->bytes, '\n', answer->len);
	if (end == NULL)
		return answer->len == sizeof answer->bytes ? ANSWER_MALFORMED : ANSWER_MORE;
	size_t line = (size_t)(end - answer->bytes);
	if (answer->len == line + 1)
		return ANSWER_MORE;
	if (answer->len != line + 2 || answer->bytes[line + 1] != '\n' || line <= fixed)
		return ANSWER_MALFORMED;
	for (size_t i = 0; i < line; i++) {
		if (answer->bytes[i] < ' ' || answer->bytes[i] > '~')
			return ANSWER_MALFORMED;
	}
	const char *verb = answer->bytes + fixed;
	const char *blank = memchr(verb, ' ', line - fixed);
	answer->verb = verb_of(verb, blank == NULL ? line - fixed : (size_t)(blank - verb));
	return ANSWER_WHOLE;
}

const char *answer_verb_text(enum answer_verb verb)
{
	return verbs[verb];
}

bool answer_passes(enum answer_verb verb)
{
	return verb == ANSWER_DUNNO || verb == ANSWER_PREPEND;
}
