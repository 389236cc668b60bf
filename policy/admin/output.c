#include "output.h"

#include <string.h>
#include <time.h>

#include "greylist/request.h"

/* Borrowed from `buffer`; a text over GL_VALUE_MAX cannot come from a request and is cut. */
static struct gl_span printable(char buffer[GL_VALUE_MAX], struct gl_span text)
{
	struct gl_out out = gl_out_into(buffer, GL_VALUE_MAX);
	gl_out_printable(&out, gl_span_head(text, GL_VALUE_MAX));
	return gl_out_done(&out);
}

void gl_print_printable(FILE *to, struct gl_span text)
{
	char buffer[GL_VALUE_MAX];
	struct gl_span clean = printable(buffer, text);
	fwrite(clean.at, 1, clean.len, to);
}

void gl_print_envelope(FILE *to, struct gl_span text)
{
	gl_print_printable(to, text.len == 0 ? gl_span_of("<>") : text);
}

static size_t characters(struct gl_span text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.at[i] & 0xc0) != 0x80)
			count++;
	return count;
}

void gl_print_cell(FILE *to, struct gl_span text, unsigned width)
{
	char buffer[GL_VALUE_MAX];
	struct gl_span clean = printable(buffer, text.len == 0 ? gl_span_of("<>") : text);
	fwrite(clean.at, 1, clean.len, to);
	for (size_t used = characters(clean); used < width; used++)
		fputc(' ', to);
}

const char *gl_time_text(char text[GL_TIME_TEXT], int64_t when)
{
	struct tm parts;
	time_t seconds = (time_t)when;
	if (when == 0 || localtime_r(&seconds, &parts) == NULL ||
	    strftime(text, GL_TIME_TEXT, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		memcpy(text, "-", 2);
	return text;
}

const char *gl_time_short(char text[GL_TIME_TEXT], int64_t when)
{
	char *colon = strrchr(gl_time_text(text, when), ':');
	if (colon != NULL)
		*colon = 0;
	return text;
}

enum { UNITS = 4 };

static const struct {
	int64_t seconds;
	const char *name;
} units[UNITS] = { { 86400, " d" }, { 3600, " h" }, { 60, " min" }, { 1, " s" } };

const char *gl_duration_text(char text[GL_TIME_TEXT], int64_t seconds)
{
	struct gl_out out = gl_out_into(text, GL_TIME_TEXT);
	size_t unit = 0;
	while (unit + 1 < UNITS && seconds < units[unit].seconds)
		unit++;
	gl_out_decimal(&out, seconds / units[unit].seconds);
	gl_out_text(&out, units[unit].name);
	seconds %= units[unit].seconds;
	if (unit + 1 < UNITS && seconds >= units[unit + 1].seconds) {
		gl_out_byte(&out, ' ');
		gl_out_decimal(&out, seconds / units[unit + 1].seconds);
		gl_out_text(&out, units[unit + 1].name);
	}
	return gl_out_string(&out);
}

void gl_print_colour(FILE *to, bool coloured, enum gl_colour colour, const char *text)
{
	static const char *const codes[] = { "\033[32m", "\033[33m", "\033[31m" };
	if (coloured)
		fprintf(to, "%s%s\033[0m", codes[colour], text);
	else
		fputs(text, to);
}

json_t *gl_json_text(struct gl_span text)
{
	if (text.len == 0)
		return json_string("");
	/* DEL is the one control character that JSON would let through as it is. */
	json_t *exact = memchr(text.at, 0x7f, text.len) == NULL ? json_stringn(text.at, text.len)
								: NULL;
	if (exact != NULL)
		return exact;
	char buffer[GL_VALUE_MAX];
	struct gl_span clean = printable(buffer, text);
	return json_stringn(clean.at, clean.len);
}

json_t *gl_json_time(int64_t when)
{
	return when == 0 ? json_null() : json_integer(when);
}

bool gl_json_line(FILE *to, json_t *object)
{
	bool written = object != NULL &&
		       json_dumpf(object, to, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;
	json_decref(object);
	return written && fputc('\n', to) != EOF;
}
