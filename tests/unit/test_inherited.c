#include "greylist/inherited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/sha1.h"
#include "same.h"

/* Texts that the real Postgrey hashes for these; the sender rules are its alone. */
static const struct row {
	const char *name, *network, *sender, *recipient, *text;
} rows[] = {
	{ "a subnet", "203.0.113.0/24", "Bob@Sender.test", "User@Dom.test",
	    "203.0.113.0/bob@sender.test/user@dom.test" },
	{ "a host of --lookup-by-host", "203.0.113.9/32", "b@s.test", "u@d.test",
	    "203.0.113.9/32/b@s.test/u@d.test" },
	{ "IPv6 in eight groups", "2001:db8:1:2::/64", "b@s.test", "u@d.test",
	    "2001:db8:1:2:0:0:0:0/b@s.test/u@d.test" },
	{ "an IPv6 host", "2001:db8::1/128", "b@s.test", "u@d.test",
	    "2001:db8:0:0:0:0:0:1/128/b@s.test/u@d.test" },
	{ "a bounce", "203.0.113.0/24", "", "u@d.test", "203.0.113.0//u@d.test" },
	{ "an extension and a number", "203.0.113.0/24", "list-12+x@l.test", "u@d.test",
	    "203.0.113.0/list-#@l.test/u@d.test" },
	{ "a hexadecimal run stays", "203.0.113.0/24", "b-5a1b2c3d4e5f6a7b@l.test", "u@d.test",
	    "203.0.113.0/b-5a1b2c3d4e5f6a7b@l.test/u@d.test" },
	{ "SRS stays but for its numbers", "203.0.113.0/24", "SRS0=ab=cd=x.test=u@f.test",
	    "u@d.test", "203.0.113.0/srs0=ab=cd=x.test=u@f.test/u@d.test" },
	{ "BATV", "203.0.113.0/24", "prvs=0123456789=u@s.test", "u@d.test",
	    "203.0.113.0/u@s.test/u@d.test" },
};

static void triplets_are_written_as_postgrey_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[GL_INHERITED_MAX];
		struct gl_out out = gl_out_into(text, sizeof text);
		struct gl_network network;
		assert_int_equal(gl_network_parse(&network, gl_span_of(rows[i].network)), GL_OK);
		gl_out_inherited_triplet(
		    &out, &network, gl_span_of(rows[i].sender), gl_span_of(rows[i].recipient));
		same_text(rows[i].name, gl_out_done(&out), rows[i].text);
	}
}

static void clients_are_written_as_postgrey_writes_them(void **state)
{
	static const char *const clients[][2] = { { "203.0.113.9", "203.0.113.9" },
		{ "2001:db8:1:2:ffff::1", "2001:DB8:1:2:FFFF:0:0:1" } };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[64];
		struct gl_out out = gl_out_into(text, sizeof text);
		struct gl_address address;
		assert_int_equal(gl_address_parse(&address, gl_span_of(clients[i][0])), GL_OK);
		gl_out_inherited_client(&out, &address);
		same_text(clients[i][0], gl_out_done(&out), clients[i][1]);
	}
}

/* Addresses as long as they come still fit. */
static void the_longest_text_fits(void **state)
{
	char text[GL_INHERITED_MAX];
	char longest[2000];
	struct gl_out out = gl_out_into(text, sizeof text);
	struct gl_network network;
	(void)state;
	memset(longest, 'x', sizeof longest);
	assert_int_equal(gl_network_parse(&network, gl_span_of("2001:db8::1/128")), GL_OK);
	gl_out_inherited_triplet(&out, &network, (struct gl_span){ longest, sizeof longest },
	    (struct gl_span){ longest, sizeof longest });
	assert_false(out.full);
}

/* RFC 3174 7.3 */
static void the_digest_is_sha1(void **state)
{
	uint8_t digest[GL_SHA1_SIZE], wanted[GL_SHA1_SIZE];
	(void)state;
	enum gl_status status = gl_sha1(digest, gl_span_of("abc"));
	assert_true(status == GL_OK || status == GL_UNSUPPORTED);
	assert_int_equal(
	    gl_sha1_parse(wanted, gl_span_of("A9993E364706816ABA3E25717850C26C9CD0D89D")), GL_OK);
	if (status == GL_OK)
		assert_memory_equal(digest, wanted, sizeof digest);
	assert_int_equal(gl_sha1_parse(wanted, gl_span_of("A9993E")), GL_MALFORMED);
	assert_int_equal(
	    gl_sha1_parse(wanted, gl_span_of("x9993E364706816ABA3E25717850C26C9CD0D89D")),
	    GL_MALFORMED);
}

static void an_inherited_key_is_known_as_one(void **state)
{
	uint8_t digest[GL_SHA1_SIZE] = { 1, 2, 3 };
	struct gl_key key;
	struct gl_network network;
	(void)state;
	gl_inherited_key(&key, digest);
	assert_true(gl_key_inherited(gl_key_span(&key)));
	assert_int_equal(gl_key_network(&network, gl_key_span(&key)), GL_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(triplets_are_written_as_postgrey_writes_them),
		cmocka_unit_test(clients_are_written_as_postgrey_writes_them),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(the_digest_is_sha1),
		cmocka_unit_test(an_inherited_key_is_known_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
