#include "import_postgrey.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "input.h"
#include "owner.h"

/* Asked before anybody becomes somebody else: root's TMPDIR is mostly root's alone. */
static const char *scratch_place(void)
{
	const char *place = geteuid() == 0 ? NULL : getenv("TMPDIR");
	return place != NULL && place[0] == '/' ? place : "/var/tmp";
}

/* A file without a name; -1 with errno. */
static int nameless_file(const char *scratch)
{
	char path[1024];
	int len = snprintf(path, sizeof path, "%s/greylist-dump.XXXXXX", scratch);
	if (len < 0 || (size_t)len >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static bool write_pair(void *context, struct gl_span key, struct gl_span value)
{
	/* One octet over the limit is enough for the reader to see it. */
	enum { KEEP = GL_POSTGREY_ITEM_MAX + 1, ESCAPED = 3 };
	static char text[2 * (ESCAPED * KEEP + 2)];
	struct gl_out out = gl_out_into(text, sizeof text);
	gl_postgrey_out_pair(&out, gl_span_head(key, KEEP), gl_span_head(value, KEEP));
	return fwrite(text, 1, out.len, context) == out.len;
}

/* A directory to be read, and where the text of it goes. */
struct source {
	const char *name;
	int directory;
	const char *scratch;
	int to;
};

static enum gl_status write_dump(const struct source *source, struct gl_complaint *why)
{
	char text[256];
	struct gl_out head = gl_out_into(text, sizeof text / 2);
	struct gl_out tail = gl_out_into(text + sizeof text / 2, sizeof text / 2);
	gl_postgrey_out_head(&head);
	gl_postgrey_out_tail(&tail);
	FILE *file = fdopen(source->to, "w");
	if (file == NULL)
		return GL_FAILED;
	fwrite(head.at, 1, head.len, file);
	enum gl_status status = gl_postgrey_db_read(
	    source->directory, source->scratch, write_pair, file, why);
	fwrite(tail.at, 1, tail.len, file);
	if (fflush(file) != 0 || ferror(file)) {
		snprintf(why->text, sizeof why->text, "%s: %s", source->scratch, strerror(errno));
		status = GL_FULL;
	}
	return status;
}

/* The child: it must live long enough to remove its copy, so no key ends it. */
static _Noreturn void read_as_owner(const struct source *source)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	struct gl_complaint why = { "" };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_IGN);
	enum gl_status status = gl_become_owner_of(source->directory, source->name, &why);
	if (status == GL_OK)
		status = write_dump(source, &why);
	if (status != GL_OK && ftruncate(source->to, 0) == 0) {
		size_t len = strlen(why.text);
		if (pwrite(source->to, why.text, len, 0) != (ssize_t)len)
			status = GL_FAILED;
	}
	_exit((int)status);
}

static enum gl_exit say_child_failed(
    const struct gl_admin *admin, const struct source *source, int ended)
{
	char text[GL_COMPLAINT_MAX];
	if (!WIFEXITED(ended)) {
		gl_admin_say(admin, "%s: reading it broke off", source->name);
		return GL_EXIT_IO;
	}
	ssize_t len = pread(source->to, text, sizeof text - 1, 0);
	text[len > 0 ? len : 0] = 0;
	gl_admin_say(admin, "%s: %s", source->name, text);
	enum gl_status status = (enum gl_status)WEXITSTATUS(ended);
	return status == GL_NOT_FOUND || status == GL_CORRUPT ? GL_EXIT_INPUT : gl_exit_of(status);
}

static enum gl_exit read_directory(struct gl_admin *admin, const char *name, int directory)
{
	struct source source = { name, directory, scratch_place(), -1 };
	int ended = 0;
	source.to = nameless_file(source.scratch);
	if (source.to < 0)
		return gl_input_cannot(admin, source.scratch, "no file can be made in it");
	pid_t child = fork();
	if (child == 0)
		read_as_owner(&source);
	enum gl_exit code = GL_EXIT_OK;
	if (child < 0 || waitpid(child, &ended, 0) != child)
		code = gl_input_cannot(admin, name, "no process can be started to read it");
	else if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
		code = say_child_failed(admin, &source, ended);
	else if (lseek(source.to, 0, SEEK_SET) == 0)
		admin->input = fdopen(source.to, "r");
	if (admin->input == NULL)
		close(source.to);
	return code;
}

static enum gl_exit say_without_libdb(const struct gl_admin *admin, const char *name)
{
	gl_admin_say(admin, "this greylist-admin was built without libdb. Run:");
	fprintf(admin->err,
	    "for db in postgrey.db postgrey_clients.db; do db5.3_dump -p -h %s $db; done |\n"
	    "\tgreylist-admin import-postgrey -\n",
	    name);
	return GL_EXIT_UNAVAILABLE;
}

static enum gl_exit open_directory(struct gl_admin *admin, const char *name)
{
	if (!gl_postgrey_db_there())
		return say_without_libdb(admin, name);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return gl_input_cannot(admin, name, "cannot be opened");
	enum gl_exit code = read_directory(admin, name, fd);
	close(fd);
	return code;
}

enum gl_exit gl_import_open(struct gl_admin *admin, int count, char **operands)
{
	(void)count;
	struct stat info;
	bool standard = strcmp(operands[0], "-") == 0;
	if (!standard && stat(operands[0], &info) == 0 && S_ISDIR(info.st_mode))
		return open_directory(admin, operands[0]);
	return gl_input_open(admin, operands[0]);
}
