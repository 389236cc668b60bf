#include "order.h"

#include <stdlib.h>
#include <string.h>

enum { OF_TRIPLET = 1, OF_CLIENT = 2, ROOM_MIN = 64, CLIENT_SIZE = GL_IDENTITY_TEXT };

static const struct {
	const char *name;
	enum gl_field field;
	unsigned of;
} fields[] = {
	{ "client", GL_FIELD_CLIENT, OF_TRIPLET | OF_CLIENT },
	{ "sender", GL_FIELD_SENDER, OF_TRIPLET },
	{ "recipient", GL_FIELD_RECIPIENT, OF_TRIPLET },
	{ "state", GL_FIELD_STATE, OF_TRIPLET },
	{ "first_seen", GL_FIELD_FIRST_SEEN, OF_TRIPLET },
	{ "last_seen", GL_FIELD_LAST_SEEN, OF_TRIPLET | OF_CLIENT },
	{ "passed_at", GL_FIELD_PASSED_AT, OF_TRIPLET },
	{ "retry_at", GL_FIELD_RETRY_AT, OF_TRIPLET },
	{ "attempts", GL_FIELD_ATTEMPTS, OF_TRIPLET },
	{ "passes", GL_FIELD_PASSES, OF_TRIPLET },
	{ "count", GL_FIELD_COUNT, OF_CLIENT },
	{ "last_counted", GL_FIELD_LAST_COUNTED, OF_CLIENT },
};

enum { FIELDS = sizeof fields / sizeof *fields };

/* What an entry is compared by. */
struct rank {
	bool unset;
	int64_t number;
	struct gl_span text; /* where the field is text; borrowed */
	uint64_t turn;       /* when it was added */
};

struct gl_order_item {
	struct rank rank;
	struct gl_span key, value;
	char bytes[]; /* the rank's text, the key and the value */
};

static enum gl_exit read_field(struct gl_order *order, const struct gl_admin *admin)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(admin->sort, fields[i].name) == 0)
			order->field = fields[i].field;
	if (order->field != GL_FIELD_NONE)
		return GL_EXIT_OK;
	char names[256];
	struct gl_out out = gl_out_into(names, sizeof names);
	for (size_t i = 0; i < FIELDS; i++) {
		gl_out_text(&out, i == 0 ? "" : i + 1 < FIELDS ? ", " : " or ");
		gl_out_text(&out, fields[i].name);
	}
	gl_admin_say(admin, "\"%s\" is no field to sort by: %s", admin->sort, gl_out_string(&out));
	return GL_EXIT_USAGE;
}

enum gl_exit gl_order_read(struct gl_order *order, const struct gl_admin *admin)
{
	*order = (struct gl_order){ .reverse = admin->reverse, .limit = UINT64_MAX };
	if (admin->limit != NULL &&
	    (gl_span_number(gl_span_of(admin->limit), UINT64_MAX, &order->limit) != GL_OK ||
		order->limit == 0)) {
		gl_admin_say(admin, "--limit is a number from 1, not \"%s\"", admin->limit);
		return GL_EXIT_USAGE;
	}
	if (admin->sort != NULL)
		return read_field(order, admin);
	if (!admin->reverse)
		return GL_EXIT_OK;
	gl_admin_say(admin, "--reverse needs --sort: which field is to begin with its largest");
	return GL_EXIT_USAGE;
}

bool gl_order_wants(const struct gl_order *order, enum gl_table table)
{
	unsigned of = table == GL_TABLE_CLIENT ? OF_CLIENT : OF_TRIPLET;
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].field == order->field)
			return (fields[i].of & of) != 0;
	return true;
}

/* Family, address, prefix: bytes that sort as people count. */
/* Networks by their addresses, then anyone, then the pools by their names. */
static struct gl_span client_text(char bytes[CLIENT_SIZE], const struct gl_identity *client)
{
	static const char kinds[] = {
		[GL_BY_NETWORK] = '4', [GL_BY_POOL] = 'n', [GL_BY_ANYONE] = 'a'
	};
	const struct gl_network *network = &client->network;
	struct gl_out out = gl_out_into(bytes, CLIENT_SIZE);
	bool is_network = client->kind == GL_BY_NETWORK;
	gl_out_byte(&out, is_network && network->base.family == GL_V6 ? '6' : kinds[client->kind]);
	if (is_network) {
		gl_out_span(&out, (struct gl_span){ (const char *)network->base.bytes, 16 });
		gl_out_byte(&out, (char)network->prefix);
	} else if (client->kind == GL_BY_POOL) {
		gl_out_span(&out, client->pool);
	}
	return gl_out_done(&out);
}

static int64_t number_of(
    enum gl_field field, const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct gl_timing timing = admin->world.config.timing;
	const struct gl_record *record = &entry->record;
	bool is_client = entry->table == GL_TABLE_CLIENT;
	if (!is_client)
		timing = gl_config_timing_of(&admin->world.config, record);
	switch (field) {
	case GL_FIELD_STATE:
		return (int64_t)gl_record_state(&timing, record, admin->now);
	case GL_FIELD_FIRST_SEEN:
		return record->first_seen;
	case GL_FIELD_LAST_SEEN:
		return is_client ? entry->memory.last_seen : record->last_seen;
	case GL_FIELD_PASSED_AT:
		return record->passed_at;
	case GL_FIELD_RETRY_AT:
		return gl_record_retry_at(&timing, record, admin->now);
	case GL_FIELD_ATTEMPTS:
		return record->attempts;
	case GL_FIELD_PASSES:
		return record->passes;
	case GL_FIELD_COUNT:
		return entry->memory.count;
	case GL_FIELD_LAST_COUNTED:
		return entry->memory.last_counted;
	case GL_FIELD_NONE:
	case GL_FIELD_CLIENT:
	case GL_FIELD_SENDER:
	case GL_FIELD_RECIPIENT:
		break;
	}
	return 0;
}

static bool is_time(enum gl_field field)
{
	return field == GL_FIELD_FIRST_SEEN || field == GL_FIELD_LAST_SEEN ||
	       field == GL_FIELD_PASSED_AT || field == GL_FIELD_RETRY_AT ||
	       field == GL_FIELD_LAST_COUNTED;
}

static struct rank rank_of(const struct gl_order *order, const struct gl_admin *admin,
    const struct gl_entry *entry, char client[CLIENT_SIZE])
{
	struct rank rank = { .number = number_of(order->field, admin, entry),
		.turn = order->added };
	rank.unset = is_time(order->field) && rank.number == 0;
	if (order->field == GL_FIELD_CLIENT) {
		rank.unset = entry->inherited;
		rank.text = client_text(client, &entry->identity);
	} else if (order->field == GL_FIELD_SENDER) {
		rank.unset = entry->record.text.len == 0;
		rank.text = gl_record_sender(&entry->record);
	} else if (order->field == GL_FIELD_RECIPIENT) {
		rank.unset = entry->record.text.len == 0;
		rank.text = gl_record_recipient(&entry->record);
	}
	return rank;
}

static bool comes_before(const struct gl_order *order, const struct rank *a, const struct rank *b)
{
	if (a->unset != b->unset)
		return b->unset;
	int difference = (a->number > b->number) - (a->number < b->number);
	if (difference == 0)
		difference = gl_span_compare(a->text, b->text);
	if (difference == 0)
		return a->turn < b->turn;
	return order->reverse ? difference > 0 : difference < 0;
}

static void swap(struct gl_order_item **a, struct gl_order_item **b)
{
	struct gl_order_item *kept = *a;
	*a = *b;
	*b = kept;
}

static void sift_up(struct gl_order *order, size_t at)
{
	struct gl_order_item **heap = order->heap;
	while (at > 0 && comes_before(order, &heap[(at - 1) / 2]->rank, &heap[at]->rank)) {
		swap(&heap[(at - 1) / 2], &heap[at]);
		at = (at - 1) / 2;
	}
}

/* From the top, as if the heap had `count` items. */
static void sift_down(struct gl_order *order, size_t count)
{
	struct gl_order_item **heap = order->heap;
	for (size_t at = 0, child = 1; child < count; at = child, child = 2 * at + 1) {
		if (child + 1 < count &&
		    comes_before(order, &heap[child]->rank, &heap[child + 1]->rank))
			child++;
		if (!comes_before(order, &heap[at]->rank, &heap[child]->rank))
			return;
		swap(&heap[at], &heap[child]);
	}
}

static struct gl_span put(struct gl_out *out, struct gl_span span)
{
	struct gl_span copy = { out->at + out->len, span.len };
	gl_out_span(out, span);
	return copy;
}

/* NULL: out of memory. */
static struct gl_order_item *item_of(
    const struct rank *rank, struct gl_span key, struct gl_span value)
{
	size_t size = rank->text.len + key.len + value.len;
	struct gl_order_item *item = malloc(sizeof *item + size);
	if (item == NULL)
		return NULL;
	struct gl_out out = gl_out_into(item->bytes, size);
	item->rank = *rank;
	item->rank.text = put(&out, rank->text);
	item->key = put(&out, key);
	item->value = put(&out, value);
	return item;
}

static bool make_room(struct gl_order *order)
{
	if (order->count < order->room)
		return true;
	size_t room = order->room == 0 ? ROOM_MIN : 2 * order->room;
	struct gl_order_item **heap = reallocarray(order->heap, room, sizeof(*heap));
	if (heap == NULL)
		return false;
	order->heap = heap;
	order->room = room;
	return true;
}

enum gl_status gl_order_add(
    struct gl_order *order, const struct gl_admin *admin, const struct gl_entry *entry)
{
	char client[CLIENT_SIZE];
	struct rank rank = rank_of(order, admin, entry, client);
	bool full = order->count >= order->limit;
	order->added++;
	if (full && (order->count == 0 || !comes_before(order, &rank, &order->heap[0]->rank)))
		return GL_OK;
	struct gl_order_item *item = item_of(&rank, entry->key, entry->value);
	if (item == NULL || !make_room(order)) {
		free(item);
		return GL_FAILED;
	}
	if (full) {
		free(order->heap[0]);
		order->heap[0] = item;
		sift_down(order, order->count);
	} else {
		order->heap[order->count++] = item;
		sift_up(order, order->count - 1);
	}
	return GL_OK;
}

void gl_order_hand_out(
    struct gl_order *order, enum gl_table table, gl_ordered_fn *each, void *context)
{
	bool wanted = true;
	for (size_t left = order->count; left > 1; left--) {
		swap(&order->heap[0], &order->heap[left - 1]);
		sift_down(order, left - 1);
	}
	for (size_t i = 0; wanted && i < order->count; i++) {
		struct gl_entry entry;
		const struct gl_order_item *item = order->heap[i];
		/* It could be read when it was added. */
		if (gl_entry_read(&entry, table, item->key, item->value) == GL_OK)
			wanted = each(context, &entry);
	}
	gl_order_clear(order);
}

void gl_order_clear(struct gl_order *order)
{
	for (size_t i = 0; i < order->count; i++)
		free(order->heap[i]);
	free(order->heap);
	order->heap = NULL;
	order->count = order->room = 0;
}
