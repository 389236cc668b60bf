/*
 * world - what outlives one request: configuration, log, table, rules.
 *
 * Everything is opened when it is first needed and looked at again
 * before each request, so that an edited file or a replaced table
 * counts at once, without a signal or a restart. Nothing here ends the
 * process: what cannot be had is a status, and the session answers it.
 */
#ifndef GREYLIST_WORLD_H
#define GREYLIST_WORLD_H

#include "greylist/counters.h"
#include "greylist/log.h"
#include "greylist/rules.h"

#include "judge.h"

/* What the world may do. The admin tool's reading commands change nothing, and
 * only one that brings entries makes a table. */
enum gl_access { GL_ACCESS_SERVE, GL_ACCESS_READ, GL_ACCESS_WRITE, GL_ACCESS_CREATE };

enum {
	GL_HOSTNAME_MAX = 256, /* a name has at most 253 bytes (RFC 1035 2.3.4) */
	GL_INSTANCE_MAX = 128  /* bytes of an instance; Postfix's have about 30 */
};

struct gl_world {
	const char *config_path; /* borrowed */
	enum gl_access access;

	struct gl_config config;
	struct gl_config_stamp config_stamp;
	enum gl_status config_status;   /* of the last load */
	struct gl_complaint config_why; /* the first mistake */
	unsigned config_mistakes;
	struct gl_complaint delegate_why; /* the first mistake of the file that was just read */
	unsigned delegate_mistakes;

	struct gl_log *log;
	struct gl_counters *counters; /* NULL: none to be had */

	struct gl_store *store; /* NULL: cannot be opened; store_status and store_why say why */
	enum gl_status store_status;
	struct gl_complaint store_why;

	struct gl_rules_head head; /* of the rules in force */
	struct gl_ruleset *rules;  /* compiled here because the table does not hold them, or NULL */
	bool head_known;
	bool no_rules;                  /* nothing could be compiled and the table has none */
	struct gl_rules_head overrides; /* of those in the table; read with the rules' head */
	uint8_t tried[GL_STAMP_SIZE];   /* the stamp of the last compilation that failed */

	void (*watch)(const struct gl_store *); /* set by the session: gl_store_options.watch */
	bool watchful;                          /* the same: see confinement.h */
	bool outside; /* something that counts is out of reach of this process, and only of this:
			 no verdict may rest on what is left. Only where watchful */

	char hostname[GL_HOSTNAME_MAX]; /* the option's, or the machine's own; for suspects_only */
	size_t open_len;                /* of the instance for which a triplet passed here, */
	char open[GL_INSTANCE_MAX];     /* in this connection; 0: none */
};

/* Opens nothing yet. Both arguments are borrowed until gl_world_clear. */
void gl_world_init(struct gl_world *world, const char *config_path, enum gl_access access);
void gl_world_clear(struct gl_world *world);

/*
 * Reads the configuration again where it changed.
 *
 *   GL_BAD_CONFIG, GL_NO_ACCESS  world->config_why says why; it was logged once (SERVE)
 */
GL_CHECKED enum gl_status gl_world_configure(struct gl_world *world);

/*
 * Reads the delegation files of this recipient's domain where they
 * changed, in front of each judgement. What is wrong in one of them was
 * logged once (SERVE), and is left out.
 */
void gl_world_consult(struct gl_world *world, struct gl_span recipient);

/*
 * The same for some files that nobody read yet, whoever's they are: a
 * sweep leaves the records be that they may be about.
 */
void gl_world_consult_some(struct gl_world *world, size_t most, uint64_t turn);

/*
 * Opens the table where it is not open or was replaced, and compiles
 * the lists where they changed. The configuration has to be good. For
 * the admin tool it also reads every delegation file once, as the table's
 * owner, whom the helper runs as.
 *
 * Any status of gl_store_open; world->store_why says why.
 */
GL_CHECKED enum gl_status gl_world_open(struct gl_world *world);

/* Opens the counters where they are not open yet; NULL where there are none to be had. */
struct gl_counters *gl_world_counters(struct gl_world *world);

/* Closes the table, for a caller who met GL_REPLACED or GL_CORRUPT: the next gl_world_open tries
 * again. */
void gl_world_drop_table(struct gl_world *world);

/*
 * Turns from the configured table to the one in `directory`, which is
 * made where there is none, for a trial: everything is as in the helper,
 * but nothing is logged. Good until the next gl_world_configure.
 *
 *   GL_FAILED  out of memory; `why` says it
 */
GL_CHECKED enum gl_status gl_world_divert(
    struct gl_world *world, const char *directory, struct gl_complaint *why);

/* How the world opens its table. Borrows from the configuration. */
struct gl_store_options gl_world_store_options(const struct gl_world *world);

/* Remembers that a triplet of this message passed; an instance that is too long is none. */
void gl_world_open_message(struct gl_world *world, struct gl_span instance);

/* What a judge needs, once gl_world_open said GL_OK. */
struct gl_bench gl_world_bench(const struct gl_world *world);

/* Fills in the inputs of the exempt lists and public suffixes; returns how many. For `check`. */
enum { GL_WORLD_INPUTS_MAX = 4 * GL_CONFIG_FILES_MAX + 2 };
size_t gl_world_rule_inputs(
    const struct gl_world *world, struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX]);

#endif
