/*
 * helper_process - the helper's binary as spawn(8) runs it: descriptors
 * 0, 1 and 2 are one socket, whose other end is the test's.
 */
#ifndef GREYLIST_TEST_HELPER_PROCESS_H
#define GREYLIST_TEST_HELPER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct helper_process {
	pid_t pid;
	int wire;
	char reply[8192]; /* all that came back, zero-terminated */
	size_t len;
	int status;    /* of the process, as wait(2) has it */
	long resident; /* KiB, at most */
};

/* Starts it; the test fails where that does not work. */
void helper_start(struct helper_process *helper, const char *config);

/* Sends everything. False: it does not take any more. */
bool helper_send(const struct helper_process *helper, const char *bytes, size_t len);

/* Reads until one whole reply is there or the helper hangs up. */
void helper_read_reply(struct helper_process *helper);

/* Ends the input, reads what is left, and waits for the end of the process. */
void helper_finish(struct helper_process *helper);

/* As helper_finish, but leaves the end of the input open: the helper has to end by itself. */
void helper_await(struct helper_process *helper);

#endif
