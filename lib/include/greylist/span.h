/*
 * span - borrowed bytes with a length, and a bounded place to write.
 *
 * A gl_span never owns what it points at: it is good for as long as the
 * thing it was cut from. It may hold any byte, NUL included, and is not
 * zero-terminated. An empty span may have a NULL pointer.
 *
 * A gl_out appends to a caller's buffer. Its error sticks: once
 * something did not fit, `full` stays set, nothing more is written, and
 * the caller checks once at the end. What did fit is there, so that a
 * message may be shown cut; nothing cut is ever sent or stored.
 */
#ifndef GREYLIST_SPAN_H
#define GREYLIST_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "greylist/status.h"

struct gl_span {
	const char *at;
	size_t len;
};

/* `text` is zero-terminated and may be NULL (an empty span). */
struct gl_span gl_span_of(const char *text);

bool gl_span_equal(struct gl_span a, struct gl_span b);

/* ASCII letters match in either case, other bytes exactly; no locale is asked. */
bool gl_span_equal_fold(struct gl_span a, struct gl_span b);

/* Order of the bytes, a shorter span before its continuation: LMDB's order of keys. */
int gl_span_compare(struct gl_span a, struct gl_span b);

/* `from` and beyond; empty when the span is shorter. */
struct gl_span gl_span_skip(struct gl_span span, size_t from);

/* The first `len` bytes, or all when the span is shorter. */
struct gl_span gl_span_head(struct gl_span span, size_t len);

/* Without blanks (space, tab, CR, LF) at either end. */
struct gl_span gl_span_trim(struct gl_span span);

/* Index of the first (last) `byte`, or span.len when there is none. */
size_t gl_span_find(struct gl_span span, char byte);
size_t gl_span_find_last(struct gl_span span, char byte);

/*
 * The whole span as an unsigned decimal number.
 *
 *   GL_MALFORMED  empty, or a byte that is no digit
 *   GL_TOO_LONG   more than `most`
 */
GL_CHECKED enum gl_status gl_span_number(struct gl_span span, uint64_t most, uint64_t *number);

/* ASCII only: bytes above 127 stay as they are. */
char gl_lower(char byte);
bool gl_is_digit(char byte);
bool gl_is_alnum(char byte);

struct gl_out {
	char *at;    /* borrowed from the caller */
	size_t size; /* bytes that fit */
	size_t len;  /* bytes written */
	bool full;   /* something did not fit */
};

struct gl_out gl_out_into(char *buffer, size_t size);

void gl_out_span(struct gl_out *out, struct gl_span span);
void gl_out_text(struct gl_out *out, const char *text);
void gl_out_byte(struct gl_out *out, char byte);
void gl_out_lower(struct gl_out *out, struct gl_span span);
void gl_out_decimal(struct gl_out *out, int64_t number);

/* Two digits a byte, in lower case. */
void gl_out_hex(struct gl_out *out, struct gl_span bytes);

/*
 * The bytes that such digits, of either case, stand for.
 *
 *   GL_MALFORMED  an odd number of them, or something else among them; bytes may have been written
 */
GL_CHECKED enum gl_status gl_out_from_hex(struct gl_out *out, struct gl_span digits);

/*
 * Foreign bytes for a log, a terminal or TSV: printable ASCII and valid
 * UTF-8 above U+009F stay, but for the characters that end a line or
 * turn the direction of the text (U+061C, U+200E, U+200F, U+2028..202E,
 * U+2066..2069); every other byte becomes '?'. Nothing that moves a
 * cursor, ends a line or splits a column gets through. A character is
 * never cut in the middle.
 */
void gl_out_printable(struct gl_out *out, struct gl_span span);

/* What was written, borrowed from the buffer. */
struct gl_span gl_out_done(const struct gl_out *out);

/*
 * Zero-terminates what was written, cutting the last byte off where the
 * buffer is full, and returns it. For messages, where a cut text is
 * better than none. size must be at least 1.
 */
const char *gl_out_string(struct gl_out *out);

#endif
