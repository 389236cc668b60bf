#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_text.h"
#include "greylist/version.h"
#include "postfix.h"
#include "wiring.h"

enum question {
	ASK_VERSION,
	ASK_OWNER,
	ASK_LIST,
	ASK_EXPANDED,
	ASK_RELAY,
	ASK_CLASSES,
	ASK_UNLISTED,
	ASK_SERVICES,
	ASK_OVERRIDES,
	ASK_SERVICE,
	QUESTIONS
};

struct wire {
	struct gl_setup *setup;
	struct gl_setup_place scratch; /* where postconf edits */
	char *answers[QUESTIONS];
	bool edited[GL_SETUP_FILES];
	char line[2 * PATH_MAX]; /* our service */
};

static struct gl_span answer(const struct wire *wire, enum question question)
{
	return gl_span_of(wire->answers[question]);
}

static enum gl_status ask_all(struct wire *wire)
{
	static const char *const questions[QUESTIONS][3] = {
		[ASK_VERSION] = { "-h", "mail_version" },
		[ASK_OWNER] = { "-h", "mail_owner" },
		[ASK_LIST] = { "-h", GL_SETUP_LIST },
		[ASK_EXPANDED] = { "-xh", GL_SETUP_LIST },
		[ASK_RELAY] = { "-xh", "smtpd_relay_restrictions" },
		[ASK_CLASSES] = { "-xh", "smtpd_restriction_classes" },
		[ASK_UNLISTED] = { "-xh", "smtpd_reject_unlisted_recipient" },
		[ASK_SERVICES] = { "-M" },
		[ASK_OVERRIDES] = { "-P" },
		[ASK_SERVICE] = { "-M", GL_SETUP_SERVICE "/unix" },
	};
	struct gl_setup *setup = wire->setup;
	enum gl_status status = GL_OK;

	for (int i = 0; i < QUESTIONS && status == GL_OK; i++)
		status = gl_postconf(
		    &wire->answers[i], setup->place.directory, questions[i], &setup->why);
	return status;
}

static enum gl_status refuse(struct gl_setup *setup, const char *reason, struct gl_span what)
{
	snprintf(setup->why.text, sizeof setup->why.text, "%s%.*s", reason, (int)what.len,
	    what.len > 0 ? what.at : "");
	return GL_UNSUPPORTED;
}

/* check_policy_service's braces need 3.0 (its RELEASE_NOTES). */
static bool is_old(struct gl_span version)
{
	uint64_t major = 0;

	return gl_span_number(gl_span_head(version, gl_span_find(version, '.')), 1000, &major) ==
		   GL_OK &&
	       major < 3;
}

static enum gl_status look_for_obstacles(struct wire *wire)
{
	static const char ours[] = "/greylist-policy";
	struct gl_setup *setup = wire->setup;
	struct gl_span nothing = { NULL, 0 };
	struct gl_reach reach;
	enum gl_status status = gl_master_reach(
	    &reach, answer(wire, ASK_SERVICES), answer(wire, ASK_OVERRIDES));

	if (is_old(answer(wire, ASK_VERSION)))
		return refuse(setup,
		    "this Postfix is older than 3.0: write "
		    "\"check_policy_service " GL_WIRING_SERVICE
		    "\" instead of the braces; it is version ",
		    answer(wire, ASK_VERSION));
	if (status != GL_OK)
		return refuse(setup, "master.cf cannot be understood", nothing);
	if (reach.public.len > 0)
		return refuse(setup,
		    "master.cf overrides " GL_SETUP_LIST " with -o for the service ", reach.public);
	if (reach.plain == 0)
		return refuse(setup,
		    "master.cf has no smtpd service that takes its " GL_SETUP_LIST " from main.cf",
		    nothing);
	if (wire->answers[ASK_SERVICE][0] != 0 && strstr(wire->answers[ASK_SERVICE], ours) == NULL)
		return refuse(setup,
		    "master.cf has another service by the name of " GL_SETUP_SERVICE ": ",
		    answer(wire, ASK_SERVICE));
	if (strcmp(setup->user, wire->answers[ASK_OWNER]) == 0)
		return refuse(setup, "spawn(8) refuses to run anything as Postfix's own user ",
		    answer(wire, ASK_OWNER));
	if (reach.elsewhere.len > 0)
		fprintf(setup->admin->out,
		    "note: the service %.*s has a list of its own and is not greylisted\n",
		    (int)reach.elsewhere.len, reach.elsewhere.at);
	return GL_OK;
}

static enum gl_status edit(struct wire *wire, enum gl_setup_file file, const char *const words[])
{
	enum gl_status status = gl_postconf(
	    NULL, wire->scratch.directory, words, &wire->setup->why);

	gl_setup_scratch_age(&wire->scratch);
	wire->edited[file] = true;
	return status;
}

/* On the heap, for postconf's command line; NULL: out of memory. */
static char *assignment(const char *name, const char *value)
{
	char *text;

	return asprintf(&text, "%s = %s", name, value) < 0 ? NULL : text;
}

static enum gl_status set(
    struct wire *wire, const char *name, struct gl_span old, const char *value)
{
	char *text = assignment(name, value);
	const char *const words[] = { "-e", text, NULL };
	enum gl_status status = GL_FAILED;

	gl_setup_show(
	    wire->setup, GL_SETUP_MAIN, name, (struct gl_span[2]){ old, gl_span_of(value) });
	if (text != NULL)
		status = edit(wire, GL_SETUP_MAIN, words);
	free(text);
	return status;
}

static enum gl_status wire_service(struct wire *wire)
{
	struct gl_span line = gl_span_of(wire->line);
	struct gl_span old = answer(wire, ASK_SERVICE);
	char *text;
	enum gl_status status = GL_FAILED;

	if (gl_service_line_equal(line, old))
		return GL_OK;
	gl_setup_show(wire->setup, GL_SETUP_MASTER, GL_SETUP_SERVICE "/unix",
	    (struct gl_span[2]){ old, line });
	text = assignment(GL_SETUP_SERVICE "/unix", wire->line);
	if (text != NULL)
		status = edit(wire, GL_SETUP_MASTER, (const char *const[]){ "-M", text, NULL });
	free(text);
	return status;
}

/* Postfix knows the parameter once the service is there: so ask where it was just added. */
static enum gl_status wire_limit(struct wire *wire)
{
	static const char *const words[] = { "-nh", GL_SETUP_LIMIT, NULL };
	struct gl_setup *setup = wire->setup;
	char *old;
	enum gl_status status = gl_postconf(&old, wire->scratch.directory, words, &setup->why);

	if (status == GL_OK && old[0] == 0)
		status = set(wire, GL_SETUP_LIMIT, gl_span_of(old), GL_SETUP_SECONDS);
	free(old);
	return status;
}

static void print_notes(const struct gl_setup *setup, struct gl_span notes)
{
	while (notes.len > 0) {
		size_t end = gl_span_find(notes, '\n');

		fprintf(setup->admin->out, "note: %.*s\n", (int)end, notes.at);
		notes = gl_span_skip(notes, end + 1);
	}
}

static enum gl_status wire_list(struct wire *wire)
{
	struct gl_setup *setup = wire->setup;
	struct gl_wiring_input input = { answer(wire, ASK_LIST), answer(wire, ASK_EXPANDED),
		answer(wire, ASK_RELAY), answer(wire, ASK_CLASSES), answer(wire, ASK_UNLISTED) };
	struct gl_wiring *wiring = malloc(sizeof *wiring);
	enum gl_status status;

	if (wiring == NULL)
		return GL_FAILED;
	status = gl_wiring_decide(wiring, &input);
	if (status == GL_OK)
		status = set(wire, GL_SETUP_LIST, input.list, wiring->value);
	else if (status != GL_NOT_FOUND)
		setup->why = wiring->why;
	if (status == GL_OK || status == GL_NOT_FOUND) {
		print_notes(setup, gl_span_of(wiring->notes));
		status = GL_OK;
	}
	free(wiring);
	return status;
}

enum gl_status gl_setup_mode(
    const struct gl_setup *setup, struct gl_setup_set *set, struct gl_span value)
{
	struct gl_span text = gl_setup_get(set, GL_SETUP_CONF);
	size_t size = text.len + value.len + sizeof "\nmode = \n";
	char *bytes = malloc(size);
	struct gl_out out = gl_out_into(bytes, size);
	struct gl_span old;
	enum gl_status status = GL_FAILED;

	if (bytes == NULL)
		return status;
	if (!gl_conf_find(&old, text, "mode"))
		old = gl_span_of(NULL);
	gl_setup_show(setup, GL_SETUP_CONF, "mode", (struct gl_span[2]){ old, value });
	if (value.len > 0)
		gl_conf_set(&out, text, "mode", value);
	else
		gl_conf_unset(&out, text, "mode");
	status = gl_setup_put(set, GL_SETUP_CONF, gl_out_done(&out));
	free(bytes);
	return status;
}

static enum gl_status wire_mode(const struct gl_setup *setup, struct gl_setup_set *wired)
{
	struct gl_span wanted = gl_span_of(setup->admin->mode);
	char quoted[64];
	struct gl_out out = gl_out_into(quoted, sizeof quoted);
	struct gl_span old;
	enum gl_status status;

	if (setup->admin->mode == NULL)
		return GL_OK;
	status = gl_setup_put(wired, GL_SETUP_CONF, gl_setup_get(&setup->now, GL_SETUP_CONF));
	gl_out_byte(&out, '"');
	gl_out_span(&out, wanted);
	gl_out_byte(&out, '"');
	if (status != GL_OK ||
	    (gl_conf_find(&old, gl_setup_get(wired, GL_SETUP_CONF), "mode") &&
		(gl_span_equal(old, wanted) || gl_span_equal(old, gl_out_done(&out)))))
		return status;
	return gl_setup_mode(setup, wired, gl_out_done(&out));
}

static enum gl_status wire_files(struct wire *wire, struct gl_setup_set *wired)
{
	struct gl_setup *setup = wire->setup;
	enum gl_status status = gl_setup_scratch_open(&wire->scratch, &setup->now, &setup->why);

	if (status != GL_OK)
		return status;
	status = wire_service(wire);
	if (status == GL_OK)
		status = wire_limit(wire);
	if (status == GL_OK)
		status = wire_list(wire);
	for (unsigned i = 0; i <= GL_SETUP_MAIN && status == GL_OK; i++) {
		enum gl_setup_file file = (enum gl_setup_file)i;

		if (wire->edited[file])
			status = gl_setup_read(wired, file, &wire->scratch, &setup->why);
		else
			status = gl_setup_put(wired, file, gl_setup_get(&setup->now, file));
	}
	gl_setup_place_remove(&wire->scratch);
	return status;
}

static enum gl_status make_line(struct gl_setup *setup, char line[static 2 * PATH_MAX])
{
	const char *config = setup->admin->world.config_path;
	struct gl_spawn spawn = { GL_SETUP_SERVICE, setup->user, GREYLIST_HELPER, NULL };
	struct gl_out out = gl_out_into(line, 2 * PATH_MAX);

	if (strcmp(config, GREYLIST_DEFAULT_CONFIG) != 0)
		spawn.config = config;
	gl_spawn_format(&out, &spawn);
	gl_out_string(&out);
	if (out.full || strpbrk(config, " \t\r\n{}$") != NULL)
		return refuse(
		    setup, "master.cf cannot hold this file's name: ", gl_span_of(config));
	return GL_OK;
}

enum gl_status gl_setup_wire(struct gl_setup *setup, struct gl_setup_set *wired)
{
	struct wire wire = { .setup = setup };
	enum gl_status status = make_line(setup, wire.line);

	if (status == GL_OK)
		status = ask_all(&wire);
	if (status == GL_OK)
		status = look_for_obstacles(&wire);
	if (status == GL_OK)
		status = wire_files(&wire, wired);
	if (status == GL_OK)
		status = wire_mode(setup, wired);
	for (int i = 0; i < QUESTIONS; i++)
		free(wire.answers[i]);
	return status;
}

void gl_setup_by_hand(const struct gl_setup *setup)
{
	FILE *out = setup->admin->out;
	struct gl_spawn spawn = { GL_SETUP_SERVICE, setup->user, GREYLIST_HELPER,
		setup->admin->world.config_path };
	char line[2 * PATH_MAX];
	struct gl_out to = gl_out_into(line, sizeof line);

	gl_spawn_format(&to, &spawn);
	fprintf(out,
	    "Nothing was changed. To wire it by hand, add to main.cf, the restrictions at the\n"
	    "place where mail from strangers would be accepted otherwise:\n\n"
	    "    " GL_SETUP_LIST " = permit_mynetworks, permit_sasl_authenticated,\n"
	    "        reject_unauth_destination, reject_unlisted_recipient,\n"
	    "        " GL_WIRING_CHECK "\n"
	    "    " GL_SETUP_LIMIT " = " GL_SETUP_SECONDS "\n\n"
	    "and to master.cf:\n\n"
	    "    %s\n\n"
	    "then run: postfix reload\n",
	    gl_out_string(&to));
}
