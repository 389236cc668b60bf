#include "setup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "textfile.h"

#define KEPT "greylist.undo"

static void complain(struct gl_complaint *why, const char *path, const char *problem)
{
	struct gl_out out = gl_out_into(why->text, sizeof why->text);

	gl_out_text(&out, path);
	gl_out_text(&out, problem);
	gl_out_string(&out);
}

const char *gl_setup_file_name(enum gl_setup_file file)
{
	static const char *const names[GL_SETUP_FILES] = { "master.cf", "main.cf",
		"greylist.conf" };

	return names[file];
}

enum gl_status gl_setup_place_init(
    struct gl_setup_place *place, const char *directory, const char *below)
{
	struct gl_out out = gl_out_into(place->directory, sizeof place->directory - 16);

	gl_out_text(&out, directory);
	gl_out_text(&out, below);
	gl_out_string(&out);
	if (out.full)
		return GL_TOO_LONG;
	for (unsigned i = 0; i < GL_SETUP_FILES; i++) {
		out = gl_out_into(place->path[i], sizeof place->path[i]);
		gl_out_text(&out, place->directory);
		gl_out_byte(&out, '/');
		gl_out_text(&out, gl_setup_file_name((enum gl_setup_file)i));
		gl_out_string(&out);
	}
	return GL_OK;
}

void gl_setup_set_clear(struct gl_setup_set *set)
{
	for (unsigned i = 0; i < GL_SETUP_FILES; i++)
		free(set->bytes[i]);
	*set = (struct gl_setup_set){ .bytes = { NULL } };
}

struct gl_span gl_setup_get(const struct gl_setup_set *set, enum gl_setup_file file)
{
	return (struct gl_span){ set->bytes[file], set->bytes[file] != NULL ? set->len[file] : 0 };
}

bool gl_setup_same(
    const struct gl_setup_set *a, const struct gl_setup_set *b, enum gl_setup_file file)
{
	if ((a->bytes[file] == NULL) != (b->bytes[file] == NULL))
		return false;
	return gl_span_equal(gl_setup_get(a, file), gl_setup_get(b, file));
}

enum gl_status gl_setup_put(struct gl_setup_set *set, enum gl_setup_file file, struct gl_span bytes)
{
	char *copy = malloc(bytes.len + 1);

	if (copy == NULL)
		return GL_FAILED;
	if (bytes.len > 0)
		memcpy(copy, bytes.at, bytes.len);
	free(set->bytes[file]);
	set->bytes[file] = copy;
	set->len[file] = bytes.len;
	return GL_OK;
}

enum gl_status gl_setup_read(struct gl_setup_set *set, enum gl_setup_file file,
    const struct gl_setup_place *place, struct gl_complaint *why)
{
	char *bytes;
	size_t len = 0;
	enum gl_status status = gl_textfile_read(&bytes, &len, place->path[file], why);

	if (status == GL_OK) {
		free(set->bytes[file]);
		set->bytes[file] = bytes;
		set->len[file] = len;
	}
	return status;
}

enum gl_status gl_setup_read_all(
    struct gl_setup_set *set, const struct gl_setup_place *place, struct gl_complaint *why)
{
	for (unsigned i = 0; i < GL_SETUP_FILES; i++) {
		enum gl_status status = gl_setup_read(set, (enum gl_setup_file)i, place, why);

		if (status != GL_OK && status != GL_NOT_FOUND)
			return status;
	}
	return GL_OK;
}

enum gl_status gl_setup_write(const struct gl_setup_place *place, const struct gl_setup_set *set,
    const struct gl_setup_set *old, struct gl_complaint *why)
{
	enum gl_status status = GL_OK;

	for (unsigned i = 0; i < GL_SETUP_FILES && status == GL_OK; i++) {
		enum gl_setup_file file = (enum gl_setup_file)i;

		if (set->bytes[i] != NULL && !gl_setup_same(set, old, file))
			status = gl_textfile_replace(place->path[i], gl_setup_get(set, file), why);
	}
	return status;
}

/* postconf -e appends to an unfinished last line as it is, and so breaks both entries. */
static enum gl_status finish_last_line(struct gl_setup_set *set, enum gl_setup_file file)
{
	struct gl_span text = gl_setup_get(set, file);
	enum gl_status status;

	if (text.len == 0 || text.at[text.len - 1] == '\n')
		return GL_OK;
	/* gl_setup_put leaves room for one more byte. */
	status = gl_setup_put(set, file, text);
	if (status == GL_OK)
		set->bytes[file][set->len[file]++] = '\n';
	return status;
}

enum gl_status gl_setup_scratch_open(
    struct gl_setup_place *scratch, const struct gl_setup_set *set, struct gl_complaint *why)
{
	static const enum gl_setup_file files[] = { GL_SETUP_MASTER, GL_SETUP_MAIN };
	char directory[] = "/tmp/greylist-setup.XXXXXX";
	struct gl_setup_set copy = { .bytes = { NULL } };
	struct gl_setup_set nothing = { .bytes = { NULL } };
	enum gl_status status;

	if (mkdtemp(directory) == NULL) {
		complain(why, directory, " cannot be made");
		return GL_FAILED;
	}
	status = gl_setup_place_init(scratch, directory, "");
	for (unsigned i = 0; i < sizeof files / sizeof *files && status == GL_OK; i++) {
		status = gl_setup_put(&copy, files[i], gl_setup_get(set, files[i]));
		if (status == GL_OK)
			status = finish_last_line(&copy, files[i]);
	}
	if (status == GL_OK)
		status = gl_setup_write(scratch, &copy, &nothing, why);
	if (status == GL_OK)
		gl_setup_scratch_age(scratch);
	else
		gl_setup_place_remove(scratch);
	gl_setup_set_clear(&copy);
	return status;
}

void gl_setup_scratch_age(const struct gl_setup_place *scratch)
{
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= 60;
	times[1] = times[0];
	for (unsigned i = 0; i < GL_SETUP_FILES; i++)
		utimensat(AT_FDCWD, scratch->path[i], times, 0);
}

void gl_setup_place_remove(const struct gl_setup_place *place)
{
	for (unsigned i = 0; i < GL_SETUP_FILES; i++)
		unlink(place->path[i]);
	rmdir(place->directory);
}

static enum gl_status read_conf_path(struct gl_setup_kept *kept, const char *directory)
{
	struct gl_out out = gl_out_into(kept->link, sizeof kept->link);
	ssize_t len;

	gl_out_text(&out, directory);
	gl_out_text(&out, "/" KEPT "/config");
	gl_out_string(&out);
	if (out.full)
		return GL_TOO_LONG;
	len = readlink(kept->link, kept->conf, sizeof kept->conf - 1);
	kept->conf[len > 0 ? len : 0] = 0;
	return GL_OK;
}

enum gl_status gl_setup_kept_read(
    struct gl_setup_kept *kept, const char *directory, struct gl_complaint *why)
{
	enum gl_status status = gl_setup_place_init(&kept->before, directory, "/" KEPT "/before");

	if (status == GL_OK)
		status = gl_setup_place_init(&kept->after, directory, "/" KEPT "/after");
	if (status == GL_OK)
		status = read_conf_path(kept, directory);
	if (status == GL_OK)
		status = gl_setup_read_all(&kept->was, &kept->before, why);
	if (status == GL_OK)
		status = gl_setup_read_all(&kept->left, &kept->after, why);
	return status;
}

/* Owned by root and closed to all others: what is in it becomes root's configuration again. */
static enum gl_status make_closed(const char *directory, struct gl_complaint *why)
{
	struct stat found;

	if (mkdir(directory, 0700) == 0)
		return GL_OK;
	if (errno == EEXIST && lstat(directory, &found) == 0 && S_ISDIR(found.st_mode) &&
	    found.st_uid == geteuid() && (found.st_mode & 077) == 0)
		return GL_OK;
	complain(why, directory, " cannot be made, or is not a directory of root's own, mode 0700");
	return GL_NO_ACCESS;
}

static enum gl_status make_kept(const struct gl_setup_kept *kept, struct gl_complaint *why)
{
	char parent[PATH_MAX];
	enum gl_status status;

	snprintf(parent, sizeof parent, "%s", kept->before.directory);
	status = make_closed(dirname(parent), why);
	if (status == GL_OK)
		status = make_closed(kept->before.directory, why);
	if (status == GL_OK)
		status = make_closed(kept->after.directory, why);
	return status;
}

enum gl_status gl_setup_kept_write(struct gl_setup_kept *kept, const struct gl_setup_set *was,
    const struct gl_setup_set *left, struct gl_complaint *why)
{
	enum gl_status status = make_kept(kept, why);

	if (status == GL_OK && left->bytes[GL_SETUP_CONF] != NULL &&
	    symlink(kept->conf, kept->link) != 0 && errno != EEXIST) {
		complain(why, kept->link, " cannot be made");
		status = GL_FAILED;
	}
	if (status == GL_OK)
		status = gl_setup_write(&kept->before, was, &kept->was, why);
	if (status == GL_OK)
		status = gl_setup_write(&kept->after, left, &kept->left, why);
	return status;
}

void gl_setup_kept_remove(struct gl_setup_kept *kept)
{
	char parent[PATH_MAX];

	gl_setup_place_remove(&kept->before);
	gl_setup_place_remove(&kept->after);
	unlink(kept->link);
	snprintf(parent, sizeof parent, "%s", kept->before.directory);
	rmdir(dirname(parent));
}

void gl_setup_kept_clear(struct gl_setup_kept *kept)
{
	gl_setup_set_clear(&kept->was);
	gl_setup_set_clear(&kept->left);
}
