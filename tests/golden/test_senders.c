/* The table of sender keys: senders/table says what its lines mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/sender.h"
#include "same.h"

enum { TEXT_MAX = 512, FORMS_MIN = 50 };

/* Where the reading stands. */
struct table {
	FILE *file;
	char form[TEXT_MAX];
	char from[TEXT_MAX];
	char key[TEXT_MAX];
	bool pending;  /* `from` was read and not yet held against the key */
	unsigned keys; /* of this form */
	unsigned forms, senders;
};

static void set(char to[TEXT_MAX], const char *text)
{
	size_t len = strlen(text);

	assert_true(len < TEXT_MAX);
	memcpy(to, text, len + 1);
}

static void normalise(char key[TEXT_MAX], const char *sender)
{
	struct gl_out out = gl_out_into(key, TEXT_MAX - 1);

	gl_out_sender(&out, gl_span_of(sender));
	assert_false(out.full);
	gl_out_string(&out);
}

static void hold(struct table *table)
{
	char key[TEXT_MAX];
	char again[TEXT_MAX];

	if (!table->pending)
		return;
	table->pending = false;
	table->senders++;
	if (table->keys == 0)
		fail_msg("%s: no key is given", table->form);
	normalise(key, table->from);
	same_text(table->form, gl_span_of(key), table->key);
	normalise(again, key);
	same_text(table->form, gl_span_of(again), table->key);
}

/* A form that got better, or worse, has to be marked anew. */
static void end_form(struct table *table)
{
	bool changes = strstr(table->form, "(changes)") != NULL;

	hold(table);
	if (table->forms > 0 && changes != (table->keys > 1))
		fail_msg("%s: %u keys", table->form, table->keys);
}

static void read_key(struct table *table, const char *key)
{
	if (table->keys > 0 && strcmp(table->key, key) == 0)
		fail_msg("%s: %s is given twice", table->form, key);
	table->keys++;
	set(table->key, key);
}

/* The line's word, and what stands behind it. */
static void read_row(struct table *table, const char *word, const char *rest)
{
	if (strcmp(word, "form") == 0) {
		end_form(table);
		table->forms++;
		table->keys = 0;
		set(table->form, rest);
	} else if (strcmp(word, "from") == 0) {
		hold(table);
		table->pending = true;
		set(table->from, rest);
	} else if (strcmp(word, "key") == 0) {
		read_key(table, rest);
	} else if (strcmp(word, "postgrey") == 0) {
		if (strcmp(table->key, rest) == 0)
			fail_msg("%s: Postgrey's key is no other", table->form);
	} else {
		fail_msg("%s: what is \"%s\"?", table->form, word);
	}
}

static void test_the_table(void **state)
{
	struct table table = { .file = fopen(GREYLIST_GOLDEN_SENDERS, "r") };
	char line[TEXT_MAX];

	(void)state;
	assert_non_null(table.file);
	while (fgets(line, sizeof line, table.file) != NULL) {
		size_t len = strcspn(line, "\n");
		size_t word = strcspn(line, " \n");

		assert_true(line[len] == '\n');
		line[len] = '\0';
		if (len == 0 || line[0] == '#')
			continue;
		const char *rest = word < len ? line + word + 1 : "";

		line[word] = '\0';
		read_row(&table, line, rest);
	}
	end_form(&table);
	fclose(table.file);
	assert_true(table.forms >= FORMS_MIN);
	assert_true(table.senders > table.forms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
