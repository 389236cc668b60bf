#include "saying.h"

enum { YEARS = 315360000 }; /* ten of them, in seconds */

static enum gl_exit deny(struct gl_admin *admin, int count, char **operands)
{
	int64_t lasting = 0;
	if (gl_saying_of_nobody(admin, count) && !admin->remove && admin->lasting == NULL)
		return gl_saying_list(admin, true);
	if (count != 1) {
		gl_admin_say(admin, "say which client: an address, a network or a host name");
		return GL_EXIT_USAGE;
	}
	if (!gl_saying_time(admin, YEARS, &lasting))
		return GL_EXIT_USAGE;
	struct gl_saying saying = { .never = true,
		.until = lasting > 0 ? admin->now + lasting : 0,
		.consequence = "waits with each new sender from now on" };
	return gl_saying_change(admin, &saying, count, operands);
}

const struct gl_command gl_command_deny_auto_whitelist = {
	.name = "deny-auto-whitelist",
	.arguments = "[CLIENT]",
	.summary = "let a client wait with each new sender, for ever or --for; or show which",
	.need = GL_NEED_CREATE,
	.takes = GL_TAKES_JSON | GL_TAKES_PASS | GL_TAKES_FOR,
	.most = 1,
	.run = deny,
};
