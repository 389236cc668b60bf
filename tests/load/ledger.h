/*
 * ledger - what a test asked and was told, to be held against the table.
 *
 * The helper's promise is that an answer is on disk before it leaves. So
 * of every envelope that was answered the table has to hold the triplet,
 * first seen between the first question and the first answer, and passed
 * exactly if it was let through. Times are seconds since the epoch; the
 * test reads the clock that the helper reads.
 */
#ifndef GREYLIST_LOAD_LEDGER_H
#define GREYLIST_LOAD_LEDGER_H

#include "answer.h"
#include "workload.h"

#include <stdint.h>

struct ledger_entry {
	struct envelope envelope;
	int64_t asked;    /* first; 0: never */
	int64_t answered; /* first; 0: never */
	int64_t passed;   /* first let through; 0: never */
	bool in_doubt;    /* a helper was killed over it: the table may know more than we */
};

struct ledger {
	int64_t delay;
	size_t count;
	struct ledger_entry *entries; /* the caller's */
};

/* Notes a question. `now` is read before it is sent. */
void ledger_ask(struct ledger_entry *entry, int64_t now);

/*
 * Notes an answer to what was asked at `asked`; `now` is read when it
 * has come. False where no order of events on one table allows it: let
 * through too early, or deferred too late.
 */
bool ledger_answer(const struct ledger *ledger, struct ledger_entry *entry, enum answer_verb verb,
    int64_t asked, int64_t now);

/*
 * Opens the table of a state directory as a fresh writer, reaps, writes
 * one record more, and looks up all that was answered. A helper has to
 * survive until then: whoever finds himself alone with a table starts
 * with fresh locks, and would not notice any that were left behind.
 * Prints the first few differences and returns how many there are.
 */
uint64_t ledger_compare(const struct ledger *ledger, const char *directory);

#endif
