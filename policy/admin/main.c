#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "greylist/version.h"

static unsigned terminal_columns(void)
{
	struct winsize size = { 0 };
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* See no-color.org. */
static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return (no == NULL || *no == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* What is opened next takes the lowest number: a table in the place of a closed stdout would be
 * printed into. So such a place is taken by what can only be used the other way round. */
static void fill_places(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			exit(GL_EXIT_IO);
}

/* A result that did not reach its file or pipe is no result. */
static enum gl_exit finish(struct gl_admin *admin, enum gl_exit code)
{
	gl_world_clear(&admin->world);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	gl_admin_say(admin, "the output could not be written");
	return GL_EXIT_IO;
}

static enum gl_exit run(struct gl_admin *admin, const char *config, int argc, char **argv)
{
	gl_world_init(&admin->world, config, GL_ACCESS_READ);
	return finish(admin, gl_command_run(admin, argc, argv));
}

static enum gl_exit wrong_usage(const struct gl_admin *admin, const char *word)
{
	if (strcmp(word, "-c") == 0)
		gl_admin_say(admin, "-c needs a value: FILE");
	else
		gl_admin_say(admin, "there is no option %s in front of the command", word);
	gl_commands_help(stderr);
	return GL_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct gl_admin admin = { .out = stdout,
		.err = stderr,
		.now = (int64_t)time(NULL),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.columns = terminal_columns() };
	admin.colour = admin.terminal && wants_colour();
	const char *config = GREYLIST_DEFAULT_CONFIG;
	int at = 1;

	fill_places();
	/* A file that may not grow any further is an error that can be told. */
	signal(SIGXFSZ, SIG_IGN);
	for (; at < argc && argv[at][0] == '-'; at++) {
		const char *word = argv[at];
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			gl_commands_help(stdout);
			return GL_EXIT_OK;
		}
		if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
			printf("greylist-admin %s, %s\n", GREYLIST_VERSION, gl_store_engine());
			return GL_EXIT_OK;
		}
		if (strcmp(word, "-c") != 0 || argv[at + 1] == NULL)
			return (int)wrong_usage(&admin, word);
		config = argv[++at];
	}
	return (int)run(&admin, config, argc - at, argv + at);
}
