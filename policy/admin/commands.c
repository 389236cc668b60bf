#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "caller.h"
#include "greylist/version.h"
#include "logfiles.h"
#include "option.h"
#include "output.h"
#include "owner.h"

const struct gl_command *const gl_commands[] = {
	&gl_command_allow,
	&gl_command_backup,
	&gl_command_check,
	&gl_command_compact,
	&gl_command_delete,
	&gl_command_deny_auto_whitelist,
	&gl_command_explain,
	&gl_command_export,
	&gl_command_import,
	&gl_command_import_postgrey,
	&gl_command_import_postgrey_options,
	&gl_command_learn,
	&gl_command_list,
	&gl_command_purge,
	&gl_command_replay,
	&gl_command_restore,
	&gl_command_setup_postfix,
	&gl_command_show,
	&gl_command_stats,
	NULL,
};

void gl_admin_say(const struct gl_admin *admin, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fputs("greylist-admin: ", admin->err);
	gl_print_printable(admin->err, gl_span_of(text));
	fputc('\n', admin->err);
}

enum gl_exit gl_exit_of(enum gl_status status)
{
	switch (status) {
	case GL_OK:
		return GL_EXIT_OK;
	case GL_NOT_FOUND:
		return GL_EXIT_NOTHING;
	case GL_MORE:
	case GL_MALFORMED:
	case GL_TOO_LONG:
		return GL_EXIT_INPUT;
	case GL_NO_ACCESS:
		return GL_EXIT_PERMISSION;
	case GL_FULL:
	case GL_REPLACED:
		return GL_EXIT_LATER;
	case GL_CORRUPT:
	case GL_FAILED:
		return GL_EXIT_IO;
	case GL_BAD_CONFIG:
	case GL_VERSION:
	case GL_WRONG_SECRET:
	case GL_UNSUPPORTED:
		return GL_EXIT_CONFIG;
	}
	return GL_EXIT_IO;
}

enum gl_exit gl_admin_fail(const struct gl_admin *admin, enum gl_status status)
{
	const struct gl_world *world = &admin->world;
	if (status != GL_OK && world->store == NULL)
		gl_admin_say(admin, "%s", world->store_why.text);
	else if (status != GL_OK)
		gl_admin_say(admin, "%s: %s: %s", world->config.database, gl_status_text(status),
		    gl_store_trouble(world->store));
	return gl_exit_of(status);
}

enum { REOPEN_MAX = 100 }; /* more often than anybody replaces a table while a command runs */

bool gl_admin_again(struct gl_admin *admin, enum gl_status status)
{
	if (status != GL_REPLACED || admin->reopened++ == REOPEN_MAX)
		return false;
	gl_world_drop_table(&admin->world);
	return gl_world_open(&admin->world) == GL_OK;
}

void gl_commands_help(FILE *to)
{
	fputs("usage: greylist-admin [-c FILE] COMMAND [OPTION ...] [OPERAND ...]\n\n", to);
	for (size_t i = 0; gl_commands[i] != NULL; i++)
		fprintf(to, "  %-23s %s\n", gl_commands[i]->name, gl_commands[i]->summary);
	fputs("\n"
	      "  -c FILE         another configuration than " GREYLIST_DEFAULT_CONFIG "\n"
	      "  --version       print the version\n"
	      "  --help          print this help; behind a command, that command's\n",
	    to);
}

static void say_ambiguous(const struct gl_admin *admin, const char *name)
{
	fprintf(admin->err, "greylist-admin: \"%s\" may be", name);
	const char *between = " ";
	for (size_t i = 0; gl_commands[i] != NULL; i++) {
		if (strncmp(gl_commands[i]->name, name, strlen(name)) != 0)
			continue;
		fprintf(admin->err, "%s%s", between, gl_commands[i]->name);
		between = " or ";
	}
	fputs(": write more of it\n", admin->err);
}

/* NULL: there is none, or more than one; which was said. */
static const struct gl_command *find(const struct gl_admin *admin, const char *name)
{
	const struct gl_command *found = NULL;
	size_t matches = 0;
	for (size_t i = 0; gl_commands[i] != NULL; i++) {
		if (strcmp(gl_commands[i]->name, name) == 0)
			return gl_commands[i];
		if (name[0] == 0 || strncmp(gl_commands[i]->name, name, strlen(name)) != 0)
			continue;
		found = gl_commands[i];
		matches++;
	}
	if (matches == 1)
		return found;
	if (matches > 1)
		say_ambiguous(admin, name);
	else
		gl_admin_say(
		    admin, "there is no command \"%s\"; greylist-admin --help lists them", name);
	return NULL;
}

static void say_mistake(void *context, const char *mistake)
{
	gl_admin_say(context, "%s", mistake);
}

static enum gl_exit configure(struct gl_admin *admin)
{
	if (gl_world_configure(&admin->world) == GL_OK)
		return GL_EXIT_OK;
	struct gl_config config = { 0 };
	/* The world keeps the first mistake only; a person wants to mend them all at once. */
	if (gl_config_load(&config, admin->world.config_path, say_mistake, admin, NULL) == GL_OK)
		gl_admin_say(admin, "%s", admin->world.config_why.text);
	gl_config_clear(&config);
	if (access(admin->world.config_path, R_OK) != 0 && errno == EACCES)
		gl_admin_say(admin, "run greylist-admin as root, or as a user who may read it");
	return GL_EXIT_CONFIG;
}

static enum gl_access access_of(enum gl_need need)
{
	switch (need) {
	case GL_NEED_CREATE:
		return GL_ACCESS_CREATE;
	case GL_NEED_WRITE:
		return GL_ACCESS_WRITE;
	case GL_NEED_NOTHING:
	case GL_NEED_CONFIG:
	case GL_NEED_OWNER:
	case GL_NEED_READ:
		break;
	}
	return GL_ACCESS_READ;
}

enum { NICEST = 19 };

enum gl_exit gl_admin_open_table(struct gl_admin *admin, enum gl_need need)
{
	struct gl_complaint why = { "" };
	enum gl_status status = gl_become_owner(admin->world.config.database, &why);
	if (status != GL_OK) {
		gl_admin_say(admin, "%s", why.text);
		return gl_exit_of(status);
	}
	admin->world.access = access_of(need);
	status = gl_world_open(&admin->world);
	if (status != GL_OK) {
		gl_admin_say(admin, "%s", admin->world.store_why.text);
		return gl_exit_of(status);
	}
	gl_store_reap(admin->world.store);
	/* Nobody waits for a reader, so it stands back; a writer holds a lock that others wait for.
	 */
	if (need == GL_NEED_READ)
		setpriority(PRIO_PROCESS, 0, NICEST);
	return GL_EXIT_OK;
}

static enum gl_exit may_open(const struct gl_admin *admin)
{
	struct gl_complaint why = { "" };
	if (gl_caller_may(admin->world.config.database, &why) == GL_OK)
		return GL_EXIT_OK;
	gl_admin_say(admin, "%s", why.text);
	return GL_EXIT_PERMISSION;
}

static enum gl_exit provide(
    struct gl_admin *admin, const struct gl_command *command, int count, char **operands)
{
	bool table = command->need >= GL_NEED_READ;
	enum gl_exit code = GL_EXIT_OK;
	if (command->need != GL_NEED_NOTHING)
		code = configure(admin);
	if (code == GL_EXIT_OK && command->need >= GL_NEED_OWNER)
		code = may_open(admin);
	if (code == GL_EXIT_OK && command->open != NULL)
		code = command->open(admin, count, operands);
	if (code == GL_EXIT_OK && table)
		code = gl_admin_open_table(admin, command->need);
	return code;
}

enum gl_exit gl_command_run(struct gl_admin *admin, int argc, char **argv)
{
	if (argc < 1) {
		gl_commands_help(admin->err);
		return GL_EXIT_USAGE;
	}
	const struct gl_command *command = find(admin, argv[0]);
	if (command == NULL)
		return GL_EXIT_USAGE;
	int count = 0;
	enum gl_parsed parsed = gl_options_take(admin, command, argv, &count);
	if (parsed == GL_PARSED_HELP) {
		gl_command_help(admin->out, command);
		return GL_EXIT_OK;
	}
	if (parsed == GL_PARSED_RUN && count < command->least)
		gl_admin_say(admin, "%s needs %s", command->name, command->arguments);
	if (parsed == GL_PARSED_RUN && count > command->most)
		gl_admin_say(admin, "%s: one word too many", argv[command->most]);
	if (parsed == GL_PARSED_WRONG || count < command->least || count > command->most) {
		gl_command_usage(admin->err, command);
		return GL_EXIT_USAGE;
	}
	enum gl_exit code = provide(admin, command, count, argv);
	if (code == GL_EXIT_OK)
		code = command->run(admin, count, argv);
	if (admin->input != NULL)
		fclose(admin->input);
	admin->input = NULL;
	gl_logfiles_close(admin);
	if (code == GL_EXIT_USAGE)
		gl_command_usage(admin->err, command);
	if (admin->left_out && (code == GL_EXIT_OK || code == GL_EXIT_NOTHING))
		code = GL_EXIT_IO;
	return code;
}
