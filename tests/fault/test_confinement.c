/*
 * The helper in its sandbox, while files change under it: what it can
 * still reach counts at the next request, and where it cannot, the
 * process that Postfix asks in its place does it at that very request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "confinement.h"
#include "helper_process.h"
#include "site.h"
#include "tmpdir.h"

struct scene {
	struct site *site;
	char *elsewhere; /* a directory of which greylist.conf says nothing yet */
	struct helper_process helper;
	int helpers; /* that were started */
};

static bool build_confines(void)
{
#ifdef GREYLIST_INSTRUMENTED
	return false;
#else
	return true;
#endif
}

/* Whether a helper cannot reach files elsewhere. */
static bool fenced(void)
{
	char kernel[GL_CONFINEMENT_MAX];
	gl_confinement_describe(kernel);
	return build_confines() && strstr(kernel, "no Landlock") == NULL;
}

static void start(struct scene *scene)
{
	helper_start(&scene->helper, scene->site->config);
	scene->helpers++;
}

static bool ask_once(struct scene *scene, const char *recipient)
{
	char request[512];
	int len = snprintf(request, sizeof request,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\n"
	    "client_name=unknown\nsender=s@b.test\nrecipient=%s\n\n",
	    recipient);
	assert_true(helper_send(&scene->helper, request, (size_t)len));
	helper_read_reply(&scene->helper);
	return scene->helper.len > 0;
}

/* As smtpd does: where the helper hung up, a new one is asked, once. */
static void ask(struct scene *scene, const char *recipient, const char *wanted)
{
	if (!ask_once(scene, recipient)) {
		helper_await(&scene->helper);
		assert_int_equal(scene->helper.status, 0);
		start(scene);
		assert_true(ask_once(scene, recipient));
	}
	if (strncmp(scene->helper.reply, wanted, strlen(wanted)) != 0)
		fail_msg("%s: '%s', not '%s'", recipient, scene->helper.reply, wanted);
}

/* How many helpers the scene has taken: one more for each edit that led elsewhere. */
static void expect_helpers(struct scene *scene, int edits)
{
	helper_finish(&scene->helper);
	assert_int_equal(scene->helper.status, 0);
	assert_int_equal(scene->helpers, fenced() ? 1 + edits : 1);
}

/* greylist.conf anew, with one of these at another place, or more options. */
struct change {
	const char *database, *log, *clients; /* NULL: the site's own */
	const char *more;
};

static void configure(const struct scene *scene, struct change change)
{
	char text[2048], database[512], log[512], clients[512];
	const struct site *site = scene->site;
	snprintf(database, sizeof database, "%s/%s",
	    change.database != NULL ? scene->elsewhere : site->root,
	    change.database != NULL ? change.database : "state");
	snprintf(log, sizeof log, "%s/%s", change.log != NULL ? scene->elsewhere : site->root,
	    change.log != NULL ? change.log : "log");
	snprintf(clients, sizeof clients, "%s/%s",
	    change.clients != NULL ? scene->elsewhere : site->root,
	    change.clients != NULL ? change.clients : "clients");
	int len = snprintf(text, sizeof text,
	    "database = \"%s\"\nlog_target = \"%s\"\nclient_lists = {\"%s\"}\n"
	    "recipient_lists = {} sender_lists = {} suffix_lists = {} sync = none\n%s\n",
	    database, log, clients, change.more != NULL ? change.more : "");
	tmpdir_write(site->root, "greylist.conf", text, (size_t)len);
}

/* greylist.conf with a delegation file of this domain, below the directory elsewhere. */
static void delegate(
    const struct scene *scene, const char *domain, const char *file, const char *more)
{
	char text[1024];
	snprintf(text, sizeof text, "recipient \"%s\" { delegate = \"%s/%s\" }\n%s", domain,
	    scene->elsewhere, file, more);
	configure(scene, (struct change){ .more = text });
}

static void edits_in_the_same_directories_end_nobody(void **state)
{
	struct scene *scene = *state;
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	char from[512];
	/* as an editor does it */
	site_list(scene->site, "clients.new", "192.0.2.7\n");
	snprintf(from, sizeof from, "%s/clients.new", scene->site->root);
	assert_int_equal(rename(from, tmpdir_path(scene->site->root, "clients")), 0);
	ask(scene, "two@a.test", "action=DUNNO");
	site_list(scene->site, "clients", "");
	configure(scene, (struct change){ .more = "delay = 5m" });
	ask(scene, "three@a.test", "action=DEFER_IF_PERMIT");
	assert_int_equal(unlink(tmpdir_path(scene->site->database, "table")), 0);
	assert_int_equal(unlink(tmpdir_path(scene->site->root, "log")), 0);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 0);
	assert_true(site_logged(scene->site, "recipient=one@a.test"));
}

static void a_list_elsewhere_counts_at_once(void **state)
{
	struct scene *scene = *state;
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	tmpdir_write(scene->elsewhere, "clients", "192.0.2.7\n", 10);
	configure(scene, (struct change){ .clients = "clients" });
	ask(scene, "two@a.test", "action=DUNNO");
	ask(scene, "three@a.test", "action=DUNNO");
	expect_helpers(scene, 1);
	assert_int_equal(site_logged(scene->site, "gave up all access"), fenced());
	assert_false(site_logged(scene->site, "cannot be read"));
	assert_false(site_logged(scene->site, "warning"));
}

static void a_table_elsewhere_is_made_and_used(void **state)
{
	struct scene *scene = *state;
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	assert_int_equal(mkdir(tmpdir_path(scene->elsewhere, "state"), 0750), 0);
	configure(scene, (struct change){ .database = "state" });
	ask(scene, "two@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 1);
	assert_int_equal(access(tmpdir_path(scene->elsewhere, "state/table.1"), F_OK), 0);
	assert_false(site_logged(scene->site, "store error"));
}

static void a_directory_that_is_made_at_last_is_used(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(rmdir(scene->site->database), 0);
	start(scene);
	ask(scene, "one@a.test", "action=DUNNO");
	assert_int_equal(mkdir(scene->site->database, 0750), 0);
	site_clear_log(scene->site);
	ask(scene, "two@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 1);
	assert_false(site_logged(scene->site, "warning"));
}

static void a_log_elsewhere_gets_its_line(void **state)
{
	struct scene *scene = *state;
	struct stat info;
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	configure(scene, (struct change){ .log = "log" });
	ask(scene, "two@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 1);
	assert_int_equal(stat(tmpdir_path(scene->elsewhere, "log"), &info), 0);
	assert_true(info.st_size > 0);
}

static void a_delegation_elsewhere_counts_at_once(void **state)
{
	struct scene *scene = *state;
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	tmpdir_write(scene->elsewhere, "greylist.conf", "mode = off\n", 11);
	delegate(scene, "a.test", "greylist.conf", "");
	ask(scene, "two@a.test", "action=DUNNO");
	expect_helpers(scene, 1);
}

static void a_delegation_in_a_new_directory_counts_at_once(void **state)
{
	struct scene *scene = *state;
	delegate(scene, "a.test", "home/greylist.conf", "");
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	assert_int_equal(mkdir(tmpdir_path(scene->elsewhere, "home"), 0755), 0);
	tmpdir_write(scene->elsewhere, "home/greylist.conf", "mode = off\n", 11);
	ask(scene, "two@a.test", "action=DUNNO");
	expect_helpers(scene, 1);
	assert_false(site_logged(scene->site, "warning"));
}

/* The sweep goes by it, so nothing may be remembered along with one that does not know it. */
static void another_domains_delegation_is_known_to_the_sweep(void **state)
{
	struct scene *scene = *state;
	delegate(scene, "b.test", "home/greylist.conf", "recipient \"off.test\" { exempt = true }");
	start(scene);
	ask(scene, "one@off.test", "action=DUNNO");
	assert_int_equal(mkdir(tmpdir_path(scene->elsewhere, "home"), 0755), 0);
	tmpdir_write(scene->elsewhere, "home/greylist.conf", "mode = off\n", 11);
	assert_int_equal(ask_once(scene, "two@a.test"), !fenced());
	helper_finish(&scene->helper);
	assert_int_equal(access(tmpdir_path(scene->site->database, "table"), F_OK) == 0 &&
			     site_stored(scene->site, "two@a.test"),
	    !fenced());
}

/* Whoever keeps /etc/greylist in a repository may put a whole new directory in its place. */
static void a_configuration_in_a_new_directory_counts_at_once(void **state)
{
	struct scene *scene = *state;
	char directory[512], old[520], moved[600];
	snprintf(directory, sizeof directory, "%s/etc", scene->elsewhere);
	snprintf(old, sizeof old, "%s.old", directory);
	assert_int_equal(mkdir(directory, 0755), 0);
	snprintf(moved, sizeof moved, "%s/greylist.conf", directory);
	assert_int_equal(rename(scene->site->config, moved), 0);
	snprintf(scene->site->config, sizeof scene->site->config, "%.500s", moved);
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	assert_int_equal(rename(directory, old), 0);
	assert_int_equal(mkdir(directory, 0755), 0);
	configure(scene, (struct change){ .more = "mode = off" });
	assert_int_equal(rename(tmpdir_path(scene->site->root, "greylist.conf"), moved), 0);
	ask(scene, "two@a.test", "action=DUNNO");
	expect_helpers(scene, 1);
	assert_false(site_logged(scene->site, "warning"));
}

static void a_link_that_is_turned_is_followed(void **state)
{
	struct scene *scene = *state;
	char target[512];
	snprintf(target, sizeof target, "%s/clients", scene->elsewhere);
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	tmpdir_write(scene->elsewhere, "clients", "192.0.2.7\n", 10);
	assert_int_equal(unlink(tmpdir_path(scene->site->root, "clients")), 0);
	assert_int_equal(symlink(target, tmpdir_path(scene->site->root, "clients")), 0);
	ask(scene, "two@a.test", "action=DUNNO");
	tmpdir_write(scene->elsewhere, "clients", "# none\n", 7);
	ask(scene, "three@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 1);
}

/* The line of /proc/PID/status that begins so. */
static void status_line(const struct scene *scene, const char *name, char line[128])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/status", (long)scene->helper.pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, 128, file) != NULL && strncmp(line, name, strlen(name)) != 0)
		continue;
	fclose(file);
}

/* Where a new helper cannot reach a file either, ending would be for ever: it answers. */
static void a_helper_never_ends_before_its_first_answer(void **state)
{
	struct scene *scene = *state;
	char line[128] = "";
	start(scene);
	while (build_confines() && strstr(line, "\t2") == NULL)
		status_line(scene, "Seccomp:", line);
	tmpdir_write(scene->elsewhere, "clients", "192.0.2.8\n", 10);
	configure(scene, (struct change){ .clients = "clients" });
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	expect_helpers(scene, 0);
}

static void sandbox_false_gives_nothing_up(void **state)
{
	struct scene *scene = *state;
	char line[128];
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	status_line(scene, "NoNewPrivs:", line);
	assert_string_equal(line, build_confines() ? "NoNewPrivs:\t1\n" : "NoNewPrivs:\t0\n");
	helper_finish(&scene->helper);
	configure(scene, (struct change){ .more = "sandbox = false" });
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	status_line(scene, "NoNewPrivs:", line);
	assert_string_equal(line, "NoNewPrivs:\t0\n");
	status_line(scene, "Seccomp:", line);
	assert_string_equal(line, "Seccomp:\t0\n");
	tmpdir_write(scene->elsewhere, "clients", "192.0.2.7\n", 10);
	configure(scene, (struct change){ .clients = "clients", .more = "sandbox = false" });
	ask(scene, "two@a.test", "action=DUNNO");
	helper_finish(&scene->helper);
	assert_int_equal(scene->helpers, 2);
}

/* Five hours east, in a file that nobody keeps within reach: RFC 8536 3.1. */
static void write_zone(const char *directory)
{
	static const char zone[] = "TZif\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
				   "\0\0\x46\x50\0\0XYZ";
	tmpdir_write(directory, "zone", zone, sizeof zone);
}

static void log_times_are_of_the_zone(void **state)
{
	struct scene *scene = *state;
	char zone[512], before[64], after[64];
	time_t five_hours = 5 * 3600, now = time(NULL) + five_hours;
	struct tm parts;
	write_zone(scene->elsewhere);
	snprintf(zone, sizeof zone, ":%s/zone", scene->elsewhere);
	assert_int_equal(setenv("TZ", zone, 1), 0);
	strftime(before, sizeof before, "%b %e %H:%M:", gmtime_r(&now, &parts));
	start(scene);
	ask(scene, "one@a.test", "action=DEFER_IF_PERMIT");
	helper_finish(&scene->helper);
	assert_int_equal(unsetenv("TZ"), 0);
	now = time(NULL) + five_hours;
	strftime(after, sizeof after, "%b %e %H:%M:", gmtime_r(&now, &parts));
	assert_true(site_logged(scene->site, before) || site_logged(scene->site, after));
}

static int setup(void **state)
{
	static struct scene scene;
	void *site;
	if (site_setup(&site) != 0)
		return -1;
	scene = (struct scene){ .site = site, .elsewhere = tmpdir_make() };
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	void *site = scene->site;
	tmpdir_remove(scene->elsewhere);
	return site_teardown(&site);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCENE(edits_in_the_same_directories_end_nobody),
		WITH_SCENE(a_list_elsewhere_counts_at_once),
		WITH_SCENE(a_table_elsewhere_is_made_and_used),
		WITH_SCENE(a_directory_that_is_made_at_last_is_used),
		WITH_SCENE(a_log_elsewhere_gets_its_line),
		WITH_SCENE(a_delegation_elsewhere_counts_at_once),
		WITH_SCENE(a_delegation_in_a_new_directory_counts_at_once),
		WITH_SCENE(another_domains_delegation_is_known_to_the_sweep),
		WITH_SCENE(a_configuration_in_a_new_directory_counts_at_once),
		WITH_SCENE(a_link_that_is_turned_is_followed),
		WITH_SCENE(a_helper_never_ends_before_its_first_answer),
		WITH_SCENE(sandbox_false_gives_nothing_up),
		WITH_SCENE(log_times_are_of_the_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
