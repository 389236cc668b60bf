/* A Postgrey directory is read while it is in use, and whatever else may be found there. */
#include "greylist/postgrey.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <db.h>

#include "tmpdir.h"

enum { TRIPLETS = 2000 };

/* Postgrey's side: an environment with logs and transactions, and two databases. */
struct office {
	char *path;    /* Postgrey's directory */
	char *scratch; /* where the copy goes */
	int fd;
	DB_ENV *env;
	DB *triplets, *clients;
	size_t pairs, stop_at; /* handed out; after how many the reader has enough, or 0 */
	struct gl_complaint why;
};

static DB *open_db(DB_ENV *env, const char *name)
{
	DB *db = NULL;
	assert_int_equal(db_create(&db, env, 0), 0);
	assert_int_equal(db->open(db, NULL, name, NULL, DB_BTREE, DB_CREATE, 0600), 0);
	return db;
}

static void put(DB *db, const char *key_text, const char *value_text)
{
	char key_bytes[128], value_bytes[64];
	snprintf(key_bytes, sizeof key_bytes, "%s", key_text);
	snprintf(value_bytes, sizeof value_bytes, "%s", value_text);
	DBT key = { .data = key_bytes, .size = (u_int32_t)strlen(key_bytes) };
	DBT value = { .data = value_bytes, .size = (u_int32_t)strlen(value_bytes) };
	assert_int_equal(db->put(db, NULL, &key, &value, 0), 0);
}

static void move_in(struct office *office)
{
	const u_int32_t flags = DB_CREATE | DB_INIT_TXN | DB_INIT_MPOOL | DB_INIT_LOG;
	assert_int_equal(db_env_create(&office->env, 0), 0);
	assert_int_equal(office->env->set_flags(office->env, DB_AUTO_COMMIT, 1), 0);
	assert_int_equal(office->env->set_flags(office->env, DB_TXN_NOSYNC, 1), 0);
	assert_int_equal(office->env->open(office->env, office->path, flags, 0600), 0);
	office->triplets = open_db(office->env, "postgrey.db");
	office->clients = open_db(office->env, "postgrey_clients.db");
	for (int i = 0; i < TRIPLETS; i++) {
		char key[128];
		snprintf(key, sizeof key, "192.0.2.0/user%d@s.test/ann@d.test", i);
		put(office->triplets, key, "1000,1300");
	}
	put(office->clients, "192.0.2.7", "3,1300");
	assert_int_equal(office->env->log_flush(office->env, NULL), 0);
}

static void move_out(struct office *office)
{
	if (office->env == NULL)
		return;
	office->clients->close(office->clients, 0);
	office->triplets->close(office->triplets, 0);
	office->env->close(office->env, 0);
	office->env = NULL;
}

static int setup(void **state)
{
	struct office *office = calloc(1, sizeof *office);
	if (office == NULL)
		return -1;
	office->path = tmpdir_make();
	office->scratch = tmpdir_make();
	office->fd = open(office->path, O_RDONLY | O_DIRECTORY);
	*state = office;
	return office->fd < 0 ? -1 : 0;
}

static size_t files_in(const char *path)
{
	size_t count = 0;
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Whatever happened, no copy stays. */
static int teardown(void **state)
{
	struct office *office = *state;
	int wrong = files_in(office->scratch) == 0 ? 0 : -1;
	move_out(office);
	close(office->fd);
	tmpdir_remove(office->scratch);
	tmpdir_remove(office->path);
	free(office);
	return wrong;
}

static bool count(void *context, struct gl_span key, struct gl_span value)
{
	struct office *office = context;
	assert_true(key.len > 0 && value.len > 0);
	office->pairs++;
	return office->pairs != office->stop_at;
}

static enum gl_status read_all(struct office *office)
{
	office->pairs = 0;
	return gl_postgrey_db_read(office->fd, office->scratch, count, office, &office->why);
}

static void one_in_use_is_read_and_left_alone(void **state)
{
	struct office *office = *state;
	assert_true(gl_postgrey_db_there());
	move_in(office);
	size_t files = files_in(office->path);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS + 1);
	assert_int_equal(files_in(office->path), files);
	put(office->triplets, "192.0.2.0/one@more.test/ann@d.test", "1000,1000");
	assert_int_equal(office->env->log_flush(office->env, NULL), 0);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS + 2);
}

static void one_that_was_closed_is_read_without_its_logs_too(void **state)
{
	struct office *office = *state;
	move_in(office);
	assert_int_equal(office->env->txn_checkpoint(office->env, 0, 0, DB_FORCE), 0);
	move_out(office);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS + 1);
	assert_int_equal(unlink(tmpdir_path(office->path, "log.0000000001")), 0);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS + 1);
	assert_int_equal(unlink(tmpdir_path(office->path, "postgrey_clients.db")), 0);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS);
}

static void a_reader_who_has_enough_ends_it(void **state)
{
	struct office *office = *state;
	move_in(office);
	office->stop_at = 5;
	assert_int_equal(read_all(office), GL_FAILED);
	assert_int_equal(office->pairs, 5);
}

static void an_empty_directory_has_nothing(void **state)
{
	struct office *office = *state;
	assert_int_equal(read_all(office), GL_NOT_FOUND);
	assert_non_null(strstr(office->why.text, "postgrey.db: cannot be opened"));
}

static void what_is_no_database_is_refused(void **state)
{
	struct office *office = *state;
	tmpdir_write(office->path, "postgrey.db", "hello", 5);
	assert_int_equal(read_all(office), GL_CORRUPT);
	assert_non_null(strstr(office->why.text, "unexpected file type"));
}

static void logs_that_are_none_are_refused(void **state)
{
	struct office *office = *state;
	static const char noise[65536] = "no log";
	move_in(office);
	move_out(office);
	tmpdir_write(office->path, "log.0000000001", noise, sizeof noise);
	int ended = -1;
	/* libdb loses memory where it cannot open; as in the admin tool, a child reads. */
	pid_t child = fork();
	if (child == 0)
		_exit(read_all(office) != GL_OK &&
			      strstr(office->why.text, "cannot be recovered") != NULL
			  ? 0
			  : 1);
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
}

static void a_link_in_place_of_a_log_is_not_followed(void **state)
{
	struct office *office = *state;
	move_in(office);
	assert_int_equal(symlink("/dev/null", tmpdir_path(office->path, "log.0000000099")), 0);
	assert_int_equal(read_all(office), GL_FAILED);
	assert_non_null(strstr(office->why.text, "log.0000000099: cannot be opened"));
}

static void settings_in_the_directory_do_not_count(void **state)
{
	struct office *office = *state;
	static const char settings[] = "set_data_dir /nowhere\nset_lg_dir /nowhere\n";
	move_in(office);
	tmpdir_write(office->path, "DB_CONFIG", settings, sizeof settings - 1);
	assert_int_equal(read_all(office), GL_OK);
	assert_int_equal(office->pairs, TRIPLETS + 1);
}

static void without_a_place_for_the_copy_it_says_so(void **state)
{
	struct office *office = *state;
	move_in(office);
	enum gl_status status = gl_postgrey_db_read(
	    office->fd, "/nowhere/at/all", count, office, &office->why);
	assert_int_equal(status, GL_NOT_FOUND);
	assert_non_null(strstr(office->why.text, "/nowhere/at/all: no directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_in_use_is_read_and_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_that_was_closed_is_read_without_its_logs_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_who_has_enough_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_directory_has_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_database_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(logs_that_are_none_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_link_in_place_of_a_log_is_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    settings_in_the_directory_do_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    without_a_place_for_the_copy_it_says_so, setup, teardown),
	};
	return cmocka_run_group_tests_name("Postgrey's databases", tests, NULL, NULL);
}
