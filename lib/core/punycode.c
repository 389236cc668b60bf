#include "greylist/punycode.h"

/* RFC 3492 section 5, by the names it has there. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128 };

/* RFC 1035 2.3.4: no label with more characters can be written down. */
enum { POINTS_MAX = 63, POINT_LAST = 0x10ffff };

struct points {
	size_t count;
	uint32_t at[POINTS_MAX];
};

/* How many bytes follow, and the smallest character that needs so many (RFC 3629 section 3). */
static size_t bytes_behind(unsigned char lead, uint32_t *least)
{
	static const uint32_t leasts[] = { 0, 0x80, 0x800, 0x10000 };
	size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0;

	*least = leasts[more];
	return more;
}

/* Cuts the first character off. */
static enum gl_status read_point(uint32_t *point, struct gl_span *text)
{
	unsigned char lead = (unsigned char)text->at[0];
	uint32_t least = 0;
	size_t more = bytes_behind(lead, &least);

	if ((lead >= 0x80 && more == 0) || lead >= 0xf8 || more >= text->len)
		return GL_MALFORMED;
	*point = more == 0 ? lead : lead & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++) {
		unsigned char next = (unsigned char)text->at[i];

		if ((next & 0xc0u) != 0x80)
			return GL_MALFORMED;
		*point = *point << 6 | (next & 0x3fu);
	}
	*text = gl_span_skip(*text, more + 1);
	bool surrogate = *point >= 0xd800 && *point <= 0xdfff;

	return *point < least || *point > POINT_LAST || surrogate ? GL_MALFORMED : GL_OK;
}

static enum gl_status read_points(struct points *points, struct gl_span text)
{
	enum gl_status status = GL_OK;

	points->count = 0;
	while (text.len > 0 && status == GL_OK) {
		if (points->count == POINTS_MAX)
			return GL_TOO_LONG;
		status = read_point(&points->at[points->count++], &text);
	}
	return status;
}

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void out_digit(struct gl_out *out, uint32_t digit)
{
	gl_out_byte(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
}

/* A number of variable length (RFC 3492 3.3). */
static void out_delta(struct gl_out *out, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t threshold = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

		if (delta < threshold) {
			out_digit(out, delta);
			return;
		}
		out_digit(out, threshold + (delta - threshold) % (BASE - threshold));
		delta = (delta - threshold) / (BASE - threshold);
	}
}

static uint32_t out_ascii(struct gl_out *out, const struct points *points)
{
	uint32_t written = 0;

	for (size_t i = 0; i < points->count; i++) {
		if (points->at[i] >= INITIAL_N)
			continue;
		gl_out_byte(out, (char)points->at[i]);
		written++;
	}
	if (written > 0)
		gl_out_byte(out, '-');
	return written;
}

static uint32_t least_from(const struct points *points, uint32_t from)
{
	uint32_t least = POINT_LAST;

	for (size_t i = 0; i < points->count; i++)
		if (points->at[i] >= from && points->at[i] < least)
			least = points->at[i];
	return least;
}

/* RFC 3492 6.3. No sum can overflow: 63 characters times 0x10ffff. */
static void out_points(struct gl_out *out, const struct points *points)
{
	uint32_t ascii = out_ascii(out, points);
	uint32_t handled = ascii;
	uint32_t bias = INITIAL_BIAS;
	uint32_t delta = 0;

	for (uint32_t n = INITIAL_N; handled < points->count; n++, delta++) {
		uint32_t next = least_from(points, n);

		delta += (next - n) * (handled + 1);
		n = next;
		for (size_t i = 0; i < points->count; i++) {
			delta += points->at[i] < n;
			if (points->at[i] != n)
				continue;
			out_delta(out, delta, bias);
			bias = adapt(delta, handled + 1, handled == ascii);
			delta = 0;
			handled++;
		}
	}
}

enum gl_status gl_out_punycode(struct gl_out *out, struct gl_span text)
{
	struct points points;
	enum gl_status status = read_points(&points, text);

	if (status == GL_OK)
		out_points(out, &points);
	return status;
}

static bool is_ascii(struct gl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= INITIAL_N)
			return false;
	return true;
}

static void out_label(struct gl_out *out, struct gl_span label)
{
	char room[4 * POINTS_MAX];
	struct gl_out lower = gl_out_into(room, sizeof room);
	struct gl_out before = *out;

	gl_out_lower(&lower, label);
	if (is_ascii(label) || lower.full) {
		gl_out_lower(out, label);
		return;
	}
	gl_out_text(out, "xn--");
	if (gl_out_punycode(out, gl_out_done(&lower)) == GL_OK)
		return;
	*out = before;
	gl_out_span(out, label);
}

void gl_out_domain(struct gl_out *out, struct gl_span name)
{
	for (;;) {
		size_t dot = gl_span_find(name, '.');

		out_label(out, gl_span_head(name, dot));
		if (dot == name.len)
			return;
		gl_out_byte(out, '.');
		name = gl_span_skip(name, dot + 1);
	}
}
