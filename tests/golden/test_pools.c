/* The table of clients' names: pools/table says what its lines mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/pool.h"
#include "greylist/regex.h"
#include "greylist/rules.h"

#include "same.h"

enum { LINE = 512, ROWS_MIN = 100 };

struct row {
	char address[64];
	char name[256];
	char kind[16];
	char pool[256];
};

static void no_mistake(void *context, const char *mistake)
{
	(void)context;
	fail_msg("%s", mistake);
}

static struct gl_ruleset *compile(const char *path)
{
	const struct gl_rules_hooks hooks = { no_mistake, NULL, gl_regex_compile, false };
	const struct gl_rules_input input = { .list = GL_LIST_SUFFIXES, .path = path };
	struct gl_ruleset *rules;

	assert_int_equal(gl_rules_compile(&rules, &input, 1, &hooks), GL_OK);
	return rules;
}

static struct gl_span pool_of(const struct gl_ruleset *rules, struct gl_span name)
{
	static struct gl_suffix_probes probes;
	bool found[GL_SUFFIX_PROBES_MAX];
	struct gl_span value;

	gl_suffix_probes(&probes, &rules->head, name);
	for (size_t i = 0; i < probes.count; i++)
		found[i] = gl_ruleset_find(rules, probes.probe[i].key, &value) == GL_OK;
	return gl_pool_domain(name, &probes, found);
}

static const char *looks(const struct row *row)
{
	struct gl_address client;

	assert_int_equal(gl_address_parse(&client, gl_span_of(row->address)), GL_OK);
	switch (gl_name_looks(gl_span_of(row->name), &client)) {
	case GL_NAME_PLAIN:
		return "plain";
	case GL_NAME_UNKNOWN:
		return "unknown";
	case GL_NAME_ADDRESS:
		return "address";
	case GL_NAME_DYNAMIC:
		break;
	}
	return "dynamic";
}

static void hold(const struct gl_ruleset *rules, const struct row *row)
{
	struct gl_span pool = pool_of(rules, gl_span_of(row->name));

	same_text(row->name, gl_span_of(looks(row)), row->kind);
	same_text(row->name, pool.len > 0 ? pool : gl_span_of("-"), row->pool);
}

static void test_the_table(void **state)
{
	struct gl_ruleset *rules = compile(GREYLIST_CONF_DIR "/suffixes");
	FILE *file = fopen(GREYLIST_GOLDEN_POOLS, "r");
	char line[LINE];
	unsigned rows = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		struct row row;
		char more;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%63s %255s %15s %255s %c", row.address, row.name, row.kind,
			row.pool, &more) != 4)
			fail_msg("four words a line: %s", line);
		hold(rules, &row);
		rows++;
	}
	fclose(file);
	gl_rules_free(rules);
	assert_true(rows >= ROWS_MIN);
}

/* The published list, where the machine has it: no bad line, and what nobody disputes. */
static void test_the_published_list(void **state)
{
	static const char *const rows[][2] = { { "mx.example.com", "example.com" },
		{ "mx.example.co.uk", "example.co.uk" }, { "co.uk", "" },
		{ "mx.example.com.br", "example.com.br" },
		{ "mx.example.tokyo.jp", "example.tokyo.jp" },
		{ "mx.a.chiyoda.tokyo.jp", "a.chiyoda.tokyo.jp" },
		{ "mx.city.kobe.jp", "city.kobe.jp" }, { "mx.a.b.kobe.jp", "a.b.kobe.jp" },
		{ "b.kobe.jp", "" }, { "mx.www.ck", "www.ck" }, { "mx.a.com.ck", "a.com.ck" },
		{ "mx.a.xn--55qx5d.cn", "a.xn--55qx5d.cn" }, { "xn--55qx5d.cn", "" },
		{ "mx.example.test", "example.test" } };
	struct gl_ruleset *rules;
	FILE *file = fopen(GREYLIST_PUBLISHED, "r");

	(void)state;
	if (file == NULL)
		skip();
	fclose(file);
	rules = compile(GREYLIST_PUBLISHED);
	assert_true(rules->count > 5000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		same_text(rows[i][0], pool_of(rules, gl_span_of(rows[i][0])), rows[i][1]);
	gl_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_the_published_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
