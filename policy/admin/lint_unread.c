#include "lint.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "textfile.h"

/* What packages and editors leave beside a file. */
static bool is_leftover(struct gl_span name)
{
	static const char *const endings[] = { "~", ".bak", ".old", ".orig", ".rej", ".swp",
		".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp", ".ucf-old", ".ucf-dist",
		".rpmnew", ".rpmsave", ".rpmorig", NULL };

	if (name.at[0] == '.' || name.at[0] == '#')
		return true;
	for (size_t i = 0; endings[i] != NULL; i++) {
		struct gl_span ending = gl_span_of(endings[i]);

		if (name.len > ending.len &&
		    gl_span_equal(gl_span_skip(name, name.len - ending.len), ending))
			return true;
	}
	return false;
}

static bool is_entry(struct gl_span line)
{
	struct gl_rule rule;
	const char *why;

	return gl_rule_parse(&rule, GL_LIST_CLIENTS, line, &why) == GL_OK ||
	       gl_rule_parse(&rule, GL_LIST_RECIPIENTS, line, &why) == GL_OK;
}

static bool is_blank(struct gl_span line)
{
	return gl_span_trim(gl_span_head(line, gl_span_find(line, '#'))).len == 0;
}

/* To name public suffixes among the clients would let whole countries pass. */
static bool is_suffix_comment(struct gl_span line)
{
	return gl_span_equal(gl_span_head(line, 2), gl_span_of("//"));
}

/* More entries than other lines; prose and settings have blanks in them. */
static bool is_list(struct gl_span text)
{
	size_t entries = 0, others = 0;

	while (text.len > 0) {
		struct gl_span line = gl_span_head(text, gl_span_find(text, '\n'));

		text = gl_span_skip(text, line.len + 1);
		if (is_suffix_comment(line))
			return false;
		if (is_entry(line))
			entries++;
		else if (!is_blank(line))
			others++;
	}
	return entries > others;
}

static bool same_file(const char *path, const struct stat *info)
{
	struct stat other;

	return path != NULL && stat(path, &other) == 0 && other.st_dev == info->st_dev &&
	       other.st_ino == info->st_ino;
}

/* Whether greylist reads it, under this name or another. */
static bool is_known(
    const struct gl_check *check, const struct gl_lint_lists *lists, const struct stat *info)
{
	bool known = same_file(check->admin->world.config_path, info) ||
		     same_file(check->admin->world.config.log_target, info);

	for (size_t i = 0; i < lists->count && !known; i++)
		known = same_file(lists->inputs[i].path, info);
	return known;
}

static void look_at(struct gl_check *check, const struct gl_lint_lists *lists, const char *path)
{
	struct gl_complaint why;
	struct stat info;
	char *bytes;
	size_t len;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || is_known(check, lists, &info) ||
	    gl_textfile_read(&bytes, &len, path, &why) != GL_OK)
		return;
	if (is_list((struct gl_span){ bytes, len }))
		gl_finding(check, GL_FINDING_LIST_UNREAD, gl_at_file(path),
		    "it looks like an exempt list, and no option names it");
	free(bytes);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_worth_a_look(const struct dirent *entry)
{
	return !is_leftover(gl_span_of(entry->d_name));
}

void gl_lint_unread(struct gl_check *check, const struct gl_lint_lists *lists)
{
	char config[4096], path[8192];
	struct dirent **entries;
	const char *directory;
	int count;

	snprintf(config, sizeof config, "%s", check->admin->world.config_path);
	directory = dirname(config);
	count = scandir(directory, &entries, is_worth_a_look, by_name);
	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		look_at(check, lists, path);
		free(entries[i]);
	}
	free(entries);
}
