/*
 * verdict - whether a table is one that a power cut may leave behind.
 *
 * It has to open, everything in it has to be what it should, every
 * triplet acknowledged before the cut has to be found, and the whole of
 * it has to be exactly what it was behind a commit: the last that was
 * acknowledged, or the one that was under way; with sync = meta the one
 * before the last, too.
 */
#ifndef GREYLIST_TEST_VERDICT_H
#define GREYLIST_TEST_VERDICT_H

#include "life.h"

enum verdict {
	VERDICT_LAST,  /* with the last acknowledged commit, and nothing else */
	VERDICT_NEWER, /* with the one that was under way */
	VERDICT_OLDER, /* without the last, where that is allowed */
	/* The bad ones. */
	VERDICT_DAMAGED, /* does not open, or not everything in it is right */
	VERDICT_LOST,    /* a triplet that was acknowledged is not there */
	VERDICT_STRAY,   /* not what it was behind any of those commits */
	VERDICT_ENDED,   /* reading it ended the process, or had no end */
	VERDICTS
};

const char *verdict_text(enum verdict verdict);

struct judgement {
	enum verdict verdict;
	char why[256];
};

/*
 * Judges the table in `directory`, with commit `mark` of the life the
 * last acknowledged one.
 */
void verdict_judge(
    struct judgement *judgement, const struct life *life, const char *directory, size_t mark);

/*
 * The same where the helpers went on with the table: a few more
 * transactions have to succeed, and everything has to be right behind
 * them. For a table that was judged to be good.
 */
void verdict_go_on(
    struct judgement *judgement, const struct life *life, const char *directory, size_t mark);

#endif
