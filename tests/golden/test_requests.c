/*
 * Golden requests: requests/NNN-name.in holds bytes as they come from a
 * socket, NNN-name.out what the parser makes of them. Each file is read
 * whole and byte by byte, and both must come out the same. A dump has
 * for each request "ok", the attributes that greylisting asks about and
 * what address and sender come down to; then how the input ends:
 *
 *     end                     at the end of a request
 *     cut short               in the middle of one
 *     malformed at byte N     N is the first byte that cannot be
 *     too long at byte N
 *
 * To write a new case, run the test with the path of the .in file: it
 * prints the dump.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "greylist/address.h"
#include "greylist/request.h"
#include "greylist/sender.h"
#include "same.h"

enum { FILE_MAX = 1 << 17, DUMP_MAX = 1 << 17, SHOWN_MAX = 120, PATH_ROOM = 1024 };

/* One file of the directory; the whole of it stays in memory for two tests. */
struct golden {
	char path[PATH_ROOM]; /* without .in and .out */
	struct gl_span input;
	char bytes[FILE_MAX];
	char dump[DUMP_MAX];
	struct gl_request request;
};

static struct gl_span read_file(const char *path, char *bytes)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	size_t len = fread(bytes, 1, FILE_MAX, file);

	if (ferror(file) || len == FILE_MAX || fclose(file) != 0)
		fail_msg("%s cannot be read, or is too large", path);
	return (struct gl_span){ .at = bytes, .len = len };
}

static void out_escaped(struct gl_out *out, struct gl_span value)
{
	static const char digits[] = "0123456789abcdef";

	if (value.len > SHOWN_MAX) {
		gl_out_text(out, "<");
		gl_out_decimal(out, (int64_t)value.len);
		gl_out_text(out, " bytes>");
		return;
	}
	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.at[i];

		if (byte >= 0x20 && byte <= 0x7e && byte != '\\') {
			gl_out_byte(out, value.at[i]);
			continue;
		}
		gl_out_text(out, "\\x");
		gl_out_byte(out, digits[byte >> 4]);
		gl_out_byte(out, digits[byte & 15]);
	}
}

static void out_client(struct gl_out *out, struct gl_span text)
{
	struct gl_address client;

	enum gl_status status = gl_address_parse(&client, text);

	if (status == GL_OK)
		gl_out_address(out, &client);
	else
		gl_out_text(out, status == GL_NOT_FOUND ? "none" : "no address");
}

static void out_request(struct gl_out *out, const struct gl_request *request)
{
	char sender[GL_VALUE_MAX];
	struct gl_out normal = gl_out_into(sender, sizeof sender);

	gl_out_text(out, "ok\n");
	for (int i = 0; i < GL_ATTRIBUTES; i++) {
		enum gl_attribute attribute = (enum gl_attribute)i;

		if (!gl_request_has(request, attribute))
			continue;
		gl_out_text(out, "  ");
		gl_out_text(out, gl_attribute_name(attribute));
		gl_out_byte(out, '=');
		out_escaped(out, gl_request_get(request, attribute));
		gl_out_byte(out, '\n');
	}
	gl_out_text(out, "  -> client ");
	out_client(out, gl_request_get(request, GL_ATTR_CLIENT_ADDRESS));
	gl_out_text(out, "\n  -> sender ");
	gl_out_sender(&normal, gl_request_get(request, GL_ATTR_SENDER));
	out_escaped(out, gl_out_done(&normal));
	gl_out_byte(out, '\n');
}

static void out_end(
    struct gl_out *out, const struct gl_request *request, enum gl_status status, size_t used)
{
	if (status != GL_MALFORMED && status != GL_TOO_LONG) {
		gl_out_text(out, gl_request_begun(request) ? "cut short\n" : "end\n");
		return;
	}
	gl_out_text(out, status == GL_MALFORMED ? "malformed" : "too long");
	gl_out_text(out, " at byte ");
	gl_out_decimal(out, (int64_t)used - 1);
	gl_out_byte(out, '\n');
}

/* Reads the input in pieces of at most `piece` bytes, as read(2) may give them. */
static struct gl_span dump(struct golden *golden, size_t piece)
{
	struct gl_out out = gl_out_into(golden->dump, sizeof golden->dump);
	enum gl_status status = GL_MORE;
	size_t used = 0;

	gl_request_init(&golden->request);
	while (used < golden->input.len && (status == GL_MORE || status == GL_OK)) {
		struct gl_span given = gl_span_head(gl_span_skip(golden->input, used), piece);
		size_t before = given.len;

		status = gl_request_feed(&golden->request, &given);
		used += before - given.len;
		if (status == GL_OK)
			out_request(&out, &golden->request);
	}
	out_end(&out, &golden->request, status, used);
	assert_false(out.full);
	return gl_out_done(&out);
}

static void check(struct golden *golden, size_t piece)
{
	char path[PATH_ROOM + 8];
	char *want = malloc(FILE_MAX);

	assert_non_null(want);
	snprintf(path, sizeof path, "%s.out", golden->path);
	struct gl_span expected = read_file(path, want);
	struct gl_span got = dump(golden, piece);

	if (!gl_span_equal(got, expected))
		print_error("got:\n%.*s\nexpected:\n%.*s\n", (int)got.len, got.at,
		    (int)expected.len, expected.at);
	same_bytes(golden->path, got, expected);
	free(want);
}

static void read_whole(void **state)
{
	check(*state, FILE_MAX);
}

static void read_byte_by_byte(void **state)
{
	check(*state, 1);
}

/* 20 MB of one repeated text must be refused after `most` bytes. */
static size_t refused_after(const char *before, const char *repeated)
{
	struct gl_request *request = malloc(sizeof *request);
	enum gl_status status = GL_MORE;
	size_t used = 0;

	assert_non_null(request);
	gl_request_init(request);
	for (size_t sent = 0; sent < 20000000 && status == GL_MORE; sent += strlen(repeated)) {
		struct gl_span piece = gl_span_of(sent == 0 ? before : repeated);
		size_t given = piece.len;

		status = gl_request_feed(request, &piece);
		used += given - piece.len;
	}
	assert_int_equal(status, GL_TOO_LONG);
	free(request);
	return used;
}

static void floods_are_refused_early(void **state)
{
	(void)state;
	assert_int_equal(refused_after("", "xxxxxxxxxxxxxxxx"), GL_NAME_MAX + 1);
	assert_int_equal(refused_after("sender=", "xxxxxxxxxxxxxxxx"), 7 + GL_VALUE_MAX + 1);
	assert_int_equal(refused_after("helo_name=", "\r\r\r\r\r\r\r\r"), 10 + GL_VALUE_MAX + 2);
	assert_int_equal(refused_after("", "sender=a@b\n"), GL_REQUEST_MAX + 1);
	assert_int_equal(refused_after("", "a=\n"), GL_REQUEST_MAX + 1);
}

static int ends_in_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && strcmp(entry->d_name + len - 3, ".in") == 0;
}

static struct golden *golden_open(const char *path, size_t path_len)
{
	struct golden *golden = calloc(1, sizeof *golden);
	char name[PATH_ROOM + 8];

	assert_non_null(golden);
	snprintf(golden->path, sizeof golden->path, "%.*s", (int)path_len, path);
	snprintf(name, sizeof name, "%s.in", golden->path);
	golden->input = read_file(name, golden->bytes);
	return golden;
}

/* Fills two tests a file; returns how many files there were. */
static size_t find_cases(struct CMUnitTest *tests, size_t most)
{
	struct dirent **entries = NULL;
	int count = scandir(GREYLIST_GOLDEN_DIR, &entries, ends_in_in, alphasort);
	size_t used = 0;

	for (int i = 0; i < count; i++) {
		char path[PATH_ROOM];

		snprintf(path, sizeof path, "%s/%s", GREYLIST_GOLDEN_DIR, entries[i]->d_name);
		free(entries[i]);
		if (used + 2 > most)
			fail_msg("more than %zu files: make room", most / 2);
		struct golden *golden = golden_open(path, strlen(path) - 3);

		tests[used++] = (struct CMUnitTest){ .name = strrchr(golden->path, '/') + 1,
			.test_func = read_whole,
			.initial_state = golden };
		tests[used++] = (struct CMUnitTest){ .name = strrchr(golden->path, '/') + 1,
			.test_func = read_byte_by_byte,
			.initial_state = golden };
	}
	free(entries);
	return used;
}

static int print(const char *path)
{
	struct golden *golden = golden_open(path, strlen(path) - 3);
	struct gl_span text = dump(golden, FILE_MAX);

	fwrite(text.at, 1, text.len, stdout);
	free(golden);
	return 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[256] = { cmocka_unit_test(floods_are_refused_early) };

	if (argc == 2)
		return print(argv[1]);
	size_t cases = find_cases(tests + 1, sizeof tests / sizeof *tests - 1);
	int failed = cases == 0 ? 1
				: _cmocka_run_group_tests("requests", tests, 1 + cases, NULL, NULL);

	for (size_t i = 1; i < cases; i += 2)
		free(tests[i].initial_state);
	return failed;
}
