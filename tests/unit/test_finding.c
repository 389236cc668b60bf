#include "finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct printed {
	struct gl_admin admin;
	struct gl_check check;
	char *text;
	size_t size;
};

static void begin(struct printed *printed, bool json)
{
	*printed = (struct printed){ .admin.json = json };
	printed->check.admin = &printed->admin;
	printed->admin.out = open_memstream(&printed->text, &printed->size);
	assert_non_null(printed->admin.out);
}

static void assert_printed(struct printed *printed, const char *expected)
{
	fclose(printed->admin.out);
	if (strcmp(printed->text, expected) != 0)
		fail_msg("\"%s\" instead of \"%s\"", printed->text, expected);
	free(printed->text);
}

static void a_finding_says_where_what_why_and_what_to_do(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, false);
	gl_finding(&printed.check, GL_FINDING_PROCESS_LIMIT,
	    gl_at_parameter("/m/master.cf", "greylist/unix"), "the process limit is %d", 7);
	assert_printed(&printed,
	    "warning /m/master.cf: greylist/unix: the process limit is 7; under load connections "
	    "beyond it wait in vain; write 0 into the column maxproc\n");
	begin(&printed, true);
	gl_finding(&printed.check, GL_FINDING_SECRET_OPEN, gl_at_file("/t/secret"), "mode 0644");
	assert_printed(&printed,
	    "{\"severity\":\"warning\",\"name\":\"secret-open\",\"file\":\"/t/secret\","
	    "\"line\":null,\"parameter\":null,\"what\":\"mode 0644\",\"why\":\"others can read "
	    "the digest secret, and try out who wrote to whom\",\"advice\":\"chmod 0600 "
	    "/t/secret\"}\n");
}

static void a_mistake_brings_its_place(void **state)
{
	static const struct {
		const char *mistake, *expected;
	} rows[] = {
		{ "a/clients:7: \"x\": no", "\"file\":\"a/clients\",\"line\":7,\"parameter\":null,"
					    "\"what\":\"\\\"x\\\": no\"" },
		{ "a/clients: is not there", "\"file\":\"a/clients\",\"line\":null,\"parameter\":"
					     "null,\"what\":\"is not there\"" },
		{ "no memory",
		    "\"file\":null,\"line\":null,\"parameter\":null,\"what\":\"no memory\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct printed printed;

		begin(&printed, true);
		gl_finding_mistake(&printed.check, GL_FINDING_LIST_ENTRY, rows[i].mistake);
		fclose(printed.admin.out);
		if (strstr(printed.text, rows[i].expected) == NULL)
			fail_msg("%s: %s", rows[i].mistake, printed.text);
		free(printed.text);
	}
}

static void only_what_is_wrong_is_counted(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, false);
	gl_finding_ok(&printed.check, "fine");
	gl_finding_skipped(&printed.check, "not checked");
	assert_int_equal(printed.check.warnings + printed.check.errors, 0);
	gl_finding(&printed.check, GL_FINDING_TIMEOUT, gl_at_file("x"), "y");
	assert_int_equal(printed.check.warnings, 1);
	gl_finding(&printed.check, GL_FINDING_CHROOT, gl_at_file("x"), "y");
	assert_int_equal(printed.check.errors, 1);
	fclose(printed.admin.out);
	assert_non_null(strstr(printed.text, "ok      fine\nskipped not checked\nwarning x: y"));
	free(printed.text);
}

/* ".It Li name , name": whether one of them is this. */
static bool is_listed(const char *page, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = page; (at = strstr(at, name)) != NULL; at++) {
		const char *line = at;

		while (line > page && line[-1] != '\n')
			line--;
		if (strncmp(line, ".It Li ", 7) == 0 && at[-1] == ' ' &&
		    (at[len] == ' ' || at[len] == '\n'))
			return true;
	}
	return false;
}

static void each_kind_is_in_the_man_page(void **state)
{
	static char page[256 * 1024];
	FILE *file = fopen(GREYLIST_MAN_PAGE, "r");

	(void)state;
	assert_non_null(file);
	page[fread(page, 1, sizeof page - 1, file)] = 0;
	fclose(file);
	for (enum gl_finding kind = GL_FINDING_CONFIG; kind < GL_FINDINGS; kind++) {
		const char *name = gl_finding_name(kind);

		assert_non_null(name);
		if (!is_listed(page, name))
			fail_msg("greylist-admin(8) does not list %s", name);
		for (enum gl_finding other = GL_FINDING_CONFIG; other < kind; other++)
			assert_string_not_equal(name, gl_finding_name(other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_says_where_what_why_and_what_to_do),
		cmocka_unit_test(a_mistake_brings_its_place),
		cmocka_unit_test(only_what_is_wrong_is_counted),
		cmocka_unit_test(each_kind_is_in_the_man_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
