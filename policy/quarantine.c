#include "quarantine.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "greylist/store_damage.h"

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the judge looked up and would write; none where it did not come so far. */
static size_t symptoms(const struct gl_judgement *judgement, struct gl_op ops[2])
{
	if (!judgement->asked)
		return 0;
	ops[0] = (struct gl_op){ .kind = GL_OP_TRIPLET, .key = &judgement->triplet.key };
	ops[1] = (struct gl_op){ .kind = GL_OP_CLIENT, .key = &judgement->client_key };
	return 2;
}

bool gl_quarantine(struct gl_world *world, const struct gl_judgement *judgement, int64_t now)
{
	struct gl_store_options options = gl_world_store_options(world);
	struct gl_replacing how = { .now = now, .clock = milliseconds };
	struct gl_complaint damage = world->store_why, why;
	struct gl_replaced result;
	struct gl_op ops[2];
	size_t count = symptoms(judgement, ops);
	enum gl_status status = gl_store_quarantine(&options, ops, count, &how, &result, &why);
	if (status == GL_NOT_FOUND)
		return true;
	if (status != GL_OK) {
		if (why.text[0] != '\0')
			world->store_why = why;
		return false;
	}
	gl_log_printf(world->log, GL_LOG_WARNING, "warning: %s", damage.text);
	gl_log_printf(world->log, GL_LOG_WARNING,
	    "warning: the damaged table was put aside as %s/%s and an empty one, %s, took its "
	    "place: mail waits as on the first day; greylist-admin restore brings a backup back",
	    world->config.database, result.aside, result.table);
	return true;
}
