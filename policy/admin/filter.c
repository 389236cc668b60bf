#include "filter.h"

#include <string.h>
#include <time.h>

#include "greylist/config.h"
#include "greylist/sender.h"
#include "operand.h"

/* strptime(3) takes a 31st of February, of which mktime(3) would make a day in March. */
static bool is_day(const struct tm *parts)
{
	struct tm day = {
		.tm_year = parts->tm_year, .tm_mon = parts->tm_mon, .tm_mday = parts->tm_mday
	};
	return timegm(&day) != -1 && day.tm_mday == parts->tm_mday;
}

static bool parse_date(int64_t *moment, const char *text)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S" };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &parts);
		if (end == NULL || *end != '\0')
			continue;
		if (!is_day(&parts))
			return false;
		*moment = (int64_t)mktime(&parts);
		return *moment > 0;
	}
	return false;
}

enum gl_status gl_moment_parse(int64_t *moment, const char *text, int64_t now)
{
	uint64_t epoch = 0;
	int64_t ago = 0;
	struct gl_span span = gl_span_of(text);
	if (span.len > 1 && text[0] == '@') {
		enum gl_status status = gl_span_number(
		    gl_span_skip(span, 1), (uint64_t)GL_TIME_MAX, &epoch);
		*moment = (int64_t)epoch;
		return status == GL_OK ? GL_OK : GL_MALFORMED;
	}
	if (parse_date(moment, text))
		return GL_OK;
	if (span.len == 0 || gl_is_digit(text[span.len - 1]) ||
	    gl_time_parse(&ago, span) != GL_OK || ago >= now)
		return GL_MALFORMED;
	*moment = now - ago;
	return GL_OK;
}

static bool read_moment(const struct gl_admin *admin, const char *text, int64_t *moment)
{
	if (text == NULL || gl_moment_parse(moment, text, admin->now) == GL_OK)
		return true;
	gl_admin_say(
	    admin, "\"%s\" is no time such as 2h (ago), 2026-01-31 or \"2026-01-31 14:30\"", text);
	return false;
}

static bool read_state(const struct gl_admin *admin, struct gl_filter *filter)
{
	filter->by_state = admin->state != NULL;
	if (!filter->by_state)
		return true;
	for (filter->state = GL_STATE_WAITING; filter->state <= GL_STATE_EXPIRED; filter->state++)
		if (strcmp(admin->state, gl_state_text(filter->state)) == 0)
			return true;
	gl_admin_say(admin, "--state is waiting, passed or expired, not \"%s\"", admin->state);
	return false;
}

static bool read_mailbox(
    const struct gl_admin *admin, struct gl_out *out, const char *text, bool is_sender)
{
	struct gl_span span = gl_operand_envelope(text);
	if (is_sender)
		gl_out_sender(out, span);
	else
		gl_out_lower(out, span);
	if (out->full)
		gl_admin_say(admin, "the address is too long");
	return !out->full;
}

static bool read_mailboxes(const struct gl_admin *admin, struct gl_filter *filter)
{
	struct gl_out sender = gl_out_into(filter->sender, sizeof filter->sender);
	struct gl_out recipient = gl_out_into(filter->recipient, sizeof filter->recipient);
	filter->by_sender = admin->sender != NULL;
	filter->by_recipient = admin->recipient != NULL;
	if (filter->by_sender && !read_mailbox(admin, &sender, admin->sender, true))
		return false;
	if (filter->by_recipient && !read_mailbox(admin, &recipient, admin->recipient, false))
		return false;
	filter->sender_len = sender.len;
	filter->recipient_len = recipient.len;
	return true;
}

enum gl_exit gl_filter_read(struct gl_filter *filter, const struct gl_admin *admin)
{
	struct gl_who who = { .bare = false };
	filter->since = 0;
	filter->before = INT64_MAX;
	filter->never_retried = admin->never_retried;
	filter->by_client = admin->client != NULL;
	if (filter->by_client && gl_operand_client(admin, &who, admin->client) != GL_OK)
		return GL_EXIT_INPUT;
	filter->client = who.identity;
	if (!read_mailboxes(admin, filter) || !read_moment(admin, admin->since, &filter->since) ||
	    !read_moment(admin, admin->before, &filter->before))
		return GL_EXIT_INPUT;
	if (!read_state(admin, filter))
		return GL_EXIT_USAGE;
	filter->none = !filter->by_client && !filter->by_sender && !filter->by_recipient &&
		       !filter->by_state && !filter->never_retried && admin->since == NULL &&
		       admin->before == NULL;
	return GL_EXIT_OK;
}

bool gl_filter_wants(const struct gl_filter *filter, enum gl_table table)
{
	if (table == GL_TABLE_TRIPLET)
		return true;
	if (table == GL_TABLE_OVERRIDE)
		return !filter->by_client && !filter->by_sender && !filter->by_recipient &&
		       !filter->by_state && !filter->never_retried && filter->before == INT64_MAX;
	return table == GL_TABLE_CLIENT && !filter->by_sender && !filter->by_recipient &&
	       !filter->never_retried && (!filter->by_state || filter->state == GL_STATE_EXPIRED);
}

/* Either lies within the other: an address finds its network's triplets, a network its addresses'.
 */
static bool overlap(const struct gl_network *a, const struct gl_network *b)
{
	return gl_network_contains(a, &b->base) || gl_network_contains(b, &a->base);
}

/* The address itself; or what was asked for is a domain, and the address is in or below it. */
static bool mailbox_fits(struct gl_span address, struct gl_span wanted)
{
	if (gl_span_equal(address, wanted))
		return true;
	if (wanted.len == 0 || gl_span_find(wanted, '@') < wanted.len)
		return false;
	struct gl_span domain = gl_span_skip(address, gl_span_find_last(address, '@') + 1);
	if (domain.len < wanted.len)
		return false;
	size_t above = domain.len - wanted.len;
	return gl_span_equal(gl_span_skip(domain, above), wanted) &&
	       (above == 0 || domain.at[above - 1] == '.');
}

static bool triplet_fits(
    const struct gl_filter *filter, const struct gl_admin *admin, const struct gl_record *record)
{
	struct gl_span sender = { filter->sender, filter->sender_len };
	struct gl_span recipient = { filter->recipient, filter->recipient_len };
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, record);
	/* With privacy = true there is no text, which is not the null sender. */
	if ((filter->by_sender || filter->by_recipient) && record->text.len == 0)
		return false;
	if (filter->by_sender && !mailbox_fits(gl_record_sender(record), sender))
		return false;
	if (filter->by_recipient && !mailbox_fits(gl_record_recipient(record), recipient))
		return false;
	if (filter->never_retried && (record->attempts > 1 || record->passed_at != 0))
		return false;
	return !filter->by_state || gl_record_state(&timing, record, admin->now) == filter->state;
}

static bool client_fits(const struct gl_filter *filter, const struct gl_entry *entry)
{
	const struct gl_identity *wanted = &filter->client;
	const struct gl_identity *found = &entry->identity;
	struct gl_network origin;
	if (entry->inherited)
		return false;
	if (wanted->kind == GL_BY_NETWORK && found->kind == GL_BY_POOL)
		return gl_key_network(&origin, entry->record.origin) == GL_OK &&
		       overlap(&wanted->network, &origin);
	if (found->kind != wanted->kind)
		return false;
	if (wanted->kind == GL_BY_POOL)
		return gl_span_equal_fold(found->pool, wanted->pool);
	return wanted->kind == GL_BY_ANYONE || overlap(&wanted->network, &found->network);
}

bool gl_filter_fits(
    const struct gl_filter *filter, const struct gl_admin *admin, const struct gl_entry *entry)
{
	bool is_triplet = entry->table == GL_TABLE_TRIPLET;
	int64_t seen = is_triplet ? entry->record.last_seen : entry->memory.last_seen;
	if (filter->none)
		return true;
	if (!gl_filter_wants(filter, entry->table))
		return false;
	if (filter->by_client && !client_fits(filter, entry))
		return false;
	if (seen < filter->since || seen >= filter->before)
		return false;
	if (is_triplet)
		return triplet_fits(filter, admin, &entry->record);
	return !filter->by_state ||
	       gl_client_expired(&admin->world.config.timing, &entry->memory, admin->now);
}
