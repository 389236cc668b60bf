/* A damaged table: every request is answered, the table is put aside, and greylisting begins anew.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "greylist/store_damage.h"

#include "helper_process.h"
#include "site.h"
#include "tmpdir.h"

enum { KNOWN = 300, DEATHS = 3, PAGE = 4096 };

struct harm {
	const char *name;
	void (*do_it)(int fd, off_t size);
	bool when_used; /* while a helper has the table open */
	int passes;     /* the most answers per on_error until greylisting is back */
};

static void send_one(struct helper_process *helper, int n)
{
	char request[512];
	int len = snprintf(request, sizeof request,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=10.0.%d.7\n"
	    "client_name=unknown\nsender=s%d@example.org\nrecipient=a@b.test\n\n",
	    n % 250, n);
	assert_true(helper_send(helper, request, (size_t)len));
}

/* Whether this one is greylisted; otherwise it passes. Nothing else is an answer. */
static bool is_greylisted(const struct helper_process *helper)
{
	bool deferred = strncmp(helper->reply, "action=DEFER_IF_PERMIT 4.2.0 ", 29) == 0;
	assert_true(deferred || strcmp(helper->reply, "action=DUNNO\n\n") == 0);
	assert_true(WIFEXITED(helper->status));
	return deferred;
}

static bool ask_anew(const struct site *site, int n)
{
	struct helper_process helper;
	helper_start(&helper, site->config);
	send_one(&helper, n);
	helper_finish(&helper);
	return is_greylisted(&helper);
}

static void fill(const struct site *site)
{
	struct helper_process helper;
	helper_start(&helper, site->config);
	for (int n = 0; n < KNOWN; n++) {
		helper.len = 0;
		send_one(&helper, n);
		helper_read_reply(&helper);
	}
	helper_finish(&helper);
}

static int open_table(const struct site *site, off_t *size)
{
	struct stat info;
	int fd = open(tmpdir_path(site->database, "table/data.mdb"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	*size = info.st_size;
	return fd;
}

static void put_over(int fd, off_t from, off_t to, int octet)
{
	char page[PAGE];
	memset(page, octet, sizeof page);
	for (off_t at = from; at < to; at += PAGE)
		assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
}

static void zero_the_heads(int fd, off_t size)
{
	(void)size;
	put_over(fd, 0, 2 * PAGE, 0);
}

static void foreign(int fd, off_t size)
{
	put_over(fd, 0, size, 'x');
}

static void cut_in_half(int fd, off_t size)
{
	assert_int_equal(ftruncate(fd, size / 2 / PAGE * PAGE), 0);
}

static void cut_to_a_page(int fd, off_t size)
{
	(void)size;
	assert_int_equal(ftruncate(fd, PAGE), 0);
}

static void zero_the_pages(int fd, off_t size)
{
	put_over(fd, 2 * PAGE, size, 0);
}

static void ones_in_the_pages(int fd, off_t size)
{
	put_over(fd, 2 * PAGE, size, 0xff);
}

/* What LMDB itself finds wrong: the pages that hold our records are of no kind. */
static void no_kind_of_page(int fd, off_t size)
{
	enum { FLAGS = 10, UPPER = 14 };
	char page[PAGE];
	uint16_t used; /* from here on; what is in the gap before was another page's */
	for (off_t at = 2 * PAGE; at < size; at += PAGE) {
		assert_int_equal(pread(fd, page, sizeof page, at), sizeof page);
		memcpy(&used, page + UPPER, sizeof used);
		if (used < sizeof page &&
		    memmem(page + used, sizeof page - used, "@example.org", 12) != NULL)
			assert_int_equal(pwrite(fd, "\0\0", 2, at + FLAGS), 2);
	}
}

static const struct harm harms[] = {
	{ "its heads are zero", zero_the_heads, false, 0 },
	{ "something else", foreign, false, 0 },
	{ "cut in half", cut_in_half, false, 0 },
	{ "cut to a page", cut_to_a_page, false, 0 },
	{ "its pages are zero", zero_the_pages, false, DEATHS },
	{ "its pages are ones", ones_in_the_pages, false, DEATHS },
	{ "its pages are of no kind", no_kind_of_page, false, 0 },
	{ "cut in half in use", cut_in_half, true, 1 },
	{ "its pages are zero in use", zero_the_pages, true, DEATHS },
};

/* Returns how many passed until one was greylisted. */
static int ask_until_greylisted(const struct site *site)
{
	for (int n = 0; n < 2 * DEATHS; n++)
		if (ask_anew(site, KNOWN + n))
			return n;
	fail_msg("greylisting does not come back");
	return -1;
}

static void harm_it(const struct site *site, const struct harm *harm)
{
	off_t size;
	int fd = open_table(site, &size);
	harm->do_it(fd, size);
	close(fd);
}

static void test_greylisting_comes_back(void **state)
{
	struct site *site = *state;
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
		const struct harm *harm = &harms[i];
		char command[600];
		struct helper_process user;
		int passed = 0;
		print_message("%s\n", harm->name);
		snprintf(command, sizeof command, "rm -rf %s/*", site->database);
		assert_int_equal(system(command), 0);
		fill(site);
		site_clear_log(site);
		if (harm->when_used) {
			helper_start(&user, site->config);
			send_one(&user, 1);
			helper_read_reply(&user);
			user.len = 0;
		}
		harm_it(site, harm);
		if (harm->when_used) {
			send_one(&user, KNOWN - 1);
			helper_finish(&user);
			passed += !is_greylisted(&user);
		}
		passed += ask_until_greylisted(site);
		assert_true(passed <= harm->passes);
		assert_int_equal(access(tmpdir_path(site->database, "table.1.corrupt"), F_OK), 0);
		assert_true(
		    site_logged(site, "table.1.corrupt and an empty one, table.2, took its"));
		/* what comes now is remembered */
		assert_true(ask_anew(site, 1));
		assert_true(site_stored(site, "s1@example.org"));
		assert_false(site_stored(site, "s2@example.org"));
	}
}

/* What cannot be used but is whole stays where it is, for somebody to look at; warnings of one
 * kind are said once in a while. */
static void expect_left_alone(const struct site *site, const char *said)
{
	assert_false(ask_anew(site, 1));
	assert_true(site_logged(site, said));
	assert_int_equal(access(tmpdir_path(site->database, "table.1.corrupt"), F_OK), -1);
	assert_int_equal(access(tmpdir_path(site->database, "table/data.mdb"), F_OK), 0);
}

static void test_what_is_no_damage_stays(void **state)
{
	struct site *site = *state;
	off_t size;
	MDB_env *env;
	fill(site);
	int fd = open_table(site, &size);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	expect_left_alone(site, "table.1: cannot be used");
	/* a table of LMDB's that is somebody else's */
	assert_int_equal(unlink(tmpdir_path(site->database, "table/data.mdb")), 0);
	assert_int_equal(mdb_env_create(&env), MDB_SUCCESS);
	assert_int_equal(
	    mdb_env_open(env, tmpdir_path(site->database, "table"), 0, 0640), MDB_SUCCESS);
	mdb_env_close(env);
	expect_left_alone(site, "table.1: cannot be used");
	assert_int_equal(unlink(tmpdir_path(site->database, "table")), 0);
	assert_int_equal(mkdir(tmpdir_path(site->database, "table"), 0750), 0);
	assert_false(ask_anew(site, 1));
}

/* The next damage within the hour is not met with another empty table. */
static void test_once_an_hour(void **state)
{
	struct site *site = *state;
	fill(site);
	harm_it(site, &harms[0]);
	assert_true(ask_anew(site, 1));
	harm_it(site, &harms[0]);
	assert_false(ask_anew(site, 1));
	assert_true(
	    site_logged(site, "is damaged, less than an hour after table.1.corrupt was put"));
	assert_int_equal(access(tmpdir_path(site->database, "table.2.corrupt"), F_OK), -1);
}

static int64_t no_clock(void)
{
	return 0;
}

/* Whether a writer could come in now. */
struct visit {
	const char *gate;
	bool asked, open;
};

static bool try_the_gate(void *context)
{
	struct visit *visit = context;
	int fd = open(visit->gate, O_RDWR);
	visit->asked = fd >= 0;
	visit->open = flock(fd, LOCK_SH | LOCK_NB) == 0;
	close(fd);
	return false;
}

/* What were written to the damaged table meanwhile would be put aside along with it. */
static void test_nobody_writes_meanwhile(void **state)
{
	struct site *site = *state;
	struct gl_complaint why;
	struct gl_replaced result;
	struct gl_key key = { .len = 3, .bytes = "abc" };
	struct gl_op op = { .kind = GL_OP_TRIPLET, .key = &key };
	struct gl_store_options options = { .directory = site->database, .map_limit = 1 << 24 };
	char gate[600];
	struct visit visit = { .gate = gate };
	struct gl_replacing how = { .clock = no_clock, .stop = try_the_gate, .context = &visit };
	const struct harm harm = { .do_it = no_kind_of_page };
	fill(site);
	harm_it(site, &harm);
	snprintf(gate, sizeof gate, "%s/gate", site->database);
	assert_int_equal(gl_store_quarantine(&options, &op, 1, &how, &result, &why), GL_OK);
	assert_true(visit.asked);
	assert_false(visit.open);
}

static void die_of_it(const struct gl_store *store)
{
	struct gl_store_map map = gl_store_map(store);
	pid_t pid = fork();
	if (pid == 0) {
		gl_store_note_death(&map, NULL, 1700000000);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void dies_while_it_opens(const struct gl_store *store)
{
	if (store != NULL && gl_store_map(store).at == NULL)
		die_of_it(store);
}

/* The open itself reads the map, before it is known where that is. */
static void test_deaths_of_the_open_count(void **state)
{
	struct site *site = *state;
	struct gl_complaint why;
	struct gl_store *store;
	struct gl_store_options options = { .directory = site->database,
		.map_limit = 1 << 24,
		.create = true,
		.watch = dies_while_it_opens };
	fill(site);
	for (int deaths = 0; deaths < DEATHS; deaths++) {
		assert_int_equal(gl_store_open(&store, &options, &why), GL_OK);
		gl_store_close(store);
	}
	assert_int_equal(gl_store_open(&store, &options, &why), GL_CORRUPT);
	assert_null(store);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		AT_SITE(test_greylisting_comes_back),
		AT_SITE(test_what_is_no_damage_stays),
		AT_SITE(test_once_an_hour),
		AT_SITE(test_deaths_of_the_open_count),
		AT_SITE(test_nobody_writes_meanwhile),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
