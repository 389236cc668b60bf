#include "store_room.h"

#include <string.h>

enum {
	CROWD_MAX = 1024, /* entries of one client that are looked at */
	FEWEST = 16,      /* of these, waiting ones that are always left */
	TURN = 16,        /* one newcomer in so many looks, */
	TURN_SHARE = 64,  /* or in the limit's share of this, where that is less */
	ROUND = 64,       /* entries behind the hand, */
	ROUNDS = 4,       /* so often */
	BAND = 32,        /* the limit's share of this is where it begins to press */
	GOING_MAX = 8     /* living ones at once */
};

/* Borrows from the transaction until that changes something. */
struct crowd {
	const struct gl_sweep *sweep; /* its times hold */
	size_t count;
	struct gl_member at[CROWD_MAX];
};

static struct gl_span span_of(const MDB_val *value)
{
	return (struct gl_span){ value->mv_data, value->mv_size };
}

/* What cannot be read is garbage; what is of a newer version is not ours to touch. */
static void add(struct crowd *crowd, const MDB_val *key, const MDB_val *value)
{
	struct gl_record record;
	enum gl_status status = gl_record_decode(&record, span_of(value));
	struct gl_member *member = &crowd->at[crowd->count];
	if (status == GL_VERSION)
		return;
	crowd->count++;
	if (status == GL_OK) {
		struct gl_timing timing = store_sweep_timing(crowd->sweep, &record);
		gl_member_look(member, span_of(key), &record, &timing, crowd->sweep->now);
	} else {
		*member = (struct gl_member){ .key = span_of(key),
			.standing = GL_STANDING_EXPIRED };
	}
}

/* Looks on from a key while they are of its owner and before `end` (empty: none). */
static int look_along(
    struct crowd *crowd, MDB_cursor *cursor, struct gl_span from, struct gl_span end)
{
	struct gl_span owner = end.len > 0 ? from : gl_crowd_owner(from);
	MDB_val key = store_value(from), value;
	int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (code == MDB_SUCCESS && crowd->count < CROWD_MAX) {
		struct gl_span found = span_of(&key);
		if (found.len > GL_KEY_MAX)
			return MDB_CORRUPTED;
		if (!gl_span_equal(gl_span_head(found, owner.len), owner) ||
		    (end.len > 0 && gl_span_compare(found, end) >= 0))
			return MDB_NOTFOUND;
		add(crowd, &key, &value);
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	return code;
}

/* From the newcomer's key on, and round by the owner's first. False: there are more. */
static int look_around(struct crowd *crowd, MDB_cursor *cursor, struct gl_span newcomer)
{
	int code = look_along(crowd, cursor, newcomer, gl_span_of(NULL));
	if (code == MDB_NOTFOUND)
		code = look_along(crowd, cursor, gl_crowd_owner(newcomer), newcomer);
	return code;
}

/* The first octets of the digest as a place on the way round all digests. */
static uint64_t place_of(struct gl_span key)
{
	uint64_t place = 0;
	struct gl_span digest = gl_span_skip(key, gl_crowd_owner(key).len);
	for (size_t i = 0; i < sizeof place && i < digest.len; i++)
		place = place << 8 | (uint8_t)digest.at[i];
	return place;
}

/* The less of the client was seen, the more of what is beyond its share may be chance. */
static size_t limit_of(const struct crowd *crowd, uint32_t pending, bool whole)
{
	enum { SLACK = 4 };
	if (whole || crowd->count == 0)
		return pending;
	uint64_t arc = place_of(crowd->at[crowd->count - 1].key) - place_of(crowd->at[0].key);
	uint64_t share = pending * (arc >> 32) >> 32;
	uint64_t sure = share * (arc >> 32) >> 32;
	size_t limit = (size_t)(share + (share - sure) / SLACK);
	return limit > FEWEST ? limit : FEWEST;
}

static bool has_turn(struct gl_span newcomer, uint32_t pending)
{
	unsigned turn = pending / TURN_SHARE < TURN ? pending / TURN_SHARE : TURN;
	return turn <= 1 || (uint8_t)newcomer.at[newcomer.len - 1] % turn == 0;
}

/* Those that were chosen. `living` counts the ones that were not expired. */
static enum gl_status let_go(struct gl_store *store, MDB_txn *txn, const struct crowd *crowd,
    struct gl_sweep *sweep, unsigned *living)
{
	struct store_condemned condemned = { .count = 0 };
	unsigned deleted = 0;
	unsigned expired = 0;
	for (size_t i = 0; i < crowd->count; i++)
		if (crowd->at[i].goes && store_condemn(&condemned, crowd->at[i].key))
			expired += crowd->at[i].standing == GL_STANDING_EXPIRED;
	enum gl_status status = store_delete_condemned(
	    store, txn, store->triplet, &condemned, &deleted);
	sweep->deleted += expired;
	*living += deleted - expired;
	return status;
}

enum gl_status store_cap_client(
    struct gl_store *store, MDB_txn *txn, const struct gl_key *newcomer, struct gl_sweep *sweep)
{
	struct gl_span key = gl_key_span(newcomer);
	uint32_t pending = sweep->caps->pending;
	struct crowd crowd;
	MDB_cursor *cursor;
	if (pending == 0 || gl_crowd_owner(key).len == 0 || !has_turn(key, pending))
		return GL_OK;
	crowd.sweep = sweep;
	crowd.count = 0;
	int code = mdb_cursor_open(txn, store->triplet, &cursor);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	code = look_around(&crowd, cursor, key);
	mdb_cursor_close(cursor);
	if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
		return store_status(store, code);

	size_t waiting = gl_crowd_waiting(crowd.at, crowd.count);
	size_t limit = limit_of(&crowd, pending, code == MDB_NOTFOUND);
	size_t many = waiting > limit ? waiting - limit : 0;
	if (gl_crowd_thin(crowd.at, crowd.count,
		many < STORE_CONDEMNED_MAX ? many : STORE_CONDEMNED_MAX) == 0)
		return GL_OK;
	return let_go(store, txn, &crowd, sweep, &sweep->displaced);
}

unsigned store_press(size_t taken, size_t band)
{
	size_t quarter = band == 0 ? GL_PRESS_MAX : 1 + GL_PRESS_MAX * taken / band;
	return quarter < GL_PRESS_MAX ? (unsigned)quarter : GL_PRESS_MAX;
}

struct wanted {
	struct gl_need need;
	int rounds;            /* what is left of them */
	struct gl_span around; /* a newcomer; empty: behind the hand */
};

static size_t at_once(size_t entries)
{
	return entries < GOING_MAX ? entries : GOING_MAX;
}

static struct gl_need need_of(size_t entries, size_t limit, unsigned press)
{
	struct gl_need need = { .many = press > 0 ? GOING_MAX : 0, .press = press };
	size_t begin = limit - limit / BAND;
	if (limit == 0 || entries <= begin)
		return need;
	unsigned own = store_press(entries - begin, limit / BAND);
	need.press = own > press ? own : press;
	need.must = at_once(entries > limit ? entries - limit : 0);
	if (press == 0)
		need.many = at_once(entries - begin);
	return need;
}

/* Up to a round of entries behind the hand, and in front of `end` (empty: none). */
static int look_on(
    struct crowd *crowd, MDB_cursor *cursor, struct gl_sweep *sweep, struct gl_span end)
{
	MDB_val key, value, last = { 0, NULL };
	int code = store_behind_hand(cursor, sweep, &key, &value);
	for (int i = 0; code == MDB_SUCCESS && i < ROUND; i++) {
		if (key.mv_size > GL_KEY_MAX)
			return MDB_CORRUPTED;
		if (end.len > 0 && gl_span_compare(span_of(&key), end) >= 0) {
			code = MDB_NOTFOUND;
			break;
		}
		sweep->looked_at++;
		add(crowd, &key, &value);
		last = key;
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (last.mv_size > 0)
		store_point_hand(sweep, 't', &last);
	return code;
}

/* Round after round, until there are enough that may go. */
static int look_for(
    struct crowd *crowd, MDB_cursor *cursor, struct gl_sweep *sweep, struct wanted *wanted)
{
	struct gl_span end = gl_span_of(NULL);
	struct gl_need need = wanted->need;
	int code = MDB_SUCCESS;
	while (code == MDB_SUCCESS && wanted->rounds > 0) {
		wanted->rounds--;
		code = look_on(crowd, cursor, sweep, end);
		if (code == MDB_NOTFOUND && wanted->around.len > 0 && end.len == 0) {
			store_point_hand(sweep, 't', NULL);
			end = wanted->around;
			code = MDB_SUCCESS;
		}
		bool last = wanted->rounds == 0 || code != MDB_SUCCESS;
		need.must = last ? wanted->need.must : 0;
		if (gl_crowd_make_room(crowd->at, crowd->count, &need) >= need.many)
			break;
	}
	return code;
}

static enum gl_status evict(
    struct gl_store *store, MDB_txn *txn, struct gl_sweep *sweep, struct wanted *wanted)
{
	struct crowd crowd;
	MDB_cursor *cursor;
	crowd.sweep = sweep;
	crowd.count = 0;
	int code = mdb_cursor_open(txn, store->triplet, &cursor);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	code = look_for(&crowd, cursor, sweep, wanted);
	mdb_cursor_close(cursor);
	if (code == MDB_NOTFOUND && wanted->around.len == 0)
		store_point_hand(sweep, 'c', NULL);
	else if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
		return store_status(store, code);
	return let_go(store, txn, &crowd, sweep, &sweep->evicted);
}

static enum gl_status evict_around(struct gl_store *store, MDB_txn *txn,
    const struct gl_key *newcomer, struct gl_sweep *sweep, struct wanted *wanted)
{
	struct gl_sweep here = *sweep;
	wanted->around = gl_key_span(newcomer);
	MDB_val key = store_value(wanted->around);
	store_point_hand(&here, 't', &key);
	enum gl_status status = evict(store, txn, &here, wanted);
	sweep->looked_at = here.looked_at;
	sweep->deleted = here.deleted;
	sweep->evicted = here.evicted;
	return status;
}

static size_t without(size_t wanted, size_t gone)
{
	return wanted > gone ? wanted - gone : 0;
}

/* Where the hand comes to the end of the triplets, or while it is among the clients, room is made
 * around the newcomer. */
static enum gl_status make_room(struct gl_store *store, MDB_txn *txn, const struct gl_key *newcomer,
    struct gl_sweep *sweep, struct wanted wanted)
{
	enum gl_status status;
	if (sweep->hand[0] == 'c') {
		status = store_sweep_within(store, txn, sweep);
	} else {
		size_t before = sweep->deleted + sweep->evicted;
		status = evict(store, txn, sweep, &wanted);
		size_t gone = sweep->deleted + sweep->evicted - before;
		wanted.need.many = sweep->hand[0] == 'c' ? without(wanted.need.many, gone) : 0;
		wanted.need.must = without(wanted.need.must, gone);
	}
	if (status != GL_OK || wanted.need.many == 0)
		return status;
	return evict_around(store, txn, newcomer, sweep, &wanted);
}

enum gl_status store_cap_entries(struct gl_store *store, MDB_txn *txn,
    const struct gl_key *newcomer, struct gl_sweep *sweep, unsigned press)
{
	MDB_stat stat;
	int code = mdb_stat(txn, store->triplet, &stat);
	if (code != MDB_SUCCESS)
		return store_status(store, code);
	struct gl_need need = need_of(stat.ms_entries, sweep->caps->entries, press);
	if (need.many == 0)
		return store_sweep_within(store, txn, sweep);
	return make_room(store, txn, newcomer, sweep, (struct wanted){ need, .rounds = ROUNDS });
}

enum gl_status store_evict(struct gl_store *store, MDB_txn *txn, const struct gl_key *newcomer,
    struct gl_sweep *sweep, size_t many)
{
	const struct gl_need need = { many, many, GL_PRESS_MAX };
	int rounds = many < STORE_CONDEMNED_MAX ? ROUNDS : 1;
	return make_room(store, txn, newcomer, sweep, (struct wanted){ need, .rounds = rounds });
}
