#include "lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postfix.h"

static const char helper[] = "/greylist-policy";
static const char usual_name[] = "greylist";

struct gl_span gl_lint_word(struct gl_span *rest)
{
	static const char separators[] = ", \t\r\n";
	size_t from = 0, end;

	while (from < rest->len && strchr(separators, rest->at[from]) != NULL)
		from++;
	end = from;
	while (end < rest->len && strchr(separators, rest->at[end]) == NULL)
		end++;
	struct gl_span word = gl_span_head(gl_span_skip(*rest, from), end - from);

	*rest = gl_span_skip(*rest, end);
	return word;
}

struct gl_span gl_lint_parameter(const struct gl_lint_postfix *postfix, const char *name)
{
	struct gl_span rest = gl_span_of(postfix->parameters);

	while (rest.len > 0) {
		struct gl_span line = gl_span_head(rest, gl_span_find(rest, '\n'));
		size_t equals = gl_span_find(line, '=');

		if (gl_span_equal(gl_span_trim(gl_span_head(line, equals)), gl_span_of(name)))
			return gl_span_trim(gl_span_skip(line, equals + 1));
		rest = gl_span_skip(rest, line.len + 1);
	}
	return rest;
}

static enum gl_status ask(
    struct gl_lint_postfix *postfix, const char *directory, struct gl_complaint *why)
{
	static const char *const questions[][2] = { { "-x" }, { "-M" }, { "-Px" } };
	char **const answers[] = { &postfix->parameters, &postfix->services, &postfix->overrides };
	enum gl_status status = GL_OK;

	for (size_t i = 0; i < sizeof answers / sizeof *answers && status == GL_OK; i++)
		status = gl_postconf(answers[i], directory, questions[i], why);
	return status;
}

static char *path_of(const struct gl_lint_postfix *postfix, const char *name)
{
	struct gl_span directory = gl_lint_parameter(postfix, "config_directory");
	char *path;

	return asprintf(&path, "%.*s/%s", (int)directory.len, directory.at, name) < 0 ? NULL : path;
}

bool gl_lint_postfix_ask(struct gl_lint_postfix *postfix, struct gl_check *check)
{
	const char *directory = check->admin->postfix_config;
	struct gl_complaint why = { "out of memory" };
	enum gl_status status;

	*postfix = (struct gl_lint_postfix){ .parameters = NULL };
	status = ask(postfix, directory, &why);
	if (status == GL_OK) {
		postfix->main_cf = path_of(postfix, "main.cf");
		postfix->master_cf = path_of(postfix, "master.cf");
		if (postfix->main_cf == NULL || postfix->master_cf == NULL)
			status = GL_FAILED;
	}
	if (status == GL_NOT_FOUND)
		gl_finding_skipped(
		    check, "Postfix and MX hosts: not checked, there is no postconf in PATH");
	else if (status != GL_OK)
		gl_finding(check, GL_FINDING_POSTFIX, gl_at_file(directory), "%s", why.text);
	if (status != GL_OK)
		gl_lint_postfix_clear(postfix);
	return status == GL_OK;
}

void gl_lint_postfix_clear(struct gl_lint_postfix *postfix)
{
	free(postfix->parameters);
	free(postfix->services);
	free(postfix->overrides);
	free(postfix->main_cf);
	free(postfix->master_cf);
	*postfix = (struct gl_lint_postfix){ .parameters = NULL };
}

/* By its name, or by the helper that it runs. */
static bool is_ours(const struct gl_service *service)
{
	struct gl_span rest = service->arguments;

	if (gl_span_equal(service->name, gl_span_of(usual_name)))
		return gl_span_equal(service->type, gl_span_of("unix"));
	if (!gl_span_equal(service->command, gl_span_of("spawn")))
		return false;
	for (struct gl_span word; (word = gl_lint_word(&rest)).len > 0;) {
		size_t slash = gl_span_find_last(word, '/');

		if (gl_span_equal(gl_span_skip(word, slash), gl_span_of(helper)))
			return true;
	}
	return false;
}

static void find_services(struct gl_lint_services *services, const struct gl_lint_postfix *postfix)
{
	struct gl_span lines = gl_span_of(postfix->services);
	struct gl_service service;

	while (
	    services->count < GL_LINT_SERVICES_MAX && gl_service_next(&service, &lines) == GL_OK) {
		if (is_ours(&service))
			services->at[services->count++] = service;
	}
}

void gl_lint_postfix(
    struct gl_check *check, const struct gl_lint_postfix *postfix, const char *directory)
{
	struct gl_lint_services services = { .count = 0 };
	unsigned found = check->errors + check->warnings;

	find_services(&services, postfix);
	gl_lint_wiring(check, postfix, &services);
	for (size_t i = 0; i < services.count; i++) {
		gl_lint_service(check, postfix, &services.at[i], directory);
		if (services.kept > 0 && check->admin->world.config.requests_per_connection != 1)
			gl_lint_time_limit(check, postfix, &services.at[i]);
	}
	if (check->errors + check->warnings == found)
		gl_finding_ok(check, "%s: greylisting is wired in", postfix->main_cf);
}
