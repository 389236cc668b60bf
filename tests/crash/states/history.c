#include "history.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t zeros[PAGE];

static void *need(void *made)
{
	if (made == NULL)
		abort();
	return made;
}

static struct step *add(struct history *history, enum step_kind kind)
{
	if (history->count == history->room) {
		history->room = history->room == 0 ? 1024 : history->room * 2;
		history->steps = need(
		    reallocarray(history->steps, history->room, sizeof *history->steps));
	}
	struct step *step = &history->steps[history->count++];
	*step = (struct step){ .kind = kind };
	return step;
}

static void add_version(struct page *page, const uint8_t *version)
{
	if (page->count == page->room) {
		page->room = page->room == 0 ? 4 : page->room * 2;
		page->versions = need(
		    reallocarray(page->versions, page->room, sizeof *page->versions));
	}
	page->versions[page->count++] = version;
}

static struct page *page_at(struct history *history, size_t number)
{
	if (number >= history->page_count) {
		history->pages = need(
		    reallocarray(history->pages, number + 1, sizeof *history->pages));
		while (history->page_count <= number) {
			struct page *page = &history->pages[history->page_count++];
			*page = (struct page){ .count = 0 };
			add_version(page, zeros);
		}
	}
	return &history->pages[number];
}

/* The part of a write that is in one page. Returns how many octets those were. */
static size_t add_page(struct history *history, uint64_t at, const uint8_t *bytes, size_t len)
{
	size_t number = at / PAGE, from = at % PAGE;
	size_t part = len < PAGE - from ? len : PAGE - from;
	struct page *page = page_at(history, number);
	uint8_t *version = need(malloc(PAGE));
	memcpy(version, page->versions[page->count - 1], PAGE);
	memcpy(version + from, bytes, part);
	add_version(page, version);
	add(history, STEP_PAGE)->page = number;
	return part;
}

static void add_write(struct history *history, const struct event *event, uint64_t *size)
{
	for (size_t done = 0; done < event->len;) {
		done += add_page(history, event->at + done, event->bytes + done, event->len - done);
		if (event->at + done > *size)
			*size = event->at + done;
		history->steps[history->count - 1].size = *size;
	}
}

static bool add_event(struct history *history, const struct event *event, uint64_t *size)
{
	struct step *step;
	switch (event->kind) {
	case EVENT_WRITE:
		add_write(history, event, size);
		return true;
	case EVENT_SIZE:
		if (event->at < *size) {
			printf("a file became shorter, which the states do not model\n");
			return false;
		}
		*size = event->at;
		add(history, STEP_SIZE)->size = *size;
		return true;
	case EVENT_SYNC:
	case EVENT_SYNC_RANGE:
		step = add(history, STEP_SYNC);
		step->last = SIZE_MAX / PAGE - 1;
		if (event->kind == EVENT_SYNC_RANGE && event->len > 0) {
			step->first = event->at / PAGE;
			step->last = (event->at + event->len - 1) / PAGE;
		}
		return true;
	case EVENT_ENTER:
	case EVENT_LEAVE:
	case EVENT_MOVE:
	case EVENT_MARK:
		break;
	}
	return true;
}

bool history_make(struct history *history, const struct journal *journal, int file)
{
	uint64_t size = 0;
	bool known = true;
	memset(history, 0, sizeof *history);
	for (size_t i = 0; i < journal->count && known; i++) {
		const struct event *event = &journal->events[i];
		size_t first = history->count;
		if (event->kind == EVENT_MARK)
			add(history, STEP_MARK)->size = event->at;
		else if (event->file == file)
			known = add_event(history, event, &size);
		while (first < history->count)
			history->steps[first++].event = i;
	}
	return known;
}

void history_free(struct history *history)
{
	union {
		const uint8_t *made;
		void *out;
	} version;
	for (size_t i = 0; i < history->page_count; i++) {
		struct page *page = &history->pages[i];
		for (size_t v = 1; v < page->count; v++) {
			version.made = page->versions[v];
			free(version.out);
		}
		free(page->versions);
	}
	free(history->pages);
	free(history->steps);
}

bool history_is(const struct history *history, const char *path)
{
	uint8_t bytes[PAGE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool same = fd >= 0;
	for (size_t i = 0; same && i < history->page_count; i++) {
		const struct page *page = &history->pages[i];
		same = pread(fd, bytes, PAGE, (off_t)(i * PAGE)) == PAGE &&
		       memcmp(bytes, page->versions[page->count - 1], PAGE) == 0;
	}
	same = same && pread(fd, bytes, 1, (off_t)(history->page_count * PAGE)) == 0;
	if (fd >= 0)
		close(fd);
	return same;
}

void moment_begin(struct moment *moment, const struct history *history)
{
	size_t count = history->page_count;
	*moment = (struct moment){
		.history = history,
		.durable = need(calloc(count, sizeof *moment->durable)),
		.newest = need(calloc(count, sizeof *moment->newest)),
		.loose = need(calloc(count, sizeof *moment->loose)),
		.place = need(calloc(count, sizeof *moment->place)),
		.mark = -1,
	};
}

static void loosen(struct moment *moment, size_t page)
{
	moment->newest[page]++;
	if (moment->place[page] != 0)
		return;
	moment->loose[moment->loose_count++] = page;
	moment->place[page] = moment->loose_count;
}

static void sync_pages(struct moment *moment, const struct step *step)
{
	for (size_t i = moment->loose_count; i-- > 0;) {
		size_t page = moment->loose[i];
		if (page < step->first || page > step->last)
			continue;
		moment->durable[page] = moment->newest[page];
		size_t last = moment->loose[--moment->loose_count];
		moment->loose[i] = last;
		moment->place[last] = i + 1;
		moment->place[page] = 0;
	}
	uint64_t end = ((uint64_t)step->last + 1) * PAGE;
	uint64_t size = moment->size_newest < end ? moment->size_newest : end;
	if (size > moment->size_durable)
		moment->size_durable = size;
}

void moment_advance(struct moment *moment)
{
	const struct step *step = &moment->history->steps[moment->step++];
	switch (step->kind) {
	case STEP_PAGE:
		loosen(moment, step->page);
		moment->size_newest = step->size;
		return;
	case STEP_SIZE:
		moment->size_newest = step->size;
		return;
	case STEP_SYNC:
		sync_pages(moment, step);
		return;
	case STEP_MARK:
		moment->mark = (int64_t)step->size;
		break;
	}
}

void moment_end(struct moment *moment)
{
	free(moment->durable);
	free(moment->newest);
	free(moment->loose);
	free(moment->place);
}
