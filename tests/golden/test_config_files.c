#include "greylist/config.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

/*
 * NNN-name.conf is a configuration and NNN-name.out what is said about
 * it, a mistake a line. Beside that, reading one must print nothing:
 * whatever reaches descriptor 1 or 2 of the helper is an answer to Postfix.
 */

enum { OUTPUT_MAX = 65536 };

struct output {
	size_t used;
	char text[OUTPUT_MAX];
};

static void keep_mistake(void *context, const char *mistake)
{
	struct output *output = context;
	int len = snprintf(output->text + output->used, OUTPUT_MAX - output->used, "%s\n", mistake);

	assert_true(len > 0 && (size_t)len < OUTPUT_MAX - output->used);
	output->used += (size_t)len;
}

/* Loads the file with descriptors 1 and 2 on `printed`. */
static enum gl_status load_quietly(const char *name, int printed, struct output *output)
{
	struct gl_config config;
	int out = dup(STDOUT_FILENO);
	int err = dup(STDERR_FILENO);

	output->used = 0;
	output->text[0] = '\0';
	fflush(stdout);
	fflush(stderr);
	assert_true(dup2(printed, STDOUT_FILENO) >= 0 && dup2(printed, STDERR_FILENO) >= 0);
	enum gl_status status = gl_config_load(&config, name, keep_mistake, output, NULL);
	gl_config_clear(&config);
	fflush(stdout);
	fflush(stderr);
	assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
	close(out);
	close(err);
	return status;
}

static void read_expected(const char *conf, struct output *expected)
{
	char name[300];

	snprintf(name, sizeof name, "%.*s.out", (int)(strlen(conf) - 5), conf);
	FILE *file = fopen(name, "rb");
	if (file == NULL)
		fail_msg("%s is missing", name);
	expected->used = fread(expected->text, 1, OUTPUT_MAX - 1, file);
	expected->text[expected->used] = '\0';
	fclose(file);
}

static void check_file(const char *name, int printed)
{
	static struct output said;
	static struct output expected;
	struct stat info;
	enum gl_status status = load_quietly(name, printed, &said);

	read_expected(name, &expected);
	if (strcmp(said.text, expected.text) != 0)
		fail_msg("%s: said\n%sinstead of\n%s", name, said.text, expected.text);
	if (status != (expected.used == 0 ? GL_OK : GL_BAD_CONFIG))
		fail_msg("%s: status %d", name, (int)status);
	assert_int_equal(fstat(printed, &info), 0);
	if (info.st_size != 0)
		fail_msg("%s: something was printed", name);
}

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static void every_file_gets_its_mistakes(void **state)
{
	struct dirent **names = NULL;
	char *dir = tmpdir_make();
	int printed = open(tmpdir_path(dir, "printed"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(printed >= 0);
	assert_int_equal(chdir(GREYLIST_GOLDEN_CONFIG), 0);
	int count = scandir(".", &names, is_conf, alphasort);
	assert_true(count > 20);
	for (int i = 0; i < count; i++) {
		check_file(names[i]->d_name, printed);
		free(names[i]);
	}
	free(names);
	close(printed);
	tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_gets_its_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
