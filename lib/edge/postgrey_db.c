#include "postgrey_room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <db.h>

/* One reading: the copy, libdb's handles, and what it complained of. */
struct reading {
	struct postgrey_copy copy;
	DB_ENV *env;
	DB *db;
	DBC *cursor;
	struct gl_complaint *why;
	gl_postgrey_fn *each;
	void *context;
};

bool gl_postgrey_db_there(void)
{
	return true;
}

static enum gl_status status_of(int code)
{
	switch (code) {
	case 0:
		return GL_OK;
	case ENOSPC:
		return GL_FULL;
	case EACCES:
	case EPERM:
		return GL_NO_ACCESS;
	case EINVAL: /* what libdb says to a file that is no database of its */
	case DB_RUNRECOVERY:
	case DB_PAGE_NOTFOUND:
	case DB_VERIFY_BAD:
	case DB_OLD_VERSION:
	case DB_VERSION_MISMATCH:
		return GL_CORRUPT;
	default:
		return GL_FAILED;
	}
}

/* What libdb has to say goes nowhere but into `why`: the first of its sentences says most. */
static void note(const DB_ENV *env, const char *prefix, const char *text)
{
	struct reading *reading = env->app_private;
	(void)prefix;
	if (reading->why->text[0] == 0)
		snprintf(reading->why->text, sizeof reading->why->text, "%s", text);
}

static enum gl_status failed(struct reading *reading, const char *what, int code)
{
	char said[GL_COMPLAINT_MAX];
	snprintf(said, sizeof said, "%s", reading->why->text);
	snprintf(reading->why->text, sizeof reading->why->text, "%s: %s%s%.300s", what,
	    db_strerror(code), said[0] != 0 ? ": " : "", said);
	return status_of(code);
}

static enum gl_status open_environment(struct reading *reading)
{
	enum { CACHE = 32 * 1024 * 1024 };
	u_int32_t flags = DB_CREATE | DB_PRIVATE | DB_INIT_MPOOL;
	if (reading->copy.has_logs)
		flags |= DB_INIT_LOG | DB_INIT_TXN | DB_RECOVER_FATAL;
	int code = db_env_create(&reading->env, 0);
	if (code != 0) {
		reading->env = NULL;
		return failed(reading, "libdb", code);
	}
	reading->env->app_private = reading;
	reading->env->set_errcall(reading->env, note);
	reading->env->set_msgcall(reading->env, NULL);
	code = reading->env->set_cachesize(reading->env, 0, CACHE, 1);
	if (code == 0)
		code = reading->env->open(reading->env, reading->copy.path, flags, 0600);
	return code == 0 ? GL_OK : failed(reading, "the databases cannot be recovered", code);
}

static enum gl_status walk(struct reading *reading, const char *name)
{
	DBT key = { .flags = 0 }, value = { .flags = 0 };
	int code = reading->db->cursor(reading->db, NULL, &reading->cursor, 0);
	if (code != 0)
		reading->cursor = NULL;
	while (code == 0) {
		code = reading->cursor->get(reading->cursor, &key, &value, DB_NEXT);
		if (code == 0 &&
		    !reading->each(reading->context, (struct gl_span){ key.data, key.size },
			(struct gl_span){ value.data, value.size }))
			return GL_FAILED;
	}
	return code == DB_NOTFOUND ? GL_OK : failed(reading, name, code);
}

static enum gl_status read_one(struct reading *reading, const char *name)
{
	enum gl_status status = GL_OK;
	int code = db_create(&reading->db, reading->env, 0);
	if (code != 0) {
		reading->db = NULL;
		return failed(reading, name, code);
	}
	code = reading->db->open(reading->db, NULL, name, NULL, DB_UNKNOWN, DB_RDONLY, 0);
	status = code == 0 ? walk(reading, name) : failed(reading, name, code);
	if (reading->cursor != NULL)
		reading->cursor->close(reading->cursor);
	reading->cursor = NULL;
	reading->db->close(reading->db, 0);
	reading->db = NULL;
	return status;
}

enum gl_status gl_postgrey_db_read(int directory, const char *scratch, gl_postgrey_fn *each,
    void *context, struct gl_complaint *why)
{
	struct reading reading = { .copy.fd = -1, .why = why, .each = each, .context = context };
	why->text[0] = 0;
	enum gl_status status = postgrey_copy_make(&reading.copy, directory, scratch, why);
	if (status == GL_OK)
		status = open_environment(&reading);
	if (status == GL_OK)
		status = read_one(&reading, "postgrey.db");
	if (status == GL_OK && reading.copy.has_clients)
		status = read_one(&reading, "postgrey_clients.db");
	if (reading.env != NULL)
		reading.env->close(reading.env, 0);
	postgrey_copy_remove(&reading.copy);
	return status;
}
