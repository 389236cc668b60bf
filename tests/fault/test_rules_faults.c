/* Whatever fails while the lists are compiled, it is reported and no half of them comes out. */
#include "greylist/rules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/regex.h"

#include "tmpdir.h"
#include "trial.h"

enum { INPUTS = 4, ENTRIES = 6000 };

static const char *const relays[] = { "192.0.2.1", "backup.example.com" };

struct compiling {
	char *dir;
	char paths[INPUTS][512];
	struct gl_rules_input inputs[INPUTS];
	struct gl_ruleset *whole; /* what comes out where nothing fails */
	struct gl_ruleset *rules;
	enum gl_status status;
	int code;
	size_t reported;
	char said[512]; /* the last mistake */
};

static void note(void *context, const char *mistake)
{
	struct compiling *compiling = context;

	compiling->reported++;
	snprintf(compiling->said, sizeof compiling->said, "%s", mistake);
}

static void prepare(void *context)
{
	struct compiling *compiling = context;

	compiling->reported = 0;
	compiling->said[0] = '\0';
}

static void run(void *context)
{
	struct compiling *compiling = context;

	struct gl_rules_hooks hooks = { note, compiling, gl_regex_compile, false };

	compiling->status = gl_rules_compile(&compiling->rules, compiling->inputs, INPUTS, &hooks);
}

static void add_input(struct compiling *compiling, size_t i, const char *name)
{
	snprintf(compiling->paths[i], sizeof compiling->paths[i], "%s/%s", compiling->dir, name);
	compiling->inputs[i] = (struct gl_rules_input){ .list = GL_LIST_CLIENTS,
		.path = compiling->paths[i] };
}

/* So long that the text, the entries and the memory for keys all have to grow. */
static void write_clients(const struct compiling *compiling)
{
	size_t size = ENTRIES * 32;
	char *text = malloc(size);
	struct gl_out out = gl_out_into(text, size);

	assert_non_null(text);
	for (int i = 0; i < ENTRIES; i++) {
		gl_out_text(&out, "host");
		gl_out_decimal(&out, i);
		gl_out_text(&out, ".example.com\n");
	}
	assert_false(out.full);
	tmpdir_write(compiling->dir, "clients", text, out.len);
	free(text);
}

static int set_up(void **state)
{
	struct compiling *compiling = calloc(1, sizeof *compiling);

	assert_non_null(compiling);
	compiling->dir = tmpdir_make();
	add_input(compiling, 0, "greylist.conf");
	compiling->inputs[0].list = GL_LIST_RELAYS;
	compiling->inputs[0].words = relays;
	compiling->inputs[0].word_count = sizeof relays / sizeof *relays;
	add_input(compiling, 1, "clients");
	add_input(compiling, 2, "clients.local");
	add_input(compiling, 3, "senders");
	compiling->inputs[3].list = GL_LIST_SENDERS;
	write_clients(compiling);
	tmpdir_write(compiling->dir, "senders", "alice@example.com\nbob@\n", 23);
	run(compiling);
	assert_int_equal(compiling->status, GL_OK);
	compiling->whole = compiling->rules;
	*state = compiling;
	return 0;
}

static int tear_down(void **state)
{
	struct compiling *compiling = *state;

	gl_rules_free(compiling->whole);
	tmpdir_remove(compiling->dir);
	free(compiling);
	return 0;
}

static bool is_whole(const struct compiling *compiling)
{
	const struct gl_ruleset *a = compiling->rules;
	const struct gl_ruleset *b = compiling->whole;
	bool same = a->count == b->count;
	struct gl_key head;

	/* all but the head's value, which holds the stamp */
	gl_rules_head_key(&head);
	for (size_t i = 0; same && i < a->count; i++)
		same = gl_span_equal(a->items[i].key, b->items[i].key) &&
		       (gl_span_equal(a->items[i].key, gl_key_span(&head)) ||
			   gl_span_equal(a->items[i].value, b->items[i].value));
	return same;
}

static bool is_stamped_as_now(const struct compiling *compiling)
{
	uint8_t now[GL_STAMP_SIZE];

	gl_rules_stamp(now, compiling->inputs, INPUTS);
	return memcmp(now, compiling->rules->head.stamp, sizeof now) == 0;
}

static void take_rules(struct compiling *compiling, bool stamped)
{
	assert_true(is_whole(compiling));
	assert_int_equal(is_stamped_as_now(compiling), stamped);
	assert_int_equal(compiling->reported, 0);
	gl_rules_free(compiling->rules);
}

static void check_failure(struct compiling *compiling, const char *where)
{
	bool interrupted = compiling->code == EINTR && strcmp(where, "read") == 0;
	bool unseen = strcmp(where, "stat") == 0;
	bool closed = compiling->code == EACCES || compiling->code == EINTR;

	/* Without a look at a file its rules hold, but only until the next request. */
	if (interrupted || unseen) {
		assert_int_equal(compiling->status, GL_OK);
		take_rules(compiling, !unseen);
		return;
	}
	if (compiling->status != (closed ? GL_NO_ACCESS : GL_FAILED))
		fail_msg("%s failed, and the status is %d", where, (int)compiling->status);
	assert_null(compiling->rules);
	assert_int_equal(compiling->reported, 1);
	if (compiling->code != ENOMEM)
		assert_non_null(strstr(compiling->said, strerror(compiling->code)));
}

static void check(void *context, const char *where)
{
	struct compiling *compiling = context;

	if (where != NULL)
		check_failure(compiling, where);
	else
		gl_rules_free(compiling->rules);
	prepare(compiling);
	run(compiling);
	assert_int_equal(compiling->status, GL_OK);
	take_rules(compiling, true);
}

static void compile_with_failures(struct compiling *compiling, int code, const char *met)
{
	struct trial trial = { prepare, run, check, .context = compiling };

	compiling->code = code;
	trial_fail_every_call(&trial, code == ENOMEM ? FAULT_MEMORY : FAULT_SYSTEM, code);
	trial_met(&trial, met);
}

static void a_file_that_fails_is_reported(void **state)
{
	static const int codes[] = { EIO, EACCES, EMFILE, EINTR };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		compile_with_failures(*state, codes[i], "stat open read");
}

static void no_memory_is_reported(void **state)
{
	compile_with_failures(*state, ENOMEM, "calloc reallocarray malloc realloc");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_file_that_fails_is_reported),
		CASE(no_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
