#include "replacer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "extent.h"

enum { COMPACT, BACKUP, RESTORE };

static const char *const names[REPLACER_COMMANDS] = { "compact", "backup", "restore" };

void replacer_begin(struct replacer *replacer, const struct rig *rig)
{
	replacer->rig = rig;
	snprintf(replacer->backup, sizeof replacer->backup, "%s/backup", rig->dir);
}

/* Before the first backup was finished there is nothing to restore. */
static int choose(const struct replacer *replacer, struct dice *dice)
{
	char whole[600];
	snprintf(whole, sizeof whole, "%s/data.mdb", replacer->backup);
	int command = (int)dice_between(dice, 0, REPLACER_COMMANDS - 1);
	return command == RESTORE && access(whole, R_OK) != 0 ? BACKUP : command;
}

static void start(struct replacer *replacer, struct dice *dice, int64_t now)
{
	/* 0.5 to 64 ms: before it has begun, in the middle, or just too late */
	int64_t span = INT64_C(1000000) << dice_between(dice, 0, 6);
	replacer->command = choose(replacer, dice);
	replacer->kill_at = dice_one_in(dice, 2) ? now + dice_between(dice, span / 2, span) : 0;
	replacer->killed = false;
	replacer->pid = fork();
	if (replacer->pid != 0)
		return;
	int nowhere = open("/dev/null", O_WRONLY);
	dup2(nowhere, STDOUT_FILENO);
	execl(replacer->admin, replacer->admin, "-c", replacer->rig->conf, names[replacer->command],
	    replacer->command == COMPACT ? NULL : replacer->backup, NULL);
	_exit(126);
}

/* A table that no helper has made yet is nothing to back up: exit 1. */
static void note_end(struct replacer *replacer, int ended)
{
	bool good = WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
	bool nothing = WIFEXITED(ended) && WEXITSTATUS(ended) == 1;
	if (good)
		replacer->finished[replacer->command]++;
	else if (replacer->killed)
		replacer->cut[replacer->command]++;
	else if (!nothing) {
		replacer->failed++;
		printf("  %s ended with 0x%x\n", names[replacer->command], (unsigned)ended);
	}
	replacer->pid = 0;
}

void replacer_go_on(struct replacer *replacer, struct dice *dice, int64_t now)
{
	int ended = 0;
	if (replacer->admin == NULL)
		return;
	if (replacer->pid > 0 && replacer->kill_at != 0 && now >= replacer->kill_at) {
		replacer->killed = true;
		replacer->kill_at = 0;
		kill(replacer->pid, SIGKILL);
	}
	if (replacer->pid > 0 && waitpid(replacer->pid, &ended, WNOHANG) == replacer->pid)
		note_end(replacer, ended);
	if (replacer->pid == 0)
		start(replacer, dice, now);
}

void replacer_end(struct replacer *replacer)
{
	int ended = 0;
	if (replacer->admin != NULL && replacer->pid > 0 &&
	    waitpid(replacer->pid, &ended, 0) == replacer->pid)
		note_end(replacer, ended);
}

/* On a slow machine few get done in the bounded form: then it is enough that any did. */
unsigned replacer_report(const struct replacer *replacer)
{
	unsigned finished = 0, cut = 0, missing = 0;
	if (replacer->admin == NULL)
		return 0;
	for (int i = 0; i < REPLACER_COMMANDS; i++) {
		printf("%s: %u finished, %u killed\n", names[i], replacer->finished[i],
		    replacer->cut[i]);
		finished += replacer->finished[i];
		cut += replacer->cut[i];
		missing += replacer->finished[i] == 0 || replacer->cut[i] == 0;
	}
	return replacer->failed + (finished == 0 || cut == 0) + (extent_full() ? missing : 0);
}
