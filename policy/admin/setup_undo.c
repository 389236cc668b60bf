#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_text.h"
#include "postfix.h"
#include "restrictions.h"
#include "wiring.h"

struct undo {
	struct gl_setup *setup;
	struct gl_setup_place scratch; /* where postconf edits */
	bool kept; /* main.cf and master.cf are known as they were and were left */
	bool drifted[GL_SETUP_FILES]; /* edited since, or nothing is known */
	bool edited[GL_SETUP_FILES];  /* in the scratch place */
};

enum moment { WAS, LEFT, NOW, MOMENTS };

/* What postconf says about the files as they were, as they were left, and as they are now. */
static enum gl_status ask(
    char *answers[MOMENTS], const struct undo *undo, const char *const words[])
{
	struct gl_setup *setup = undo->setup;
	const char *const directories[MOMENTS] = { setup->kept.before.directory,
		setup->kept.after.directory, setup->place.directory };
	enum gl_status status = GL_OK;

	for (int i = 0; i < MOMENTS; i++)
		answers[i] = NULL;
	for (int i = undo->kept ? WAS : NOW; i < MOMENTS && status == GL_OK; i++)
		status = gl_postconf(&answers[i], directories[i], words, &setup->why);
	return status;
}

static void forget(char *answers[MOMENTS])
{
	for (int i = 0; i < MOMENTS; i++)
		free(answers[i]);
}

static enum gl_status edit(
    struct undo *undo, enum gl_setup_file file, const char *option, const char *words)
{
	const char *const all[] = { option, words, NULL };
	enum gl_status status = gl_postconf(NULL, undo->scratch.directory, all, &undo->setup->why);

	gl_setup_scratch_age(&undo->scratch);
	undo->edited[file] = true;
	return status;
}

/* Sets a parameter of main.cf, or takes it out where it was not in there and has no value left. */
static enum gl_status put_back(
    struct undo *undo, const char *name, struct gl_span old, struct gl_span value)
{
	static const char between[] = " = ";
	size_t size = strlen(name) + sizeof between + value.len;
	char *words = malloc(size);
	struct gl_out out = gl_out_into(words, size);
	enum gl_status status;

	if (words == NULL)
		return GL_FAILED;
	if (undo->drifted[GL_SETUP_MAIN])
		gl_setup_show(undo->setup, GL_SETUP_MAIN, name, (struct gl_span[2]){ old, value });
	gl_out_text(&out, name);
	if (value.len > 0) {
		gl_out_text(&out, between);
		gl_out_span(&out, value);
	}
	status = edit(undo, GL_SETUP_MAIN, value.len > 0 ? "-e" : "-X", gl_out_string(&out));
	free(words);
	return status;
}

struct lists {
	struct gl_restrictions was, left, now;
};

static enum gl_status revert_list(struct undo *undo)
{
	static const char *const words[] = { "-h", GL_SETUP_LIST, NULL };
	static const char ours[] = GL_WIRING_CHECK;
	char *answers[MOMENTS];
	struct lists *lists = malloc(sizeof *lists);
	char *value = malloc(GL_WIRING_VALUE_MAX);
	struct gl_out out = gl_out_into(value, GL_WIRING_VALUE_MAX);
	enum gl_status status = ask(answers, undo, words);

	if (lists == NULL || value == NULL)
		status = GL_FAILED;
	if (status == GL_OK)
		status = gl_restrictions_parse(&lists->now, gl_span_of(answers[NOW]));
	if (status == GL_OK)
		status = gl_restrictions_parse(&lists->was, gl_span_of(answers[WAS]));
	if (status == GL_OK)
		status = gl_restrictions_parse(
		    &lists->left, gl_span_of(undo->kept ? answers[LEFT] : ours));
	if (status == GL_OK) {
		struct gl_restrictions_edit edit = { &lists->was, &lists->left, GL_WIRING_SERVICE };

		gl_restrictions_revert(&out, &lists->now, &edit);
		status = out.full ? GL_TOO_LONG : GL_OK;
	}
	if (status == GL_OK && gl_span_trim(lists->now.text).len != out.len)
		status = put_back(undo, GL_SETUP_LIST, lists->now.text, gl_out_done(&out));
	forget(answers);
	free(value);
	free(lists);
	return status;
}

static enum gl_status revert_limit(struct undo *undo)
{
	static const char *const words[] = { "-nh", GL_SETUP_LIMIT, NULL };
	char *answers[MOMENTS];
	enum gl_status status = ask(answers, undo, words);
	const char *left = GL_SETUP_SECONDS;
	struct gl_span nothing = { NULL, 0 };

	if (status == GL_OK && undo->kept)
		left = answers[LEFT];
	if (status == GL_OK && answers[NOW][0] != 0 && strcmp(answers[NOW], left) == 0 &&
	    gl_span_of(answers[WAS]).len == 0)
		status = put_back(undo, GL_SETUP_LIMIT, gl_span_of(answers[NOW]), nothing);
	forget(answers);
	return status;
}

static enum gl_status revert_service(struct undo *undo)
{
	static const char *const words[] = { "-M", GL_SETUP_SERVICE "/unix", NULL };
	char *answers[MOMENTS];
	enum gl_status status = ask(answers, undo, words);
	struct gl_span was, now;

	if (status != GL_OK)
		goto out;
	was = gl_span_of(answers[WAS]);
	now = gl_span_of(answers[NOW]);
	if (now.len == 0 || gl_service_line_equal(was, now))
		goto out;
	if (undo->drifted[GL_SETUP_MASTER])
		gl_setup_show(
		    undo->setup, GL_SETUP_MASTER, words[1], (struct gl_span[2]){ now, was });
	if (was.len == 0) {
		status = edit(undo, GL_SETUP_MASTER, "-MX", words[1]);
	} else {
		char line[2 * PATH_MAX];
		struct gl_out out = gl_out_into(line, sizeof line);

		gl_out_text(&out, words[1]);
		gl_out_text(&out, "=");
		gl_out_span(&out, was);
		gl_out_string(&out);
		status = out.full ? GL_TOO_LONG : edit(undo, GL_SETUP_MASTER, "-M", line);
	}
out:
	forget(answers);
	return status;
}

/* Only where `mode` is still what we set it to. */
static enum gl_status revert_mode(const struct undo *undo, struct gl_setup_set *undone)
{
	const struct gl_setup *setup = undo->setup;
	struct gl_span was, left, now;

	if (!gl_conf_find(&left, gl_setup_get(&setup->kept.left, GL_SETUP_CONF), "mode") ||
	    !gl_conf_find(&now, gl_setup_get(undone, GL_SETUP_CONF), "mode") ||
	    !gl_span_equal(left, now))
		return GL_OK;
	if (!gl_conf_find(&was, gl_setup_get(&setup->kept.was, GL_SETUP_CONF), "mode"))
		was = gl_span_of(NULL);
	return gl_setup_mode(setup, undone, was);
}

static enum gl_status revert_postfix(struct undo *undo, struct gl_setup_set *undone)
{
	struct gl_setup *setup = undo->setup;
	enum gl_status status = gl_setup_scratch_open(&undo->scratch, &setup->now, &setup->why);

	if (status != GL_OK)
		return status;
	status = revert_list(undo);
	if (status == GL_OK)
		status = revert_limit(undo);
	if (status == GL_OK)
		status = revert_service(undo);
	for (unsigned i = 0; i <= GL_SETUP_MAIN && status == GL_OK; i++) {
		if (undo->drifted[i] && undo->edited[i])
			status = gl_setup_read(
			    undone, (enum gl_setup_file)i, &undo->scratch, &setup->why);
	}
	gl_setup_place_remove(&undo->scratch);
	return status;
}

/* The file as it was where it is as it was left; else as it is, to be edited. */
static enum gl_status begin(struct undo *undo, struct gl_setup_set *undone, enum gl_setup_file file)
{
	const struct gl_setup *setup = undo->setup;
	bool untouched = setup->kept.left.bytes[file] != NULL &&
			 setup->kept.was.bytes[file] != NULL &&
			 gl_setup_same(&setup->kept.left, &setup->now, file);
	const struct gl_setup_set *from = untouched ? &setup->kept.was : &setup->now;

	if (setup->now.bytes[file] == NULL)
		return GL_OK;
	undo->drifted[file] = !untouched;
	if (untouched && !setup->quiet && !gl_setup_same(from, &setup->now, file))
		fprintf(setup->admin->out, "%s: put back as it was, byte for byte\n",
		    setup->place.path[file]);
	return gl_setup_put(undone, file, gl_setup_get(from, file));
}

enum gl_status gl_setup_undo(struct gl_setup *setup, struct gl_setup_set *undone)
{
	const struct gl_setup_kept *kept = &setup->kept;
	struct undo undo = { .setup = setup };
	enum gl_status status = GL_OK;

	undo.kept = kept->was.bytes[GL_SETUP_MAIN] != NULL &&
		    kept->was.bytes[GL_SETUP_MASTER] != NULL &&
		    kept->left.bytes[GL_SETUP_MAIN] != NULL &&
		    kept->left.bytes[GL_SETUP_MASTER] != NULL;
	for (unsigned i = 0; i < GL_SETUP_FILES && status == GL_OK; i++)
		status = begin(&undo, undone, (enum gl_setup_file)i);
	if (status == GL_OK && (undo.drifted[GL_SETUP_MAIN] || undo.drifted[GL_SETUP_MASTER]))
		status = revert_postfix(&undo, undone);
	if (status == GL_OK && undo.drifted[GL_SETUP_CONF])
		status = revert_mode(&undo, undone);
	return status;
}
