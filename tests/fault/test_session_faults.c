/* Whatever fails on the way to a verdict, the mail server gets one whole answer or none. */
#include "conversation.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#include "fault.h"
#include "site.h"

enum { START = 1700000000, CALLS_MAX = 500 };

static const struct attempt usual = { "192.0.2.7", "mail.b.test", "a@b.test", "c@d.test", "1",
	NULL };

static bool whole(const char *reply)
{
	static const char *const answers[] = { "action=DUNNO\n\n", "action=PREPEND ",
		"action=DEFER_IF_PERMIT 4.2.0 " };
	size_t len = strlen(reply);
	if (len == 0)
		return true;
	bool known = false;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		known = known || strncmp(reply, answers[i], strlen(answers[i])) == 0;
	return known && strcmp(reply + len - 2, "\n\n") == 0;
}

static void fail_every_call(struct site *site, enum fault_kind kind, int code)
{
	bool failed = true;
	for (unsigned n = 1; failed && n < CALLS_MAX; n++) {
		char sender[32];
		struct attempt attempt = usual;
		struct conversation talk = { .config = site->config, .now = START };
		snprintf(sender, sizeof sender, "s%da%ub@b.test", code, n);
		attempt.sender = sender;
		const char *bytes = attempt_bytes(&attempt);
		fault_arm(kind, n, code);
		converse(&talk, bytes, strlen(bytes));
		failed = fault_disarm();
		if (!whole(talk.reply))
			fail_msg("%s failed, and the reply was %s", fault_where(), talk.reply);
		if (!failed && !answered(&talk, "DEFER_IF_PERMIT 4.2.0 "))
			fail_msg("nothing failed, and the reply was %s", talk.reply);
	}
	assert_false(failed);
}

static void a_failing_table_never_defers_or_garbles(void **state)
{
	static const int codes[] = { MDB_MAP_FULL, MDB_CORRUPTED, MDB_PANIC, MDB_READERS_FULL,
		ENOSPC, EDQUOT, EROFS, EIO };
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		fail_every_call(*state, FAULT_LMDB, codes[i]);
}

static void a_process_without_memory_never_defers_or_garbles(void **state)
{
	fail_every_call(*state, FAULT_MEMORY, ENOMEM);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(a_failing_table_never_defers_or_garbles),
		AT_SITE(a_process_without_memory_never_defers_or_garbles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
