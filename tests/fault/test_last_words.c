/* The helper when it cannot get on: what it answers, what it logs, and that it ends. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "helper_process.h"
#include "site.h"
#include "tmpdir.h"

static const char request[] =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
    "client_name=unknown\nsender=\nrecipient=a@b.test\n\n";

static void ask(const struct site *site, struct helper_process *helper)
{
	helper_start(helper, site->config);
	assert_true(helper_send(helper, request, sizeof request - 1));
	helper_read_reply(helper);
}

/* Somebody holds the gate: no writer gets in. The lock ends with the descriptor. */
static int hold_gate(const struct site *site)
{
	struct helper_process helper;
	ask(site, &helper);
	helper_finish(&helper);
	assert_non_null(strstr(helper.reply, "action=DEFER_IF_PERMIT 4.2.0"));
	int gate = open(tmpdir_path(site->database, "gate"), O_RDWR | O_CLOEXEC);
	assert_true(gate >= 0);
	assert_int_equal(flock(gate, LOCK_EX), 0);
	assert_int_equal(unlink(tmpdir_path(site->root, "log")), 0);
	return gate;
}

static const char other_request[] =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
    "client_name=unknown\nsender=\nrecipient=other@b.test\n\n";

static void expect_at_closed_gate(const struct site *site, const char *reply)
{
	struct helper_process helper;
	int gate = hold_gate(site);
	helper_start(&helper, site->config);
	assert_true(helper_send(&helper, other_request, sizeof other_request - 1));
	helper_await(&helper);
	assert_string_equal(helper.reply, reply);
	assert_int_equal(helper.status, 0);
	assert_true(site_logged(site, "warning: request_timeout passed"));
	close(gate);
	helper_start(&helper, site->config);
	assert_true(helper_send(&helper, other_request, sizeof other_request - 1));
	helper_finish(&helper);
	assert_non_null(strstr(helper.reply, "action=DEFER_IF_PERMIT 4.2.0"));
}

static void who_is_killed_between_requests_says_so(void **state)
{
	struct site *site = *state;
	struct helper_process helper;
	ask(site, &helper);
	assert_int_equal(kill(helper.pid, SIGABRT), 0);
	helper_await(&helper);
	assert_int_not_equal(helper.status, 0);
	assert_true(site_logged(site, "killed by a signal when all requests were answered"));
	assert_int_equal(access(tmpdir_path(site->database, "table/deaths"), F_OK), -1);
}

static void a_closed_gate_lets_mail_pass(void **state)
{
	struct site *site = *state;
	site_configure(site, "request_timeout = 1s");
	expect_at_closed_gate(site, "action=DUNNO\n\n");
}

static void a_closed_gate_defers_where_told(void **state)
{
	struct site *site = *state;
	site_configure(site, "request_timeout = 1s\non_error = defer");
	expect_at_closed_gate(site, "action=DEFER_IF_PERMIT 4.3.0 Temporary service problem\n\n");
}

/* Whoever starts the helper may have blocked the signal: a mask is inherited. */
static void a_blocked_alarm_still_ends_the_wait(void **state)
{
	struct site *site = *state;
	sigset_t alarms;
	site_configure(site, "request_timeout = 1s");
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarms, NULL), 0);
	expect_at_closed_gate(site, "action=DUNNO\n\n");
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &alarms, NULL), 0);
}

/* Readers never wait: what is known passes through a closed gate. */
static void a_known_triplet_needs_no_gate(void **state)
{
	struct site *site = *state;
	struct helper_process helper;
	int gate = hold_gate(site);
	ask(site, &helper);
	assert_non_null(strstr(helper.reply, "action=DEFER_IF_PERMIT 4.2.0"));
	helper_finish(&helper);
	assert_false(site_logged(site, "warning"));
	close(gate);
}

/* A writer in the middle of his transaction, who does not get on: stopped, or stuck in a disk. */
static pid_t stopped_writer(const struct site *site)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		MDB_env *env;
		MDB_txn *txn;
		bool writes = mdb_env_create(&env) == MDB_SUCCESS &&
			      mdb_env_open(env, tmpdir_path(site->database, "table"), 0, 0640) ==
				  MDB_SUCCESS &&
			      mdb_txn_begin(env, NULL, 0, &txn) == MDB_SUCCESS;
		raise(writes ? SIGSTOP : SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

static void a_stopped_writer_holds_up_nobody_beyond_the_limit(void **state)
{
	struct site *site = *state;
	struct helper_process helpers[3];
	site_configure(site, "request_timeout = 1s");
	ask(site, &helpers[0]);
	helper_finish(&helpers[0]);
	pid_t writer = stopped_writer(site);
	for (int i = 0; i < 3; i++) {
		helper_start(&helpers[i], site->config);
		assert_true(helper_send(&helpers[i], other_request, sizeof other_request - 1));
	}
	for (int i = 0; i < 3; i++) {
		helper_await(&helpers[i]);
		assert_string_equal(helpers[i].reply, "action=DUNNO\n\n");
		assert_int_equal(helpers[i].status, 0);
	}
	assert_true(site_logged(site, "warning: request_timeout passed"));
	/* who is known does not wait for him */
	ask(site, &helpers[0]);
	assert_non_null(strstr(helpers[0].reply, "action=DEFER_IF_PERMIT 4.2.0"));
	helper_finish(&helpers[0]);
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	helper_start(&helpers[0], site->config);
	assert_true(helper_send(&helpers[0], other_request, sizeof other_request - 1));
	helper_finish(&helpers[0]);
	assert_non_null(strstr(helpers[0].reply, "action=DEFER_IF_PERMIT 4.2.0"));
}

static void half_a_request_is_not_waited_for_for_ever(void **state)
{
	struct site *site = *state;
	struct helper_process helper;
	site_configure(site, "request_timeout = 1s");
	helper_start(&helper, site->config);
	assert_true(helper_send(&helper, request, 40));
	helper_await(&helper);
	assert_string_equal(helper.reply, "");
	assert_int_equal(helper.status, 0);
	assert_true(site_logged(site, "begun and not ended within request_timeout"));
}

/* A helper that is killed inside the table holds up nobody. */
static void a_killed_writer_leaves_no_lock(void **state)
{
	struct site *site = *state;
	struct helper_process helper;
	int gate = hold_gate(site);
	helper_start(&helper, site->config);
	assert_true(helper_send(&helper, other_request, sizeof other_request - 1));
	usleep(100000);
	assert_int_equal(kill(helper.pid, SIGKILL), 0);
	helper_await(&helper);
	close(gate);
	ask(site, &helper);
	assert_non_null(strstr(helper.reply, "action=DEFER_IF_PERMIT 4.2.0"));
	helper_finish(&helper);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(who_is_killed_between_requests_says_so),
		AT_SITE(a_closed_gate_lets_mail_pass),
		AT_SITE(a_closed_gate_defers_where_told),
		AT_SITE(a_blocked_alarm_still_ends_the_wait),
		AT_SITE(a_known_triplet_needs_no_gate),
		AT_SITE(a_stopped_writer_holds_up_nobody_beyond_the_limit),
		AT_SITE(half_a_request_is_not_waited_for_for_ever),
		AT_SITE(a_killed_writer_leaves_no_lock),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
