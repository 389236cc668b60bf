#include "mob.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "extent.h"
#include "tmpdir.h"

enum { IMPORT, ALLOW, DENY, PURGE, DELETE, COMPACT, BACKUP, RESTORE, EXPORT, LIST, STATS };
enum { ENTRIES = 100 /* of an import that stay */, PASSING = 5 /* that anybody may delete */ };

static const struct {
	const char *words[4]; /* "#" stands for what has a number, "@" for the backup */
	bool numbered;
} commands[MOB_COMMANDS] = {
	[IMPORT] = { { "import", "--merge", "#" }, true },
	[ALLOW] = { { "allow", "--client", "#" }, true },
	[DENY] = { { "deny-auto-whitelist", "#" }, true },
	[PURGE] = { { "purge" }, false },
	[DELETE] = { { "delete", "--sender", "passing.example" }, false },
	[COMPACT] = { { "compact" }, false },
	[BACKUP] = { { "backup", "@" }, false },
	[RESTORE] = { { "restore", "@" }, false },
	[EXPORT] = { { "export" }, false },
	[LIST] = { { "list" }, false },
	[STATS] = { { "stats" }, false },
};

void mob_begin(struct mob *mob, const struct rig *rig)
{
	mob->rig = rig;
	snprintf(mob->backup, sizeof mob->backup, "%s/backup", rig->dir);
	memset(mob->numbers, 0, sizeof mob->numbers);
	memset(mob->done, 0, sizeof mob->done);
}

static void add_entry(FILE *file, unsigned number, unsigned i, const char *domain, int64_t now)
{
	fprintf(file,
	    "{\"type\":\"triplet\",\"client\":\"198.19.%u.0/24\",\"sender\":\"i%un%ux@%s\","
	    "\"recipient\":\"r@example.org\",\"first_seen\":%" PRId64 ",\"last_seen\":%" PRId64
	    ",\"passed_at\":null,\"attempts\":1,\"passes\":0}\n",
	    number % 250, number, i, domain, now - 1000, now - 900);
}

static void write_import(const char *path, unsigned number)
{
	FILE *file = fopen(path, "w");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	for (unsigned i = 0; i < ENTRIES; i++)
		add_entry(file, number, i, "kept.example", time(NULL));
	for (unsigned i = 0; i < PASSING; i++)
		add_entry(file, number, i, "passing.example", time(NULL));
	fclose(file);
}

static void name_operand(
    const struct mob *mob, const struct mob_slot *slot, char *operand, size_t size)
{
	if (slot->command != IMPORT) {
		snprintf(operand, size, "198.18.%u.%u", slot->number / 250, slot->number % 250);
		return;
	}
	snprintf(operand, size, "%s/import.%zu", mob->rig->dir, (size_t)(slot - mob->slots));
	write_import(operand, slot->number);
}

/* A backup and a restore of one directory come one after the other. */
static bool may_run(const struct mob *mob, int command)
{
	char whole[700];
	if (commands[command].numbered)
		return mob->numbers[command] < MOB_NUMBERS;
	if (command != BACKUP && command != RESTORE)
		return true;
	for (int i = 0; i < MOB_SLOTS; i++)
		if (mob->slots[i].pid != 0 &&
		    (mob->slots[i].command == BACKUP || mob->slots[i].command == RESTORE))
			return false;
	snprintf(whole, sizeof whole, "%s/data.mdb", mob->backup);
	return command == BACKUP || access(whole, R_OK) == 0;
}

static void run(const struct mob *mob, const struct mob_slot *slot, char *operand)
{
	const char *words[8] = { mob->admin, "-c", mob->rig->conf };
	char *argv[8] = { NULL };
	for (int i = 0; i < 4 && commands[slot->command].words[i] != NULL; i++) {
		const char *word = commands[slot->command].words[i];
		words[3 + i] = strcmp(word, "#") == 0   ? operand
			       : strcmp(word, "@") == 0 ? mob->backup
							: word;
	}
	for (int i = 0; words[i] != NULL; i++)
		argv[i] = strdup(words[i]);
	int nowhere = open("/dev/null", O_WRONLY);
	dup2(nowhere, STDOUT_FILENO);
	execv(mob->admin, argv);
	_exit(126);
}

static void start(struct mob *mob, struct mob_slot *slot, struct dice *dice, int64_t now)
{
	char operand[700] = "";
	/* 0.5 to 64 ms: before it has begun, in the middle, or just too late */
	int64_t span = INT64_C(1000000) << dice_between(dice, 0, 6);
	int command = (int)dice_between(dice, 0, MOB_COMMANDS - 1);
	if (!may_run(mob, command))
		return;
	*slot = (struct mob_slot){ .command = command, .number = mob->numbers[command] };
	if (commands[command].numbered) {
		mob->numbers[command]++;
		name_operand(mob, slot, operand, sizeof operand);
	}
	slot->kill_at = dice_one_in(dice, 2) ? now + dice_between(dice, span / 2, span) : 0;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		run(mob, slot, operand);
	slot->pid = pid > 0 ? pid : 0;
}

/* 1: there is no table yet, or nothing to delete. */
static void note_end(struct mob *mob, struct mob_slot *slot, int ended)
{
	bool good = WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
	bool nothing = WIFEXITED(ended) && WEXITSTATUS(ended) == 1;
	slot->pid = 0;
	if (good) {
		mob->finished[slot->command]++;
		mob->done[slot->command][slot->number] = commands[slot->command].numbered;
		mob->acknowledged += slot->command == IMPORT ? ENTRIES : 0;
	} else if (slot->killed) {
		mob->cut[slot->command]++;
	} else if (!nothing) {
		mob->failed++;
		printf("  %s ended with 0x%x\n", commands[slot->command].words[0], (unsigned)ended);
	}
}

static void end_slot(struct mob *mob, struct mob_slot *slot, int how)
{
	int ended = 0;
	if (slot->pid != 0 && waitpid(slot->pid, &ended, how) == slot->pid)
		note_end(mob, slot, ended);
}

void mob_go_on(struct mob *mob, struct dice *dice, int64_t now)
{
	for (int i = 0; mob->admin != NULL && i < MOB_SLOTS; i++) {
		struct mob_slot *slot = &mob->slots[i];
		if (slot->pid != 0 && slot->kill_at != 0 && now >= slot->kill_at) {
			slot->killed = true;
			slot->kill_at = 0;
			mob->kills++;
			kill(slot->pid, SIGKILL);
		}
		end_slot(mob, slot, WNOHANG);
		if (slot->pid == 0)
			start(mob, slot, dice, now);
	}
}

void mob_end(struct mob *mob)
{
	for (int i = 0; mob->admin != NULL && i < MOB_SLOTS; i++)
		end_slot(mob, &mob->slots[i], 0);
}

/* What one line of the export is of ours. */
static void tick(const char *line, struct mob *mob, unsigned found[MOB_COMMANDS][MOB_NUMBERS])
{
	unsigned number, i, high, low;
	const char *at = strstr(line, "\"sender\":\"i");
	if (at != NULL && strstr(at, "@kept.example\"") != NULL &&
	    sscanf(at, "\"sender\":\"i%un%ux@", &number, &i) == 2 && number < MOB_NUMBERS)
		found[IMPORT][number]++;
	at = strstr(line, "\"who\":\"198.18.");
	if (at == NULL || sscanf(at, "\"who\":\"198.18.%u.%u\"", &high, &low) != 2)
		return;
	number = high * 250 + low;
	if (number < mob->numbers[ALLOW] && strstr(line, "\"type\":\"allow\"") != NULL)
		found[ALLOW][number]++;
	else if (number < mob->numbers[DENY] && strstr(line, "\"type\":\"never\"") != NULL)
		found[DENY][number]++;
}

uint64_t mob_compare(struct mob *mob)
{
	static unsigned found[MOB_COMMANDS][MOB_NUMBERS];
	char line[4096];
	uint64_t lost = 0, held = 0;
	if (mob->admin == NULL)
		return 0;
	memset(found, 0, sizeof found);
	snprintf(line, sizeof line, "'%s' -c '%s' export", mob->admin, mob->rig->conf);
	FILE *exported = popen(line, "r");
	while (exported != NULL && fgets(line, sizeof line, exported) != NULL)
		tick(line, mob, found);
	if (exported == NULL || pclose(exported) != 0)
		lost++;
	for (int command = IMPORT; command <= DENY; command++) {
		for (unsigned i = 0; i < mob->numbers[command]; i++) {
			unsigned whole = command == IMPORT ? ENTRIES : 1;
			held += mob->done[command][i];
			if (!mob->done[command][i] || found[command][i] == whole)
				continue;
			printf("  %s %u is done, and of %u entries %u are there\n",
			    commands[command].words[0], i, whole, found[command][i]);
			lost++;
		}
	}
	printf("  %" PRIu64 " imports, allows and denials are there\n", held - lost);
	return lost + rig_damage(mob->rig, mob->admin);
}

/* On a slow machine few get done in the bounded form: then it is enough that any did. */
unsigned mob_report(const struct mob *mob)
{
	unsigned finished = 0, cut = 0, missing = 0;
	if (mob->admin == NULL)
		return 0;
	for (int i = 0; i < MOB_COMMANDS; i++) {
		printf("%s: %u finished, %u killed\n", commands[i].words[0], mob->finished[i],
		    mob->cut[i]);
		finished += mob->finished[i];
		cut += mob->cut[i];
		missing += mob->finished[i] == 0 || mob->cut[i] == 0;
	}
	return mob->failed + (finished == 0 || cut == 0) + (extent_full() ? missing : 0);
}
