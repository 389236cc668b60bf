#include "meddler.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* In this order; restore brings back what backup made just before. */
static const struct command {
	const char *name;
	bool takes_directory;
} commands[] = {
	{ "list", false },
	{ "purge", false },
	{ "export", false },
	{ "backup", true },
	{ "compact", false },
	{ "restore", true },
	{ "stats", false },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

struct work {
	const char *admin;
	const struct rig *rig;
	int stop; /* readable: it is enough */
	unsigned runs[COMMANDS];
	uint64_t wrong;
};

static char *text_of(const char *text)
{
	union {
		const char *in;
		char *out;
	} at = { .in = text };
	return at.out;
}

/* Wait status; -1 where it could not be started. */
static int run(const char *const words[], bool silent)
{
	char *argv[8] = { NULL };
	for (size_t i = 0; words[i] != NULL; i++)
		argv[i] = text_of(words[i]);
	posix_spawn_file_actions_t actions;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	pid_t pid;
	int status = -1;
	int error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (error == 0 && silent)
		error = posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (error == 0)
		error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error == 0 && waitpid(pid, &status, 0) != pid)
		status = -1;
	return status;
}

static bool is_known(const struct work *work, const struct command *command)
{
	const char *const words[] = { work->admin, command->name, "--help", NULL };
	return run(words, true) == 0;
}

static void run_command(struct work *work, size_t which)
{
	const struct command *command = &commands[which];
	char backup[600];
	snprintf(backup, sizeof backup, "%s/backup", work->rig->dir);
	const char *const words[] = { work->admin, "-c", work->rig->conf, command->name,
		command->takes_directory ? backup : NULL, NULL };
	int status = run(words, false);
	work->runs[which]++;
	if (status == 0)
		return;
	printf("  greylist-admin %s ended with wait status %#x\n", command->name, (unsigned)status);
	work->wrong++;
}

static bool enough(const struct work *work, int milliseconds)
{
	struct pollfd stop = { .fd = work->stop, .events = POLLIN };
	return poll(&stop, 1, milliseconds) != 0;
}

static void wait_for_table(const struct work *work)
{
	char table[600];
	snprintf(table, sizeof table, "%s/table", work->rig->state);
	while (access(table, F_OK) != 0 && !enough(work, 10))
		continue;
}

static void meddle(struct work *work)
{
	bool known[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		known[i] = is_known(work, &commands[i]);
	wait_for_table(work);
	for (size_t i = 0; !enough(work, 0); i = (i + 1) % COMMANDS) {
		if (known[i])
			run_command(work, i);
	}
	printf("  meanwhile:");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!known[i])
			continue;
		printf(" %u %s", work->runs[i], commands[i].name);
		work->wrong += work->runs[i] == 0;
	}
	printf("\n");
}

bool meddler_begin(struct meddler *meddler, const char *admin, const struct rig *rig)
{
	int ends[2];
	*meddler = (struct meddler){ .stop = -1 };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct work work = { .admin = admin, .rig = rig, .stop = ends[0] };
		close(ends[1]);
		meddle(&work);
		fflush(stdout);
		_exit(work.wrong > 100 ? 100 : (int)work.wrong);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return false;
	}
	*meddler = (struct meddler){ .pid = pid, .stop = ends[1] };
	return true;
}

uint64_t meddler_end(struct meddler *meddler)
{
	int status = 0;
	if (meddler->pid == 0)
		return 0;
	close(meddler->stop);
	pid_t ended = waitpid(meddler->pid, &status, 0);
	bool good = ended == meddler->pid && WIFEXITED(status);
	*meddler = (struct meddler){ .stop = -1 };
	return good ? (uint64_t)WEXITSTATUS(status) : 1;
}
