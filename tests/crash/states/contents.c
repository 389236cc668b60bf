#include "contents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More than any test table has: a tree that leads back into itself has no end. */
enum { ENTRIES_MAX = 100000 };

struct walk {
	struct contents *contents;
	const struct gl_store *store;
	enum gl_table table;
	enum gl_status status;
};

static void mix(struct contents *contents, uint64_t word)
{
	uint64_t mixed = (contents->digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	contents->digest = mixed ^ mixed >> 29;
}

static void mix_span(struct contents *contents, struct gl_span span)
{
	uint64_t word;
	mix(contents, span.len);
	for (size_t at = 0; at < span.len; at += sizeof word) {
		size_t part = span.len - at < sizeof word ? span.len - at : sizeof word;
		word = 0;
		memcpy(&word, span.at + at, part);
		mix(contents, word);
	}
}

static bool look_at(void *context, struct gl_span key, struct gl_span value)
{
	struct walk *walk = context;
	walk->status = gl_store_check_entry(walk->store, walk->table, key, value);
	if (walk->status == GL_OK && ++walk->contents->entries > ENTRIES_MAX)
		walk->status = GL_TOO_LONG;
	mix(walk->contents, walk->table);
	mix_span(walk->contents, key);
	mix_span(walk->contents, value);
	return walk->status == GL_OK;
}

static bool wrong(struct contents *contents, const char *what, enum gl_status status)
{
	snprintf(contents->why, sizeof contents->why, "%s: %s", what, gl_status_text(status));
	return false;
}

static bool walk_all(struct contents *contents, struct gl_store *store)
{
	static const enum gl_table tables[] = { GL_TABLE_TRIPLET, GL_TABLE_CLIENT, GL_TABLE_RULES,
		GL_TABLE_OVERRIDE };
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct walk walk = {
			.contents = contents, .store = store, .table = tables[i], .status = GL_OK
		};
		struct gl_cursor cursor = { .table = tables[i] };
		while (!cursor.done && walk.status == GL_OK) {
			enum gl_status status = gl_store_scan(
			    store, &cursor, ENTRIES_MAX, look_at, &walk);
			if (status != GL_OK)
				return wrong(contents, "a table cannot be read", status);
		}
		if (walk.status != GL_OK)
			return wrong(contents, "an entry is wrong", walk.status);
	}
	return true;
}

static bool measure(struct contents *contents, struct gl_store *store)
{
	struct gl_store_figures figures;
	enum gl_status status = gl_store_measure(store, &figures);
	if (status != GL_OK)
		return wrong(contents, "the table cannot be measured", status);
	mix(contents, figures.triplets);
	mix(contents, figures.clients);
	if (figures.triplets + figures.clients <= contents->entries)
		return true;
	snprintf(contents->why, sizeof contents->why, "%" PRIu64 " entries were read of %" PRIu64,
	    contents->entries, figures.triplets + figures.clients);
	return false;
}

static bool count(struct contents *contents, struct gl_store *store)
{
	struct gl_pages pages;
	enum gl_status status = gl_store_count_pages(store, &pages);
	if (status != GL_OK)
		return wrong(contents, "the pages cannot be counted", status);
	mix(contents, pages.used);
	mix(contents, pages.free);
	if (pages.twice == 0 && pages.used + pages.free == pages.all)
		return true;
	snprintf(contents->why, sizeof contents->why,
	    "%" PRIu64 " pages are in use, %" PRIu64 " free and %" PRIu64 " listed twice, of "
	    "%" PRIu64,
	    pages.used, pages.free, pages.twice, pages.all);
	return false;
}

bool contents_read(struct contents *contents, struct gl_store *store)
{
	*contents = (struct contents){ .digest = 1 };
	return walk_all(contents, store) && measure(contents, store) && count(contents, store);
}
