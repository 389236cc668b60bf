#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confinement.h"
#include "greylist/regex.h"

static const struct gl_ruleset no_rules;

void gl_world_init(struct gl_world *world, const char *config_path, enum gl_access access)
{
	*world = (struct gl_world){ .config_path = config_path, .access = access };
}

void gl_world_clear(struct gl_world *world)
{
	gl_world_drop_table(world);
	gl_rules_free(world->rules);
	gl_counters_close(world->counters);
	gl_log_close(world->log);
	gl_config_clear(&world->config);
	*world = (struct gl_world){ .config_path = world->config_path, .access = world->access };
}

void gl_world_drop_table(struct gl_world *world)
{
	gl_store_close(world->store);
	world->store = NULL;
	world->head_known = false;
}

static void find_hostname(struct gl_world *world)
{
	const char *given = world->config.hostname;
	if (!world->config.suspects_only)
		return;
	if (given != NULL && given[0] != '\0')
		snprintf(world->hostname, sizeof world->hostname, "%s", given);
	else if (gethostname(world->hostname, sizeof world->hostname) != 0)
		world->hostname[0] = '\0';
	world->hostname[sizeof world->hostname - 1] = '\0';
}

static bool is_outside(struct gl_world *world)
{
	if (world->watchful && !world->outside)
		world->outside = gl_confinement_hides(world);
	return world->outside;
}

static void note_config_mistake(void *context, const char *mistake)
{
	struct gl_world *world = context;
	if (world->config_mistakes++ == 0)
		snprintf(world->config_why.text, sizeof world->config_why.text, "%s", mistake);
}

static void say_config_mistakes(const struct gl_world *world)
{
	if (world->access != GL_ACCESS_SERVE || world->config_mistakes == 0)
		return;
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: %s (%u in all; every mail passes until it is mended; greylist-admin check "
	    "shows them)",
	    world->config_why.text, world->config_mistakes);
}

enum gl_status gl_world_configure(struct gl_world *world)
{
	struct gl_config_stamp now;
	gl_config_look(&now, world->config_path);
	if (world->log != NULL && gl_config_same(&now, &world->config_stamp))
		return world->config_status;

	gl_world_drop_table(world);
	gl_counters_close(world->counters);
	gl_log_close(world->log);
	gl_config_clear(&world->config);
	world->counters = NULL;
	world->log = NULL;
	world->config_mistakes = 0;
	world->config_status = gl_config_load(
	    &world->config, world->config_path, note_config_mistake, world, &world->config_stamp);
	find_hostname(world);
	struct gl_log_options options = {
		.target = world->config.log_target,
		.ident = world->config.log_ident,
		.facility = world->config.log_facility,
	};
	/* Without memory for its strings the configuration has none: no log, and the status says
	 * why. */
	if (options.target != NULL && options.ident != NULL && options.facility != NULL)
		world->log = gl_log_open(&options);
	if (!is_outside(world))
		say_config_mistakes(world);
	return world->config_status;
}

static void note_delegate_mistake(void *context, const char *mistake)
{
	struct gl_world *world = context;
	if (world->delegate_mistakes++ == 0)
		snprintf(world->delegate_why.text, sizeof world->delegate_why.text, "%s", mistake);
}

static void say_delegate_mistakes(struct gl_world *world)
{
	if (world->access != GL_ACCESS_SERVE || world->delegate_mistakes == 0 || is_outside(world))
		return;
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: %s (%u in all; what is wrong in a delegation file is left out, and the rest "
	    "holds; greylist-admin check shows them)",
	    world->delegate_why.text, world->delegate_mistakes);
}

/* Without memory for it a file sets nothing, and greylist.conf holds. */
void gl_world_consult(struct gl_world *world, struct gl_span recipient)
{
	if (world->config_status != GL_OK)
		return;
	world->delegate_mistakes = 0;
	if (gl_config_delegates_of(&world->config, recipient, note_delegate_mistake, world) ==
	    GL_OK)
		say_delegate_mistakes(world);
}

void gl_world_consult_some(struct gl_world *world, size_t most, uint64_t turn)
{
	world->delegate_mistakes = 0;
	if (gl_config_delegates_unread(&world->config, most, turn, note_delegate_mistake, world) ==
	    GL_OK)
		say_delegate_mistakes(world);
}

struct gl_counters *gl_world_counters(struct gl_world *world)
{
	enum gl_status status;
	if (world->counters != NULL || world->config_status != GL_OK)
		return world->counters;
	if (world->access == GL_ACCESS_SERVE)
		status = gl_counters_open(&world->counters, world->config.database);
	else
		status = gl_counters_open_readonly(&world->counters, world->config.database);
	if (status != GL_OK)
		world->counters = NULL;
	return world->counters;
}

struct gl_store_options gl_world_store_options(const struct gl_world *world)
{
	return (struct gl_store_options){
		.directory = world->config.database,
		.map_limit = world->config.map_limit,
		.sync_meta = world->config.sync == GL_SYNC_FULL,
		.sync_data = world->config.sync != GL_SYNC_NONE,
		.create = world->access == GL_ACCESS_SERVE || world->access == GL_ACCESS_CREATE,
		.readonly = world->access == GL_ACCESS_READ,
		.watch = world->watch,
	};
}

static enum gl_status open_table(struct gl_world *world)
{
	if (world->store != NULL && !gl_store_current(world->store))
		gl_world_drop_table(world);
	if (world->store != NULL)
		return GL_OK;
	struct gl_store_options options = gl_world_store_options(world);
	return gl_store_open(&world->store, &options, &world->store_why);
}

static size_t add_words(const struct gl_world *world, struct gl_rules_input *input,
    enum gl_list list, const struct gl_strings *words)
{
	*input = (struct gl_rules_input){
		.list = list,
		.path = world->config_path,
		.words = (const char *const *)words->at,
		.word_count = words->count,
		.line = words->line,
	};
	return words->count > 0;
}

static size_t add_files(
    struct gl_rules_input *inputs, size_t count, enum gl_list list, const struct gl_strings *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		inputs[count++] = (struct gl_rules_input){ .list = list, .path = paths->at[i] };
	return count;
}

size_t gl_world_rule_inputs(
    const struct gl_world *world, struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX])
{
	const struct gl_config *config = &world->config;
	size_t count = add_words(world, inputs, GL_LIST_RELAYS, &config->relays);
	count += add_words(world, inputs + count, GL_LIST_NEVER, &config->never_auto_whitelist);
	count = add_files(inputs, count, GL_LIST_CLIENTS, &config->client_lists);
	count = add_files(inputs, count, GL_LIST_RECIPIENTS, &config->recipient_lists);
	count = add_files(inputs, count, GL_LIST_SENDERS, &config->sender_lists);
	return add_files(inputs, count, GL_LIST_SUFFIXES, &config->suffix_lists);
}

static void note_rule_mistake(void *context, const char *mistake)
{
	struct gl_world *world = context;
	if (world->access == GL_ACCESS_SERVE)
		gl_log_printf(world->log, GL_LOG_WARNING, "warning: %s", mistake);
}

/* The head of the rules that the table holds; GL_NOT_FOUND where there are none to use. The head
 * of the overrides is read along with it. */
static enum gl_status stored_head(struct gl_world *world, struct gl_rules_head *head)
{
	struct gl_key key;
	gl_rules_head_key(&key);
	struct gl_lookup heads[] = { { .table = GL_TABLE_RULES, .key = gl_key_span(&key) },
		{ .table = GL_TABLE_OVERRIDE, .key = gl_key_span(&key) } };
	enum gl_status status = gl_store_lookup(world->store, heads, 2);
	if (status != GL_OK)
		return status;
	if (!heads[1].found || gl_rules_head_decode(&world->overrides, heads[1].value) != GL_OK)
		world->overrides = no_rules.head;
	if (!heads[0].found || gl_rules_head_decode(head, heads[0].value) != GL_OK)
		return GL_NOT_FOUND;
	return GL_OK;
}

static void use_rules(
    struct gl_world *world, struct gl_ruleset *own, const struct gl_rules_head *head)
{
	gl_rules_free(world->rules);
	world->rules = own;
	world->head = *head;
	world->head_known = true;
	world->no_rules = false;
}

/* The files cannot be compiled now: the last good rules stay, and the same files are not tried
 * again. */
static void keep_last_rules(
    struct gl_world *world, const uint8_t stamp[GL_STAMP_SIZE], const struct gl_rules_head *stored)
{
	memcpy(world->tried, stamp, GL_STAMP_SIZE);
	gl_log_printf(world->access == GL_ACCESS_SERVE ? world->log : NULL, GL_LOG_WARNING,
	    "warning: the exempt lists cannot be read; %s",
	    stored != NULL ? "the last good ones stay in force" : "none are in force");
	use_rules(world, NULL, stored != NULL ? stored : &no_rules.head);
	world->no_rules = stored == NULL;
}

static enum gl_status take_compiled(struct gl_world *world, struct gl_ruleset *compiled)
{
	struct gl_rules_head head = compiled->head;
	enum gl_status status = GL_NO_ACCESS;
	if (world->access == GL_ACCESS_SERVE)
		status = gl_store_replace_rules(world->store, compiled);
	if (status == GL_REPLACED) {
		gl_rules_free(compiled);
		return status;
	}
	if (status == GL_OK) {
		gl_rules_free(compiled);
		compiled = NULL;
	}
	/* Where the table has no room for them, this process goes by its own copy. */
	use_rules(world, compiled, &head);
	return GL_OK;
}

static enum gl_status refresh_rules(struct gl_world *world)
{
	struct gl_rules_input inputs[GL_WORLD_INPUTS_MAX];
	uint8_t stamp[GL_STAMP_SIZE];
	size_t count = gl_world_rule_inputs(world, inputs);
	gl_rules_stamp(stamp, inputs, count);
	if (world->head_known && (memcmp(world->head.stamp, stamp, GL_STAMP_SIZE) == 0 ||
				     memcmp(world->tried, stamp, GL_STAMP_SIZE) == 0))
		return GL_OK;

	struct gl_rules_head stored;
	enum gl_status status = stored_head(world, &stored);
	if (status != GL_OK && status != GL_NOT_FOUND)
		return status;
	bool have = status == GL_OK;
	if (have && memcmp(stored.stamp, stamp, GL_STAMP_SIZE) == 0) {
		use_rules(world, NULL, &stored);
		return GL_OK;
	}
	if (is_outside(world))
		return GL_NO_ACCESS;
	struct gl_ruleset *compiled;
	struct gl_rules_hooks hooks = { note_rule_mistake, world, gl_regex_compile, false };
	status = gl_rules_compile(&compiled, inputs, count, &hooks);
	if (status == GL_OK) {
		return take_compiled(world, compiled);
	}
	keep_last_rules(world, stamp, have ? &stored : NULL);
	return GL_OK;
}

enum gl_status gl_world_open(struct gl_world *world)
{
	world->store_status = open_table(world);
	if (world->store_status == GL_NO_ACCESS && is_outside(world))
		return world->store_status;
	/* here, inside the time limit: a table that is out of reach is counted too */
	gl_world_counters(world);
	if (world->access != GL_ACCESS_SERVE)
		gl_world_consult_some(world, GL_SECTIONS_MAX, 0);
	if (world->store_status != GL_OK)
		return world->store_status;
	world->store_status = refresh_rules(world);
	if (world->store_status != GL_OK)
		snprintf(world->store_why.text, sizeof world->store_why.text, "%s: %s",
		    world->config.database, gl_store_trouble(world->store));
	return world->store_status;
}

enum gl_status gl_world_divert(
    struct gl_world *world, const char *directory, struct gl_complaint *why)
{
	char *copy = strdup(directory);
	if (copy == NULL) {
		snprintf(why->text, sizeof why->text, "%s: out of memory", directory);
		return GL_FAILED;
	}
	gl_world_drop_table(world);
	gl_counters_close(world->counters);
	gl_log_close(world->log);
	free(world->config.database);
	world->config.database = copy;
	world->counters = NULL;
	world->log = NULL;
	world->access = GL_ACCESS_SERVE;
	return GL_OK;
}

void gl_world_open_message(struct gl_world *world, struct gl_span instance)
{
	world->open_len = instance.len <= sizeof world->open ? instance.len : 0;
	memcpy(world->open, instance.at, world->open_len);
}

struct gl_bench gl_world_bench(const struct gl_world *world)
{
	return (struct gl_bench){
		.config = &world->config,
		.store = world->store,
		.head = &world->head,
		.rules = world->no_rules ? &no_rules : world->rules,
		.overrides = &world->overrides,
		.open_message = { world->open, world->open_len },
		.hostname = world->hostname,
	};
}
