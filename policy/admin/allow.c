#include "saying.h"

enum { HOUR = 3600, MONTH = 30 * 24 * HOUR };

static bool one_way(const struct gl_admin *admin, int count)
{
	int ways = (admin->client != NULL) + (admin->sender != NULL) + (admin->recipient != NULL) +
		   (count > 0);
	if (ways == 1 && count != 2)
		return true;
	gl_admin_say(admin, "say who in one way: one of --client, --sender and --recipient; or a "
			    "single word, for any of them; or CLIENT [NAME] SENDER RECIPIENT");
	return false;
}

static enum gl_exit allow(struct gl_admin *admin, int count, char **operands)
{
	int64_t lasting = HOUR;
	if (gl_saying_of_nobody(admin, count) && !admin->remove && admin->lasting == NULL)
		return gl_saying_list(admin, false);
	if (!one_way(admin, count) || !gl_saying_time(admin, MONTH, &lasting))
		return GL_EXIT_USAGE;
	struct gl_saying saying = { .until = admin->now + lasting, .consequence = "passes" };
	return gl_saying_change(admin, &saying, count, operands);
}

const struct gl_command gl_command_allow = {
	.name = "allow",
	.arguments = "[CLIENT | SENDER | RECIPIENT | CLIENT [NAME] SENDER RECIPIENT]",
	.summary = "let somebody pass for a while, an hour if not said; or show who may",
	.need = GL_NEED_CREATE,
	.takes = GL_TAKES_JSON | GL_TAKES_WHO | GL_TAKES_PASS | GL_TAKES_FOR,
	.most = 4,
	.run = allow,
};
