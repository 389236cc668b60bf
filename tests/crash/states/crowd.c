#include "crowd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"
#include "tmpdir.h"

enum { WORKERS_MAX = 8, GO_ON_EVERY = 61, SECONDS = 5 /* of CPU, for one state */ };

struct worker {
	uint64_t next, end; /* next: the state that is being judged */
	char directory[512];
	struct crowd_report report;
};

struct desk {
	const struct life *life;
	const struct plan *plan;
	struct image image;
	struct moment moment;
	struct choice choice;
};

static void sit_down(
    struct desk *desk, const char *directory, const struct life *life, const struct plan *plan)
{
	*desk = (struct desk){ .life = life, .plan = plan };
	image_make(&desk->image, directory, plan->history, life->secret);
	moment_begin(&desk->moment, plan->history);
	desk->choice.version = calloc(plan->history->page_count, sizeof *desk->choice.version);
	if (desk->choice.version == NULL)
		abort();
}

static void get_up(struct desk *desk)
{
	free(desk->choice.version);
	moment_end(&desk->moment);
	image_drop(&desk->image);
}

static void judge(struct desk *desk, uint64_t number, struct judgement *judgement)
{
	const struct cut *cut = plan_cut(desk->plan, number);
	while (desk->moment.step < cut->step)
		moment_advance(&desk->moment);
	plan_choose(desk->plan, &desk->moment, number, &desk->choice);
	image_show(&desk->image, &desk->choice);
	verdict_judge(judgement, desk->life, desk->image.directory, (size_t)desk->moment.mark);
	if (judgement->verdict >= VERDICT_DAMAGED || number % GO_ON_EVERY != 0)
		return;
	verdict_go_on(judgement, desk->life, desk->image.directory, (size_t)desk->moment.mark);
	image_forget(&desk->image);
}

static void note(struct crowd_report *report, uint64_t number, const struct judgement *judgement)
{
	report->verdicts[judgement->verdict]++;
	if (judgement->verdict < VERDICT_DAMAGED)
		return;
	if (report->bad < CROWD_EXAMPLES) {
		report->examples[report->bad].number = number;
		report->examples[report->bad].judgement = *judgement;
	}
	report->bad++;
}

static void count(struct crowd_report *report, const struct plan *plan, uint64_t number)
{
	const struct cut *cut = plan_cut(plan, number);
	if (number - cut->first < cut->subsets)
		report->subsets++;
	else
		report->torn++;
	if (number % GO_ON_EVERY == 0)
		report->went_on++;
}

/* A sanitizer's report of what garbage does to LMDB helps nobody. */
static void be_quiet(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], SIG_DFL);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDERR_FILENO);
}

static _Noreturn void work(struct worker *worker, const struct life *life, const struct plan *plan)
{
	const struct itimerval limit = { .it_value = { .tv_sec = SECONDS } };
	struct desk desk;
	struct judgement judgement;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be_quiet();
	sit_down(&desk, worker->directory, life, plan);
	while (worker->next < worker->end) {
		setitimer(ITIMER_PROF, &limit, NULL);
		judge(&desk, worker->next, &judgement);
		note(&worker->report, worker->next, &judgement);
		count(&worker->report, plan, worker->next);
		worker->next++;
	}
	get_up(&desk);
	_exit(0);
}

static pid_t start(struct worker *worker, const struct life *life, const struct plan *plan)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		work(worker, life, plan);
	return child;
}

/* Whether the worker has come to its end; where it was ended, the state was bad. */
static bool came_to_end(struct worker *worker, const struct plan *plan, int ended)
{
	struct judgement judgement = { .verdict = VERDICT_ENDED };
	if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && worker->next == worker->end)
		return true;
	snprintf(judgement.why, sizeof judgement.why, "signal %d, status %d",
	    WIFSIGNALED(ended) ? WTERMSIG(ended) : 0, WIFEXITED(ended) ? WEXITSTATUS(ended) : 0);
	note(&worker->report, worker->next, &judgement);
	count(&worker->report, plan, worker->next);
	worker->next++;
	return worker->next >= worker->end;
}

static void sum_up(struct crowd_report *report, const struct crowd_report *part)
{
	for (uint64_t i = 0; i < part->bad && i < CROWD_EXAMPLES; i++) {
		if (report->bad + i < CROWD_EXAMPLES)
			report->examples[report->bad + i] = part->examples[i];
	}
	for (int i = 0; i < VERDICTS; i++)
		report->verdicts[i] += part->verdicts[i];
	report->subsets += part->subsets;
	report->torn += part->torn;
	report->went_on += part->went_on;
	report->bad += part->bad;
}

static bool run(
    struct worker *workers, size_t crowd, const struct life *life, const struct plan *plan)
{
	pid_t children[WORKERS_MAX];
	size_t busy = crowd;
	bool started = true;
	for (size_t i = 0; i < crowd; i++)
		children[i] = start(&workers[i], life, plan);
	while (busy > 0 && started) {
		int ended;
		pid_t child = wait(&ended);
		for (size_t i = 0; i < crowd; i++) {
			if (children[i] != child)
				continue;
			if (child < 0)
				started = false;
			else if (came_to_end(&workers[i], plan, ended))
				children[i] = 0, busy--;
			else
				children[i] = start(&workers[i], life, plan);
		}
		started = started && child > 0;
	}
	return started;
}

bool crowd_judge(struct crowd_report *report, const struct life *life, const struct plan *plan)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t crowd = processors < 1             ? 1
		       : processors > WORKERS_MAX ? WORKERS_MAX
						  : (size_t)processors;
	struct worker *workers = mmap(NULL, crowd * sizeof *workers, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*report = (struct crowd_report){ .bad = 0 };
	if (workers == MAP_FAILED)
		return false;
	char *base = tmpdir_make();
	for (size_t i = 0; i < crowd; i++) {
		workers[i].next = plan->states * i / crowd;
		workers[i].end = plan->states * (i + 1) / crowd;
		snprintf(workers[i].directory, sizeof workers[i].directory, "%s/%zu", base, i);
	}
	bool started = run(workers, crowd, life, plan);
	for (size_t i = 0; i < crowd; i++)
		sum_up(report, &workers[i].report);
	tmpdir_remove(base);
	munmap(workers, crowd * sizeof *workers);
	return started;
}

void crowd_show(const struct life *life, const struct plan *plan, uint64_t number)
{
	struct desk desk;
	struct judgement judgement;
	char *base = tmpdir_make();
	sit_down(&desk, base, life, plan);
	const struct cut *cut = plan_cut(plan, number);
	while (desk.moment.step < cut->step)
		moment_advance(&desk.moment);
	plan_choose(plan, &desk.moment, number, &desk.choice);
	printf("state %" PRIu64 "\n", number);
	choice_print(&desk.choice, &desk.moment);
	fflush(stdout);
	judge(&desk, number, &judgement);
	printf("  %s%s%s\n", verdict_text(judgement.verdict), judgement.why[0] != '\0' ? ": " : "",
	    judgement.why);
	get_up(&desk);
	tmpdir_remove(base);
}
