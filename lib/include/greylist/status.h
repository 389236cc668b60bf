/*
 * status - what a call can come back with.
 *
 * One enum for the whole project: expected outcomes (GL_NOT_FOUND,
 * GL_MORE) and failures alike. Foreign codes (errno, LMDB, libconfuse)
 * are translated at the edge that produced them and never travel
 * further. The text of a failure for a person travels beside the
 * status, in a struct gl_complaint that the caller owns.
 */
#ifndef GREYLIST_STATUS_H
#define GREYLIST_STATUS_H

/* The result has to be looked at; ignoring it is a compiler error in CI. */
#define GL_CHECKED __attribute__((warn_unused_result))

enum gl_status {
	GL_OK,           /* done */
	GL_NOT_FOUND,    /* nothing there: a stranger, an empty line, the end of a scan */
	GL_MORE,         /* nothing wrong, but more input is needed */
	GL_MALFORMED,    /* input that the grammar does not have */
	GL_TOO_LONG,     /* input over a named limit */
	GL_BAD_CONFIG,   /* greylist.conf cannot be used as it is */
	GL_NO_ACCESS,    /* a file or directory may not be opened */
	GL_FULL,         /* disk, quota, map or reader table is full; nothing was written */
	GL_REPLACED,     /* another table took this one's place: read and decide again */
	GL_CORRUPT,      /* the table is damaged, or a record cannot be decoded */
	GL_VERSION,      /* written by a newer greylist than this one */
	GL_WRONG_SECRET, /* the digest secret is not the one that made this table */
	GL_UNSUPPORTED,  /* a place or feature that cannot work, such as a network file system */
	GL_FAILED        /* any other failure; count on nothing having been done */
};

enum { GL_COMPLAINT_MAX = 512 };

/*
 * A sentence for a person: where, what, and what to do about it.
 * Zero-terminated, one line, no newline at its end. Owned by the
 * caller; filled only when the call that takes it fails.
 */
struct gl_complaint {
	char text[GL_COMPLAINT_MAX];
};

/* A few words for a log line, such as "no space left". Static; never NULL. */
const char *gl_status_text(enum gl_status status);

#endif
