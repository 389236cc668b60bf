#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contents.h"

const char *verdict_text(enum verdict verdict)
{
	static const char *const texts[VERDICTS] = { "good", "good, with the commit under way",
		"good, without the last commit", "damaged", "lost", "stray", "ended the process" };
	return texts[verdict];
}

__attribute__((format(printf, 3, 4))) static bool say(
    struct judgement *judgement, enum verdict verdict, const char *format, ...)
{
	va_list rest;
	judgement->verdict = verdict;
	va_start(rest, format);
	vsnprintf(judgement->why, sizeof judgement->why, format, rest);
	va_end(rest);
	return false;
}

static bool open_table(
    struct judgement *judgement, struct gl_store **store, const char *directory, bool readonly)
{
	struct gl_complaint why;
	struct gl_store_options options = life_options(directory, LIFE_NONE);
	options.create = false;
	options.readonly = readonly;
	if (gl_store_open(store, &options, &why) == GL_OK)
		return true;
	return say(judgement, VERDICT_DAMAGED, "%s", why.text);
}

/* What is acknowledged for certain: with sync = meta the last commit is not. */
static size_t certain(const struct life *life, size_t mark)
{
	return life->sync == LIFE_META && mark > 0 ? mark - 1 : mark;
}

static bool look_up(struct judgement *judgement, struct gl_store *store,
    const struct gl_lookup *asked, size_t count)
{
	struct gl_lookup lookups[64];
	memcpy(lookups, asked, count * sizeof *lookups);
	enum gl_status status = gl_store_lookup(store, lookups, count);
	if (status != GL_OK)
		return say(judgement, VERDICT_DAMAGED, "look-up: %s", gl_status_text(status));
	for (size_t i = 0; i < count; i++) {
		struct gl_record record;
		if (!lookups[i].found)
			return say(judgement, VERDICT_LOST, "a triplet is not there");
		if (gl_record_decode(&record, lookups[i].value) != GL_OK)
			return say(judgement, VERDICT_DAMAGED, "a record cannot be read");
	}
	return true;
}

static bool look_up_all(
    struct judgement *judgement, struct gl_store *store, const struct life *life, size_t mark)
{
	struct gl_lookup lookups[64];
	size_t count = 0, sure = certain(life, mark);
	for (size_t i = 0; i < life->triplet_count; i++) {
		const struct life_triplet *triplet = &life->triplets[i];
		if (triplet->born > sure || triplet->gone <= mark + 1)
			continue;
		lookups[count++] = (struct gl_lookup){ .table = GL_TABLE_TRIPLET,
			.key = gl_key_span(&triplet->key) };
		if (count < sizeof lookups / sizeof *lookups)
			continue;
		if (!look_up(judgement, store, lookups, count))
			return false;
		count = 0;
	}
	return count == 0 || look_up(judgement, store, lookups, count);
}

/* Which commit's contents these are. */
static bool recognise(
    struct judgement *judgement, const struct life *life, size_t mark, uint64_t digest)
{
	judgement->verdict = VERDICT_LAST;
	if (life->digests[mark] == digest)
		return true;
	judgement->verdict = VERDICT_NEWER;
	if (mark + 1 < life->commits && life->digests[mark + 1] == digest)
		return true;
	judgement->verdict = VERDICT_OLDER;
	if (certain(life, mark) < mark && life->digests[mark - 1] == digest)
		return true;
	for (size_t i = 0; i < life->commits; i++) {
		if (life->digests[i] == digest)
			return say(judgement, VERDICT_LOST, "this is commit %zu", i);
	}
	return say(judgement, VERDICT_STRAY, "it never was like this");
}

static bool read_all(struct judgement *judgement, struct gl_store *store, const struct life *life,
    size_t mark, uint64_t *digest)
{
	struct contents contents;
	bool right = contents_read(&contents, store);
	*digest = contents.digest;
	if (!right)
		return say(judgement, VERDICT_DAMAGED, "%s", contents.why);
	return look_up_all(judgement, store, life, mark);
}

void verdict_judge(
    struct judgement *judgement, const struct life *life, const char *directory, size_t mark)
{
	struct gl_store *store = NULL;
	uint64_t digest;
	judgement->why[0] = '\0';
	if (open_table(judgement, &store, directory, true) &&
	    read_all(judgement, store, life, mark, &digest))
		recognise(judgement, life, mark, digest);
	gl_store_close(store);
}

static bool write_some(struct judgement *judgement, struct gl_store *store)
{
	enum { WRITES = 3 };
	static struct gl_triplet triplet;
	struct gl_address client = { .family = GL_V4, .bytes = { 198, 51, 100 } };
	struct gl_network network = gl_network_of(&client, 24);
	for (int i = 0; i < WRITES; i++) {
		char sender[32];
		snprintf(sender, sizeof sender, "later%d@b.test", i);
		if (gl_triplet_make(&triplet, &network, gl_span_of(sender), gl_span_of("c@d.test"),
			gl_store_secret(store)) != GL_OK)
			return say(judgement, VERDICT_DAMAGED, "no triplet");
		struct gl_op op = { .kind = GL_OP_TRIPLET,
			.key = &triplet.key,
			.record = { .first_seen = 1,
			    .last_seen = 1,
			    .attempts = 1,
			    .text = gl_triplet_text(&triplet) } };
		enum gl_status status = gl_store_apply(store, &op, 1, NULL);
		if (status != GL_OK)
			return say(judgement, VERDICT_DAMAGED, "nothing can be written: %s",
			    gl_status_text(status));
	}
	return true;
}

void verdict_go_on(
    struct judgement *judgement, const struct life *life, const char *directory, size_t mark)
{
	struct gl_store *store = NULL;
	enum verdict before = judgement->verdict;
	uint64_t digest;
	bool written = open_table(judgement, &store, directory, false) &&
		       write_some(judgement, store);
	gl_store_close(store);
	store = NULL;
	if (written && open_table(judgement, &store, directory, true) &&
	    read_all(judgement, store, life, mark, &digest))
		judgement->verdict = before;
	gl_store_close(store);
}
