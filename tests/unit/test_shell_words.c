/* Postgrey's command line: cut into words as a shell does, then read as Getopt::Long does. */
#include "shell_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "postgrey_options.h"
#include "same.h"

static const struct row {
	const char *text;
	enum gl_status status;
	const char *words; /* each with a '|' behind */
} rows[] = {
	{ "", GL_OK, "" },
	{ " \t\n ", GL_OK, "" },
	{ "a b", GL_OK, "a|b|" },
	{ "a\nb\r\n", GL_OK, "a|b|" },
	{ "'a b' c", GL_OK, "a b|c|" },
	{ "--x=\"a b\"c", GL_OK, "--x=a bc|" },
	{ "''", GL_OK, "|" },
	{ "a\"'\"b'\"'", GL_OK, "a'b\"|" },
	{ "a\\ b", GL_OK, "a b|" },
	{ "'a\\b'", GL_OK, "a\\b|" },
	{ "\"a\\b\\\\\\\"\\$\"", GL_OK, "a\\b\\\"$|" },
	{ "a \\\n b", GL_OK, "a|b|" },
	{ "\"a \\\n b\"", GL_OK, "a  b|" },
	{ "a\\", GL_OK, "a\\|" },
	{ "# all\na #b\nc#d", GL_OK, "a|c#d|" },
	{ "# no end", GL_OK, "" },
	{ "'open", GL_MALFORMED, NULL },
	{ "a \"open", GL_MALFORMED, NULL },
};

static void words_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gl_shell_words words;
		char bytes[64], text[64];
		struct gl_out out = gl_out_into(text, sizeof text);
		enum gl_status status = gl_shell_words_cut(&words, gl_span_of(rows[i].text), bytes);
		same_status(rows[i].text, status, rows[i].status);
		if (status != GL_OK)
			continue;
		for (size_t j = 0; j < words.count; j++) {
			gl_out_span(&out, words.at[j]);
			gl_out_byte(&out, '|');
		}
		same_text(rows[i].text, gl_out_done(&out), rows[i].words);
	}
}

static void too_many_words_are_refused(void **state)
{
	(void)state;
	static char text[2 * GL_SHELL_WORDS_MAX + 2], bytes[sizeof text];
	struct gl_shell_words words;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'x' : ' ';
	struct gl_span most = { text, 2 * GL_SHELL_WORDS_MAX };
	assert_int_equal(gl_shell_words_cut(&words, most, bytes), GL_OK);
	assert_int_equal(words.count, GL_SHELL_WORDS_MAX);
	struct gl_span more = { text, 2 * GL_SHELL_WORDS_MAX + 1 };
	assert_int_equal(gl_shell_words_cut(&words, more, bytes), GL_TOO_LONG);
}

static const struct option_row {
	const char *text;
	const char *options; /* "name=value|" in the order of the enum */
	const char *strange;
} option_rows[] = {
	{ "--delay=60", "delay=60|", "" },
	{ "--delay 60", "delay=60|", "" },
	{ "-delay=60 --DELAY=70", "delay=70|", "" },
	{ "--de 60", "delay=60|", "" },
	{ "--d --delay=60", "daemonize=|delay=60|", "" },
	{ "-i 10023 -u=/x -v -q -h -n", "help=|inet=10023|noaction=|quiet=|unix=/x|verbose=|", "" },
	{ "--no-action --facility local0", "noaction=|syslog-facility=local0|", "" },
	{ "--auto-whitelist-clients --exim", "auto-whitelist-clients=|exim=|", "" },
	{ "--auto-whitelist-clients 3", "auto-whitelist-clients=3|", "" },
	{ "--auto=0", "auto-whitelist-clients=0|", "" },
	{ "--greylist-text --delay", "greylist-text=--delay|", "" },
	{ "--greylist-text=a=b", "greylist-text=a=b|", "" },
	{ "postgrey -d", "daemonize=|", "" },
	{ "/usr/bin/perl -T /usr/sbin/postgrey -d", "daemonize=|", "" },
	{ "-u /run/postgrey -d", "daemonize=|unix=/run/postgrey|", "" },
	{ "--greylist=x", "", "--greylist=x|" },
	{ "--exim=1 x - -- --=1", "", "--exim=1|x|-|--|--=1|" },
	{ "--delay", "delay=|", "" },
};

static void options_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++) {
		static struct gl_postgrey_line line;
		struct gl_shell_words words;
		char bytes[128], text[128], more[128];
		struct gl_out out = gl_out_into(text, sizeof text);
		struct gl_out strange = gl_out_into(more, sizeof more);
		assert_int_equal(
		    gl_shell_words_cut(&words, gl_span_of(option_rows[i].text), bytes), GL_OK);
		gl_postgrey_line_read(&line, &words);
		for (int j = 0; j < GL_POSTGREY_OPTIONS; j++) {
			if (!line.given[j])
				continue;
			gl_out_text(&out, gl_postgrey_option_name((enum gl_postgrey_option)j));
			gl_out_byte(&out, '=');
			gl_out_span(&out, line.value[j]);
			gl_out_byte(&out, '|');
		}
		for (size_t j = 0; j < line.strange.count; j++) {
			gl_out_span(&strange, line.strange.at[j]);
			gl_out_byte(&strange, '|');
		}
		same_text(option_rows[i].text, gl_out_done(&out), option_rows[i].options);
		same_text(option_rows[i].text, gl_out_done(&strange), option_rows[i].strange);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(options_are_read),
	};
	return cmocka_run_group_tests_name("Postgrey's command line", tests, NULL, NULL);
}
