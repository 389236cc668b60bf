/*
 * Sender normalisation, rule by rule. Where a row says so, Postgrey 1.37
 * was asked and gives the same, put in lower case as its keys are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "greylist/sender.h"
#include "same.h"

struct row {
	const char *from, *to;
};

/* Writes into a buffer of exactly the sender's size: the result is never longer. */
static struct gl_span normalise(char *buffer, struct gl_span sender)
{
	struct gl_out out = gl_out_into(buffer, sender.len);

	gl_out_sender(&out, sender);
	assert_false(out.full);
	return gl_out_done(&out);
}

static void hold(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gl_span from = gl_span_of(rows[i].from);
		char once[512];
		char twice[512];
		struct gl_span to = normalise(once, from);

		same_text(rows[i].from, to, rows[i].to);
		same_text(rows[i].from, normalise(twice, to), rows[i].to);
	}
}

#define HOLD(rows) hold((rows), sizeof(rows) / sizeof *(rows))

static void as_postgrey_has_it(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a@d.test", "a@d.test" },
		{ "Joe@D.Test", "joe@d.test" },
		{ "@d.test", "@d.test" },
		{ "a@", "a@" },
		{ "nodomain", "nodomain" },
		{ "No+Domain-123", "no+domain-123" },
		{ "user+ext@d.test", "user@d.test" },
		{ "+ext@d.test", "@d.test" },
		{ "user+a+b@d.test", "user@d.test" },
		{ "12345@d.test", "#@d.test" },
		{ "b2b@d.test", "b2b@d.test" },
		{ "x_12_y@d.test", "x_12_y@d.test" },
		{ "x9@d.test", "x9@d.test" },
		{ "12_34@d.test", "12_34@d.test" },
		{ "_12@d.test", "_12@d.test" },
		{ "12_@d.test", "12_@d.test" },
		{ "bounces-2024-01-02-x9@d.test", "bounces-#-#-#-x9@d.test" },
		{ "a.1.b@d.test", "a.#.b@d.test" },
		{ "a=12=b@d.test", "a=#=b@d.test" },
		{ "a12-34b@d.test", "a12-34b@d.test" },
		{ "a-12-@d.test", "a-#-@d.test" },
		{ "#12@d.test", "##@d.test" },
		{ "1@2@3", "#@2@3" },
		{ "\"a@b\"@d.test", "\"a@b\"@d.test" },
		{ "user@d12.3.test", "user@d12.3.test" },
		{ "\xc3\xa9"
		  "12@d.test",
		    "\xc3\xa9#@d.test" },
		{ "123456789012@d.test", "#@d.test" },
	};

	(void)state;
	HOLD(rows);
}

static void batv_as_postgrey_has_it(void **state)
{
	static const struct row rows[] = {
		{ "prvs=0123456789=joe@d.test", "joe@d.test" },
		{ "prvs=joe=0123456789@d.test", "joe@d.test" },
		{ "prvs=0123456789=abcdefghij@d.test", "abcdefghij@d.test" },
		{ "prvs=joe=jim@d.test", "jim@d.test" },
		{ "prvs=123456789=joe@d.test", "joe@d.test" },
		{ "prvs=0123456789ab=joe+x@d.test", "joe@d.test" },
		{ "prvs=joe+x=0123456789@d.test", "joe@d.test" },
		{ "prvs=0123456789@d.test", "prvs=#@d.test" },
		{ "prvs=0123456789=@d.test", "prvs=#=@d.test" },
		{ "prvs=0123456789=joe=@d.test", "joe@d.test" },
		{ "prvs=0123456789=joe===@d.test", "joe@d.test" },
		{ "prvs==joe@d.test", "joe@d.test" },
		{ "prvs===@d.test", "prvs===@d.test" },
		{ "prvs=a=b=c@d.test", "prvs=a=b=c@d.test" },
		{ "prvs=@d.test", "prvs=@d.test" },
		{ "prvs=012345678A=joe@d.test", "joe@d.test" },
		{ "prvs=0123456789=bounce-17@d.test", "bounce-#@d.test" },
		{ "prvs=0123456789=42@d.test", "#@d.test" },
	};

	(void)state;
	HOLD(rows);
}

static void batv_beyond_postgrey(void **state)
{
	static const struct row rows[] = {
		{ "PRVS=0123456789=Joe@d.test", "joe@d.test" },
		{ "prvs=ABCDEF0123=joesmithlong@d.test", "joesmithlong@d.test" },
		{ "prvs=0123456789=joe+list=example.org@d.test", "joe@d.test" },
	};

	(void)state;
	HOLD(rows);
}

static void tags_by_other_names(void **state)
{
	static const struct row rows[] = {
		{ "msprvs1=20570G1NGbo_G=bounces-274689-4@d.test", "bounces-#-#@d.test" },
		{ "MSPRVS1=x=Joe@d.test", "joe@d.test" },
		{ "msprvs1=a+b=joe+x@d.test", "joe@d.test" },
		{ "msprvs1==joe@d.test", "msprvs1==joe@d.test" },
		{ "msprvs1=tag=@d.test", "msprvs1=tag=@d.test" },
		{ "msprvs1=tag@d.test", "msprvs1=tag@d.test" },
		{ "btv1==34826e458e2==Joe.Smith@d.test", "joe.smith@d.test" },
		{ "btv1==34826e458e2=joe@d.test", "btv1==34826e458e2=joe@d.test" },
		{ "btv1==34826e458e2==@d.test", "btv1==34826e458e2==@d.test" },
		{ "btv1====joe@d.test", "btv1====joe@d.test" },
		{ "btv1==aa==msprvs1=b=prvs=0123456789=joe@d.test", "joe@d.test" },
		{ "msprvs1=a=SRS0=HHHH=TT=dom.test=joe@d.test", "srs0=#=#=dom.test=joe@d.test" },
	};

	(void)state;
	HOLD(rows);
}

static void srs_keeps_the_address(void **state)
{
	static const struct row rows[] = {
		{ "SRS0=Ab1/=TT=dom.test=joe@fwd.test", "srs0=#=#=dom.test=joe@fwd.test" },
		{ "srs0=zZ9+=42=dom.test=joe@fwd.test", "srs0=#=#=dom.test=joe@fwd.test" },
		{ "SRS0+HHHH=TT=dom.test=joe@fwd.test", "srs0+#=#=dom.test=joe@fwd.test" },
		{ "SRS0-HHHH=TT=dom.test=joe@fwd.test", "srs0-#=#=dom.test=joe@fwd.test" },
		{ "SRS0=HHHH=TT=dom.test=joe+ext@fwd.test", "srs0=#=#=dom.test=joe@fwd.test" },
		{ "SRS0=HHHH=TT=dom.test=b-77=x@fwd.test", "srs0=#=#=dom.test=b-#=x@fwd.test" },
		{ "SRS1=HHHH=fwd1.test==GGGG=TT=dom.test=joe@fwd2.test",
		    "srs1=#=fwd1.test==#=#=dom.test=joe@fwd2.test" },
		{ "SRS1+HHHH=fwd1.test=+GGGG=TT=dom.test=joe+x@fwd2.test",
		    "srs1+#=fwd1.test=+#=#=dom.test=joe@fwd2.test" },
		{ "SRS1-HHHH=fwd1.test=-GGGG=TT=dom.test=joe@fwd2.test",
		    "srs1-#=fwd1.test=-#=#=dom.test=joe@fwd2.test" },
	};

	(void)state;
	HOLD(rows);
}

static void what_only_looks_like_srs(void **state)
{
	static const struct row rows[] = {
		{ "SRS0@fwd.test", "srs0@fwd.test" },
		{ "SRS0=HHHH@fwd.test", "srs0=hhhh@fwd.test" },
		{ "SRS0=HHHH=TT@fwd.test", "srs0=hhhh=tt@fwd.test" },
		{ "SRS0==TT=dom.test=joe@fwd.test", "srs0==tt=dom.test=joe@fwd.test" },
		{ "SRS0=HHHH==dom.test=joe@fwd.test", "srs0=hhhh==dom.test=joe@fwd.test" },
		{ "SRS0xHHHH=TT=dom.test=joe@fwd.test", "srs0xhhhh=tt=dom.test=joe@fwd.test" },
		{ "SRS0+HHHH@fwd.test", "srs0@fwd.test" },
		{ "SRS1=HHHH=fwd1.test=GGGG=TT=dom.test=joe@fwd2.test",
		    "srs1=hhhh=fwd1.test=gggg=tt=dom.test=joe@fwd2.test" },
		{ "SRS1=HHHH=fwd1.test==GGGG@fwd2.test", "srs1=hhhh=fwd1.test==gggg@fwd2.test" },
		{ "SRS2=HHHH=TT=dom.test=joe@fwd.test", "srs2=hhhh=tt=dom.test=joe@fwd.test" },
		{ "xSRS0=HHHH=TT=dom.test=joe@fwd.test", "xsrs0=hhhh=tt=dom.test=joe@fwd.test" },
	};

	(void)state;
	HOLD(rows);
}

static void uuids_and_hexadecimal_runs(void **state)
{
	static const struct row rows[] = {
		{ "b-123e4567-e89b-12d3-a456-426614174000@d.test", "b-#@d.test" },
		{ "B-123E4567-E89B-12D3-A456-426614174000-X@d.test", "b-#-x@d.test" },
		{ "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee@d.test", "#@d.test" },
		{ "x123e4567-e89b-12d3-a456-426614174000@d.test",
		    "x123e4567-e89b-12d3-a456-#@d.test" },
		{ "123e4567-e89b-12d3-a456-4266141740a@d.test",
		    "123e4567-e89b-12d3-a456-4266141740a@d.test" },
		{ "123e4567-e89b-12d3-a456-4266141740000@d.test",
		    "123e4567-e89b-12d3-a456-#@d.test" },
		{ "12345678-12345678-1234-1234-1234-123456789012@d.test", "#-#@d.test" },
		{ "bounce-md_30850198.5f3a2b1c9d8e7f60@d.test", "bounce-md_30850198.#@d.test" },
		{ "m0123456789ab@d.test", "m0123456789ab@d.test" },
		{ "a0123456789b@d.test", "#@d.test" },
		{ "a123456789b@d.test", "a123456789b@d.test" },
		{ "abcdefabcdef@d.test", "abcdefabcdef@d.test" },
		{ "x_0123456789ab_y@d.test", "x_#_y@d.test" },
		{ "x.0123456789ABCDEF.y@d.test", "x.#.y@d.test" },
		{ "0123456789abg@d.test", "0123456789abg@d.test" },
		{ "0123456789ab@0123456789ab.test", "#@0123456789ab.test" },
	};

	(void)state;
	HOLD(rows);
}

/* Pieces that meet in odd ways: every rule's marks, its near misses and plain bytes. */
static struct gl_span random_sender(char *buffer, size_t size, struct dice *dice)
{
	static const char *const parts[] = { "prvs=", "PRVS=", "msprvs1=", "btv1==", "SRS0", "srs1",
		"=", "+", "-", "_", ".", "@", "#", "a", "7", "12", "0123456789", "deadbeef",
		"DEADBEEF0123", "joe", "%", "\xc3\xa9", "123e4567-e89b-12d3-a456-426614174000",
		"12345678-1234-1234-1234-", "123456789012", "d.test", " ", "\"", "\n" };
	struct gl_out out = gl_out_into(buffer, size);
	int64_t count = dice_between(dice, 0, 14);

	if (dice_one_in(dice, 2))
		gl_out_text(&out, parts[dice_between(dice, 0, 5)]);
	while (count-- > 0)
		gl_out_text(&out, parts[dice_between(dice, 0, sizeof parts / sizeof *parts - 1)]);
	if (!dice_one_in(dice, 4))
		gl_out_text(&out, "@d.test");
	return gl_out_done(&out);
}

static void again_changes_nothing(void **state)
{
	struct dice dice = { 6647 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char sender[640];
		char once[640];
		char twice[640];
		struct gl_span from = random_sender(sender, sizeof sender, &dice);
		struct gl_span to = normalise(once, from);

		sender[from.len] = '\0';
		same_bytes(sender, normalise(twice, to), to);
	}
}

static void case_makes_no_difference(void **state)
{
	struct dice dice = { 5321 };

	(void)state;
	for (int i = 0; i < 50000; i++) {
		char sender[640];
		char as_sent[640];
		char lowered[640];
		struct gl_span from = random_sender(sender, sizeof sender - 1, &dice);
		struct gl_span to = normalise(as_sent, from);

		for (size_t k = 0; k < from.len; k++)
			sender[k] = gl_lower(sender[k]);
		sender[from.len] = '\0';
		same_bytes(sender, normalise(lowered, from), to);
	}
}

static void it_appends_to_what_is_there(void **state)
{
	char buffer[32];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	gl_out_text(&out, "<");
	gl_out_sender(&out, gl_span_of("A+b@C"));
	gl_out_text(&out, ">");
	same_text("appended", gl_out_done(&out), "<a@c>");
}

static void a_short_buffer_is_noticed(void **state)
{
	char buffer[4];
	struct gl_out out = gl_out_into(buffer, sizeof buffer);

	(void)state;
	gl_out_sender(&out, gl_span_of("a@d.test"));
	assert_true(out.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_postgrey_has_it),
		cmocka_unit_test(batv_as_postgrey_has_it),
		cmocka_unit_test(batv_beyond_postgrey),
		cmocka_unit_test(tags_by_other_names),
		cmocka_unit_test(srs_keeps_the_address),
		cmocka_unit_test(what_only_looks_like_srs),
		cmocka_unit_test(uuids_and_hexadecimal_runs),
		cmocka_unit_test(again_changes_nothing),
		cmocka_unit_test(case_makes_no_difference),
		cmocka_unit_test(it_appends_to_what_is_there),
		cmocka_unit_test(a_short_buffer_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
