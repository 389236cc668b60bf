/*
 * probe - one policy request through the service's socket, as smtpd sends it.
 *
 * It comes from 192.0.2.1 (RFC 5737, an address nobody has), is for a
 * recipient nobody has seen before, and its record is deleted again.
 */
#ifndef GREYLIST_PROBE_H
#define GREYLIST_PROBE_H

#include "greylist/status.h"
#include "world.h"

#define GL_PROBE_CLIENT "192.0.2.1"
#define GL_PROBE_SENDER "greylist-probe@example.invalid"

enum { GL_PROBE_REPLY_MAX = 4096, GL_PROBE_RECIPIENT_MAX = 64 };

/* A recipient that nobody has seen. GL_FAILED: no randomness to be had. */
GL_CHECKED enum gl_status gl_probe_recipient(char recipient[static GL_PROBE_RECIPIENT_MAX]);

struct gl_probe_call {
	const char *socket;
	const char *recipient;
	int milliseconds; /* how long an answer may take */
};

/*
 * Asks once. GL_OK: `reply` is the reply's first line, zero-terminated.
 *
 *   GL_NOT_FOUND  nobody listens there
 *   GL_FAILED     no reply, or not in time
 */
GL_CHECKED enum gl_status gl_probe_ask(char reply[static GL_PROBE_REPLY_MAX],
    const struct gl_probe_call *probe, struct gl_complaint *why);

/*
 * Deletes the record that the probe left, in a process of its own that
 * becomes the table's owner: root must leave nothing there. `world` has
 * a good configuration and no open table.
 *
 *   GL_NOT_FOUND  there was none
 *   GL_FAILED     it could not be deleted; said on standard error
 */
GL_CHECKED enum gl_status gl_probe_forget(struct gl_world *world, const char *recipient);

#endif
