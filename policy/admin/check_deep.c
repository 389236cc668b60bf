#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lint.h"
#include "progress.h"

enum { SLICE = 500, EXAMPLES = 10, TRIES = 1000 /* for a moment between two writes */ };

/* Shared with the child that reads: damage may end it at any byte. */
struct deep {
	uint64_t entries; /* read so far */
	uint64_t damaged;
	unsigned warnings, errors; /* as the child counted them */
	bool finished;
	char near[GL_NETWORK_TEXT]; /* the client of the last good entry; empty: none yet */
};

struct reading {
	struct gl_check *check;
	struct deep *deep;
	struct gl_progress progress;
	enum gl_table table;
	char path[4096]; /* of the table, for the findings */
	struct gl_key last;
};

static const char *table_name(enum gl_table table)
{
	switch (table) {
	case GL_TABLE_TRIPLET:
		return "a triplet";
	case GL_TABLE_CLIENT:
		return "a client";
	case GL_TABLE_RULES:
		return "a compiled rule";
	case GL_TABLE_OVERRIDE:
		break;
	}
	return "an entry of allow or deny-auto-whitelist";
}

static void say_damage(struct reading *reading, const char *what)
{
	struct deep *deep = reading->deep;
	const char *near = deep->near[0] != '\0' ? deep->near : "the beginning";
	if (deep->damaged++ < EXAMPLES)
		gl_finding(reading->check, GL_FINDING_TABLE_DAMAGED, gl_at_file(reading->path),
		    "%s near client %s %s", table_name(reading->table), near, what);
}

static const char *damage_of(enum gl_status status)
{
	switch (status) {
	case GL_OK:
		return NULL;
	case GL_VERSION:
		return "was written by a newer greylist";
	case GL_WRONG_SECRET:
		return "has a key that is not the digest of its text";
	case GL_NOT_FOUND:
	case GL_MORE:
	case GL_MALFORMED:
	case GL_TOO_LONG:
	case GL_BAD_CONFIG:
	case GL_NO_ACCESS:
	case GL_FULL:
	case GL_REPLACED:
	case GL_CORRUPT:
	case GL_UNSUPPORTED:
	case GL_FAILED:
		break;
	}
	return "cannot be read";
}

static bool look_at(void *context, struct gl_span key, struct gl_span value)
{
	struct reading *reading = context;
	struct gl_admin *admin = reading->check->admin;
	struct gl_identity identity;
	const char *damage = damage_of(
	    gl_store_check_entry(admin->world.store, reading->table, key, value));
	if (gl_span_compare(gl_key_span(&reading->last), key) >= 0 && reading->last.len > 0)
		damage = "stands out of order";
	if (damage != NULL)
		say_damage(reading, damage);
	reading->last.len = (uint16_t)(key.len < GL_KEY_MAX ? key.len : GL_KEY_MAX);
	memcpy(reading->last.bytes, key.at, reading->last.len);
	reading->deep->entries++;
	if ((reading->table == GL_TABLE_TRIPLET || reading->table == GL_TABLE_CLIENT) &&
	    gl_key_identity(&identity, key) == GL_OK) {
		struct gl_out out = gl_out_into(reading->deep->near, sizeof reading->deep->near);
		gl_out_identity(&out, &identity);
		gl_out_string(&out);
	}
	return true;
}

static enum gl_status read_table(struct reading *reading, enum gl_table table)
{
	struct gl_admin *admin = reading->check->admin;
	struct gl_cursor cursor = { .table = table };
	enum gl_status status = GL_OK;
	reading->table = table;
	reading->last.len = 0;
	while (status == GL_OK && !cursor.done) {
		uint64_t before = reading->deep->entries;
		status = gl_store_scan(admin->world.store, &cursor, SLICE, look_at, reading);
		if (gl_admin_again(admin, status))
			status = GL_OK;
		gl_progress_add(&reading->progress, reading->deep->entries - before);
	}
	return status;
}

static void check_pages(struct reading *reading)
{
	struct gl_admin *admin = reading->check->admin;
	struct gl_pages pages = { .all = 0 };
	enum gl_status status = GL_MORE;
	for (int tries = 0; status == GL_MORE && tries < TRIES; tries++)
		status = gl_store_count_pages(admin->world.store, &pages);
	if (status != GL_OK)
		gl_finding_skipped(reading->check, "%s: pages were not counted (%s)", reading->path,
		    status == GL_MORE ? "too many writes" : gl_status_text(status));
	else if (pages.twice > 0 || pages.used + pages.free > pages.all)
		gl_finding(reading->check, GL_FINDING_TABLE_DAMAGED, gl_at_file(reading->path),
		    "%" PRIu64 " pages are in use, %" PRIu64 " free and %" PRIu64
		    " listed twice, of %" PRIu64,
		    pages.used, pages.free, pages.twice, pages.all);
	else if (pages.used + pages.free < pages.all)
		gl_finding(reading->check, GL_FINDING_TABLE_GAPS, gl_at_file(reading->path),
		    "%" PRIu64 " of %" PRIu64 " pages are neither in use nor free",
		    pages.all - pages.used - pages.free, pages.all);
	else
		gl_finding_ok(reading->check, "%s: %" PRIu64 " pages, %" PRIu64 " of them free",
		    reading->path, pages.all, pages.free);
}

static void read_everything(struct reading *reading)
{
	static const enum gl_table tables[] = { GL_TABLE_TRIPLET, GL_TABLE_CLIENT, GL_TABLE_RULES,
		GL_TABLE_OVERRIDE };
	struct gl_store_figures figures;
	struct gl_admin *admin = reading->check->admin;
	enum gl_status status = gl_world_open(&admin->world);
	if (status == GL_OK)
		status = gl_store_measure(admin->world.store, &figures);
	if (status == GL_OK) {
		snprintf(reading->path, sizeof reading->path, "%s/%s", admin->world.config.database,
		    figures.table);
		gl_progress_begin(
		    &reading->progress, admin, "entries", figures.triplets + figures.clients);
	}
	for (size_t i = 0; status == GL_OK && i < sizeof tables / sizeof *tables; i++)
		status = read_table(reading, tables[i]);
	gl_progress_end(&reading->progress);
	if (status != GL_OK)
		say_damage(reading, gl_status_text(status));
	else
		check_pages(reading);
	if (status == GL_OK && reading->deep->damaged == 0)
		gl_finding_ok(reading->check,
		    "%s: %" PRIu64 " entries read, each is what its key says", reading->path,
		    reading->deep->entries);
	else if (reading->deep->damaged > EXAMPLES)
		gl_finding(reading->check, GL_FINDING_TABLE_DAMAGED, gl_at_file(reading->path),
		    "%" PRIu64 " more entries", reading->deep->damaged - EXAMPLES);
}

static _Noreturn void read_and_exit(struct gl_check *check, struct deep *deep)
{
	struct reading reading = { .check = check, .deep = deep };
	snprintf(
	    reading.path, sizeof reading.path, "%s/table", check->admin->world.config.database);
	check->warnings = check->errors = 0;
	read_everything(&reading);
	deep->warnings = check->warnings;
	deep->errors = check->errors;
	deep->finished = fflush(check->admin->out) == 0;
	_exit(0);
}

static void say_ended(struct gl_check *check, const struct deep *deep, int ended)
{
	const char *near = deep->near[0] != '\0' ? deep->near : "the beginning";
	gl_finding(check, GL_FINDING_TABLE_DAMAGED, gl_at_file(check->admin->world.config.database),
	    "reading the table ended with signal %d behind %" PRIu64 " entries, near client %s",
	    WIFSIGNALED(ended) ? WTERMSIG(ended) : 0, deep->entries, near);
}

void gl_check_deep(struct gl_check *check)
{
	struct deep *deep = mmap(
	    NULL, sizeof *deep, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ended = 0;
	if (deep == MAP_FAILED) {
		gl_finding_skipped(check, "the table was not read: out of memory");
		return;
	}
	gl_world_drop_table(&check->admin->world);
	fflush(check->admin->out);
	pid_t child = fork();
	if (child == 0)
		read_and_exit(check, deep);
	if (child < 0 || waitpid(child, &ended, 0) != child) {
		gl_finding_skipped(check, "the table was not read: no process can be started");
	} else {
		check->warnings += deep->warnings;
		check->errors += deep->errors;
		if (!deep->finished)
			say_ended(check, deep, ended);
	}
	munmap(deep, sizeof *deep);
}
