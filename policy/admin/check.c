#include "finding.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "greylist/regex.h"
#include "owner.h"

static void config_mistake(void *context, const char *mistake)
{
	gl_finding_error(context, "%s", mistake);
}

static void list_mistake(void *context, const char *mistake)
{
	gl_finding_warning(context, "%s", mistake);
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
	gl_finding_ok(check, "%s: configuration", world->config_path);
	if (world->config.mode == GL_MODE_OFF)
		gl_finding_ok(check, "%s: mode is off, every mail passes", world->config_path);
	if (world->config.mode == GL_MODE_DRY_RUN)
		gl_finding_ok(check, "%s: mode is dry-run, every mail passes and is only logged",
		    world->config_path);
	return true;
}

/* From here on as the helper sees it. */
static bool become_owner(struct gl_check *check)
{
	struct gl_complaint why = { "" };
	const struct gl_world *world = &check->admin->world;
	if (gl_become_owner(world->config.database, &why) != GL_OK) {
		gl_finding_error(check, "%s", why.text);
		return false;
	}
	if (access(world->config_path, R_OK) != 0)
		gl_finding_error(check, "%s: the helper, uid %u, cannot read it: %s; chmod it",
		    world->config_path, (unsigned)geteuid(), strerror(errno));
	return true;
}

static void check_lists(struct gl_check *check)
{
	struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX];
	size_t count = gl_world_rule_inputs(&check->admin->world, inputs);
	unsigned warnings = check->warnings;
	struct gl_ruleset *rules = NULL;
	struct gl_rules_hooks hooks = { list_mistake, check, gl_regex_compile };
	enum gl_status status = gl_rules_compile(&rules, inputs, count, &hooks);
	if (status != GL_OK)
		gl_finding_error(check,
		    "the exempt lists cannot be compiled (%s), so the last good ones stay in force",
		    gl_status_text(status));
	else if (check->warnings == warnings)
		gl_finding_ok(check, "exempt lists: %zu entries", rules->count - 1);
	gl_rules_free(rules);
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
	gl_finding_warning(check,
	    "%s: the helper, uid %u, cannot write its log here: %s; syslog gets it instead", target,
	    (unsigned)geteuid(), strerror(errno));
}

static void measure(struct gl_check *check)
{
	struct gl_admin *admin = check->admin;
	const char *directory = admin->world.config.database;
	struct gl_store_figures figures;
	enum gl_status status = gl_store_measure(admin->world.store, &figures);
	if (status != GL_OK) {
		gl_finding_error(check, "%s: the table cannot be read: %s", directory,
		    gl_store_trouble(admin->world.store));
		return;
	}
	if (figures.bytes > figures.map_limit / 10 * 9)
		gl_finding_warning(check,
		    "%s/%s: nearly full, %" PRIu64 " of %" PRIu64
		    " bytes; run greylist-admin purge "
		    "or raise `map_limit`",
		    directory, figures.table, figures.bytes, figures.map_limit);
	else
		gl_finding_ok(check, "%s/%s: %" PRIu64 " triplets, %" PRIu64 " clients", directory,
		    figures.table, figures.triplets, figures.clients);
}

static void check_counters(struct gl_check *check)
{
	const char *directory = check->admin->world.config.database;
	struct gl_counters *counters = NULL;
	enum gl_status status = gl_counters_open_readonly(&counters, directory);
	if (status != GL_OK && status != GL_NOT_FOUND)
		gl_finding_warning(check,
		    "%s/counters: %s; remove it, and the helper begins a new one", directory,
		    gl_status_text(status));
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
		gl_finding_error(check, "%s", admin->world.store_why.text);
	check_counters(check);
}

static enum gl_exit check(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	(void)operands;
	struct gl_check findings = { .admin = admin };
	if (check_config(&findings) && gl_check_place(&findings, admin->world.config.database) &&
	    become_owner(&findings)) {
		check_lists(&findings);
		check_log(&findings);
		check_table(&findings);
	}
	if (findings.errors > 0)
		return GL_EXIT_CONFIG;
	return findings.warnings > 0 ? GL_EXIT_NOTHING : GL_EXIT_OK;
}

const struct gl_command gl_command_check = {
	.name = "check",
	.arguments = "",
	.summary = "look for mistakes in configuration, lists and state directory",
	.need = GL_NEED_NOTHING,
	.run = check,
};
