#include "store_room.h"

#include <string.h>

/* A deletion writes copies of the pages that it changes: with none left nothing could be deleted
 * ever again. So this many pages are kept from newcomers; the few ops of one need not be counted.
 */
enum { RESERVE = 256, PAGES_OF_OP = 3 };

/* LMDB lists the pages that may be used again in a database of its own, number 0: each key is the
 * transaction that left them, and each value begins with how many it names. The newest one's are
 * still those of the state before, and not for the next writer. Stops counting at `enough`. */
static size_t pages_to_reuse(struct gl_store *store, size_t enough)
{
	const size_t newest = mdb_txn_id(store->reader);
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t pages = 0;
	if (mdb_cursor_open(store->reader, 0, &cursor) != MDB_SUCCESS)
		return 0;
	while (pages < enough && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
		size_t count = 0;
		if (value.mv_size >= sizeof count && key.mv_size == sizeof newest &&
		    memcmp(key.mv_data, &newest, sizeof newest) != 0)
			memcpy(&count, value.mv_data, sizeof count);
		pages += count;
	}
	mdb_cursor_close(cursor);
	return pages;
}

unsigned store_pressure(struct gl_store *store, size_t ops, bool early)
{
	enum { EARLY = 10 /* of the map */ };
	MDB_envinfo info;
	MDB_stat stat;
	if (mdb_env_info(store->env, &info) != MDB_SUCCESS ||
	    mdb_env_stat(store->env, &stat) != MDB_SUCCESS)
		return 0;
	size_t all = info.me_mapsize / stat.ms_psize;
	size_t used = info.me_last_pgno + 1;
	size_t needed = RESERVE + (ops > GL_OPS_MAX ? PAGES_OF_OP * ops : 0);
	size_t wanted = early && all / EARLY > needed ? all / EARLY : needed;
	size_t left = all > used ? all - used : 0;
	if (left < wanted && store_read_begin(store) == GL_OK)
		left += pages_to_reuse(store, wanted - left);
	store_read_end(store);
	if (left < needed)
		return left < needed - RESERVE / 2 ? STORE_SPENT : STORE_FULL;
	return left < wanted ? store_press(wanted - left, wanted - needed) : 0;
}
