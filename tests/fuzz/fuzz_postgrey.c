/*
 * The text of db5.3_dump and the entries in it: a pair that is read is
 * written down and read again as the same pair, and an entry names a
 * network that holds its address and a recipient that is not empty.
 */
#include "greylist/postgrey.h"

#include <string.h>

#include "target.h"

/* Feeds a text line by line; returns how many pairs came of it, the last one in *pair. */
static size_t feed(
    struct gl_postgrey_dump *dump, struct gl_span text, struct gl_postgrey_pair *pair)
{
	size_t pairs = 0;
	const char *why = NULL;

	while (text.len > 0) {
		size_t end = gl_span_find(text, '\n');
		enum gl_status status = gl_postgrey_dump_line(
		    dump, gl_span_head(text, end), pair, &why);

		REQUIRE(status == GL_OK || status == GL_MORE || status == GL_MALFORMED);
		if (status == GL_MALFORMED) {
			REQUIRE(why != NULL && why[0] != '\0');
			break;
		}
		pairs += status == GL_OK;
		text = gl_span_skip(text, end + 1);
	}
	return pairs;
}

static void write_and_read_back(const struct gl_postgrey_pair *pair)
{
	static char text[8 * GL_POSTGREY_ITEM_MAX];
	static struct gl_postgrey_dump dump;
	struct gl_postgrey_pair again;
	struct gl_out out = gl_out_into(text, sizeof text);
	const char *why = NULL;

	gl_postgrey_out_head(&out);
	gl_postgrey_out_pair(&out, pair->key, pair->value);
	gl_postgrey_out_tail(&out);
	REQUIRE(!out.full);
	gl_postgrey_dump_init(&dump);
	REQUIRE(feed(&dump, gl_out_done(&out), &again) == 1);
	REQUIRE(gl_postgrey_dump_end(&dump, &why) == GL_OK);
	REQUIRE(gl_span_equal(again.key, pair->key) && gl_span_equal(again.value, pair->value));
}

static void read_entry(const struct gl_postgrey_pair *pair)
{
	const struct gl_postgrey_cut cut = { 24, 64 };
	struct gl_postgrey_entry entry;
	struct gl_network network;
	enum gl_postgrey_fault fault = gl_postgrey_entry_read(&entry, pair);

	REQUIRE(fault < GL_POSTGREY_FAULTS);
	if (fault != GL_POSTGREY_GOOD || entry.is_client)
		return;
	REQUIRE(entry.first >= 0 && entry.last >= 0);
	if (entry.hashed) /* which tells nothing but the times */
		return;
	REQUIRE(entry.recipient.len > 0);
	if (gl_postgrey_network(&network, &entry, cut, 20) == GL_POSTGREY_GOOD)
		REQUIRE(gl_network_contains(&network, &entry.address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gl_postgrey_dump dump;
	struct gl_postgrey_pair pair;
	struct gl_span all = { (const char *)data, size };
	size_t bar = gl_span_find_last(all, '|');

	gl_postgrey_dump_init(&dump);
	if (feed(&dump, all, &pair) > 0) {
		write_and_read_back(&pair);
		read_entry(&pair);
	}
	if (size > GL_POSTGREY_ITEM_MAX)
		return 0;
	/* any bytes as KEY|VALUE */
	pair = (struct gl_postgrey_pair){ .key = gl_span_head(all, bar),
		.value = gl_span_skip(all, bar + 1) };
	write_and_read_back(&pair);
	read_entry(&pair);
	return 0;
}
