/*
 * making - a power cut while the table is made, or replaced by a new one.
 *
 * What was acknowledged before has to be found, and whatever is left of
 * the directory, the next process has to come to a table that it can
 * write to. Of the directories' changes that are not synced any subset
 * may be on disk.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contents.h"
#include "extent.h"
#include "life.h"
#include "tmpdir.h"
#include "tree.h"

enum { TRIPLETS = 6, REPLACED_AT = 4, SUBSETS_MAX = 1024 };

struct trial {
	enum life_sync sync;
	char *directory;
	struct journal journal;
	struct gl_key keys[TRIPLETS]; /* the n-th is acknowledged with the mark n + 1 */
	uint64_t bad;
	char why[512];
};

static uint64_t seed_of_run(void)
{
	const char *text = getenv("GREYLIST_TEST_SEED");
	return text != NULL ? strtoull(text, NULL, 0) : 20240229;
}

__attribute__((format(printf, 2, 3))) static bool say(struct trial *trial, const char *format, ...)
{
	va_list rest;
	va_start(rest, format);
	vsnprintf(trial->why, sizeof trial->why, format, rest);
	va_end(rest);
	return false;
}

static bool open_table(
    struct trial *trial, const char *directory, bool create, struct gl_store **store)
{
	struct gl_complaint why;
	struct gl_store_options options = life_options(directory, trial->sync);
	options.create = create;
	return gl_store_open(store, &options, &why) == GL_OK || say(trial, "%s", why.text);
}

static bool remember(
    struct trial *trial, struct gl_store *store, unsigned number, struct gl_key *key)
{
	static struct gl_triplet triplet;
	struct gl_address client = { .family = GL_V4, .bytes = { 192, 0, 2, 1 } };
	struct gl_network network = gl_network_of(&client, 24);
	char sender[32];
	snprintf(sender, sizeof sender, "sender%u@a.test", number);
	if (gl_triplet_make(&triplet, &network, gl_span_of(sender), gl_span_of("c@d.test"),
		gl_store_secret(store)) != GL_OK)
		return say(trial, "no triplet");
	*key = triplet.key;
	struct gl_op op = { .kind = GL_OP_TRIPLET,
		.key = key,
		.record = { .first_seen = 1000,
		    .last_seen = 1000,
		    .attempts = 1,
		    .text = gl_triplet_text(&triplet) } };
	enum gl_status status = gl_store_apply(store, &op, 1, NULL);
	return status == GL_OK || say(trial, "nothing can be written: %s", gl_status_text(status));
}

static int64_t stopped_clock(void)
{
	return 0;
}

static bool replace(struct trial *trial)
{
	struct gl_complaint why;
	struct gl_replaced result;
	struct gl_store_options options = life_options(trial->directory, trial->sync);
	struct gl_replacing how = { .now = 1000, .clock = stopped_clock };
	return gl_store_replace(&options, &how, &result, &why) == GL_OK ||
	       say(trial, "%s", why.text);
}

/* The table is made, written to, replaced, and written to again. */
static bool record(struct trial *trial)
{
	struct gl_store *store = NULL;
	trial->directory = tmpdir_make();
	journal_begin(&trial->journal, trial->directory);
	bool right = open_table(trial, trial->directory, true, &store);
	journal_mark(0);
	for (unsigned i = 0; i < TRIPLETS && right; i++) {
		if (i == REPLACED_AT) {
			gl_store_close(store);
			store = NULL;
			right = replace(trial) &&
				open_table(trial, trial->directory, false, &store);
		}
		right = right && remember(trial, store, i, &trial->keys[i]);
		journal_mark(i + 1);
	}
	journal_end();
	gl_store_close(store);
	return right;
}

static bool look_up(struct trial *trial, struct gl_store *store, int64_t mark)
{
	for (int64_t i = 0; i < mark; i++) {
		struct gl_lookup lookup = { .table = GL_TABLE_TRIPLET,
			.key = gl_key_span(&trial->keys[i]) };
		if (gl_store_lookup(store, &lookup, 1) != GL_OK)
			return say(trial, "a look-up failed: %s", gl_store_trouble(store));
		if (!lookup.found)
			return say(trial, "triplet %" PRId64 " of %" PRId64 " is lost", i, mark);
	}
	return true;
}

/* With sync = meta the last commit is not certain. */
static bool judge(struct trial *trial, const char *directory, int64_t mark)
{
	struct gl_store *store = NULL;
	struct contents contents;
	struct gl_key key;
	int64_t certain = trial->sync == LIFE_META && mark > 0 ? mark - 1 : mark;
	/* made anew only where nobody had an answer from it yet */
	bool right = open_table(trial, directory, mark < 0, &store) &&
		     (contents_read(&contents, store) || say(trial, "%s", contents.why)) &&
		     look_up(trial, store, certain) && remember(trial, store, TRIPLETS, &key);
	gl_store_close(store);
	store = NULL;
	right = right && open_table(trial, directory, false, &store) &&
		look_up(trial, store, certain);
	gl_store_close(store);
	return right;
}

static void build_and_judge(
    struct trial *trial, const struct tree *tree, const char *base, uint64_t number, uint64_t kept)
{
	struct dice dice = { .state = seed_of_run() ^ (number << 20) };
	char *directory = NULL;
	if (asprintf(&directory, "%s/%" PRIu64, base, number) < 0)
		abort();
	tree_build(tree, directory, kept, &dice);
	if (!judge(trial, directory, tree->mark)) {
		if (trial->bad++ < 5)
			printf("  state %" PRIu64 ", behind event %zu, mark %" PRId64
			       ", changes %" PRIx64 " of %zu: %s\n",
			    number, tree->cut, tree->mark, kept, tree->loose, trial->why);
	}
	tmpdir_remove(directory);
}

/* All the subsets of a cut, or so many of them by dice; each with several states of the files. */
static uint64_t try_cut(
    struct trial *trial, const struct tree *tree, const char *base, uint64_t number)
{
	uint64_t most = (uint64_t)extent_of(SUBSETS_MAX, 16);
	uint64_t files = extent_full() ? 6 : 2;
	bool all = tree->loose < 10 && (UINT64_C(1) << tree->loose) <= most;
	uint64_t subsets = all ? UINT64_C(1) << tree->loose : most;
	struct dice dice = { .state = seed_of_run() ^ tree->cut };
	for (uint64_t i = 0; i < subsets; i++) {
		uint64_t kept = all ? i : dice_roll(&dice);
		for (uint64_t file = 0; file < files; file++)
			build_and_judge(trial, tree, base, number++, kept);
	}
	return number;
}

static _Noreturn void try_all(struct trial *trial, const char *name)
{
	struct tree tree;
	uint64_t number = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char *base = tmpdir_make();
	bool known = tree_make(&tree, &trial->journal);
	while (known && tree.cut < trial->journal.count) {
		tree_advance(&tree);
		number = try_cut(trial, &tree, base, number);
	}
	printf("%s: %" PRIu64 " states of %zu cuts, %" PRIu64 " bad\n", name, number,
	    trial->journal.count, trial->bad);
	tree_free(&tree);
	tmpdir_remove(base);
	fflush(stdout);
	_exit(known && trial->bad == 0 ? 0 : 1);
}

static bool try_mode(enum life_sync sync, const char *name)
{
	struct trial trial = { .sync = sync };
	int ended = 1;
	bool right = record(&trial);
	if (!right)
		printf("%s: %s\n", name, trial.why);
	fflush(stdout);
	pid_t child = right ? fork() : -1;
	if (child == 0)
		try_all(&trial, name);
	right = child > 0 && waitpid(child, &ended, 0) == child && ended == 0;
	if (child > 0 && WIFSIGNALED(ended))
		printf("%s: a state ended the process with signal %d\n", name, WTERMSIG(ended));
	journal_free(&trial.journal);
	tmpdir_remove(trial.directory);
	return right;
}

int main(void)
{
	bool full = try_mode(LIFE_FULL, "full");
	bool meta = try_mode(LIFE_META, "meta");
	return full && meta ? 0 : 1;
}
