#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard(const char *operand)
{
	return strcmp(operand, "-") == 0;
}

const char *gl_input_name(const char *operand)
{
	return is_standard(operand) ? "standard input" : operand;
}

enum gl_exit gl_input_cannot(const struct gl_admin *admin, const char *name, const char *what)
{
	int error = errno;
	gl_admin_say(admin, "%s: %s: %s", name, what, strerror(error));
	if (error == EACCES || error == EPERM)
		return GL_EXIT_PERMISSION;
	return error == ENOENT || error == EISDIR ? GL_EXIT_INPUT : GL_EXIT_IO;
}

enum gl_exit gl_input_open(struct gl_admin *admin, const char *operand)
{
	struct stat info;
	int fd = is_standard(operand) ? dup(STDIN_FILENO)
				      : open(operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd >= 0)
		admin->input = fdopen(fd, "r");
	return admin->input != NULL
		   ? GL_EXIT_OK
		   : gl_input_cannot(admin, gl_input_name(operand), "cannot be opened");
}
