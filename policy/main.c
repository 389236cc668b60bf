#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "confinement.h"
#include "greylist/regex.h"
#include "greylist/version.h"
#include "last_words.h"
#include "owner.h"
#include "session.h"

struct options {
	const char *config;
	bool once;
	bool version;
	bool help;
};

static const char usage_text[] = "usage: greylist-policy [-c FILE] [-1] [-V] [-h]\n";

static const char help_text[] =
    "Answers Postfix policy requests on standard input until its end: greylisting.\n"
    "Started by spawn(8); see greylist-policy(8) for the lines in main.cf and master.cf.\n"
    "\n"
    "  -c FILE  read FILE instead of " GREYLIST_DEFAULT_CONFIG "\n"
    "  -1       answer one request and exit\n"
    "  -V       print the version, the libraries in use and what the kernel has for a sandbox\n"
    "  -h       print this help\n";

/* spawn(8) connects descriptor 2 to smtpd as well: a stray line there would be read as a reply. */
static void keep_stderr_off_the_wire(void)
{
	struct stat out, err;
	bool shared = fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
		      S_ISSOCK(out.st_mode) && out.st_dev == err.st_dev && out.st_ino == err.st_ino;
	if (!shared && fcntl(STDERR_FILENO, F_GETFD) >= 0)
		return;
	int null = open("/dev/null", O_RDWR);
	if (null >= 0 && null != STDERR_FILENO) {
		dup2(null, STDERR_FILENO);
		close(null);
	}
}

static bool parse(int argc, char **argv, struct options *options)
{
	int option;
	opterr = 0;
	while ((option = getopt(argc, argv, "c:1Vh")) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case '1':
			options->once = true;
			break;
		case 'V':
			options->version = true;
			break;
		case 'h':
			options->help = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

static void drop_root(struct gl_world *world)
{
	struct gl_complaint why;
	if (gl_world_configure(world) != GL_OK)
		return;
	if (gl_become_owner(world->config.database, &why) != GL_OK)
		gl_log_printf(world->log, GL_LOG_WARNING, "warning: %s", why.text);
}

static void hint_at_terminal(void)
{
	if (isatty(STDIN_FILENO))
		fputs("greylist-policy: reading a policy request: lines of name=value and an empty "
		      "line; Postfix starts this program, see greylist-policy(8)\n",
		    stderr);
}

static int serve(const struct options *options)
{
	struct gl_world world;
	gl_world_init(&world, options->config, GL_ACCESS_SERVE);
	if (geteuid() == 0)
		drop_root(&world);
	/* whatever its status: the session asks for it again, and answers it */
	enum gl_status configured = gl_world_configure(&world);
	(void)configured;
	struct gl_session session = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.world = &world,
		.clock = wall_clock,
		.requests_max = options->once ? 1 : 0,
		.confined = gl_confine(&world),
	};
	gl_session_serve(&session);
	gl_world_clear(&world);
	return 0;
}

static void print_version(void)
{
	char sandbox[GL_CONFINEMENT_MAX];
	gl_confinement_describe(sandbox);
	printf("greylist-policy %s, %s, %s\nsandbox: %s\n", GREYLIST_VERSION, gl_store_engine(),
	    gl_regex_engine(), sandbox);
}

int main(int argc, char **argv)
{
	struct options options = { .config = GREYLIST_DEFAULT_CONFIG };
	keep_stderr_off_the_wire();
	if (!parse(argc, argv, &options)) {
		fputs(usage_text, stderr);
		return EX_USAGE;
	}
	if (options.help) {
		printf("%s%s", usage_text, help_text);
		return 0;
	}
	if (options.version) {
		print_version();
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	gl_last_words_init();
	hint_at_terminal();
	return serve(&options);
}
