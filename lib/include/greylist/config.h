/*
 * config - greylist.conf, read with libconfuse.
 *
 * One table in config.c names every option with its type, default,
 * range and a sentence; the parser, `greylist-admin check`, the sample
 * file, greylist.conf(5) and the tests all answer to it. Times are
 * written with s m h d w, a bare number means seconds; in the struct
 * all times are seconds. Sizes take K M G; in the struct they are bytes.
 */
#ifndef GREYLIST_CONFIG_H
#define GREYLIST_CONFIG_H

#include <stdio.h>

#include "greylist/terms.h"

enum {
	GL_CONFIG_SIZE_MAX = 262144,  /* bytes of the file */
	GL_DELEGATE_SIZE_MAX = 16384, /* bytes of a delegation file */
	GL_CONFIG_FILES_MAX = 32,     /* paths in one list option */
	GL_CONFIG_RELAYS_MAX = 256    /* entries of `relays`, and of `never_auto_whitelist` */
};

struct gl_delegation;

enum gl_on_error { GL_ON_ERROR_PASS, GL_ON_ERROR_DEFER };
enum gl_sync { GL_SYNC_FULL, GL_SYNC_META, GL_SYNC_NONE };
enum gl_per { GL_PER_ADDRESS, GL_PER_NETWORK };
enum gl_recipients { GL_RECIPIENTS_EACH, GL_RECIPIENTS_MESSAGE };
enum gl_null_sender { GL_NULL_SENDER_RCPT, GL_NULL_SENDER_DATA };
enum gl_certificates { GL_CERTIFICATES_PASS, GL_CERTIFICATES_IGNORE };

/* A list option's strings, in the order of the file. Owned by the config. */
struct gl_strings {
	size_t count;
	char **at;
	unsigned line; /* of the option in greylist.conf; 0: the built-in default */
};

/* Every string is owned by the config, zero-terminated and never NULL. */
struct gl_config {
	char *database;
	struct gl_timing timing;
	uint8_t ipv4_prefix; /* 8..32 */
	uint8_t ipv6_prefix; /* 16..128 */
	enum gl_identity_option identity;
	enum gl_recipients recipients;
	enum gl_null_sender null_sender;
	enum gl_certificates client_certificates;
	bool suspects_only;
	bool remember_recipients;
	uint32_t auto_whitelist; /* successes; 0: off */
	enum gl_per auto_whitelist_per;
	struct gl_strings never_auto_whitelist;
	enum gl_mode mode;
	enum gl_on_error on_error;
	int64_t request_timeout;          /* seconds, at least 1 */
	int64_t idle_timeout;             /* seconds */
	uint32_t requests_per_connection; /* 0: until end of file */
	enum gl_sync sync;
	uint64_t map_limit;              /* bytes */
	uint32_t max_entries;            /* triplets; 0: no limit but the map's */
	uint32_t max_pending_per_client; /* waiting triplets; 0: no limit */
	bool privacy;                    /* no text in the table */
	bool postgrey_hashes;            /* ask about inherited.h's keys too */
	bool sandbox;                    /* see sandbox.h */
	char recipient_delimiter;        /* 0: none */
	char *hostname; /* "" in the file: the machine's own, which the caller fills in for %h */
	char *action;   /* DEFER_IF_PERMIT, DEFER, 450 or 451 */
	char *text;
	char *header; /* "" : no header */
	struct gl_strings client_lists;
	struct gl_strings recipient_lists;
	struct gl_strings sender_lists;
	struct gl_strings suffix_lists;
	struct gl_strings relays;
	char *log_ident;
	char *log_facility; /* a syslog facility's name, such as "mail" */
	char *log_target;   /* "syslog", "none" or an absolute path */
	struct gl_sections sections;
	struct gl_delegation *delegations; /* one for each section; private */
};

/*
 * What the file was when it was read. Two equal stamps mean that
 * nothing changed; all zeros never equals a file.
 */
struct gl_config_stamp {
	uint64_t device, inode, size, mtime, ctime; /* times in nanoseconds */
};

/* Called once for each mistake, in the order of the file: "greylist.conf:12: delay must be ..." */
typedef void gl_mistake_fn(void *context, const char *mistake);

/*
 * Reads a file. `config` is filled in whatever the status: where the
 * file is wrong, an option keeps its default (so that the caller can
 * still log where the file says). gl_config_clear is due in any case.
 * `stamp` is of the very file that was read, all zeros where it was
 * not read or memory ran out: then the same file may be worth another
 * reading. It may be NULL.
 *
 *   GL_BAD_CONFIG  at least one mistake was reported
 *   GL_NO_ACCESS   the file is missing or may not be read (reported as a mistake too)
 *   GL_FAILED      out of memory
 */
GL_CHECKED enum gl_status gl_config_load(struct gl_config *config, const char *path,
    gl_mistake_fn *mistake, void *context, struct gl_config_stamp *stamp);

/*
 * What holds outside of all sections, and what holds of one attempt.
 * The terms borrow from the config, good until its next change. delay <
 * retry_window in either: gl_config_load and the delegation files are
 * refused what would break it in any combination that can arise.
 */
void gl_config_terms(struct gl_terms *terms, const struct gl_config *config);
void gl_config_terms_for(struct gl_terms *terms, const struct gl_config *config,
    const struct gl_terms_question *question);

/*
 * The times by which a record counts; see terms.h. Delegation files are
 * taken as they were when they were last read.
 */
struct gl_timing gl_config_timing_of(
    const struct gl_config *config, const struct gl_record *record);

/*
 * A domain's owner writes the delegation file and is not trusted: it is
 * opened without following a link in its last name or waiting for
 * anybody, it has to be a regular file of at most GL_DELEGATE_SIZE_MAX,
 * and what is wrong with it is left out, reported, and counts for
 * nobody else. A missing file is an empty one.
 *
 * One section's file is read where it changed since it was read last:
 * one system call, or six where it did. `mistake` is called as by
 * gl_config_load, for a file that was read. GL_FAILED: out of memory;
 * the file then sets nothing, until the next call.
 */
GL_CHECKED enum gl_status gl_config_delegate(
    struct gl_config *config, size_t section, gl_mistake_fn *mistake, void *context);

/* The same for the sections of this recipient's domain, and those above it. */
GL_CHECKED enum gl_status gl_config_delegates_of(
    struct gl_config *config, struct gl_span recipient, gl_mistake_fn *mistake, void *context);

/*
 * Reads up to `most` files that nobody read yet, beginning somewhere by
 * `turn`, so that in many calls each has its turn.
 */
GL_CHECKED enum gl_status gl_config_delegates_unread(
    struct gl_config *config, size_t most, uint64_t turn, gl_mistake_fn *mistake, void *context);

/* The built-in defaults. GL_FAILED: out of memory; clear it even so. */
GL_CHECKED enum gl_status gl_config_defaults(struct gl_config *config);

/* Frees what the config owns and empties it. A config of zeros is fine. */
void gl_config_clear(struct gl_config *config);

/* The file's stamp now; all zeros where it cannot be looked at. One system call. */
void gl_config_look(struct gl_config_stamp *stamp, const char *path);
bool gl_config_same(const struct gl_config_stamp *a, const struct gl_config_stamp *b);

/*
 * Writes every option with its default as it would stand in a file and
 * its sentence as a comment: the sample conf/greylist.conf.
 */
void gl_config_print_defaults(FILE *to);

/* The n-th option's name, or NULL behind the last. For the docs test and completion. Static. */
const char *gl_config_option(size_t n);

/*
 * Reads a time such as "90", "5m" or "2d" into seconds.
 *
 *   GL_MALFORMED  no number, or an unknown unit
 *   GL_TOO_LONG   beyond what fits
 */
GL_CHECKED enum gl_status gl_time_parse(int64_t *seconds, struct gl_span text);

/* Seconds as a person writes them: 90s, 5m, 2d. */
void gl_out_time(struct gl_out *out, int64_t seconds);

#endif
