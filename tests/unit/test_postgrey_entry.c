/* Postgrey's keys and values, as 1.37 and its forerunners wrote them, and what becomes of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/postgrey.h"
#include "same.h"

/* What an entry says, in one line: "NETWORK sender recipient first last" or "ADDRESS count last".
 */
struct row {
	const char *name;
	struct gl_span key;
	const char *value;
	enum gl_postgrey_fault fault;
	const char *says;
};

#define GOOD GL_POSTGREY_GOOD
#define HASH "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static const struct row rows[] = {
	{ "an IPv4 triplet", BYTES("203.0.113.0/bob@s.test/ann@d.test"), "1000,1300", GOOD,
	    "203.0.113.0/24 bob@s.test ann@d.test 1000 1300" },
	{ "the null sender", BYTES("203.0.113.0//ann@d.test"), "1000,1300", GOOD,
	    "203.0.113.0/24  ann@d.test 1000 1300" },
	{ "a third field, as up to 1.36", BYTES("203.0.113.0/bob@s.test/ann@d.test"),
	    "1000,1300,17", GOOD, "203.0.113.0/24 bob@s.test ann@d.test 1000 1300" },
	{ "an IPv6 triplet", BYTES("2001:db8:1:2:0:0:0:0/bob@s.test/ann@d.test"), "1000,1000", GOOD,
	    "2001:db8:1:2::/64 bob@s.test ann@d.test 1000 1000" },
	{ "by host, IPv4", BYTES("203.0.113.9/32/bob@s.test/ann@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 bob@s.test ann@d.test 1 2" },
	{ "by host, IPv6", BYTES("2001:db8:0:0:0:0:0:1/128//ann@d.test"), "1,2", GOOD,
	    "2001:db8::/64  ann@d.test 1 2" },
	{ "by host, IPv4 in IPv6 form", BYTES("0:0:0:0:0:ffff:c000:207/128/b@s.test/a@d.test"),
	    "1,2", GOOD, "192.0.2.0/24 b@s.test a@d.test 1 2" },
	{ "a slash in the sender", BYTES("203.0.113.0/a/b@s.test/ann@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 a/b@s.test ann@d.test 1 2" },
	{ "a slash in the recipient", BYTES("203.0.113.0/bob@s.test/an/n@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 bob@s.test an/n@d.test 1 2" },
	{ "a slash in the recipient of a bounce", BYTES("203.0.113.0//an/n@d.test"), "1,2", GOOD,
	    "203.0.113.0/24  an/n@d.test 1 2" },
	{ "a sender without a domain", BYTES("203.0.113.0/bob/ann@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 bob ann@d.test 1 2" },
	{ "two @ in the sender", BYTES("203.0.113.0/a@b@s.test/ann@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 a@b@s.test ann@d.test 1 2" },
	{ "a longer cut than told shows in the address",
	    BYTES("203.0.113.128/bob@s.test/ann@d.test"), "1,2", GOOD,
	    "203.0.113.0/24 bob@s.test ann@d.test 1 2" },
	{ "a client", BYTES("203.0.113.9"), "7,1000", GOOD, "203.0.113.9 7 1000" },
	{ "an IPv6 client, in capitals", BYTES("2001:DB8:1:2:FFFF:0:0:1"), "7,1000", GOOD,
	    "2001:db8:1:2:ffff::1 7 1000" },
	{ "an IPv4 client in IPv6 form", BYTES("0:0:0:0:0:FFFF:C000:207"), "7,1000", GOOD,
	    "192.0.2.7 7 1000" },

	{ "IPv4 clients in IPv6 form, lumped", BYTES("0:0:0:0:0:0:0:0/b@s.test/a@d.test"), "1,2",
	    GL_POSTGREY_MAPPED, NULL },
	{ "the same as a client", BYTES("0:0:0:0:0:0:0:0"), "1,2", GL_POSTGREY_MAPPED, NULL },
	{ "a privacy hash of a triplet", BYTES(HASH), "1767200000,1767200300", GOOD,
	    "da39a3ee5e6b 1767200000 1767200300" },
	{ "a privacy hash of a client", BYTES(HASH), "7,1767200300", GOOD,
	    "da39a3ee5e6b 7 1767200300" },
	{ "a privacy hash with nonsense", BYTES(HASH), "x,1", GL_POSTGREY_NUMBERS, NULL },
	{ "no address", BYTES("unknown/b@s.test/a@d.test"), "1,2", GL_POSTGREY_ADDRESS, NULL },
	{ "an empty key", BYTES(""), "1,2", GL_POSTGREY_ADDRESS, NULL },
	{ "a host name as a client", BYTES("mail.example.org"), "1,2", GL_POSTGREY_ADDRESS, NULL },
	{ "one octet short of a hash", BYTES("da39a3ee5e6b4b0d3255bfef95601890afd8070"), "1,2",
	    GL_POSTGREY_ADDRESS, NULL },
	{ "no recipient", BYTES("203.0.113.0/bob@s.test/"), "1,2", GL_POSTGREY_ENVELOPE, NULL },
	{ "no separator", BYTES("203.0.113.0/bob@s.test"), "1,2", GL_POSTGREY_ENVELOPE, NULL },
	{ "nothing behind the network", BYTES("203.0.113.0/"), "1,2", GL_POSTGREY_ENVELOPE, NULL },
	{ "a NUL in the sender", BYTES("203.0.113.0/b\0b@s.test/a@d.test"), "1,2",
	    GL_POSTGREY_ENVELOPE, NULL },
	{ "one time only", BYTES("203.0.113.0/b@s.test/a@d.test"), "1000", GL_POSTGREY_NUMBERS,
	    NULL },
	{ "no time", BYTES("203.0.113.0/b@s.test/a@d.test"), "", GL_POSTGREY_NUMBERS, NULL },
	{ "a fraction", BYTES("203.0.113.0/b@s.test/a@d.test"), "1000.5,2", GL_POSTGREY_NUMBERS,
	    NULL },
	{ "a negative time", BYTES("203.0.113.0/b@s.test/a@d.test"), "-5,2", GL_POSTGREY_NUMBERS,
	    NULL },
	{ "a time beyond all times", BYTES("203.0.113.0/b@s.test/a@d.test"), "1,281474976710657",
	    GL_POSTGREY_NUMBERS, NULL },
	{ "a client without a time", BYTES("203.0.113.9"), "3,", GL_POSTGREY_NUMBERS, NULL },
	{ "a count beyond all counts", BYTES("203.0.113.9"), "4294967296,1", GL_POSTGREY_NUMBERS,
	    NULL },
};

static void say(struct gl_out *out, const struct gl_postgrey_entry *entry)
{
	const struct gl_postgrey_cut cut = { 24, 64 };
	struct gl_network network;
	if (entry->hashed) {
		static const char digits[] = "0123456789abcdef";
		for (size_t i = 0; i < 6; i++) {
			gl_out_byte(out, digits[entry->digest[i] >> 4]);
			gl_out_byte(out, digits[entry->digest[i] & 15]);
		}
		gl_out_byte(out, ' ');
		gl_out_decimal(out, entry->is_client ? entry->count : entry->first);
	} else if (entry->is_client) {
		gl_out_address(out, &entry->address);
		gl_out_byte(out, ' ');
		gl_out_decimal(out, entry->count);
	} else {
		uint8_t prefix = entry->address.family == GL_V4 ? cut.v4 : cut.v6;
		assert_int_equal(gl_postgrey_network(&network, entry, cut, prefix), GOOD);
		gl_out_network(out, &network);
		gl_out_byte(out, ' ');
		gl_out_span(out, entry->sender);
		gl_out_byte(out, ' ');
		gl_out_span(out, entry->recipient);
		gl_out_byte(out, ' ');
		gl_out_decimal(out, entry->first);
	}
	gl_out_byte(out, ' ');
	gl_out_decimal(out, entry->last);
}

static void row_holds(void **state)
{
	const struct row *row = *(const struct row **)*state;
	struct gl_postgrey_pair pair = { .key = row->key, .value = gl_span_of(row->value) };
	struct gl_postgrey_entry entry;
	char text[256];
	struct gl_out out = gl_out_into(text, sizeof text);
	enum gl_postgrey_fault fault = gl_postgrey_entry_read(&entry, &pair);
	same_text(row->name, gl_span_of(gl_postgrey_fault_text(fault)),
	    gl_postgrey_fault_text(row->fault));
	if (row->says == NULL)
		return;
	say(&out, &entry);
	same_text(row->name, gl_out_done(&out), row->says);
}

/* key, Postgrey's cut, our prefix, our network; NULL: dropped as wider */
static const struct network_row {
	const char *key;
	struct gl_postgrey_cut cut;
	uint8_t prefix;
	const char *network;
} network_rows[] = {
	{ "203.0.113.0/b@s/a@d", { 24, 64 }, 24, "203.0.113.0/24" },
	{ "203.0.113.0/b@s/a@d", { 24, 64 }, 16, "203.0.0.0/16" },
	{ "203.0.113.0/b@s/a@d", { 24, 64 }, 25, NULL },
	{ "203.0.113.128/b@s/a@d", { 24, 64 }, 25, "203.0.113.128/25" },
	{ "203.0.113.0/b@s/a@d", { 28, 64 }, 28, "203.0.113.0/28" },
	{ "203.0.113.9/32/b@s/a@d", { 24, 64 }, 32, "203.0.113.9/32" },
	{ "203.0.113.9/32/b@s/a@d", { 24, 64 }, 8, "203.0.0.0/8" },
	{ "2001:db8:1:2:0:0:0:0/b@s/a@d", { 24, 64 }, 64, "2001:db8:1:2::/64" },
	{ "2001:db8:1:2:0:0:0:0/b@s/a@d", { 24, 64 }, 48, "2001:db8:1::/48" },
	{ "2001:db8:1:2:0:0:0:0/b@s/a@d", { 24, 64 }, 65, NULL },
	{ "2001:db8:1:0:0:0:0:0/b@s/a@d", { 24, 48 }, 64, NULL },
	{ "2001:db8:0:0:0:0:0:1/128/b@s/a@d", { 24, 64 }, 128, "2001:db8::1/128" },
	{ "0:0:0:0:0:ffff:c000:200/b@s/a@d", { 24, 120 }, 24, "192.0.2.0/24" },
	{ "0:0:0:0:0:ffff:c000:0/b@s/a@d", { 24, 112 }, 24, NULL },
};

static void networks_are_cut_where_they_can_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof network_rows / sizeof *network_rows; i++) {
		const struct network_row *row = &network_rows[i];
		struct gl_postgrey_pair pair = { .key = gl_span_of(row->key),
			.value = gl_span_of("1,2") };
		struct gl_postgrey_entry entry;
		struct gl_network network;
		char text[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(text, sizeof text);
		assert_int_equal(gl_postgrey_entry_read(&entry, &pair), GOOD);
		enum gl_postgrey_fault fault = gl_postgrey_network(
		    &network, &entry, row->cut, row->prefix);
		assert_int_equal(fault, row->network != NULL ? GOOD : GL_POSTGREY_WIDER);
		if (row->network == NULL)
			continue;
		gl_out_network(&out, &network);
		same_text(row->key, gl_out_done(&out), row->network);
	}
}

static void a_pair_that_was_cut_is_dropped(void **state)
{
	(void)state;
	struct gl_postgrey_entry entry;
	struct gl_postgrey_pair pair = { BYTES("203.0.113.9"), BYTES("7,1000"), true };
	assert_int_equal(gl_postgrey_entry_read(&entry, &pair), GL_POSTGREY_LENGTH);
}

static void every_fault_has_words_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < GL_POSTGREY_FAULTS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(gl_postgrey_fault_text((enum gl_postgrey_fault)a),
			    gl_postgrey_fault_text((enum gl_postgrey_fault)b));
}

enum { ROWS = sizeof rows / sizeof *rows };

int main(void)
{
	struct CMUnitTest table[ROWS];
	const struct row *at[ROWS];
	const struct CMUnitTest others[] = {
		cmocka_unit_test(networks_are_cut_where_they_can_be),
		cmocka_unit_test(a_pair_that_was_cut_is_dropped),
		cmocka_unit_test(every_fault_has_words_of_its_own),
	};
	for (size_t i = 0; i < ROWS; i++) {
		at[i] = &rows[i];
		table[i] = (struct CMUnitTest){ rows[i].name, row_holds, NULL, NULL, &at[i] };
	}
	return cmocka_run_group_tests_name("entry", table, NULL, NULL) +
	       cmocka_run_group_tests_name("more of it", others, NULL, NULL);
}
