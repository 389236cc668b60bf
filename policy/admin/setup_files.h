/*
 * setup_files - the files that setup-postfix edits, as sets, and where sets are kept.
 *
 * Nothing is edited in place: postconf edits copies in a directory of
 * their own, and what came out is put in the place of the old files in
 * one step each. So a set is what all files hold at one time, and a
 * place is where a set is found.
 *
 * What an undo needs is kept below Postfix's configuration directory,
 * for root's eyes only, until the undo:
 *
 *     greylist.undo/before/   the files as they would be without us
 *     greylist.undo/after/    the files as we left them
 *     greylist.undo/config    a symbolic link to greylist.conf, where that was edited
 *
 * A file that is still as we left it is put back byte for byte; from
 * one that was edited since, our own words are taken out.
 */
#ifndef GREYLIST_SETUP_FILES_H
#define GREYLIST_SETUP_FILES_H

#include <limits.h>

#include "greylist/span.h"

enum gl_setup_file { GL_SETUP_MASTER, GL_SETUP_MAIN, GL_SETUP_CONF, GL_SETUP_FILES };

/* "master.cf", "main.cf", "greylist.conf". Static. */
const char *gl_setup_file_name(enum gl_setup_file file);

struct gl_setup_place {
	char directory[PATH_MAX]; /* of main.cf and master.cf */
	char path[GL_SETUP_FILES][PATH_MAX];
};

/* GL_TOO_LONG: the paths would not fit. */
GL_CHECKED enum gl_status gl_setup_place_init(
    struct gl_setup_place *place, const char *directory, const char *below);

/* Bytes on the heap; NULL: the file is not part of the set. Zeros are an empty set. */
struct gl_setup_set {
	char *bytes[GL_SETUP_FILES];
	size_t len[GL_SETUP_FILES];
};

void gl_setup_set_clear(struct gl_setup_set *set);
struct gl_span gl_setup_get(const struct gl_setup_set *set, enum gl_setup_file file);

/* Whether both hold the file, with the same bytes; or neither does. */
bool gl_setup_same(
    const struct gl_setup_set *a, const struct gl_setup_set *b, enum gl_setup_file file);

/* Copies the bytes into the set. GL_FAILED: out of memory. */
GL_CHECKED enum gl_status gl_setup_put(
    struct gl_setup_set *set, enum gl_setup_file file, struct gl_span bytes);

/* Reads one file of the place into the set. Statuses of gl_textfile_read. */
GL_CHECKED enum gl_status gl_setup_read(struct gl_setup_set *set, enum gl_setup_file file,
    const struct gl_setup_place *place, struct gl_complaint *why);

/* Reads the files that are there. GL_OK with an empty set where none is. */
GL_CHECKED enum gl_status gl_setup_read_all(
    struct gl_setup_set *set, const struct gl_setup_place *place, struct gl_complaint *why);

/*
 * Puts those files in place that `old` holds otherwise. Where one fails
 * the ones before it are written: master.cf is first, so that main.cf
 * never asks a service that is not there.
 */
GL_CHECKED enum gl_status gl_setup_write(const struct gl_setup_place *place,
    const struct gl_setup_set *set, const struct gl_setup_set *old, struct gl_complaint *why);

/* A directory of nobody else's with copies of main.cf and master.cf for postconf to edit. */
GL_CHECKED enum gl_status gl_setup_scratch_open(
    struct gl_setup_place *scratch, const struct gl_setup_set *set, struct gl_complaint *why);

/*
 * Makes the copies look a minute old: Postfix's programs wait a second
 * or two before they read a file that was written just now.
 */
void gl_setup_scratch_age(const struct gl_setup_place *scratch);

/* Removes it with all that is in it. */
void gl_setup_place_remove(const struct gl_setup_place *place);

/* The two sets that an undo needs. Zeros are fine. */
struct gl_setup_kept {
	struct gl_setup_place before, after;
	char link[PATH_MAX];
	char conf[PATH_MAX]; /* where it points; the caller sets it before a first set with the file
			      */
	struct gl_setup_set was, left; /* read from there; empty where nothing was kept */
};

/* Reads what is kept below the configuration directory. */
GL_CHECKED enum gl_status gl_setup_kept_read(
    struct gl_setup_kept *kept, const char *directory, struct gl_complaint *why);

/* Keeps both sets, in the place of what was kept. */
GL_CHECKED enum gl_status gl_setup_kept_write(struct gl_setup_kept *kept,
    const struct gl_setup_set *was, const struct gl_setup_set *left, struct gl_complaint *why);

/* Forgets what was kept, on disk too. */
void gl_setup_kept_remove(struct gl_setup_kept *kept);
void gl_setup_kept_clear(struct gl_setup_kept *kept);

#endif
