/* Which entries fit a filter, against a model that thinks in strings and single bits. */
#include "filter.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"

enum { ROWS = 40000, NOW = 1767225600, DAY = 86400 };

static const struct gl_timing timing = {
	.delay = 180, .retry_window = 2 * DAY, .max_age = 35 * DAY
};

/* An entry, and what it was made from. */
struct row {
	struct gl_entry entry;
	const char *sender, *recipient; /* NULL: not stored */
	char text[64];
};

static const char *const mailboxes[] = { "", "a@b.test", "c@sub.b.test", "d@xb.test",
	"e@b.test.org", "postmaster", "b.test", "f@b.test" };
static const char *const wishes[] = { "", "<>", "a@b.test", "<A@B.test>", "b.test", "sub.b.test",
	"TEST", "est", "postmaster", "@b.test", "nobody@nowhere.test", ".b.test" };
enum { MAILBOXES = sizeof mailboxes / sizeof *mailboxes, WISHES = sizeof wishes / sizeof *wishes };

static const char *any(struct dice *dice, const char *const *texts, size_t count)
{
	return texts[dice_between(dice, 0, (int64_t)count - 1)];
}

/* Few bits are set, so that networks meet. */
static struct gl_network any_network(struct dice *dice)
{
	struct gl_address address = { .family = dice_one_in(dice, 3) ? GL_V6 : GL_V4 };
	size_t octets = address.family == GL_V4 ? 4 : 16;
	for (size_t i = 0; i < octets; i++)
		address.bytes[i] = (uint8_t)(dice_one_in(dice, 2) ? 0 : dice_roll(dice) & 0x81);
	uint8_t bits = gl_family_bits(address.family);
	return gl_network_of(&address, (uint8_t)dice_between(dice, 0, bits));
}

static int64_t any_time(struct dice *dice)
{
	static const int64_t ages[] = { -1, 0, 1, 60, 180, 2 * DAY - 1, 2 * DAY, 2 * DAY + 1,
		35 * DAY - 1, 35 * DAY, 35 * DAY + 1, 80 * DAY };
	return NOW - ages[dice_between(dice, 0, sizeof ages / sizeof *ages - 1)];
}

static void make_row(struct row *row, struct dice *dice)
{
	struct gl_entry *entry = &row->entry;
	memset(row, 0, sizeof *row);
	entry->table = dice_one_in(dice, 3) ? GL_TABLE_CLIENT : GL_TABLE_TRIPLET;
	entry->identity.network = any_network(dice);
	entry->inherited = dice_one_in(dice, 20);
	entry->memory.last_seen = any_time(dice);
	entry->record.first_seen = any_time(dice);
	entry->record.last_seen = any_time(dice);
	entry->record.passed_at = dice_one_in(dice, 2) ? any_time(dice) : 0;
	entry->record.attempts = (uint32_t)dice_between(dice, 0, 3);
	if (dice_one_in(dice, 10))
		return;
	row->sender = any(dice, mailboxes, MAILBOXES);
	row->recipient = any(dice, mailboxes, MAILBOXES);
	int len = snprintf(row->text, sizeof row->text, "%s%c%s", row->sender, 0, row->recipient);
	entry->record.text = (struct gl_span){ row->text, (size_t)len };
}

static bool bit(const struct gl_network *network, unsigned at)
{
	return (network->base.bytes[at / 8] >> (7 - at % 8) & 1) != 0;
}

static bool model_client(const struct gl_network *a, const struct gl_network *b)
{
	unsigned shorter = a->prefix < b->prefix ? a->prefix : b->prefix;
	for (unsigned i = 0; i < shorter; i++)
		if (bit(a, i) != bit(b, i))
			return false;
	return a->base.family == b->base.family;
}

static bool model_mailbox(const char *address, const char *wish)
{
	char plain[64] = "", below[66];
	if (address == NULL)
		return false;
	for (size_t i = 0; wish[i] != 0; i++)
		if (wish[i] != '<' && wish[i] != '>')
			plain[strlen(plain)] = (char)tolower((unsigned char)wish[i]);
	if (strcmp(address, plain) == 0)
		return true;
	if (plain[0] == 0 || strchr(plain, '@') != NULL || strchr(address, '@') == NULL)
		return false;
	const char *domain = strchr(address, '@') + 1;
	snprintf(below, sizeof below, ".%s", plain);
	size_t all = strlen(domain), end = strlen(below);
	return strcmp(domain, plain) == 0 || (all > end && strcmp(domain + all - end, below) == 0);
}

static const char *model_state(const struct gl_record *record)
{
	if (record->passed_at != 0)
		return NOW - record->last_seen > timing.max_age ? "expired" : "passed";
	return NOW - record->first_seen > timing.retry_window ? "expired" : "waiting";
}

static bool model_moment(const struct gl_admin *admin, int64_t seen)
{
	int64_t since = admin->since == NULL ? 0 : strtoll(admin->since + 1, NULL, 10);
	int64_t before = admin->before == NULL ? INT64_MAX : strtoll(admin->before + 1, NULL, 10);
	return seen >= since && seen < before;
}

static bool model_triplet(const struct gl_admin *admin, const struct row *row)
{
	const struct gl_record *record = &row->entry.record;
	if (admin->sender != NULL && !model_mailbox(row->sender, admin->sender))
		return false;
	if (admin->recipient != NULL && !model_mailbox(row->recipient, admin->recipient))
		return false;
	if (admin->state != NULL && strcmp(admin->state, model_state(record)) != 0)
		return false;
	if (admin->never_retried && !(record->attempts <= 1 && record->passed_at == 0))
		return false;
	return model_moment(admin, record->last_seen);
}

static bool model(
    const struct gl_admin *admin, const struct gl_network *client, const struct row *row)
{
	int64_t seen = row->entry.memory.last_seen;
	if (admin->client != NULL &&
	    (row->entry.inherited || !model_client(client, &row->entry.identity.network)))
		return false;
	if (row->entry.table == GL_TABLE_TRIPLET)
		return model_triplet(admin, row);
	if (admin->sender != NULL || admin->recipient != NULL || admin->never_retried)
		return false;
	if (admin->state != NULL &&
	    (strcmp(admin->state, "expired") != 0 || NOW - seen <= timing.max_age))
		return false;
	return model_moment(admin, seen);
}

/* What a person gave; the texts are good until the next call. */
struct wish {
	struct gl_admin admin;
	struct gl_network client;
	char client_text[GL_NETWORK_TEXT], since[32], before[32];
};

static void make_wish(struct wish *wish, struct dice *dice)
{
	static const char *const states[] = { "waiting", "passed", "expired" };
	memset(wish, 0, sizeof *wish);
	struct gl_admin *admin = &wish->admin;
	admin->err = stderr;
	admin->now = NOW;
	admin->world.config.timing = timing;
	wish->client = any_network(dice);
	struct gl_out out = gl_out_into(wish->client_text, sizeof wish->client_text);
	gl_out_network(&out, &wish->client);
	if (dice_one_in(dice, 4))
		admin->client = gl_out_string(&out);
	if (dice_one_in(dice, 4))
		admin->sender = any(dice, wishes, WISHES);
	if (dice_one_in(dice, 4))
		admin->recipient = any(dice, wishes, WISHES);
	if (dice_one_in(dice, 4))
		admin->state = any(dice, states, 3);
	admin->never_retried = dice_one_in(dice, 6);
	snprintf(wish->since, sizeof wish->since, "@%lld", (long long)any_time(dice));
	snprintf(wish->before, sizeof wish->before, "@%lld",
	    dice_one_in(dice, 10) ? 0LL : (long long)any_time(dice));
	if (dice_one_in(dice, 4))
		admin->since = wish->since;
	if (dice_one_in(dice, 4))
		admin->before = wish->before;
}

static void it_fits_whoever_thinks_in_strings(void **state)
{
	static struct gl_filter filter;
	static struct wish wish;
	struct row row;
	unsigned fitted = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= ROWS; seed++) {
		struct dice dice = { seed };
		make_wish(&wish, &dice);
		assert_int_equal(gl_filter_read(&filter, &wish.admin), GL_EXIT_OK);
		make_row(&row, &dice);
		bool fits = gl_filter_fits(&filter, &wish.admin, &row.entry);
		if (fits != model(&wish.admin, &wish.client, &row))
			fail_msg("seed %llu: %d", (unsigned long long)seed, fits);
		assert_true(!fits || gl_filter_wants(&filter, row.entry.table));
		fitted += fits;
	}
	assert_in_range(fitted, ROWS / 20, ROWS / 2);
}

static void nothing_given_fits_everything(void **state)
{
	static struct gl_filter filter;
	struct gl_admin admin = { .err = stderr, .now = NOW };
	(void)state;
	assert_int_equal(gl_filter_read(&filter, &admin), GL_EXIT_OK);
	assert_true(filter.none);
	assert_true(gl_filter_wants(&filter, GL_TABLE_CLIENT));
	admin.before = "@0";
	assert_int_equal(gl_filter_read(&filter, &admin), GL_EXIT_OK);
	assert_false(filter.none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fits_whoever_thinks_in_strings),
		cmocka_unit_test(nothing_given_fits_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
