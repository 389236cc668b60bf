#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"
#include "greylist/regex.h"
#include "owner.h"

static void config_mistake(void *context, const char *mistake)
{
	gl_finding_mistake(context, GL_FINDING_CONFIG, mistake);
}

static void list_mistake(void *context, const char *mistake)
{
	gl_finding_mistake(context, GL_FINDING_LIST_ENTRY, mistake);
}

static bool check_config(struct gl_check *check)
{
	struct gl_world *world = &check->admin->world;
	struct gl_config config = { 0 };
	enum gl_status status = gl_config_load(
	    &config, world->config_path, config_mistake, check, NULL);
	gl_config_clear(&config);
	if (status == GL_OK)
		status = gl_world_configure(world);
	if (status != GL_OK)
		return false;
	bool modes = false;
	for (size_t i = 0; i < world->config.sections.count; i++)
		modes = modes || (world->config.sections.at[i].own.set >> GL_TERM_MODE & 1) != 0 ||
			world->config.sections.at[i].delegate != NULL;
	const char *otherwise = modes ? " unless a section says otherwise" : "";
	gl_finding_ok(check, "%s: configuration", world->config_path);
	if (world->config.mode == GL_MODE_OFF)
		gl_finding_ok(
		    check, "%s: mode is off, every mail passes%s", world->config_path, otherwise);
	if (world->config.mode == GL_MODE_LEARN)
		gl_finding_ok(check, "%s: mode is learn, every mail passes and is remembered%s",
		    world->config_path, otherwise);
	if (world->config.mode == GL_MODE_DRY_RUN)
		gl_finding_ok(check, "%s: mode is dry-run, every mail passes and is only logged%s",
		    world->config_path, otherwise);
	return true;
}

/* From here on as the helper sees it. */
static bool become_owner(struct gl_check *check)
{
	struct gl_complaint why = { "" };
	const struct gl_world *world = &check->admin->world;
	if (gl_become_owner(world->config.database, &why) != GL_OK) {
		gl_finding_mistake(check, GL_FINDING_IDENTITY, why.text);
		return false;
	}
	if (access(world->config_path, R_OK) != 0)
		gl_finding(check, GL_FINDING_CONFIG_CLOSED, gl_at_file(world->config_path),
		    "the helper, uid %u, cannot read it: %s", (unsigned)geteuid(), strerror(errno));
	return true;
}

static size_t count_suffixes(const struct gl_ruleset *rules)
{
	size_t count = 0;
	for (size_t i = 0; i < rules->count; i++)
		count += gl_rule_is_suffix(rules->items[i].key);
	return count;
}

/* As gl_suffix_probes has it: a wildcard alone makes nobody's name out. */
static void check_suffixes(struct gl_check *check, const struct gl_rules_head *head, size_t count)
{
	const struct gl_world *world = &check->admin->world;
	struct gl_place place = gl_at_parameter(world->config_path, "suffix_lists");
	if (world->config.suffix_lists.count == 0)
		return;
	if (head->use[GL_LIST_SUFFIXES].labels != 0)
		gl_finding_ok(check, "public suffixes: %zu rules", count);
	else
		gl_finding(check, GL_FINDING_SUFFIXES_MISSING, place,
		    "none of its files is there, or has a rule");
}

/* The rules are the caller's to free; NULL where they cannot be compiled. */
static struct gl_ruleset *check_lists(struct gl_check *check)
{
	const struct gl_world *world = &check->admin->world;
	struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX];
	struct gl_lint_lists lists = {
		.inputs = inputs,
		.count = gl_world_rule_inputs(world, inputs),
		.delimiter = world->config.recipient_delimiter,
	};
	unsigned warnings = check->warnings;
	struct gl_ruleset *rules = NULL;
	struct gl_rules_hooks hooks = { list_mistake, check, gl_regex_compile, true };
	enum gl_status status = gl_rules_compile(&rules, inputs, lists.count, &hooks);
	if (status != GL_OK) {
		gl_finding(check, GL_FINDING_LISTS_CLOSED, gl_at_file(NULL),
		    "the exempt lists cannot be compiled (%s)", gl_status_text(status));
		return NULL;
	}
	lists.rules = rules;
	gl_lint_lists(check, &lists);
	gl_lint_unread(check, &lists);
	size_t suffixes = count_suffixes(rules);
	if (check->warnings == warnings)
		gl_finding_ok(check, "exempt lists: %zu entries", rules->count - 1 - suffixes);
	check_suffixes(check, &rules->head, suffixes);
	return rules;
}

static void check_log(struct gl_check *check)
{
	const char *target = check->admin->world.config.log_target;
	char path[4096];
	if (target[0] != '/' || access(target, W_OK) == 0)
		return;
	snprintf(path, sizeof path, "%s", target);
	if (errno == ENOENT && access(dirname(path), W_OK | X_OK) == 0)
		return;
	gl_finding(check, GL_FINDING_LOG_CLOSED, gl_at_file(target),
	    "the helper, uid %u, cannot write its log here: %s", (unsigned)geteuid(),
	    strerror(errno));
}

static void measure(struct gl_check *check)
{
	struct gl_admin *admin = check->admin;
	const char *directory = admin->world.config.database;
	struct gl_store_figures figures;
	char table[4096];
	enum gl_status status = gl_store_measure(admin->world.store, &figures);
	if (status != GL_OK) {
		gl_finding(check, GL_FINDING_TABLE, gl_at_file(directory),
		    "the table cannot be read: %s", gl_store_trouble(admin->world.store));
		return;
	}
	snprintf(table, sizeof table, "%s/%s", directory, figures.table);
	if (figures.bytes > figures.map_limit / 10 * 9)
		gl_finding(check, GL_FINDING_TABLE_FULL, gl_at_file(table),
		    "nearly full, %" PRIu64 " of %" PRIu64 " bytes", figures.bytes,
		    figures.map_limit);
	else
		gl_finding_ok(check, "%s: %" PRIu64 " triplets, %" PRIu64 " clients", table,
		    figures.triplets, figures.clients);
}

static void check_counters(struct gl_check *check)
{
	const char *directory = check->admin->world.config.database;
	struct gl_counters *counters = NULL;
	enum gl_status status = gl_counters_open_readonly(&counters, directory);
	char path[4096];
	snprintf(path, sizeof path, "%s/counters", directory);
	if (status != GL_OK && status != GL_NOT_FOUND)
		gl_finding(
		    check, GL_FINDING_COUNTERS, gl_at_file(path), "%s", gl_status_text(status));
	gl_counters_close(counters);
}

static void check_table(struct gl_check *check)
{
	struct gl_admin *admin = check->admin;
	admin->world.access = GL_ACCESS_READ;
	enum gl_status status = gl_world_open(&admin->world);
	if (status == GL_OK)
		measure(check);
	else if (status == GL_NOT_FOUND)
		gl_finding_ok(check, "%s: no table yet, the first mail makes it",
		    admin->world.config.database);
	else
		gl_finding_mistake(check, GL_FINDING_TABLE, admin->world.store_why.text);
	if (status == GL_OK && admin->deep)
		gl_check_deep(check);
	check_counters(check);
}

/* Nobody else sees what the helper sees, and would take it for broken. */
static bool may_look(struct gl_check *check)
{
	struct gl_complaint why = { "" };
	if (gl_caller_may(check->admin->world.config.database, &why) != GL_NO_ACCESS)
		return true;
	gl_finding_mistake(check, GL_FINDING_IDENTITY, why.text);
	return false;
}

/* All that the configuration names; as the owner of the state directory where there is one. */
static void check_state(struct gl_check *check, const struct gl_lint_postfix *postfix)
{
	bool placed = may_look(check) && gl_check_place(check, check->admin->world.config.database);
	if (placed && !become_owner(check))
		return;
	gl_check_sections(check);
	struct gl_ruleset *rules = check_lists(check);
	if (placed) {
		check_log(check);
		check_table(check);
	}
	struct gl_resolver resolver = gl_resolver_system();
	if (rules != NULL && postfix != NULL)
		gl_lint_relays(check, postfix, rules, &resolver);
	gl_rules_free(rules);
}

static enum gl_exit check(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct gl_check findings = { .admin = admin };
	struct gl_lint_postfix postfix;
	bool configured = check_config(&findings);
	bool wired = gl_lint_postfix_ask(&postfix, &findings);
	if (configured)
		check_state(&findings, wired ? &postfix : NULL);
	if (configured && wired)
		gl_lint_contexts(&findings, &postfix);
	if (wired)
		gl_lint_postfix(
		    &findings, &postfix, configured ? admin->world.config.database : NULL);
	gl_lint_postfix_clear(&postfix);
	if (findings.errors > 0)
		return GL_EXIT_CONFIG;
	return findings.warnings > 0 ? GL_EXIT_NOTHING : GL_EXIT_OK;
}

const struct gl_command gl_command_check = {
	.name = "check",
	.arguments = "",
	.summary = "look for mistakes in configuration, lists, table and Postfix",
	.need = GL_NEED_NOTHING,
	.takes = GL_TAKES_JSON | GL_TAKES_POSTFIX | GL_TAKES_DEEP,
	.run = check,
};
