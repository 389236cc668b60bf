#include "store_room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char fingerprint_of[] = "greylist digest secret";

const char *gl_store_engine(void)
{
	return MDB_VERSION_STRING;
}

void gl_store_close(struct gl_store *store)
{
	if (store == NULL)
		return;
	store_close_env(store);
	if (store->gate >= 0)
		close(store->gate);
	if (store->dir >= 0)
		close(store->dir);
	free(store->values);
	free(store->directory);
	free(store);
}

static void explain(const struct gl_store *store, enum gl_status status, struct gl_complaint *why)
{
	const char *advice = "";
	if (status == GL_NO_ACCESS && store->trouble != EROFS)
		advice = "; its files must belong to the owner of the directory";
	else if (status == GL_FULL)
		advice = "; make room, greylisting goes on by itself";
	else if (status == GL_CORRUPT)
		advice = "; greylist-admin restore brings a backup back";
	snprintf(why->text, sizeof why->text, "%s/%s: cannot be used: %s%s", store->directory,
	    store->name, mdb_strerror(store->trouble), advice);
}

/* A file that is shorter than its pages are ends whoever reads beyond. */
static enum gl_status check_length(struct gl_store *store, struct gl_complaint *why)
{
	MDB_envinfo info;
	MDB_stat pages;
	struct stat file;
	int fd;
	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &pages);
	mdb_env_get_fd(store->env, &fd);
	if (fstat(fd, &file) != 0)
		return store_status(store, errno);
	if ((uint64_t)file.st_size / pages.ms_psize > info.me_last_pgno)
		return GL_OK;
	snprintf(why->text, sizeof why->text,
	    "%s/%s: is damaged: data.mdb was cut off, %ju octets are left; greylist-admin restore "
	    "brings a backup back",
	    store->directory, store->name, (uintmax_t)file.st_size);
	return store_status(store, MDB_CORRUPTED);
}

/* Every page begins with its number, so a value in the map tells where the map begins. */
static void find_map(struct gl_store *store, struct gl_span value)
{
	MDB_envinfo info;
	MDB_stat pages;
	size_t number;
	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &pages);
	const char *page = value.at - (uintptr_t)value.at % pages.ms_psize;
	memcpy(&number, page, sizeof number);
	if (number > info.me_last_pgno)
		return;
	store->map.at = page - number * pages.ms_psize;
	store->map.len = info.me_mapsize;
}

static int open_databases(struct gl_store *store, MDB_txn *txn, unsigned flags)
{
	int code = mdb_dbi_open(txn, "triplet", flags, &store->triplet);
	if (code == MDB_SUCCESS)
		code = mdb_dbi_open(txn, "client", flags, &store->client);
	if (code == MDB_SUCCESS)
		code = mdb_dbi_open(txn, "rules", flags, &store->rules);
	if (code == MDB_SUCCESS)
		code = mdb_dbi_open(txn, "meta", flags, &store->meta);
	if (code != MDB_SUCCESS)
		return code;
	/* The youngest: the first tables of this format were made without it. */
	code = mdb_dbi_open(txn, "override", flags, &store->override);
	store->has_override = code == MDB_SUCCESS;
	return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

void gl_store_fingerprint(const struct gl_store *store, uint8_t digest[GL_DIGEST_SIZE])
{
	gl_digest(digest, gl_span_of(fingerprint_of), &store->secret);
}

static struct gl_span fingerprint(const struct gl_store *store, uint8_t digest[GL_DIGEST_SIZE])
{
	gl_store_fingerprint(store, digest);
	return (struct gl_span){ (const char *)digest, GL_DIGEST_SIZE };
}

static enum gl_status write_meta(struct gl_store *store)
{
	static const char format[] = { STORE_FORMAT };
	uint8_t digest[GL_DIGEST_SIZE];
	MDB_txn *txn;
	int code = mdb_txn_begin(store->env, NULL, 0, &txn);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	enum gl_status status = store_status(store, open_databases(store, txn, MDB_CREATE));
	if (status == GL_OK)
		status = store_put(store, txn, store->meta, gl_span_of("format"),
		    (struct gl_span){ format, sizeof format });
	if (status == GL_OK)
		status = store_put(
		    store, txn, store->meta, gl_span_of("secret"), fingerprint(store, digest));
	if (status == GL_OK)
		return store_status(store, store_commit(store, txn));
	mdb_txn_abort(txn);
	return status;
}

static enum gl_status check_meta(struct gl_store *store, MDB_txn *txn, struct gl_complaint *why)
{
	uint8_t digest[GL_DIGEST_SIZE];
	struct gl_span value;
	enum gl_status status = store_get(store, txn, store->meta, gl_span_of("format"), &value);
	if (status != GL_OK || value.len != 1)
		return status == GL_OK || status == GL_NOT_FOUND ? GL_CORRUPT : status;
	find_map(store, value);
	if ((uint8_t)value.at[0] != STORE_FORMAT) {
		snprintf(why->text, sizeof why->text,
		    "%s/%s: has format %u, this greylist knows %u; install the newer one",
		    store->directory, store->name, (unsigned)(uint8_t)value.at[0],
		    (unsigned)STORE_FORMAT);
		return GL_VERSION;
	}
	status = store_get(store, txn, store->meta, gl_span_of("secret"), &value);
	if (status != GL_OK)
		return status == GL_NOT_FOUND ? GL_CORRUPT : status;
	if (gl_span_equal(value, fingerprint(store, digest)))
		return GL_OK;
	snprintf(why->text, sizeof why->text,
	    "%s/secret: is not the secret that %s was made with; bring the right one back, or "
	    "remove the link %s/table to start afresh",
	    store->directory, store->name, store->directory);
	return GL_WRONG_SECRET;
}

/* Handles of named databases live on only when the transaction that opened them commits. */
static enum gl_status read_meta(struct gl_store *store, struct gl_complaint *why)
{
	MDB_txn *txn = NULL;
	enum gl_status status = store_reader_begin(store, &txn);
	if (status != GL_OK)
		return status;
	int code = open_databases(store, txn, 0);
	status = code == MDB_NOTFOUND ? GL_CORRUPT : store_status(store, code);
	if (code == MDB_NOTFOUND)
		store->trouble = MDB_INVALID;
	if (status == GL_OK)
		status = check_meta(store, txn, why);
	if (status == GL_OK)
		return store_status(store, mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return status;
}

/* What the first tables of this format lack. */
static enum gl_status add_override(struct gl_store *store)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	enum gl_status status = store_write_begin(store, &txn);
	if (status != GL_OK)
		return status;
	status = store_status(store, mdb_dbi_open(txn, "override", MDB_CREATE, &dbi));
	if (status == GL_OK)
		status = store_write_commit(store, &txn);
	store_write_abort(store, &txn);
	store->override = dbi;
	store->has_override = status == GL_OK;
	return status;
}

enum gl_status store_open_found(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	why->text[0] = '\0';
	enum gl_status status = store_open_locked(store, options, why);
	if (status == GL_OK)
		status = check_length(store, why);
	if (status == GL_OK)
		status = read_meta(store, why);
	if (status == GL_OK && options->watch != NULL)
		options->watch(store);
	/* A full map has no room for it, and still serves without. */
	if (status == GL_OK && !store->has_override && !store->readonly &&
	    add_override(store) == GL_REPLACED)
		status = GL_REPLACED;
	if (status != GL_OK && why->text[0] == '\0')
		explain(store, status, why);
	return status;
}

/* GL_NOT_FOUND is no failure yet. */
enum gl_status store_find(struct gl_store *store, struct gl_complaint *why)
{
	enum gl_status status = place_link(store->dir, store->name);
	if (status == GL_CORRUPT)
		snprintf(why->text, sizeof why->text, "%s/table: is no link to a table.N beside it",
		    store->directory);
	else if (status != GL_OK && status != GL_NOT_FOUND)
		place_failed(store, "table", "read", why);
	return status;
}

enum gl_status store_make_databases(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	store_lock_note(store);
	enum gl_status status = store_status(store, store_open_env(store, options));
	if (status == GL_OK)
		status = write_meta(store);
	if (status != GL_OK)
		explain(store, status, why);
	return status;
}

/* Without a sync of its own the first commit would be allowed to get lost, and with it the
 * databases: whatever the sync options, what the link names is a table. */
static enum gl_status sync_made(struct gl_store *store, struct gl_complaint *why)
{
	enum gl_status status = store_status(store, mdb_env_sync(store->env, 1));
	if (status != GL_OK)
		explain(store, status, why);
	return status;
}

/* Whoever closes the gate first makes the table; the others find it made. */
static enum gl_status make_table(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	enum gl_status status = place_gate_close(store);
	if (status != GL_OK)
		return place_failed(store, "gate", "locked", why);
	status = store_find(store, why);
	if (status != GL_NOT_FOUND)
		goto out;
	status = place_secret(store, true, why);
	if (status == GL_OK)
		status = place_make_table(store, why);
	if (status != GL_OK)
		goto out;
	status = store_make_databases(store, options, why);
	if (status == GL_OK)
		status = sync_made(store, why);
	if (status == GL_OK)
		status = place_publish(store, why);
	store_close_env(store);
	if (status != GL_OK)
		place_discard(store);
out:
	place_gate_leave(store);
	return status;
}

static enum gl_status open_or_make(
    struct gl_store *store, const struct gl_store_options *options, struct gl_complaint *why)
{
	enum gl_status status = store_find(store, why);
	if (status == GL_NOT_FOUND && options->create && !options->readonly)
		status = make_table(store, options, why);
	if (status == GL_NOT_FOUND) {
		snprintf(why->text, sizeof why->text,
		    "%s/table: is not there yet; the first policy request makes it",
		    store->directory);
		return status;
	}
	if (status == GL_OK)
		status = place_secret(store, false, why);
	if (status == GL_OK && options->create && store_has_killed(store)) {
		snprintf(why->text, sizeof why->text,
		    "%s/%s: is damaged: three processes died of reading it within a minute; "
		    "greylist-admin restore brings a backup back",
		    store->directory, store->name);
		return store_status(store, MDB_CORRUPTED);
	}
	if (status == GL_OK)
		status = store_open_found(store, options, why);
	return status;
}

enum gl_status store_prepare(
    struct gl_store **store, const struct gl_store_options *options, struct gl_complaint *why)
{
	snprintf(why->text, sizeof why->text, "%s: out of memory", options->directory);
	*store = calloc(1, sizeof **store);
	if (*store == NULL)
		return GL_FAILED;
	(*store)->dir = -1;
	(*store)->gate = -1;
	(*store)->readonly = options->readonly;
	return place_open(*store, options->directory, why);
}

/* The table was replaced between the look at the link and the look at what it named. */
static bool was_replaced(const struct gl_store *store)
{
	char name[STORE_NAME_MAX];
	return store->name[0] != '\0' && place_link(store->dir, name) == GL_OK &&
	       strcmp(name, store->name) != 0;
}

enum gl_status gl_store_open(
    struct gl_store **store, const struct gl_store_options *options, struct gl_complaint *why)
{
	enum { TRIES = 5 }; /* more often than anybody replaces a table meanwhile */
	enum gl_status status = GL_FAILED;
	for (int tries = 0; tries < TRIES; tries++) {
		status = store_prepare(store, options, why);
		if (status == GL_OK)
			status = open_or_make(*store, options, why);
		if (status == GL_OK)
			return GL_OK;
		bool again = *store != NULL && (status == GL_REPLACED || was_replaced(*store));
		if (options->watch != NULL)
			options->watch(NULL);
		gl_store_close(*store);
		*store = NULL;
		if (!again)
			break;
	}
	return status;
}
