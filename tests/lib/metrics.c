#include "metrics.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 512, SERIES = 256, PARTS = 5 };

#define NAME  "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\]|\\\\[\\n\"])*\""

struct metrics {
	char family[LINE], type[LINE]; /* of the HELP and TYPE lines that came last */
	bool helped, sampled;
	size_t count;
	char seen[SERIES][LINE];   /* series, and "# " and a family's name */
	unsigned long long bucket; /* the last one */
	double le;
	bool has_inf, has_sum, has_count;
};

/* The parts of a line in parentheses; false: it does not match as a whole. */
static bool match(const char *line, const char *pattern, char parts[PARTS][LINE])
{
	regex_t regex;
	regmatch_t found[PARTS];
	if (regcomp(&regex, pattern, REG_EXTENDED) != 0)
		abort();
	bool matches = regexec(&regex, line, PARTS, found, 0) == 0;
	for (size_t i = 0; matches && i < PARTS; i++)
		snprintf(parts[i], LINE, "%.*s",
		    found[i].rm_so < 0 ? 0 : (int)(found[i].rm_eo - found[i].rm_so),
		    line + (found[i].rm_so < 0 ? 0 : found[i].rm_so));
	regfree(&regex);
	return matches;
}

static bool is_new(struct metrics *metrics, const char *begin, const char *name)
{
	char series[LINE];
	snprintf(series, sizeof series, "%.*s%.*s", LINE / 2 - 1, begin, LINE / 2 - 1, name);
	for (size_t i = 0; i < metrics->count; i++)
		if (strcmp(metrics->seen[i], series) == 0)
			return false;
	if (metrics->count == SERIES)
		abort();
	memcpy(metrics->seen[metrics->count++], series, LINE);
	return true;
}

static bool ends(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static const char *end_family(const struct metrics *metrics)
{
	if (metrics->family[0] != 0 && !metrics->sampled)
		return "a metric without a sample";
	if (strcmp(metrics->type, "histogram") == 0 &&
	    !(metrics->has_inf && metrics->has_sum && metrics->has_count))
		return "a histogram that is not whole";
	return NULL;
}

static const char *take_help(struct metrics *metrics, char parts[PARTS][LINE])
{
	const char *wrong = end_family(metrics);
	if (wrong != NULL)
		return wrong;
	if (!is_new(metrics, "# ", parts[1]))
		return "a metric in two places";
	memcpy(metrics->family, parts[1], LINE);
	metrics->type[0] = 0;
	metrics->helped = true;
	metrics->sampled = metrics->has_inf = metrics->has_sum = metrics->has_count = false;
	metrics->bucket = 0;
	metrics->le = 0;
	return NULL;
}

static const char *take_type(struct metrics *metrics, char parts[PARTS][LINE])
{
	if (!metrics->helped || metrics->type[0] != 0 || strcmp(metrics->family, parts[1]) != 0)
		return "a type without its help in front of it";
	memcpy(metrics->type, parts[2], LINE);
	if (ends(parts[1], "_total") != (strcmp(parts[2], "counter") == 0))
		return "the names of counters, and only these, end in _total";
	return NULL;
}

static const char *take_bucket(
    struct metrics *metrics, const char *labels, unsigned long long value)
{
	char parts[PARTS][LINE];
	if (!match(labels, "^\\{le=\"([0-9.]+|\\+Inf)\"\\}$", parts))
		return "a bucket without le";
	bool last = strcmp(parts[1], "+Inf") == 0;
	double le = last ? 1e300 : strtod(parts[1], NULL);
	if (le <= metrics->le || value < metrics->bucket)
		return "buckets out of order";
	metrics->le = le;
	metrics->bucket = value;
	metrics->has_inf = last;
	return NULL;
}

static const char *take_sample(struct metrics *metrics, char parts[PARTS][LINE])
{
	unsigned long long value = strtoull(parts[4], NULL, 10);
	size_t family = strlen(metrics->family);
	const char *part = parts[1] + family;
	if (metrics->type[0] == 0 || strncmp(parts[1], metrics->family, family) != 0)
		return "a sample away from its type";
	if (!is_new(metrics, parts[1], parts[2]))
		return "a series twice";
	metrics->sampled = true;
	if (strcmp(metrics->type, "histogram") != 0)
		return part[0] == 0 ? NULL : "a sample away from its type";
	if (strcmp(part, "_bucket") == 0)
		return take_bucket(metrics, parts[2], value);
	metrics->has_sum = metrics->has_sum || strcmp(part, "_sum") == 0;
	if (strcmp(part, "_count") == 0) {
		metrics->has_count = true;
		return value == metrics->bucket ? NULL : "a count that is not that of all buckets";
	}
	return strcmp(part, "_sum") == 0 ? NULL : "a sample away from its type";
}

static const char *take(struct metrics *metrics, const char *line)
{
	char parts[PARTS][LINE];
	if (match(line, "^# HELP (" NAME ") [^ \\].*$", parts))
		return take_help(metrics, parts);
	if (match(line, "^# TYPE (" NAME ") (counter|gauge|histogram)$", parts))
		return take_type(metrics, parts);
	if (match(line, "^(" NAME ")(\\{" LABEL "(,(" LABEL "))*\\})? [0-9]+$", parts)) {
		memcpy(parts[4], strrchr(line, ' ') + 1, strlen(strrchr(line, ' ')));
		return take_sample(metrics, parts);
	}
	return "a line that is none of the format";
}

const char *metrics_wrong(const char *text)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);
	const char *wrong = NULL;
	if (metrics == NULL)
		abort();
	while (wrong == NULL && *text != 0) {
		char line[LINE];
		size_t len = strcspn(text, "\n");
		if (text[len] == 0 || len >= sizeof line) {
			wrong = "a line without an end";
			break;
		}
		memcpy(line, text, len);
		line[len] = 0;
		wrong = take(metrics, line);
		text += len + 1;
	}
	if (wrong == NULL)
		wrong = end_family(metrics);
	free(metrics);
	return wrong;
}
