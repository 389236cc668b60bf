/*
 * stopped_writer DATABASE - stops itself in the midst of a write transaction on the table, as
 * SIGSTOP or a stuck disk may do to any helper. Told to go on, it changes nothing and ends with 0.
 */
#include <signal.h>
#include <stdio.h>

#include "greylist/store.h"

static bool keep_key(void *context, struct gl_span key, struct gl_span value)
{
	struct gl_key *kept = context;
	(void)value;
	kept->len = (uint16_t)key.len;
	for (size_t i = 0; i < key.len && i < sizeof kept->bytes; i++)
		kept->bytes[i] = (uint8_t)key.at[i];
	return false;
}

/* Asked inside the transaction. */
static bool stop_and_keep(void *context, struct gl_span key, struct gl_span value)
{
	(void)context;
	(void)key;
	(void)value;
	raise(SIGSTOP);
	return false;
}

int main(int argc, char **argv)
{
	struct gl_store *store = NULL;
	struct gl_complaint why = { "usage: stopped_writer DATABASE" };
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	struct gl_key key = { .len = 0 };
	struct gl_keys keys = { &key, 1 };
	size_t deleted = 1;
	struct gl_store_options options = { .directory = argc == 2 ? argv[1] : NULL,
		.map_limit = UINT64_C(2) << 30,
		.sync_meta = true,
		.sync_data = true };
	enum gl_status status = GL_FAILED;
	if (argc == 2)
		status = gl_store_open(&store, &options, &why);
	if (status == GL_OK)
		status = gl_store_scan(store, &cursor, 1, keep_key, &key);
	if (status == GL_OK)
		status = gl_store_delete(
		    store, GL_TABLE_TRIPLET, &keys, stop_and_keep, NULL, &deleted);
	gl_store_close(store);
	if (status != GL_OK || key.len == 0 || deleted != 0) {
		fprintf(stderr, "stopped_writer: %s: %s\n", gl_status_text(status), why.text);
		return 1;
	}
	return 0;
}
