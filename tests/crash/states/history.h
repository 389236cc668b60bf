/*
 * history - one file of a journal, page by page.
 *
 * A step is what may reach the disk by itself: a write is as many steps
 * as it touches pages. A page has a version for each step that wrote to
 * it; version 0 is zeros, what a hole reads as. A power cut may leave
 * any version of a page from the last synced one on, and of a page that
 * was being written the sectors of two.
 */
#ifndef GREYLIST_TEST_HISTORY_H
#define GREYLIST_TEST_HISTORY_H

#include "journal.h"

enum { PAGE = 4096, SECTOR = 512 };

enum step_kind {
	STEP_PAGE,
	STEP_SIZE,
	STEP_SYNC, /* of the pages first..last, and of a size up to the end of the last */
	STEP_MARK
};

struct step {
	enum step_kind kind;
	size_t event;       /* of the journal, that it is a part of */
	size_t page;        /* STEP_PAGE */
	uint64_t size;      /* of the file behind it; STEP_MARK: the number */
	size_t first, last; /* STEP_SYNC */
};

struct page {
	const uint8_t **versions; /* PAGE octets each */
	size_t count, room;
};

struct history {
	struct step *steps;
	size_t count, room;
	struct page *pages;
	size_t page_count;
};

/* False where the journal has something that is not modelled; then it has said so. */
bool history_make(struct history *history, const struct journal *journal, int file);

void history_free(struct history *history);

/* Whether the file `path` is what the newest versions make of it: nothing was overlooked. */
bool history_is(const struct history *history, const char *path);

/* What is certain and what is not when the power goes between two steps. */
struct moment {
	const struct history *history;
	size_t step;     /* so many have happened */
	size_t *durable; /* version of each page that is on disk for certain */
	size_t *newest;  /* version of each page as the programs see it */
	size_t *loose;   /* pages of which the two differ, in no order */
	size_t *place;   /* of a page among the loose, plus 1 */
	size_t loose_count;
	uint64_t size_durable, size_newest;
	int64_t mark; /* the last one that was passed; -1: none */
};

void moment_begin(struct moment *moment, const struct history *history);
/* One step on. */
void moment_advance(struct moment *moment);
void moment_end(struct moment *moment);

#endif
