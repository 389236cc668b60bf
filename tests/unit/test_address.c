/*
 * Addresses and networks as Postfix, the lists and people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/address.h"
#include "same.h"

static struct gl_address address_of(const char *text)
{
	struct gl_address address = { .family = GL_V4 };

	same_status(text, gl_address_parse(&address, gl_span_of(text)), GL_OK);
	return address;
}

static struct gl_network network_of(const char *text)
{
	struct gl_network network = { .prefix = 0 };

	same_status(text, gl_network_parse(&network, gl_span_of(text)), GL_OK);
	return network;
}

static void addresses_come_back_in_one_form(void **state)
{
	static const struct {
		const char *from, *to;
		enum gl_family family;
	} rows[] = {
		{ "192.0.2.7", "192.0.2.7", GL_V4 },
		{ "0.0.0.0", "0.0.0.0", GL_V4 },
		{ "255.255.255.255", "255.255.255.255", GL_V4 },
		{ "2001:db8::5", "2001:db8::5", GL_V6 },
		{ "2001:DB8:0:0:0:0:0:5", "2001:db8::5", GL_V6 },
		{ "2001:0db8:0000:0001:0000:0000:0000:0005", "2001:db8:0:1::5", GL_V6 },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", GL_V6 },
		{ "::", "::", GL_V6 },
		{ "::1", "::1", GL_V6 },
		{ "fe80::1", "fe80::1", GL_V6 },
		/* RFC 4291 2.5.5.2: one client, not two */
		{ "::ffff:192.0.2.7", "192.0.2.7", GL_V4 },
		{ "::FFFF:192.0.2.7", "192.0.2.7", GL_V4 },
		{ "::ffff:c000:207", "192.0.2.7", GL_V4 },
		{ "0:0:0:0:0:ffff:c000:0207", "192.0.2.7", GL_V4 },
		{ "::fffe:192.0.2.7", "::fffe:c000:207", GL_V6 },
		{ "64:ff9b::192.0.2.7", "64:ff9b::c000:207", GL_V6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", GL_V6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_address address = address_of(rows[i].from);
		char text[GL_ADDRESS_TEXT];
		struct gl_out out = gl_out_into(text, sizeof text);

		assert_int_equal(address.family, rows[i].family);
		gl_out_address(&out, &address);
		same_text(rows[i].from, gl_out_done(&out), rows[i].to);
	}
}

static void the_rest_of_an_ipv4_address_is_zero(void **state)
{
	static const uint8_t bytes[16] = { 192, 0, 2, 7 };
	static const char *const texts[] = { "192.0.2.7", "::ffff:192.0.2.7" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct gl_address address;

		memset(&address, 0xa5, sizeof address);
		assert_int_equal(gl_address_parse(&address, gl_span_of(texts[i])), GL_OK);
		assert_memory_equal(address.bytes, bytes, sizeof bytes);
	}
}

static void what_is_no_address(void **state)
{
	static const struct {
		struct gl_span text;
		enum gl_status status;
	} rows[] = {
		{ BYTES(""), GL_NOT_FOUND },
		{ BYTES("unknown"), GL_NOT_FOUND },
		{ BYTES("UNKNOWN"), GL_MALFORMED },
		{ BYTES("localhost"), GL_MALFORMED },
		{ BYTES("192.0.2"), GL_MALFORMED },
		{ BYTES("192.0.2.256"), GL_MALFORMED },
		{ BYTES("192.0.2.7.8"), GL_MALFORMED },
		{ BYTES("192.0.02.7"), GL_MALFORMED },
		{ BYTES("0x7f.1"), GL_MALFORMED },
		{ BYTES("3221225991"), GL_MALFORMED },
		{ BYTES(" 192.0.2.7"), GL_MALFORMED },
		{ BYTES("192.0.2.7 "), GL_MALFORMED },
		{ BYTES("192.0.2.7\0"), GL_MALFORMED },
		{ BYTES("192.0.2.7\0.1"), GL_MALFORMED },
		{ BYTES("192.0.2.7/32"), GL_MALFORMED },
		{ BYTES("[192.0.2.7]"), GL_MALFORMED },
		{ BYTES("IPv6:2001:db8::5"), GL_MALFORMED },
		{ BYTES("2001:db8::5%eth0"), GL_MALFORMED },
		{ BYTES("2001:db8::5::"), GL_MALFORMED },
		{ BYTES("1:2:3:4:5:6:7:8:9"), GL_MALFORMED },
		{ BYTES("12345::"), GL_MALFORMED },
		{ BYTES(":"), GL_MALFORMED },
		{ BYTES("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"), GL_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_address address;

		same_status(
		    rows[i].text.at, gl_address_parse(&address, rows[i].text), rows[i].status);
	}
}

static void networks_are_read(void **state)
{
	static const struct {
		const char *from;
		enum gl_status status;
		const char *to;
	} rows[] = {
		{ "192.0.2.7", GL_OK, "192.0.2.7/32" },
		{ "192.0.2.0/24", GL_OK, "192.0.2.0/24" },
		{ "192.0.2", GL_OK, "192.0.2.0/24" },
		{ "0.0.0.0/0", GL_OK, "0.0.0.0/0" },
		{ "128.0.0.0/1", GL_OK, "128.0.0.0/1" },
		{ "192.0.2.6/31", GL_OK, "192.0.2.6/31" },
		{ "2001:db8::/32", GL_OK, "2001:db8::/32" },
		{ "2001:db8::5", GL_OK, "2001:db8::5/128" },
		{ "::/0", GL_OK, "::/0" },
		{ "8000::/1", GL_OK, "8000::/1" },
		{ "::ffff:192.0.2.0/120", GL_OK, "192.0.2.0/24" },
		{ "::ffff:192.0.2.7", GL_OK, "192.0.2.7/32" },
		{ "::ffff:0:0/96", GL_OK, "0.0.0.0/0" },
		{ "::ffff:0:0/95", GL_TOO_LONG, "" },
		{ "::fffe:0:0/95", GL_OK, "::fffe:0:0/95" },
		{ "192.0.2.1/24", GL_TOO_LONG, "" },
		{ "192.0.2.1/31", GL_TOO_LONG, "" },
		{ "192.0.2.0/0", GL_TOO_LONG, "" },
		{ "2001:db8::1/64", GL_TOO_LONG, "" },
		{ "2001:db8::1/127", GL_TOO_LONG, "" },
		{ "192.0.2.0/33", GL_MALFORMED, "" },
		{ "2001:db8::/129", GL_MALFORMED, "" },
		{ "192.0.2.0/99999999999999999999999", GL_MALFORMED, "" },
		{ "192.0.2.0/", GL_MALFORMED, "" },
		{ "192.0.2.0/ 24", GL_MALFORMED, "" },
		{ "192.0.2.0/+24", GL_MALFORMED, "" },
		{ "192.0.2.0/-1", GL_MALFORMED, "" },
		{ "192.0.2.0/024", GL_MALFORMED, "" },
		{ "192.0.2.0/24/8", GL_MALFORMED, "" },
		{ "192.0.2.0/255.255.255.0", GL_MALFORMED, "" },
		{ "/24", GL_MALFORMED, "" },
		{ "192.0.2/24", GL_MALFORMED, "" },
		{ "192.0.2.", GL_MALFORMED, "" },
		{ "192.0.256", GL_MALFORMED, "" },
		{ "192..2", GL_MALFORMED, "" },
		{ "192.0", GL_MALFORMED, "" },
		{ "..", GL_MALFORMED, "" },
		{ "unknown", GL_MALFORMED, "" },
		{ "", GL_MALFORMED, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_network network;
		char text[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(text, sizeof text);

		same_status(rows[i].from, gl_network_parse(&network, gl_span_of(rows[i].from)),
		    rows[i].status);
		if (rows[i].status == GL_OK)
			gl_out_network(&out, &network);
		same_text(rows[i].from, gl_out_done(&out), rows[i].to);
	}
}

static void a_network_holds_its_addresses(void **state)
{
	static const struct {
		const char *network, *address;
		bool inside;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.8", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "192.0.2.7", false },
		{ "::/0", "ffff::", true },
		{ "2001:db8::/63", "2001:db8:0:1::9", true },
		{ "2001:db8::/63", "2001:db8:0:2::9", false },
		{ "2001:db8::5", "2001:db8::5", true },
		{ "c000:200::/24", "192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_network network = network_of(rows[i].network);
		struct gl_address address = address_of(rows[i].address);

		if (gl_network_contains(&network, &address) != rows[i].inside)
			fail_msg("%s in %s", rows[i].address, rows[i].network);
	}
}

static void a_prefix_over_the_bits_means_all(void **state)
{
	struct gl_address v4 = address_of("192.0.2.7");
	struct gl_address v6 = address_of("2001:db8::5");

	(void)state;
	assert_int_equal(gl_family_bits(GL_V4), 32);
	assert_int_equal(gl_family_bits(GL_V6), 128);
	assert_int_equal(gl_network_of(&v4, 33).prefix, 32);
	assert_int_equal(gl_network_of(&v4, 255).prefix, 32);
	assert_int_equal(gl_network_of(&v6, 255).prefix, 128);
	struct gl_network all = gl_network_of(&v6, 255);

	assert_true(gl_network_contains(&all, &v6));
}

static void random_address(struct gl_address *address, struct dice *dice)
{
	memset(address, 0, sizeof *address);
	address->family = dice_one_in(dice, 2) ? GL_V4 : GL_V6;
	for (size_t i = 0; i < gl_family_bits(address->family) / 8u; i++)
		address->bytes[i] = dice_one_in(dice, 2) ? 0 : (uint8_t)dice_between(dice, 0, 255);
	if (address->family == GL_V6)
		address->bytes[0] |= 0x20; /* never mapped */
}

static void what_is_written_is_read_back(void **state)
{
	struct dice dice = { 5952 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[GL_NETWORK_TEXT];
		struct gl_out out = gl_out_into(text, sizeof text);
		struct gl_address address;
		struct gl_network back;

		random_address(&address, &dice);
		uint8_t bits = gl_family_bits(address.family);
		struct gl_network network = gl_network_of(
		    &address, (uint8_t)dice_between(&dice, 0, bits));

		assert_true(gl_network_contains(&network, &address));
		gl_out_network(&out, &network);
		assert_int_equal(gl_network_parse(&back, gl_out_done(&out)), GL_OK);
		assert_int_equal(back.prefix, network.prefix);
		assert_int_equal(back.base.family, network.base.family);
		assert_memory_equal(back.base.bytes, network.base.bytes, sizeof back.base.bytes);
	}
}

static void the_longest_texts_fit(void **state)
{
	char text[GL_NETWORK_TEXT];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_network network = network_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");

	(void)state;
	gl_out_network(&out, &network);
	assert_string_equal(gl_out_string(&out), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	assert_false(out.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_back_in_one_form),
		cmocka_unit_test(the_rest_of_an_ipv4_address_is_zero),
		cmocka_unit_test(what_is_no_address),
		cmocka_unit_test(networks_are_read),
		cmocka_unit_test(a_network_holds_its_addresses),
		cmocka_unit_test(a_prefix_over_the_bits_means_all),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_longest_texts_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
