/*
 * policy_input - a file or pipe of policy requests, or of lines.
 *
 * Whoever reads does not know which of both it is until the first line
 * was looked at, so both are read through the same buffer. Before more is
 * read, what was printed to the admin's `out` is written, so that a
 * program at the other end of two pipes may ask, read and ask again.
 */
#ifndef GREYLIST_POLICY_INPUT_H
#define GREYLIST_POLICY_INPUT_H

#include "command.h"
#include "scratch.h"

enum { GL_INPUT_LINE_MAX = 65536 };

/* About 128 KiB. All borrowed but the buffers; private behind `start`. */
struct gl_policy_input {
	const struct gl_admin *admin;
	const char *name; /* for messages, such as "standard input" */
	int fd;
	const struct gl_scratch *scratch; /* reading stops where a signal came; NULL: it does not */
	uint64_t number;                  /* of the request at hand, from 1 */
	uint64_t start;                   /* where it begins in the input, in bytes from 0 */
	uint64_t offset;                  /* of `unread` in the input */
	struct gl_span unread;
	struct gl_request request;
	char bytes[GL_INPUT_LINE_MAX];
};

/* The descriptor stays the caller's, who sets `scratch` afterwards. */
void gl_policy_input_init(
    struct gl_policy_input *input, const struct gl_admin *admin, int fd, const char *name);

/*
 * Reads the next request into input->request.
 *
 *   GL_EXIT_NOTHING  there is none any more
 *   GL_EXIT_INPUT    it is none, which was said with its number and byte
 *   GL_EXIT_IO       the input cannot be read, which was said; or a signal came; or what was
 *                    printed cannot be written
 */
enum gl_exit gl_policy_input_next(struct gl_policy_input *input);

/* "NAME: request 3, byte 343: WHAT"; returns GL_EXIT_INPUT. */
enum gl_exit gl_policy_input_wrong(
    const struct gl_policy_input *input, uint64_t offset, const char *what);

/*
 * The next line without its newline, borrowed until the next call. One
 * over GL_INPUT_LINE_MAX is left out. Codes as gl_policy_input_next.
 */
enum gl_exit gl_policy_input_line(struct gl_policy_input *input, struct gl_span *line);

/*
 * Skips blank lines and says whether what follows begins as a policy
 * request does, with NAME=VALUE. Codes as gl_policy_input_next.
 */
enum gl_exit gl_policy_input_sniff(struct gl_policy_input *input, bool *requests);

#endif
