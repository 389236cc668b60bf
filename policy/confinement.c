#include "confinement.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#ifdef GREYLIST_INSTRUMENTED
enum { INSTRUMENTED = true };
#else
enum { INSTRUMENTED = false };
#endif

/* Returns true to see no more paths. */
typedef bool path_fn(void *context, const char *path, enum gl_sandbox_use use);

static bool walk_list(const struct gl_strings *paths, path_fn *visit, void *context)
{
	for (size_t i = 0; i < paths->count; i++)
		if (visit(context, paths->at[i], GL_SANDBOX_READ))
			return true;
	return false;
}

/* Every path that counts for a helper, those of one directory mostly together. */
static bool walk(const struct gl_world *world, path_fn *visit, void *context)
{
	const struct gl_config *config = &world->config;
	const char *log = config->log_target;
	bool is_file = log != NULL && strcmp(log, "syslog") != 0 && strcmp(log, "none") != 0;
	if (visit(context, world->config_path, GL_SANDBOX_READ) ||
	    walk_list(&config->client_lists, visit, context) ||
	    walk_list(&config->recipient_lists, visit, context) ||
	    walk_list(&config->sender_lists, visit, context) ||
	    walk_list(&config->suffix_lists, visit, context))
		return true;
	for (size_t i = 0; i < config->sections.count; i++) {
		const char *delegate = config->sections.at[i].delegate;
		if (delegate != NULL && visit(context, delegate, GL_SANDBOX_READ))
			return true;
	}
	if (config->database != NULL && visit(context, config->database, GL_SANDBOX_STATE))
		return true;
	return is_file && visit(context, log, GL_SANDBOX_APPEND);
}

static bool keep(void *context, const char *path, enum gl_sandbox_use use)
{
	gl_sandbox_keep(context, path, use);
	return false;
}

static bool hides(void *context, const char *path, enum gl_sandbox_use use)
{
	(void)context;
	return gl_sandbox_hides(path, use);
}

bool gl_confine(const struct gl_world *world)
{
	struct gl_sandbox sandbox;
	if (INSTRUMENTED || !world->config.sandbox)
		return false;
	tzset(); /* reads /etc/localtime, which a log line's time is made with */
	gl_sandbox_begin(&sandbox);
	walk(world, keep, &sandbox);
	gl_sandbox_enter(&sandbox);
	return sandbox.landlock > 0;
}

bool gl_confinement_hides(const struct gl_world *world)
{
	return walk(world, hides, NULL);
}

void gl_confinement_describe(char text[GL_CONFINEMENT_MAX])
{
	char kernel[GL_SANDBOX_KERNEL_MAX];
	gl_sandbox_kernel(kernel);
	snprintf(text, GL_CONFINEMENT_MAX, "%s%s", kernel,
	    INSTRUMENTED ? "; left out of this build, which is instrumented" : "");
}
