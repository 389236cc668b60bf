/*
 * answer - one reply of a policy server, read and judged.
 *
 * Well-formed is "action=", a verb, perhaps a blank and printable text,
 * one newline and an empty line, and not a byte behind it: what comes
 * unasked makes smtpd drop the connection.
 */
#ifndef GREYLIST_BENCH_ANSWER_H
#define GREYLIST_BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum answer_verb {
	ANSWER_DUNNO,
	ANSWER_PREPEND,
	ANSWER_DEFER_IF_PERMIT,
	ANSWER_DEFER,
	ANSWER_450,
	ANSWER_451,
	ANSWER_OTHER,
	ANSWER_VERBS
};

enum answer_state { ANSWER_MORE, ANSWER_WHOLE, ANSWER_MALFORMED };

enum { ANSWER_MAX = 4096 };

/* Bytes of one reply as they arrive; zero it, or set len to 0, before the next. */
struct answer {
	size_t len;
	char bytes[ANSWER_MAX];
	enum answer_verb verb; /* once it is whole */
};

/* Judges the bytes so far. */
enum answer_state answer_judge(struct answer *answer);

/* As the wire has it; "other" for verbs that are not ours. */
const char *answer_verb_text(enum answer_verb verb);

/* Whether the mail is let through, as far as greylisting goes. */
bool answer_passes(enum answer_verb verb);

#endif
