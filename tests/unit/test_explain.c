/*
 * What golden cases cannot show of `explain`: a table that is too large
 * to look at all of it, and colours.
 */
#include "explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "site.h"

enum { NOW = 1700000000, NETWORKS = 9 };

struct told {
	struct gl_explanation *explanation;
	char *text, *json;
};

static void ask_from(const struct site *site, const char *client, const char *sender)
{
	struct conversation talk = { .config = site->config, .now = NOW };
	struct attempt attempt = { client, NULL, sender, "c@d.test", "1", NULL };
	try_once(&talk, &attempt);
	assert_true(answered(&talk, "DEFER_IF_PERMIT"));
}

static void set(struct gl_request *request, enum gl_attribute attribute, const char *value)
{
	assert_int_equal(gl_request_set(request, attribute, gl_span_of(value)), GL_OK);
}

static void make_request(struct gl_request *request, const char *sender)
{
	gl_request_init(request);
	set(request, GL_ATTR_REQUEST, "smtpd_access_policy");
	set(request, GL_ATTR_PROTOCOL_STATE, "RCPT");
	set(request, GL_ATTR_CLIENT_ADDRESS, "192.0.2.7");
	set(request, GL_ATTR_CLIENT_NAME, "unknown");
	set(request, GL_ATTR_SENDER, sender);
	set(request, GL_ATTR_RECIPIENT, "c@d.test");
}

/* Asks, a minute later, who looks at so many entries only. */
static void explain(struct told *told, const struct site *site, const char *sender, uint64_t most)
{
	size_t size = 0;
	struct gl_admin admin = { .now = NOW + 60, .err = stderr, .colour = true };
	told->explanation = calloc(1, sizeof *told->explanation);
	assert_non_null(told->explanation);
	make_request(&told->explanation->request, sender);
	told->explanation->walk_max = most;
	gl_world_init(&admin.world, site->config, GL_ACCESS_READ);
	assert_int_equal(gl_world_configure(&admin.world), GL_OK);
	assert_int_equal(gl_world_open(&admin.world), GL_OK);
	assert_int_equal(gl_explain(&admin, told->explanation), GL_OK);
	admin.out = open_memstream(&told->text, &size);
	assert_true(gl_explain_text(&admin, told->explanation));
	fclose(admin.out);
	admin.out = open_memstream(&told->json, &size);
	assert_true(gl_explain_json(&admin, told->explanation));
	fclose(admin.out);
	gl_world_clear(&admin.world);
}

static void forget(struct told *told)
{
	free(told->explanation);
	free(told->text);
	free(told->json);
}

static void pool(const struct site *site, const char *sender)
{
	for (int i = 0; i < NETWORKS; i++) {
		char client[32];
		snprintf(client, sizeof client, "192.0.%d.7", 10 + i);
		ask_from(site, client, sender);
	}
}

static void every_entry_is_looked_at_but_no_more_than_so_many(void **state)
{
	static const char not_all[] = "not all triplets were looked at";
	struct told told = { NULL, NULL, NULL };
	pool(*state, "a@b.test");
	for (uint64_t most = 1; most <= NETWORKS + 1; most++) {
		explain(&told, *state, "a@b.test", most);
		const struct gl_others *others = &told.explanation->elsewhere;
		bool all = most > NETWORKS;
		assert_true(others->looked);
		assert_int_equal(others->count, all ? NETWORKS : most);
		assert_int_equal(others->all, all);
		assert_int_equal(strstr(told.text, not_all) == NULL, all);
		assert_non_null(strstr(
		    told.json, all ? "\"count\":9,\"complete\":true" : "\"complete\":false"));
		forget(&told);
	}
}

static void bounces_of_other_networks_are_other_messages(void **state)
{
	struct told told = { NULL, NULL, NULL };
	pool(*state, "");
	explain(&told, *state, "", 1000);
	assert_false(told.explanation->elsewhere.looked);
	assert_null(strstr(told.text, "also from"));
	assert_null(strstr(told.text, "not all"));
	assert_non_null(strstr(told.json, "\"elsewhere\":null"));
	forget(&told);
}

static void the_verdict_is_coloured(void **state)
{
	static const char yellow[] = "\033[33mgreylist\033[0m new\n";
	static const char green[] = "\033[32mpass\033[0m sender whitelist\n";
	struct told told = { NULL, NULL, NULL };
	ask_from(*state, "192.0.9.9", "a@b.test");
	explain(&told, *state, "a@b.test", 1000);
	assert_int_equal(strncmp(told.text, yellow, sizeof yellow - 1), 0);
	assert_null(strchr(told.json, '\033'));
	forget(&told);
	site_list(*state, "senders", "b.test\n");
	explain(&told, *state, "a@b.test", 1000);
	assert_int_equal(strncmp(told.text, green, sizeof green - 1), 0);
	forget(&told);
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)
	const struct CMUnitTest tests[] = {
		UNIT(every_entry_is_looked_at_but_no_more_than_so_many),
		UNIT(bounces_of_other_networks_are_other_messages),
		UNIT(the_verdict_is_coloured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
