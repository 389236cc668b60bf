#include "lint.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "greylist/config.h"
#include "greylist/version.h"

enum { PATH_ROOM = 4096, NAME_ROOM = 256 };

/* spawn(8): "user=name[:group] argv=command...", in braces or not. */
struct spawn {
	char user[NAME_ROOM];   /* "": none */
	char helper[PATH_ROOM]; /* "": none */
	char config[PATH_ROOM];
};

struct look {
	struct gl_check *check;
	const struct gl_lint_postfix *postfix;
	const struct gl_service *service;
	struct gl_place place;
};

static bool is(struct gl_span span, const char *text)
{
	return gl_span_equal(span, gl_span_of(text));
}

static void copy(char *to, size_t size, struct gl_span from)
{
	struct gl_out out = gl_out_into(to, size);

	gl_out_span(&out, from);
	gl_out_string(&out);
}

/* What stands behind "name="; false where the word is another one. */
static bool value_of(struct gl_span *value, struct gl_span word, const char *name)
{
	size_t len = strlen(name);

	if (word.len > 0 && word.at[0] == '{')
		word = gl_span_skip(word, 1);
	if (!is(gl_span_head(word, len), name))
		return false;
	*value = gl_span_skip(word, len);
	if (value->len > 0 && value->at[value->len - 1] == '}')
		value->len--;
	return true;
}

static void read_spawn(struct spawn *spawn, struct gl_span arguments)
{
	struct gl_span word, value;
	bool config = false;

	*spawn = (struct spawn){ .config = GREYLIST_DEFAULT_CONFIG };
	while ((word = gl_lint_word(&arguments)).len > 0) {
		if (config)
			copy(spawn->config, sizeof spawn->config, word);
		config = spawn->helper[0] != 0 && is(word, "-c");
		if (spawn->helper[0] == 0 && value_of(&value, word, "user="))
			copy(spawn->user, sizeof spawn->user,
			    gl_span_head(value, gl_span_find(value, ':')));
		if (spawn->helper[0] == 0 && value_of(&value, word, "argv="))
			copy(spawn->helper, sizeof spawn->helper, value);
	}
}

static void lint_columns(const struct look *look)
{
	const struct gl_service *service = look->service;

	if (is(service->chroot, "y"))
		gl_finding(look->check, GL_FINDING_CHROOT, look->place, "chroot is y");
	else if (!is(service->chroot, "n"))
		gl_finding(look->check, GL_FINDING_CHROOT_DEFAULT, look->place, "chroot is %.*s",
		    (int)service->chroot.len, service->chroot.at);
	if (!is(service->limit, "0"))
		gl_finding(look->check, GL_FINDING_PROCESS_LIMIT, look->place,
		    "the process limit is %.*s%s", (int)service->limit.len, service->limit.at,
		    is(service->limit, "-") ? ", default_process_limit" : "");
}

static void lint_owner(const struct look *look, const struct passwd *user, const char *directory)
{
	struct stat info;

	if (directory == NULL || stat(directory, &info) != 0 || info.st_uid == user->pw_uid)
		return;
	gl_finding(look->check, GL_FINDING_USER_FOREIGN, look->place,
	    "user=%s is uid %u, and %s belongs to uid %u", user->pw_name, (unsigned)user->pw_uid,
	    directory, (unsigned)info.st_uid);
}

static void lint_user(const struct look *look, const char *name, const char *directory)
{
	struct gl_span owner = gl_lint_parameter(look->postfix, "mail_owner");
	const struct passwd *user;

	if (name[0] == 0) {
		gl_finding(look->check, GL_FINDING_USER_MISSING, look->place, "there is no user=");
		return;
	}
	user = getpwnam(name);
	if (user == NULL)
		gl_finding(look->check, GL_FINDING_USER_UNKNOWN, look->place,
		    "user=%s: there is no such user", name);
	else if (user->pw_uid == 0 || is(owner, name))
		gl_finding(look->check, GL_FINDING_USER_REFUSED, look->place,
		    "user=%s: spawn refuses root and Postfix's own user", name);
	else
		lint_owner(look, user, directory);
}

static void lint_helper(const struct look *look, const char *helper)
{
	if (helper[0] == 0)
		gl_finding(
		    look->check, GL_FINDING_HELPER_MISSING, look->place, "there is no argv=");
	else if (access(helper, X_OK) == 0)
		return;
	else if (errno == ENOENT || errno == ENOTDIR)
		gl_finding(look->check, GL_FINDING_HELPER_MISSING, look->place,
		    "argv=%s: there is no such program", helper);
	else
		gl_finding(look->check, GL_FINDING_HELPER_CLOSED, gl_at_file(helper),
		    "cannot be run: %s", strerrordesc_np(errno));
}

static void lint_config(const struct look *look, const char *config)
{
	const char *checked = look->check->admin->world.config_path;
	struct stat theirs, ours;

	if (strcmp(config, checked) == 0 ||
	    (stat(config, &theirs) == 0 && stat(checked, &ours) == 0 &&
		theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino))
		return;
	gl_finding(look->check, GL_FINDING_HELPER_CONFIG, look->place,
	    "the helper reads %s, and this is %s", config, checked);
}

void gl_lint_service(struct gl_check *check, const struct gl_lint_postfix *postfix,
    const struct gl_service *service, const char *directory)
{
	struct look look = { .check = check, .postfix = postfix, .service = service };
	char name[NAME_ROOM];
	struct spawn spawn;

	/* as postconf -M has it */
	snprintf(name, sizeof name, "%.*s/%.*s", (int)service->name.len, service->name.at,
	    (int)service->type.len, service->type.at);
	look.place = gl_at_parameter(postfix->master_cf, name);
	if (!is(service->command, "spawn")) {
		gl_finding(check, GL_FINDING_SERVICE_COMMAND, look.place,
		    "its command is %.*s, not spawn", (int)service->command.len,
		    service->command.at);
		return;
	}
	read_spawn(&spawn, service->arguments);
	lint_columns(&look);
	lint_user(&look, spawn.user, directory);
	lint_helper(&look, spawn.helper);
	lint_config(&look, spawn.config);
}

void gl_lint_time_limit(
    struct gl_check *check, const struct gl_lint_postfix *postfix, const struct gl_service *service)
{
	struct gl_span longest = gl_lint_parameter(postfix, "smtpd_policy_service_max_ttl");
	char name[NAME_ROOM];
	int64_t limit, life;

	snprintf(name, sizeof name, "%.*s_time_limit", (int)service->name.len, service->name.at);
	struct gl_span value = gl_lint_parameter(postfix, name);
	if (value.len == 0)
		value = gl_lint_parameter(postfix, "command_time_limit");
	if (gl_time_parse(&limit, value) != GL_OK || gl_time_parse(&life, longest) != GL_OK ||
	    limit > life)
		return;
	gl_finding(check, GL_FINDING_TIME_LIMIT, gl_at_parameter(postfix->main_cf, name),
	    "it is %.*s, and smtpd keeps a connection for up to %.*s", (int)value.len, value.at,
	    (int)longest.len, longest.at);
}
