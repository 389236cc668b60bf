/*
 * Over random rules and questions: the probes, looked up among the
 * rules' keys, say what a plain reading of the grammar says. The plain
 * matcher below compares text with text and knows nothing of keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "greylist/exempt.h"

#include "dice.h"

enum { ROUNDS = 20000, RULES_MAX = 12, TEXT = 320 };

struct entry {
	enum gl_list list;
	char text[TEXT];
};

struct question {
	char address[TEXT]; /* "" : none */
	char client_name[TEXT];
	char recipient[TEXT];
	char sender[TEXT];
	char delimiter;
};

static void random_name(struct dice *dice, char *name)
{
	static const char *const labels[] = { "a", "b", "A", "mx-1", "x_y", "example", "com",
		"unknown" };
	int count = dice_one_in(dice, 20) ? (int)dice_between(dice, 14, 18)
					  : (int)dice_between(dice, 1, 4);

	name[0] = '\0';
	for (int i = 0; i < count; i++) {
		if (i > 0)
			strcat(name, ".");
		strcat(name, labels[dice_between(dice, 0, 7)]);
	}
}

static void random_address(struct dice *dice, char *address)
{
	unsigned high = (unsigned)dice_between(dice, 0, 3);
	unsigned low = (unsigned)dice_between(dice, 0, 3);

	switch (dice_between(dice, 0, 4)) {
	case 0:
		snprintf(address, TEXT, "192.0.%u.%u", high, low);
		break;
	case 1:
		snprintf(address, TEXT, "192.%u.2.%u", high, low);
		break;
	case 2:
		snprintf(address, TEXT, "::ffff:192.0.%u.%u", high, low);
		break;
	case 3:
		snprintf(address, TEXT, "2001:db8:%x::%x", high, low);
		break;
	default:
		snprintf(address, TEXT, "2001:db8::%x:%x", high, low);
		break;
	}
}

static void random_user(struct dice *dice, char *user)
{
	static const char *const users[] = { "u", "U", "postmaster", "u+x", "u+x+y", "u-x", "+x",
		"u.v", "" };

	strcpy(user, users[dice_between(dice, 0, 8)]);
}

static void random_mailbox(struct dice *dice, char *mailbox)
{
	char name[TEXT];

	random_user(dice, mailbox);
	random_name(dice, name);
	if (dice_one_in(dice, 10))
		return;
	strcat(mailbox, "@");
	if (!dice_one_in(dice, 10))
		strcat(mailbox, name);
}

static void random_entry(struct dice *dice, struct entry *entry)
{
	entry->list = (enum gl_list)dice_between(dice, 0, GL_EXEMPT_LISTS - 1);
	bool clients = entry->list < GL_LIST_RECIPIENTS || entry->list == GL_LIST_NEVER;

	if (dice_one_in(dice, 3)) {
		random_name(dice, entry->text);
	} else if (!clients) {
		random_mailbox(dice, entry->text);
	} else {
		struct gl_address address;
		struct gl_network network;
		struct gl_out out = gl_out_into(entry->text, TEXT);

		random_address(dice, entry->text);
		if (gl_address_parse(&address, gl_span_of(entry->text)) != GL_OK)
			fail_msg("%s", entry->text);
		network = gl_network_of(
		    &address, (uint8_t)dice_between(dice, 0, gl_family_bits(address.family)));
		gl_out_network(&out, &network);
		gl_out_string(&out);
	}
}

static void random_question(struct dice *dice, struct question *question)
{
	question->address[0] = '\0';
	if (!dice_one_in(dice, 5))
		random_address(dice, question->address);
	random_name(dice, question->client_name);
	random_mailbox(dice, question->recipient);
	random_mailbox(dice, question->sender);
	question->delimiter = "+-\0"[dice_between(dice, 0, 2)];
}

static bool below(const char *name, const char *domain)
{
	size_t all = strlen(name);
	size_t tail = strlen(domain);

	if (tail == 0 || all < tail || strcasecmp(name + all - tail, domain) != 0)
		return false;
	return all == tail || name[all - tail - 1] == '.';
}

/* The user without what stands behind the delimiter. */
static void strip(char *user, char delimiter)
{
	char *cut = delimiter == '\0' || user[0] == '\0' ? NULL : strchr(user + 1, delimiter);

	if (user[0] != delimiter && cut != NULL)
		*cut = '\0';
}

static bool plain_mailbox(const char *entry, const char *mailbox, char delimiter)
{
	char user[TEXT];
	char plain[TEXT];
	const char *at = strrchr(mailbox, '@');
	const char *entry_at = strrchr(entry, '@');
	const char *domain = at == NULL ? "" : at + 1;

	strcpy(user, mailbox);
	if (at != NULL)
		user[at - mailbox] = '\0';
	strcpy(plain, user);
	strip(plain, delimiter);
	if (entry_at == NULL)
		return below(domain, entry);
	if (entry_at[1] != '\0' && strcasecmp(entry_at + 1, domain) != 0)
		return false;
	size_t len = (size_t)(entry_at - entry);
	bool whole = strlen(user) == len && strncasecmp(user, entry, len) == 0;
	bool cut = strlen(plain) == len && strncasecmp(plain, entry, len) == 0;

	return whole || cut;
}

static bool plain_client(const char *entry, const struct question *question)
{
	struct gl_address address;
	struct gl_network network;

	if (gl_network_parse(&network, gl_span_of(entry)) == GL_OK)
		return gl_address_parse(&address, gl_span_of(question->address)) == GL_OK &&
		       gl_network_contains(&network, &address);
	return strcasecmp(question->client_name, "unknown") != 0 &&
	       below(question->client_name, entry);
}

static bool plainly_matches(const struct entry *entry, const struct question *question)
{
	switch (entry->list) {
	case GL_LIST_RELAYS:
	case GL_LIST_CLIENTS:
	case GL_LIST_NEVER:
		return plain_client(entry->text, question);
	case GL_LIST_RECIPIENTS:
		return plain_mailbox(entry->text, question->recipient, question->delimiter);
	case GL_LIST_SENDERS:
		return plain_mailbox(entry->text, question->sender, question->delimiter);
	case GL_LIST_SUFFIXES:
	case GL_LIST_SUFFIX_WILDCARDS:
	case GL_LIST_SUFFIX_EXCEPTIONS:
	case GL_LISTS:
		break;
	}
	return false;
}

struct round {
	size_t count;
	struct entry entries[RULES_MAX];
	struct gl_key keys[RULES_MAX];
	struct gl_rules_head head;
	struct gl_probes probes;
};

/* Keeps the entries that the grammar takes. */
static void make_rules(struct round *round, struct dice *dice)
{
	int64_t wanted = dice_between(dice, 1, RULES_MAX);

	memset(&round->head, 0, sizeof round->head);
	round->count = 0;
	for (int64_t i = 0; i < wanted; i++) {
		struct entry *entry = &round->entries[round->count];
		struct gl_rule rule;
		const char *why;

		random_entry(dice, entry);
		if (gl_rule_parse(&rule, entry->list, gl_span_of(entry->text), &why) != GL_OK)
			continue;
		gl_rules_head_add(&round->head, &rule);
		gl_rule_key(&round->keys[round->count++], &rule);
	}
}

static void ask(struct round *round, const struct question *question)
{
	struct gl_address address;
	bool addressed = gl_address_parse(&address, gl_span_of(question->address)) == GL_OK;
	struct gl_exempt_question asked = {
		.client = addressed ? &address : NULL,
		.client_name = gl_span_of(question->client_name),
		.recipient = gl_span_of(question->recipient),
		.sender = gl_span_of(question->sender),
		.delimiter = question->delimiter,
	};

	gl_exempt_probes(&round->probes, &round->head, &asked);
}

static bool probed(const struct round *round, size_t n)
{
	for (size_t i = 0; i < round->probes.count; i++)
		if (gl_span_equal(round->probes.probe[i].key, gl_key_span(&round->keys[n])))
			return true;
	return false;
}

static bool ordered(const struct gl_probes *probes)
{
	for (size_t i = 1; i < probes->count; i++)
		if (probes->probe[i].list < probes->probe[i - 1].list)
			return false;
	return true;
}

static void test_probes_are_a_plain_reading(void **state)
{
	struct round *round = *state;
	size_t matches = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct dice dice = { seed };
		struct question question;

		make_rules(round, &dice);
		random_question(&dice, &question);
		ask(round, &question);
		assert_true(ordered(&round->probes));
		for (size_t n = 0; n < round->count; n++) {
			const struct entry *entry = &round->entries[n];
			bool plain = plainly_matches(entry, &question);

			matches += plain;
			if (probed(round, n) != plain)
				fail_msg("seed %lu: %s entry %s, client %s %s, from %s to %s",
				    (unsigned long)seed, gl_list_name(entry->list), entry->text,
				    question.address, question.client_name, question.sender,
				    question.recipient);
		}
	}
	/* the dice have to make questions that something answers */
	assert_true(matches > ROUNDS / 4);
}

/* Whatever bytes a stranger sends: no overflow, and every probe lies inside the room. */
static void test_random_bytes(void **state)
{
	struct round *round = *state;

	memset(&round->head, 0xff, sizeof round->head);
	for (size_t i = 0; i < GL_LISTS; i++)
		round->head.use[i].address = round->head.use[i].user = true;
	for (uint64_t seed = 1; seed <= ROUNDS / 10; seed++) {
		struct dice dice = { seed };
		struct question question = { .address = "2001:db8::1" };
		char *texts[] = { question.client_name, question.recipient, question.sender };

		for (size_t i = 0; i < 3; i++)
			for (int64_t n = dice_between(&dice, 0, TEXT - 1); n > 0; n--)
				texts[i][n - 1] = "..@+aA\xff\x01"[dice_between(&dice, 0, 7)];
		question.delimiter = '+';
		ask(round, &question);
		for (size_t i = 0; i < round->probes.count; i++) {
			struct gl_span key = round->probes.probe[i].key;

			assert_true(key.at >= round->probes.bytes);
			assert_true(key.at + key.len <= round->probes.bytes + round->probes.used);
		}
	}
}

static int set_up(void **state)
{
	*state = malloc(sizeof(struct round));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_are_a_plain_reading),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
