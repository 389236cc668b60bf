#include "greylist/span.h"

#include <string.h>

struct gl_span gl_span_of(const char *text)
{
	return (struct gl_span){ .at = text, .len = text == NULL ? 0 : strlen(text) };
}

bool gl_span_equal(struct gl_span a, struct gl_span b)
{
	return a.len == b.len && gl_span_compare(a, b) == 0;
}

bool gl_span_equal_fold(struct gl_span a, struct gl_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (gl_lower(a.at[i]) != gl_lower(b.at[i]))
			return false;
	return true;
}

int gl_span_compare(struct gl_span a, struct gl_span b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = shared == 0 ? 0 : memcmp(a.at, b.at, shared);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

struct gl_span gl_span_skip(struct gl_span span, size_t from)
{
	if (from > span.len)
		from = span.len;
	if (from == 0)
		return span;
	return (struct gl_span){ .at = span.at + from, .len = span.len - from };
}

struct gl_span gl_span_head(struct gl_span span, size_t len)
{
	return (struct gl_span){ .at = span.at, .len = len < span.len ? len : span.len };
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct gl_span gl_span_trim(struct gl_span span)
{
	while (span.len > 0 && is_blank(span.at[span.len - 1]))
		span.len--;
	while (span.len > 0 && is_blank(span.at[0]))
		span = gl_span_skip(span, 1);
	return span;
}

size_t gl_span_find(struct gl_span span, char byte)
{
	const char *found = span.len == 0 ? NULL : memchr(span.at, byte, span.len);

	return found == NULL ? span.len : (size_t)(found - span.at);
}

size_t gl_span_find_last(struct gl_span span, char byte)
{
	for (size_t i = span.len; i > 0; i--)
		if (span.at[i - 1] == byte)
			return i - 1;
	return span.len;
}

enum gl_status gl_span_number(struct gl_span span, uint64_t most, uint64_t *number)
{
	bool over = false;
	uint64_t sum = 0;

	if (span.len == 0)
		return GL_MALFORMED;
	for (size_t i = 0; i < span.len; i++) {
		if (!gl_is_digit(span.at[i]))
			return GL_MALFORMED;
		uint64_t digit = (uint64_t)(span.at[i] - '0');

		over = over || digit > most || sum > (most - digit) / 10;
		sum = over ? 0 : sum * 10 + digit;
	}
	if (over)
		return GL_TOO_LONG;
	*number = sum;
	return GL_OK;
}

char gl_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool gl_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool gl_is_alnum(char byte)
{
	char lower = gl_lower(byte);

	return gl_is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

struct gl_out gl_out_into(char *buffer, size_t size)
{
	return (struct gl_out){ .at = buffer, .size = size };
}

void gl_out_span(struct gl_out *out, struct gl_span span)
{
	size_t fits = out->full ? 0 : out->size - out->len;
	size_t len = span.len < fits ? span.len : fits;

	if (len > 0)
		memcpy(out->at + out->len, span.at, len);
	out->len += len;
	out->full = out->full || len < span.len;
}

void gl_out_text(struct gl_out *out, const char *text)
{
	gl_out_span(out, gl_span_of(text));
}

void gl_out_byte(struct gl_out *out, char byte)
{
	gl_out_span(out, (struct gl_span){ .at = &byte, .len = 1 });
}

void gl_out_lower(struct gl_out *out, struct gl_span span)
{
	for (size_t i = 0; i < span.len; i++)
		gl_out_byte(out, gl_lower(span.at[i]));
}

void gl_out_decimal(struct gl_out *out, int64_t number)
{
	char digits[20];
	size_t first = sizeof digits;
	uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[--first] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		gl_out_byte(out, '-');
	gl_out_span(out, (struct gl_span){ .at = digits + first, .len = sizeof digits - first });
}

void gl_out_hex(struct gl_out *out, struct gl_span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		gl_out_byte(out, digits[(unsigned char)bytes.at[i] >> 4]);
		gl_out_byte(out, digits[(unsigned char)bytes.at[i] & 0xfu]);
	}
}

static int hex_digit(char byte)
{
	char lower = gl_lower(byte);

	if (gl_is_digit(byte))
		return byte - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum gl_status gl_out_from_hex(struct gl_out *out, struct gl_span digits)
{
	if (digits.len % 2 != 0)
		return GL_MALFORMED;
	for (size_t i = 0; i < digits.len; i += 2) {
		int high = hex_digit(digits.at[i]);
		int low = hex_digit(digits.at[i + 1]);

		if (high < 0 || low < 0)
			return GL_MALFORMED;
		gl_out_byte(out, (char)(high << 4 | low));
	}
	return GL_OK;
}

/* How many bytes follow this lead byte, and the code point it begins (RFC 3629 section 3). */
static size_t utf8_lead(unsigned char byte, uint32_t *point)
{
	if (byte >= 0xc2 && byte <= 0xdf) {
		*point = byte & 0x1fu;
		return 1;
	}
	if (byte >= 0xe0 && byte <= 0xef) {
		*point = byte & 0x0fu;
		return 2;
	}
	if (byte >= 0xf0 && byte <= 0xf4) {
		*point = byte & 0x07u;
		return 3;
	}
	return 0;
}

/* U+2028..202E end a line or turn the direction of the text, the others turn it too. */
static bool is_visible(uint32_t point)
{
	bool surrogate = point >= 0xd800 && point <= 0xdfff;
	bool mark = point == 0x061c || point == 0x200e || point == 0x200f;
	bool turning = mark || (point >= 0x2028 && point <= 0x202e) ||
		       (point >= 0x2066 && point <= 0x2069);

	return point > 0x9f && point <= 0x10ffff && !surrogate && !turning;
}

/* Bytes of the character that the span begins with, or 0 when it must not be shown. */
static size_t visible_len(struct gl_span span)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)span.at[0];
	uint32_t point = 0;
	size_t more = utf8_lead(lead, &point);

	if (lead >= 0x20 && lead <= 0x7e)
		return 1;
	if (more == 0 || more >= span.len)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		unsigned char next = (unsigned char)span.at[i];

		if ((next & 0xc0u) != 0x80)
			return 0;
		point = point << 6 | (next & 0x3fu);
	}
	return point >= least[more] && is_visible(point) ? more + 1 : 0;
}

void gl_out_printable(struct gl_out *out, struct gl_span span)
{
	while (span.len > 0 && !out->full) {
		size_t len = visible_len(span);

		if (len == 0)
			gl_out_byte(out, '?');
		else if (len <= out->size - out->len)
			gl_out_span(out, gl_span_head(span, len));
		else
			out->full = true;
		span = gl_span_skip(span, len == 0 ? 1 : len);
	}
}

struct gl_span gl_out_done(const struct gl_out *out)
{
	return (struct gl_span){ .at = out->at, .len = out->len };
}

const char *gl_out_string(struct gl_out *out)
{
	if (out->len >= out->size) {
		out->len = out->size - 1;
		out->full = true;
	}
	out->at[out->len] = '\0';
	return out->at;
}
