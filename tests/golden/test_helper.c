/*
 * The helper itself on every golden request, as spawn(8) runs it:
 * descriptors 0, 1 and 2 are one socket. requests/NNN-name.reply holds
 * all that may come back. Whatever else appears there, from anywhere in
 * the process, is a byte that Postfix would take for a reply.
 *
 * To write a new case, run the test with the path of the .in file: it
 * prints the reply.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper_process.h"
#include "site.h"

enum { FILE_MAX = 1 << 17, FLOOD = 20 << 20, RESIDENT_MAX_KIB = 16 << 10 };

static void run_helper(
    struct helper_process *run, const struct site *site, const char *bytes, size_t len)
{
	helper_start(run, site->config);
	helper_send(run, bytes, len);
	helper_finish(run);
}

static size_t slurp(const char *path, char *bytes, size_t size)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	size_t len = fread(bytes, 1, size, file);
	fclose(file);
	return len;
}

static void run_file(struct helper_process *run, const char *path)
{
	static char input[FILE_MAX];
	void *state;
	assert_int_equal(site_setup(&state), 0);
	struct site *site = state;
	site_configure(site, "text = \"Greylisted\"");
	size_t len = slurp(path, input, sizeof input);
	run_helper(run, site, input, len);
	site_teardown(&state);
}

static int is_input(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 3 && strcmp(entry->d_name + len - 3, ".in") == 0;
}

static void every_request_gets_its_reply_and_nothing_else(void **state)
{
	(void)state;
	struct dirent **entries;
	int count = scandir(GREYLIST_GOLDEN_DIR, &entries, is_input, alphasort);
	int failures = 0;
	assert_true(count > 40);
	for (int i = 0; i < count; i++) {
		char path[1024], wanted[8192];
		struct helper_process run;
		int stem = (int)strlen(entries[i]->d_name) - 3;
		snprintf(path, sizeof path, "%s/%s", GREYLIST_GOLDEN_DIR, entries[i]->d_name);
		run_file(&run, path);
		snprintf(path, sizeof path, "%s/%.*s.reply", GREYLIST_GOLDEN_DIR, stem,
		    entries[i]->d_name);
		size_t len = slurp(path, wanted, sizeof wanted);
		bool fine = access(path, R_OK) == 0 && len == run.len &&
			    memcmp(wanted, run.reply, len) == 0 && run.status == 0;
		if (!fine)
			print_error("%s: status %d, reply '%s'\n", entries[i]->d_name, run.status,
			    run.reply);
		failures += !fine;
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(failures, 0);
}

static void twenty_megabytes_without_a_newline_stay_small(void **state)
{
	struct site *site = *state;
	struct helper_process run;
	char flood[1 << 16];
	memset(flood, 'x', sizeof flood);
	helper_start(&run, site->config);
	size_t sent = 0;
	while (sent < FLOOD && helper_send(&run, flood, sizeof flood))
		sent += sizeof flood;
	helper_finish(&run);
	assert_int_equal(run.len, 0);
	assert_int_equal(run.status, 0);
	assert_true(site_logged(site, "over the limits of the policy protocol"));
#ifndef GREYLIST_SANITIZED
	assert_true(run.resident < RESIDENT_MAX_KIB);
#endif
}

/* A request that arrives a byte at a time is the same request. */
static void a_dripping_request_is_answered(void **state)
{
	struct site *site = *state;
	static const char bytes[] =
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
	    "client_name=unknown\nsender=\nrecipient=a@b.test\n\n";
	struct helper_process run;
	helper_start(&run, site->config);
	for (size_t i = 0; i < sizeof bytes - 1; i++)
		assert_true(helper_send(&run, bytes + i, 1));
	helper_finish(&run);
	assert_string_equal(
	    run.reply, "action=DEFER_IF_PERMIT 4.2.0 Greylisted, please retry in 180 seconds\n\n");
}

static void a_helper_without_a_configuration_lets_mail_pass(void **state)
{
	struct site *site = *state;
	static const char bytes[] =
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
	    "client_name=unknown\nsender=\nrecipient=a@b.test\n\n";
	struct helper_process run;
	assert_int_equal(unlink(site->config), 0);
	run_helper(&run, site, bytes, sizeof bytes - 1);
	assert_string_equal(run.reply, "action=DUNNO\n\n");
	assert_int_equal(run.status, 0);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2) {
		struct helper_process run;
		run_file(&run, argv[1]);
		fwrite(run.reply, 1, run.len, stdout);
		return run.status == 0 ? 0 : 1;
	}
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_gets_its_reply_and_nothing_else),
		AT_SITE(twenty_megabytes_without_a_newline_stay_small),
		AT_SITE(a_dripping_request_is_answered),
		AT_SITE(a_helper_without_a_configuration_lets_mail_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
