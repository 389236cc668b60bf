/* The key of a triplet and what goes into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/triplet.h"
#include "hex.h"
#include "source.h"

static const struct gl_secret secret = { "0123456789abcdef" };
static const struct gl_secret other_secret = { "0123456789abcdeF" };

/* The network that a client's address is greylisted under by default. */
static struct gl_network network(const char *text)
{
	struct gl_address address;
	assert_int_equal(gl_address_parse(&address, gl_span_of(text)), GL_OK);
	return gl_network_of(&address, address.family == GL_V4 ? 24 : 64);
}

static const struct gl_triplet *made(const char *client, const char *sender, const char *recipient)
{
	static struct gl_triplet triplets[2];
	static size_t turn;
	struct gl_triplet *triplet = &triplets[turn++ % 2];
	memset(triplet, 0xa5, sizeof *triplet);
	struct gl_network from = network(client);
	assert_int_equal(
	    gl_triplet_make(triplet, &from, gl_span_of(sender), gl_span_of(recipient), &secret),
	    GL_OK);
	return triplet;
}

static void the_key_begins_as_the_header_has_it(void **state)
{
	(void)state;
	static const char words[] = "sixteen octets 11: ";
	char *text = source_text("lib/include/greylist/triplet.h");
	char *example = strstr(text, words);
	assert_non_null(example);
	example += strlen(words);
	char *digest = strstr(example, "11 11 ... 11");
	assert_non_null(digest);
	*digest = '\0';
	unsigned char head[16];
	size_t len = hex_read(head, sizeof head, example);
	free(text);

	const struct gl_triplet *triplet = made("192.0.2.77", "a@b", "c@d");
	assert_int_equal(triplet->key.len, len + GL_DIGEST_SIZE);
	assert_memory_equal(triplet->key.bytes, head, len);
}

/* Keys on disk stand or fall with it: the first two vectors of SipHash's reference, 128 bits. */
static void the_digest_is_siphash_of_sender_nul_recipient(void **state)
{
	(void)state;
	static const char expected[] = "a3817f04ba25a8e66df67214c7550293"
				       "da87c1d86b99af44347659119b22fc45";
	unsigned char vectors[32];
	assert_int_equal(hex_read(vectors, sizeof vectors, expected), sizeof vectors);
	struct gl_secret counting;
	for (uint8_t i = 0; i < GL_SECRET_SIZE; i++)
		counting.bytes[i] = i;
	uint8_t digest[GL_DIGEST_SIZE];
	gl_digest(digest, (struct gl_span){ NULL, 0 }, &counting);
	assert_memory_equal(digest, vectors, GL_DIGEST_SIZE);
	gl_digest(digest, (struct gl_span){ "\0", 1 }, &counting);
	assert_memory_equal(digest, vectors + GL_DIGEST_SIZE, GL_DIGEST_SIZE);

	const struct gl_triplet *triplet = made("192.0.2.77", "a@b", "c@d");
	gl_digest(digest, (struct gl_span){ "a@b\0c@d", 7 }, &secret);
	assert_memory_equal(triplet->key.bytes + 5, digest, GL_DIGEST_SIZE);
}

struct pair {
	const char *name;
	const char *a[3], *b[3]; /* client, sender, recipient */
	bool same;
};

static const struct pair pairs[] = {
	{ "the same envelope", { "192.0.2.1", "a@b", "c@d" }, { "192.0.2.1", "a@b", "c@d" }, true },
	{ "another host of the same /24", { "192.0.2.0", "a@b", "c@d" },
	    { "192.0.2.255", "a@b", "c@d" }, true },
	{ "a host of the /24 beside it", { "192.0.2.255", "a@b", "c@d" },
	    { "192.0.3.0", "a@b", "c@d" }, false },
	{ "another host of the same /64", { "2001:db8:0:1::1", "a@b", "c@d" },
	    { "2001:db8:0:1:ffff:ffff:ffff:ffff", "a@b", "c@d" }, true },
	{ "a host of the /64 beside it", { "2001:db8:0:1::1", "a@b", "c@d" },
	    { "2001:db8:0:2::1", "a@b", "c@d" }, false },
	{ "IPv4 that came in over an IPv6 socket (RFC 4291 2.5.5.2)", { "192.0.2.1", "a@b", "c@d" },
	    { "::ffff:192.0.2.9", "a@b", "c@d" }, true },
	{ "an IPv6 network that begins with the same octets", { "192.0.2.1", "a@b", "c@d" },
	    { "c000:200::1", "a@b", "c@d" }, false },
	{ "letters in another case", { "192.0.2.1", "ann@example.com", "bob@example.org" },
	    { "192.0.2.1", "Ann@EXAMPLE.com", "BOB@Example.Org" }, true },
	{ "another sender", { "192.0.2.1", "a@b", "c@d" }, { "192.0.2.1", "e@b", "c@d" }, false },
	{ "another recipient", { "192.0.2.1", "a@b", "c@d" }, { "192.0.2.1", "a@b", "e@d" },
	    false },
	{ "a sender's extension", { "192.0.2.1", "list@b", "c@d" },
	    { "192.0.2.1", "list+bob=d@b", "c@d" }, true },
	{ "a recipient's extension", { "192.0.2.1", "a@b", "c@d" }, { "192.0.2.1", "a@b", "c+x@d" },
	    false },
	{ "a sender's serial number", { "192.0.2.1", "bounce-1234@b", "c@d" },
	    { "192.0.2.1", "bounce-98765@b", "c@d" }, true },
	{ "a number in the recipient", { "192.0.2.1", "a@b", "1@d" }, { "192.0.2.1", "a@b", "2@d" },
	    false },
	{ "a bounce and a sender", { "192.0.2.1", "", "c@d" }, { "192.0.2.1", "a@b", "c@d" },
	    false },
	{ "sender and recipient exchanged", { "192.0.2.1", "a@b", "c@d" },
	    { "192.0.2.1", "c@d", "a@b" }, false },
	{ "a byte moved from the one to the other", { "192.0.2.1", "a@bc", "@d" },
	    { "192.0.2.1", "a@b", "c@d" }, false },
};

static void pair_holds(void **state)
{
	const struct pair *pair = *(const struct pair **)*state;
	const struct gl_triplet *a = made(pair->a[0], pair->a[1], pair->a[2]);
	const struct gl_triplet *b = made(pair->b[0], pair->b[1], pair->b[2]);
	assert_int_equal(gl_span_equal(gl_key_span(&a->key), gl_key_span(&b->key)), pair->same);
	if (pair->same)
		assert_true(gl_span_equal(gl_triplet_text(a), gl_triplet_text(b)));
}

static void the_text_is_the_normalised_envelope(void **state)
{
	(void)state;
	const struct gl_triplet *triplet = made(
	    "192.0.2.1", "News-17+Bob=Example.Org@Lists.Example", "Bob@Example.Org");
	struct gl_span sender = gl_span_of("news-#@lists.example");
	struct gl_span recipient = gl_span_of("bob@example.org");
	assert_true(gl_span_equal(gl_triplet_sender(triplet), sender));
	assert_true(gl_span_equal(gl_triplet_recipient(triplet), recipient));
	assert_int_equal(gl_triplet_text(triplet).len, sender.len + 1 + recipient.len);
	assert_int_equal(gl_triplet_text(triplet).at[sender.len], '\0');

	triplet = made("192.0.2.1", "", "bob@example.org");
	assert_int_equal(gl_triplet_sender(triplet).len, 0);
	assert_true(gl_span_equal(gl_triplet_recipient(triplet), recipient));
}

static void another_secret_gives_another_key(void **state)
{
	(void)state;
	struct gl_network from = network("192.0.2.1");
	static struct gl_triplet a, b;
	struct gl_span sender = gl_span_of("a@b"), recipient = gl_span_of("c@d");
	assert_int_equal(gl_triplet_make(&a, &from, sender, recipient, &secret), GL_OK);
	assert_int_equal(gl_triplet_make(&b, &from, sender, recipient, &other_secret), GL_OK);
	assert_memory_equal(a.key.bytes, b.key.bytes, 5);
	assert_memory_not_equal(a.key.bytes + 5, b.key.bytes + 5, GL_DIGEST_SIZE);
	assert_true(gl_span_equal(gl_triplet_text(&a), gl_triplet_text(&b)));
}

static void addresses_of_the_greatest_length_fit_and_longer_ones_are_refused(void **state)
{
	(void)state;
	static char longest[GL_VALUE_MAX + 1];
	static struct gl_triplet triplet;
	memset(longest, 'x', sizeof longest);
	struct gl_span most = { longest, GL_VALUE_MAX }, more = { longest, GL_VALUE_MAX + 1 };
	struct gl_span none = { NULL, 0 };
	struct gl_network from = network("2001:db8::1");
	assert_int_equal(gl_triplet_make(&triplet, &from, most, most, &secret), GL_OK);
	assert_int_equal(gl_triplet_text(&triplet).len, GL_TEXT_MAX);
	assert_int_equal(triplet.key.len, 2 + 8 + GL_DIGEST_SIZE);
	assert_int_equal(gl_triplet_make(&triplet, &from, more, none, &secret), GL_TOO_LONG);
	assert_int_equal(gl_triplet_make(&triplet, &from, none, more, &secret), GL_TOO_LONG);
}

static bool same_network(const struct gl_network *a, const struct gl_network *b)
{
	return a->prefix == b->prefix && a->base.family == b->base.family &&
	       memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes) == 0;
}

static void a_key_tells_its_network_at_every_prefix(void **state)
{
	(void)state;
	struct dice dice = { 1 };
	for (int i = 0; i < 2 * (33 + 129); i++) {
		bool v4 = i % (33 + 129) < 33;
		struct gl_address address = { .family = v4 ? GL_V4 : GL_V6 };
		for (int octet = 0; octet < (v4 ? 4 : 16); octet++)
			address.bytes[octet] = (uint8_t)dice_roll(&dice);
		uint8_t prefix = (uint8_t)(v4 ? i % (33 + 129) : i % (33 + 129) - 33);
		struct gl_network from = gl_network_of(&address, prefix), read;
		static struct gl_triplet triplet;
		assert_int_equal(
		    gl_triplet_make(&triplet, &from, gl_span_of("a@b"), gl_span_of("c@d"), &secret),
		    GL_OK);
		assert_true(same_network(&triplet.client, &from));
		assert_int_equal(gl_key_network(&read, gl_key_span(&triplet.key)), GL_OK);
		assert_true(same_network(&read, &from));

		struct gl_key range;
		gl_network_key(&range, &from);
		assert_int_equal(range.len, 2 + (prefix + 7) / 8);
		assert_memory_equal(range.bytes, triplet.key.bytes, range.len);
	}
}

static void a_client_key_is_its_whole_address(void **state)
{
	(void)state;
	struct gl_address address;
	struct gl_key key;
	struct gl_network read;
	assert_int_equal(gl_address_parse(&address, gl_span_of("192.0.2.7")), GL_OK);
	gl_client_key(&key, &address);
	assert_true(
	    gl_span_equal(gl_key_span(&key), (struct gl_span){ "4\x20\xc0\x00\x02\x07", 6 }));
	assert_int_equal(gl_key_network(&read, gl_key_span(&key)), GL_OK);
	assert_int_equal(read.prefix, 32);

	assert_int_equal(gl_address_parse(&address, gl_span_of("2001:db8::7")), GL_OK);
	gl_client_key(&key, &address);
	assert_int_equal(key.len, 18);
	assert_int_equal(gl_key_network(&read, gl_key_span(&key)), GL_OK);
	assert_int_equal(read.prefix, 128);
	assert_memory_equal(read.base.bytes, address.bytes, sizeof address.bytes);
}

static void what_is_no_key_is_corrupt(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		struct gl_span key;
	} cases[] = {
		{ "empty", { NULL, 0 } },
		{ "only a kind", { "4", 1 } },
		{ "an unknown kind", { "5\x08\xc0", 3 } },
		{ "an IPv4 prefix over 32", { "4\x21\xc0\x00\x02\x07\x00", 7 } },
		{ "an IPv6 prefix over 128", { "6\x81\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19 } },
		{ "cut in the network", { "4\x18\xc0\x00", 4 } },
		{ "a digest cut short", { "4\x18\xc0\x00\x02"
					  "123456789012345",
					    20 } },
		{ "a digest too long", { "4\x18\xc0\x00\x02"
					 "12345678901234567",
					   22 } },
		{ "bits behind the prefix", { "4\x17\xc0\x00\x03"
					      "1234567890123456",
						21 } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gl_network read;
		if (gl_key_network(&read, cases[i].key) != GL_CORRUPT)
			fail_msg("taken for a key: %s", cases[i].why);
	}
}

static struct gl_identity pool(const char *name)
{
	return (struct gl_identity){ .kind = GL_BY_POOL, .pool = gl_span_of(name) };
}

static void a_key_tells_whose_it_is(void **state)
{
	(void)state;
	const struct gl_triplet *triplet = made("192.0.2.77", "a@b", "c@d");
	const struct gl_identity network_of_it = { .network = triplet->client };
	struct gl_identity named = pool("Example.ORG"), anyone = { .kind = GL_BY_ANYONE }, read;
	struct gl_key key;
	char text[GL_IDENTITY_TEXT];

	gl_triplet_key_of(&key, triplet, &network_of_it);
	assert_true(gl_span_equal(gl_key_span(&key), gl_key_span(&triplet->key)));

	gl_triplet_key_of(&key, triplet, &named);
	assert_memory_equal(key.bytes, "nexample.org", 13);
	assert_int_equal(key.len, 13 + GL_DIGEST_SIZE);
	assert_memory_equal(
	    key.bytes + 13, triplet->key.bytes + triplet->key.len - GL_DIGEST_SIZE, GL_DIGEST_SIZE);
	assert_int_equal(gl_key_identity(&read, gl_key_span(&key)), GL_OK);
	assert_int_equal(read.kind, GL_BY_POOL);
	struct gl_out out = gl_out_into(text, sizeof text);
	gl_out_identity(&out, &read);
	assert_string_equal(gl_out_string(&out), "example.org");

	gl_triplet_key_of(&key, triplet, &anyone);
	assert_int_equal(key.len, 1 + GL_DIGEST_SIZE);
	assert_int_equal(gl_key_identity(&read, gl_key_span(&key)), GL_OK);
	assert_int_equal(read.kind, GL_BY_ANYONE);
	out = gl_out_into(text, sizeof text);
	gl_out_identity(&out, &read);
	assert_string_equal(gl_out_string(&out), "anyone");
}

static void a_triplet_can_be_given_another_key_in_place(void **state)
{
	(void)state;
	struct gl_triplet triplet = *made("192.0.2.77", "a@b", "c@d");
	struct gl_identity named = pool("example.org");
	struct gl_key key;
	gl_triplet_key_of(&key, &triplet, &named);
	gl_triplet_key_of(&triplet.key, &triplet, &named);
	assert_true(gl_span_equal(gl_key_span(&key), gl_key_span(&triplet.key)));
}

static void the_longest_pool_fits_and_what_is_none_is_corrupt(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		struct gl_span key;
	} cases[] = {
		{ "no name", { "n\0", 2 } },
		{ "one label", { "norg\0", 5 } },
		{ "an address", { "n192.0.2.7\0", 11 } },
		{ "an empty label", { "nexample..org\0", 14 } },
		{ "a blank", { "nexample .org\0", 14 } },
		{ "no NUL", { "nexample.org", 12 } },
		{ "a digest cut short", { "nexample.org\0"
					  "123456789012345",
					    28 } },
		{ "a digest too long", { "nexample.org\0"
					 "12345678901234567",
					   30 } },
		{ "anyone with a digest cut short", { "a123456789012345", 16 } },
	};
	char name[GL_POOL_MAX + 1];
	struct gl_identity read, longest = { .kind = GL_BY_POOL, .pool = { name, sizeof name } };
	struct gl_key key;
	memset(name, 'x', sizeof name);
	name[1] = '.';
	gl_identity_key(&key, &longest);
	assert_int_equal(key.len, 1 + GL_POOL_MAX + 1);
	assert_int_equal(gl_key_identity(&read, gl_key_span(&key)), GL_OK);
	assert_int_equal(read.pool.len, GL_POOL_MAX);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (gl_key_identity(&read, cases[i].key) != GL_CORRUPT)
			fail_msg("taken for a key: %s", cases[i].why);
}

enum { PAIRS = sizeof pairs / sizeof *pairs };

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_begins_as_the_header_has_it),
		cmocka_unit_test(the_digest_is_siphash_of_sender_nul_recipient),
		cmocka_unit_test(the_text_is_the_normalised_envelope),
		cmocka_unit_test(another_secret_gives_another_key),
		cmocka_unit_test(addresses_of_the_greatest_length_fit_and_longer_ones_are_refused),
		cmocka_unit_test(a_key_tells_its_network_at_every_prefix),
		cmocka_unit_test(a_client_key_is_its_whole_address),
		cmocka_unit_test(what_is_no_key_is_corrupt),
		cmocka_unit_test(a_key_tells_whose_it_is),
		cmocka_unit_test(a_triplet_can_be_given_another_key_in_place),
		cmocka_unit_test(the_longest_pool_fits_and_what_is_none_is_corrupt),
	};
	struct CMUnitTest table[PAIRS];
	const struct pair *at[PAIRS];
	for (size_t i = 0; i < PAIRS; i++) {
		at[i] = &pairs[i];
		table[i] = (struct CMUnitTest){ pairs[i].name, pair_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       cmocka_run_group_tests_name("same triplet or another", table, NULL, NULL);
}
