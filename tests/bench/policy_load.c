#include "load.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

static const char usage[] =
    "usage: policy-load [-c PARALLEL] [-n REQUESTS | -t SECONDS] [-k PER_CONNECTION]\n"
    "                   [-r REQUESTS_PER_SECOND] [-w known|new|exempt|mixed] [-p POOL]\n"
    "                   [-s SEED]\n"
    "                   -u SOCKET | -i HOST:PORT | PROGRAM [ARGUMENT...]\n";

static bool number(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;
	*value = strtoull(text, &end, 0);
	return end != text && *end == '\0' && *text != '-' && *value >= least && *value <= most;
}

static bool take_option(struct load_options *options, int option, const char *text)
{
	uint64_t value = 0;
	char *end;
	bool good = true;
	switch (option) {
	case 'c':
		good = number(text, 1, LOAD_PARALLEL_MAX, &value);
		options->parallel = (unsigned)value;
		return good;
	case 'n':
		return number(text, 1, UINT32_MAX, &options->requests);
	case 't':
		options->seconds = strtod(text, &end);
		return *end == '\0' && options->seconds > 0 && options->seconds < 86400;
	case 'k':
		return number(text, 0, UINT32_MAX, &options->per_connection);
	case 'r':
		options->rate = strtod(text, &end);
		return *end == '\0' && options->rate >= 1 && options->rate <= 1e6;
	case 'w':
		return workload_mix_parse(&options->workload.mix, text);
	case 'p':
		good = number(text, 1, (1 << 24) - 1, &value);
		options->workload.pool = (uint32_t)value;
		return good;
	case 's':
		return number(text, 0, UINT64_MAX, &options->workload.seed);
	case 'u':
		return target_unix(&options->target, text);
	case 'i':
		return target_inet(&options->target, text);
	default:
		return false;
	}
}

static bool parse(struct load_options *options, int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "+c:n:t:k:r:w:p:s:u:i:")) != -1) {
		if (!take_option(options, option, optarg))
			return false;
	}
	if (optind < argc && options->target.address_len != 0)
		return false;
	if (optind < argc)
		target_program(&options->target, argv + optind);
	else if (options->target.address_len == 0)
		return false;
	if (options->requests == 0 && options->seconds <= 0)
		options->requests = 1000;
	return true;
}

static double rate(const struct load_figures *figures)
{
	return figures->seconds > 0 ? (double)figures->answers / figures->seconds : 0;
}

static double micro(const struct latency *latency, unsigned permille)
{
	return (double)latency_permille(latency, permille) / 1e3;
}

/* What stands around and between the names and values of a line. */
struct format {
	const char *begin, *quote, *join, *next, *end;
};

static void print_words(const struct load_options *options, const struct format *f)
{
	const char *way = options->target.program != NULL ? "exec" : "socket";
	printf("%s%sway%s%s%s%s%s%s%sworkload%s%s%s%s%s", f->begin, f->quote, f->quote, f->join,
	    f->quote, way, f->quote, f->next, f->quote, f->quote, f->join, f->quote,
	    workload_mix_text(options->workload.mix), f->quote);
}

static void print_count(const struct format *f, const char *name, uint64_t value)
{
	printf("%s%s%s%s%s%" PRIu64, f->next, f->quote, name, f->quote, f->join, value);
}

static void print_figure(const struct format *f, const char *name, double value)
{
	printf("%s%s%s%s%s%.3f", f->next, f->quote, name, f->quote, f->join, value);
}

static void print_figures(
    const struct load_options *options, const struct load_figures *figures, const struct format *f)
{
	print_words(options, f);
	print_count(f, "parallel", options->parallel);
	print_count(f, "per_connection", options->per_connection);
	print_count(f, "seed", options->workload.seed);
	print_count(f, "answers", figures->answers);
	print_figure(f, "seconds", figures->seconds);
	print_figure(f, "rate", rate(figures));
	print_figure(f, "p50_us", micro(&figures->latency, 500));
	print_figure(f, "p90_us", micro(&figures->latency, 900));
	print_figure(f, "p99_us", micro(&figures->latency, 990));
	print_figure(f, "max_us", micro(&figures->latency, 1000));
	print_figure(f, "known_p99_us", micro(&figures->by_kind[WORKLOAD_KNOWN], 990));
	print_figure(f, "known_max_us", micro(&figures->by_kind[WORKLOAD_KNOWN], 1000));
	print_count(f, "new_answers", figures->by_kind[WORKLOAD_NEW].count);
	print_figure(f, "new_p99_us", micro(&figures->by_kind[WORKLOAD_NEW], 990));
	print_figure(f, "new_max_us", micro(&figures->by_kind[WORKLOAD_NEW], 1000));
	for (int i = 0; i < ANSWER_VERBS; i++)
		print_count(f, answer_verb_text((enum answer_verb)i), figures->verbs[i]);
	print_count(f, "unexpected", figures->unexpected);
	print_count(f, "malformed", figures->malformed);
	print_count(f, "gone", figures->gone);
	print_count(f, "bad_ends", figures->bad_ends);
	printf("%s\n", f->end);
}

/* A descriptor that can be read once SIGINT or SIGTERM has come; 0 where that cannot be had. */
static int catch_signals(void)
{
	sigset_t caught;
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	int fd = signalfd(-1, &caught, SFD_CLOEXEC);
	if (fd <= 0 || sigprocmask(SIG_BLOCK, &caught, NULL) != 0)
		return 0;
	return fd;
}

int main(int argc, char **argv)
{
	static const struct format plain = { "", "", "=", " ", "" };
	static const struct format json = { "{", "\"", ":", ",", "}" };
	struct load_options options = { .parallel = 1,
		.workload = { .mix = WORKLOAD_ALL_KNOWN, .seed = 1, .pool = 1000 } };
	if (!parse(&options, argc, argv)) {
		fputs(usage, stderr);
		return 64;
	}
	if (options.parallel > 1 || options.rate > 0)
		options.stop = catch_signals();
	static struct load_figures figures;
	if (!load_run(&options, &figures))
		return 1;
	print_figures(&options, &figures, &plain);
	print_figures(&options, &figures, &json);
	return figures.malformed + figures.gone + figures.bad_ends == 0 ? 0 : 1;
}
