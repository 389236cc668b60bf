#include "greylist/crowd.h"

enum { SHARE = 8 };

struct gl_span gl_crowd_owner(struct gl_span key)
{
	return gl_span_head(key, key.len > GL_DIGEST_SIZE ? key.len - GL_DIGEST_SIZE : 0);
}

/* The finalizer of splitmix64: one bit of difference changes half of them. */
static uint64_t stir(uint64_t number)
{
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

static uint64_t lot_of(struct gl_span key, int64_t first_seen)
{
	struct gl_span digest = gl_span_skip(key, gl_crowd_owner(key).len);
	uint64_t number = 0;
	for (size_t i = 0; i < digest.len; i++)
		number = number << 8 ^ number >> 56 ^ (uint8_t)digest.at[i];
	return stir(number + stir((uint64_t)first_seen));
}

static enum gl_standing standing_of(
    const struct gl_record *record, const struct gl_timing *timing, int64_t now)
{
	int64_t age = now > record->first_seen ? now - record->first_seen : 0;
	switch (gl_record_state(timing, record, now)) {
	case GL_STATE_EXPIRED:
		return GL_STANDING_EXPIRED;
	case GL_STATE_PASSED:
		return GL_STANDING_PASSED;
	case GL_STATE_WAITING:
		break;
	}
	if (age < timing->delay)
		return GL_STANDING_YOUNG;
	return age - timing->delay <= GL_CROWD_PATIENCE ? GL_STANDING_RIPE : GL_STANDING_LEFT;
}

static bool waits(const struct gl_member *member)
{
	return !member->goes &&
	       (member->standing == GL_STANDING_YOUNG || member->standing == GL_STANDING_RIPE ||
		   member->standing == GL_STANDING_LEFT);
}

void gl_member_look(struct gl_member *member, struct gl_span key, const struct gl_record *record,
    const struct gl_timing *timing, int64_t now)
{
	*member = (struct gl_member){
		.key = key,
		.standing = standing_of(record, timing, now),
		.first_seen = record->first_seen,
		.last_seen = record->last_seen,
	};
	if (waits(member))
		member->lot = lot_of(key, record->first_seen);
}

size_t gl_crowd_waiting(const struct gl_member *members, size_t count)
{
	size_t waiting = 0;
	for (size_t i = 0; i < count; i++)
		waiting += waits(&members[i]);
	return waiting;
}

/* Whether a goes and b stays. */
static bool goes_before(const struct gl_member *a, const struct gl_member *b, bool young)
{
	if (b == NULL)
		return true;
	if (!young && a->first_seen != b->first_seen)
		return a->first_seen < b->first_seen;
	return a->lot < b->lot;
}

static bool let_go(struct gl_member *member)
{
	if (member != NULL)
		member->goes = true;
	return member != NULL;
}

static bool thin_by_one(struct gl_member *members, size_t count)
{
	size_t of_young = 0, waiting = 0;
	struct gl_member *young = NULL, *ripe = NULL;
	for (size_t i = 0; i < count; i++) {
		struct gl_member *member = &members[i];
		bool is_young = member->standing == GL_STANDING_YOUNG;
		struct gl_member **last = is_young ? &young : &ripe;
		if (!waits(member))
			continue;
		waiting++;
		of_young += is_young;
		if (goes_before(member, *last, is_young))
			*last = member;
	}
	return let_go(of_young * SHARE > waiting ? young : ripe);
}

size_t gl_crowd_thin(struct gl_member *members, size_t count, size_t many)
{
	size_t chosen = 0;
	while (chosen < many && thin_by_one(members, count))
		chosen++;
	return chosen;
}

static size_t choose_expired(struct gl_member *members, size_t count)
{
	size_t chosen = 0;
	for (size_t i = 0; i < count; i++) {
		members[i].goes = members[i].standing == GL_STANDING_EXPIRED;
		chosen += members[i].goes;
	}
	return chosen;
}

static bool choose_left(struct gl_member *members, size_t count)
{
	struct gl_member *last = NULL;
	for (size_t i = 0; i < count; i++) {
		struct gl_member *member = &members[i];
		if (waits(member) && member->standing == GL_STANDING_LEFT &&
		    goes_before(member, last, false))
			last = member;
	}
	return let_go(last);
}

/* Those of one client stand together. */
static size_t count_owned(const struct gl_member *members, size_t count)
{
	struct gl_span owner = gl_crowd_owner(members[0].key);
	size_t owned = 1;
	while (owned < count && gl_span_equal(gl_crowd_owner(members[owned].key), owner))
		owned++;
	return owned;
}

static bool choose_of_most(struct gl_member *members, size_t count, size_t least)
{
	struct gl_member *most = members;
	size_t most_count = count, most_waiting = 1;
	for (size_t i = 0, owned; i < count; i += owned) {
		owned = count_owned(members + i, count - i);
		size_t waiting = gl_crowd_waiting(members + i, owned);
		if (waiting > most_waiting) {
			most = members + i;
			most_count = owned;
			most_waiting = waiting;
		}
	}
	return most_waiting >= least && thin_by_one(most, most_count);
}

static bool choose_unseen(struct gl_member *members, size_t count)
{
	struct gl_member *last = NULL;
	for (size_t i = 0; i < count; i++)
		if (!members[i].goes && (last == NULL || members[i].last_seen < last->last_seen))
			last = &members[i];
	return let_go(last);
}

size_t gl_crowd_make_room(struct gl_member *members, size_t count, const struct gl_need *need)
{
	size_t chosen = choose_expired(members, count);
	while (chosen < need->many && choose_left(members, count))
		chosen++;
	bool crowded = gl_crowd_waiting(members, count) * SHARE >= count;
	size_t least = (size_t)1 << (GL_PRESS_MAX - need->press);
	while (crowded && chosen < need->many && choose_of_most(members, count, least))
		chosen++;
	while (chosen < need->must &&
	       (choose_of_most(members, count, 1) || choose_unseen(members, count)))
		chosen++;
	return chosen;
}
