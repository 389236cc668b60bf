#include "setup.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "postfix.h"
#include "probe.h"

/*
 * A reload takes about a second to reach every process. Where the
 * helper fails at its start, master(8) lets the service rest, and
 * whoever connects meanwhile gets no answer.
 */
enum { PROOF_MS = 10000, ANSWER_MS = 3000, PAUSE_MS = 250 };

struct proof {
	struct gl_setup *setup;
	struct gl_probe_call probe;
	char expected[64]; /* how a right reply begins */
	char reply[GL_PROBE_REPLY_MAX];
};

static enum gl_status find_socket(struct gl_setup *setup, char path[static PATH_MAX])
{
	static const char *const words[] = { "-xh", "queue_directory", NULL };
	char *queue;
	struct gl_out out = gl_out_into(path, PATH_MAX);
	enum gl_status status = gl_postconf(&queue, setup->place.directory, words, &setup->why);

	if (status != GL_OK)
		return status;
	gl_out_text(&out, queue);
	gl_out_text(&out, "/private/" GL_SETUP_SERVICE);
	gl_out_string(&out);
	free(queue);
	return out.full ? GL_TOO_LONG : GL_OK;
}

static void expect(struct proof *proof)
{
	const struct gl_config *config = &proof->setup->admin->world.config;
	struct gl_out out = gl_out_into(proof->expected, sizeof proof->expected);

	gl_out_text(&out, "action=");
	gl_out_text(&out, config->mode == GL_MODE_ON ? config->action : "DUNNO");
	gl_out_string(&out);
}

static bool is_expected(const struct proof *proof)
{
	size_t len = strlen(proof->expected);

	return strncmp(proof->reply, proof->expected, len) == 0 &&
	       (proof->reply[len] == 0 || proof->reply[len] == ' ');
}

static int64_t milliseconds(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool try_once(struct proof *proof)
{
	struct gl_complaint *why = &proof->setup->why;

	if (gl_probe_ask(proof->reply, &proof->probe, why) != GL_OK)
		return false;
	if (is_expected(proof))
		return true;
	snprintf(why->text, sizeof why->text, "the service answers \"%.200s\" instead of \"%s\"",
	    proof->reply, proof->expected);
	return false;
}

static bool try_for_a_while(struct proof *proof)
{
	static const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	int64_t end = milliseconds() + PROOF_MS;
	bool proved = try_once(proof);

	while (!proved && milliseconds() < end) {
		nanosleep(&pause, NULL);
		proved = try_once(proof);
	}
	return proved;
}

static enum gl_exit disprove(const struct proof *proof, const char *reason)
{
	const struct gl_admin *admin = proof->setup->admin;

	fflush(admin->out);
	gl_admin_say(admin, "setup-postfix: %s", reason);
	gl_admin_say(admin,
	    "mail passes without greylisting until this is mended; Postfix's log and "
	    "greylist-admin check say more, setup-postfix --undo takes the wiring out");
	return GL_EXIT_UNAVAILABLE;
}

/*
 * A helper in trouble answers DUNNO too, so where that is the right
 * reply the record it left is the proof.
 */
static enum gl_exit judge(struct proof *proof, bool answered)
{
	struct gl_admin *admin = proof->setup->admin;
	enum gl_status record = gl_probe_forget(&admin->world, proof->probe.recipient);
	enum gl_mode mode = admin->world.config.mode;
	bool remembers = mode == GL_MODE_LEARN || mode == GL_MODE_DRY_RUN;
	const char *comment = "";

	switch (mode) {
	case GL_MODE_OFF:
		comment = "; mode = off: nothing is greylisted";
		break;
	case GL_MODE_LEARN:
		comment = ", and is remembered as passed (mode = learn)";
		break;
	case GL_MODE_DRY_RUN:
		comment = ", and would be greylisted (mode = dry-run)";
		break;
	case GL_MODE_ON:
		break;
	}

	if (!answered)
		return disprove(proof, proof->setup->why.text);
	if (remembers && record != GL_OK)
		return disprove(proof, "the service answers, but remembers nothing");
	fprintf(admin->out, "proved: a stranger's first attempt is answered \"%s\"%s\n",
	    proof->reply, comment);
	return GL_EXIT_OK;
}

enum gl_exit gl_setup_prove(struct gl_setup *setup)
{
	struct proof proof = { .setup = setup };
	char path[PATH_MAX];
	char recipient[GL_PROBE_RECIPIENT_MAX];
	enum gl_status status = find_socket(setup, path);

	if (status == GL_OK)
		status = gl_probe_recipient(recipient);
	if (status != GL_OK)
		return disprove(&proof, setup->why.text);
	if (gl_world_configure(&setup->admin->world) != GL_OK)
		return disprove(&proof, setup->admin->world.config_why.text);
	proof.probe = (struct gl_probe_call){ path, recipient, ANSWER_MS };
	expect(&proof);
	return judge(&proof, try_for_a_while(&proof));
}
