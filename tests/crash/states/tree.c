#include "tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 64, DEPTH_MAX = 4, PATH_SIZE = 600 };

struct name {
	int dir, file;
	const char *text;
};

struct names {
	struct name at[NAMES_MAX];
	size_t count;
};

static void must(bool done, const char *what)
{
	if (!done) {
		perror(what);
		abort();
	}
}

static bool changes_directory(const struct event *event)
{
	return event->kind == EVENT_ENTER || event->kind == EVENT_LEAVE ||
	       event->kind == EVENT_MOVE;
}

static size_t find_sync(const struct journal *journal, size_t from)
{
	int dir = journal->events[from].dir;
	size_t i = from;
	while (i < journal->count &&
	       (journal->events[i].kind != EVENT_SYNC || journal->events[i].file != dir))
		i++;
	return i;
}

bool tree_make(struct tree *tree, const struct journal *journal)
{
	bool known = true;
	*tree = (struct tree){ .journal = journal, .mark = -1 };
	tree->histories = calloc(journal->file_count, sizeof *tree->histories);
	tree->moments = calloc(journal->file_count, sizeof *tree->moments);
	tree->synced_by = calloc(journal->count, sizeof *tree->synced_by);
	must(tree->histories != NULL && tree->moments != NULL && tree->synced_by != NULL, "tree");
	for (size_t i = 0; i < journal->file_count; i++) {
		known = history_make(&tree->histories[i], journal, (int)i) && known;
		moment_begin(&tree->moments[i], &tree->histories[i]);
	}
	for (size_t i = 0; i < journal->count; i++)
		tree->synced_by[i] = find_sync(journal, i);
	return known;
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->journal->file_count; i++) {
		moment_end(&tree->moments[i]);
		history_free(&tree->histories[i]);
	}
	free(tree->histories);
	free(tree->moments);
	free(tree->synced_by);
}

static bool is_loose(const struct tree *tree, size_t event)
{
	return changes_directory(&tree->journal->events[event]) &&
	       tree->synced_by[event] >= tree->cut;
}

void tree_advance(struct tree *tree)
{
	const struct event *event = &tree->journal->events[tree->cut++];
	if (event->kind == EVENT_MARK)
		tree->mark = (int64_t)event->at;
	for (size_t i = 0; i < tree->journal->file_count; i++) {
		struct moment *moment = &tree->moments[i];
		const struct history *history = moment->history;
		while (
		    moment->step < history->count && history->steps[moment->step].event < tree->cut)
			moment_advance(moment);
	}
	tree->loose = 0;
	for (size_t i = 0; i < tree->cut; i++)
		tree->loose += is_loose(tree, i);
}

static void take_name(struct names *names, int dir, const char *text)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->at[i].dir == dir && strcmp(names->at[i].text, text) == 0)
			names->at[i--] = names->at[--names->count];
	}
}

static void give_name(struct names *names, const struct event *event)
{
	take_name(names, event->dir, event->name);
	must(names->count < NAMES_MAX, "names");
	names->at[names->count++] = (struct name){ event->dir, event->file, event->name };
}

static void apply(struct names *names, const struct event *event)
{
	if (event->kind == EVENT_LEAVE)
		take_name(names, event->dir, event->name);
	if (event->kind == EVENT_MOVE)
		take_name(names, event->dir, event->from);
	if (event->kind != EVENT_LEAVE)
		give_name(names, event);
}

static void list_names(
    const struct tree *tree, uint64_t kept, struct dice *dice, struct names *names)
{
	unsigned bit = 0;
	names->count = 0;
	for (size_t i = 0; i < tree->cut; i++) {
		if (!changes_directory(&tree->journal->events[i]))
			continue;
		bool there = true;
		if (is_loose(tree, i)) {
			there = bit < 64 ? (kept >> bit & 1) != 0 : dice_one_in(dice, 2);
			bit++;
		}
		if (there)
			apply(names, &tree->journal->events[i]);
	}
}

/* All of it, nothing that is not certain, or each page by dice. */
static void write_file(const struct moment *moment, const char *path, struct dice *dice)
{
	int64_t how = dice_between(dice, 0, 3);
	uint64_t size = dice_one_in(dice, 2) ? moment->size_newest : moment->size_durable;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0, path);
	for (size_t i = 0; i < moment->history->page_count; i++) {
		size_t version = how == 0 ? moment->durable[i] : moment->newest[i];
		if (how > 1)
			version = (size_t)dice_between(
			    dice, (int64_t)moment->durable[i], (int64_t)moment->newest[i]);
		must(pwrite(fd, moment->history->pages[i].versions[version], PAGE,
			 (off_t)(i * PAGE)) == PAGE,
		    path);
		uint64_t end = ((uint64_t)i + 1) * PAGE;
		if (version > moment->durable[i] && size < end)
			size = end < moment->size_newest ? end : moment->size_newest;
	}
	must(ftruncate(fd, (off_t)size) == 0, path);
	close(fd);
}

struct builder {
	const struct tree *tree;
	const struct names *names;
	struct dice *dice;
};

static void build(const struct builder *builder, int dir, const char *path, int depth)
{
	char below[PATH_SIZE];
	must(mkdir(path, 0750) == 0, path);
	for (size_t i = 0; i < builder->names->count; i++) {
		const struct name *name = &builder->names->at[i];
		const struct journal_file *file = &builder->tree->journal->files[name->file];
		if (name->dir != dir)
			continue;
		snprintf(below, sizeof below, "%s/%s", path, name->text);
		if (S_ISLNK(file->mode))
			must(symlink(file->target, below) == 0, below);
		else if (!S_ISDIR(file->mode))
			write_file(&builder->tree->moments[name->file], below, builder->dice);
		else if (depth < DEPTH_MAX)
			build(builder, name->file, below, depth + 1);
	}
}

void tree_build(const struct tree *tree, const char *path, uint64_t kept, struct dice *dice)
{
	struct names names;
	list_names(tree, kept, dice, &names);
	struct builder builder = { tree, &names, dice };
	build(&builder, 0, path, 0);
}
