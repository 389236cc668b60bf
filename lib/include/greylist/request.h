/*
 * request - one policy request as Postfix sends it.
 *
 * The wire (Postfix SMTPD_POLICY_README):
 *
 *     request   = *( attribute newline ) newline
 *     attribute = name "=" value
 *
 * name holds no "=", NUL or newline, value no NUL or newline. The order
 * is free, unknown names are skipped, a name may come twice (the last
 * one counts), and a CR before the newline is dropped. The parser is
 * incremental: bytes may arrive split anywhere, or two requests in one
 * read. Memory is bounded by the struct itself; nothing is allocated.
 *
 * Limits: Postfix cuts an SMTP command at line_length_limit (2048) and
 * quoting can double an address, so a value of GL_VALUE_MAX leaves room
 * to spare. Today's Postfix sends about 30 attributes and 1 KiB.
 */
#ifndef GREYLIST_REQUEST_H
#define GREYLIST_REQUEST_H

#include "greylist/span.h"

enum {
	GL_VALUE_MAX = 8192,   /* bytes of one value */
	GL_NAME_MAX = 128,     /* bytes of one name */
	GL_REQUEST_MAX = 65536 /* bytes of one whole request */
};

/* What greylisting asks about; every other attribute is skipped. */
enum gl_attribute {
	GL_ATTR_REQUEST,
	GL_ATTR_PROTOCOL_STATE,
	GL_ATTR_CLIENT_ADDRESS,
	GL_ATTR_CLIENT_NAME,
	GL_ATTR_SENDER,
	GL_ATTR_RECIPIENT,
	GL_ATTR_INSTANCE,
	GL_ATTR_QUEUE_ID,
	GL_ATTR_SASL_USERNAME,
	GL_ATTR_POLICY_CONTEXT, /* Postfix 3.1 and later, where main.cf gives one */
	GL_ATTR_TEST_TIME, /* seconds since the epoch; nobody but `greylist-admin replay` asks */
	GL_ATTRIBUTES      /* how many there are */
};

struct gl_request_value {
	uint32_t at; /* offset into bytes */
	uint32_t len;
	bool present;
};

/* About 64 KiB; initialise once with gl_request_init, then reuse. Private but for the size. */
struct gl_request {
	struct gl_request_value values[GL_ATTRIBUTES];
	size_t taken;    /* bytes of this request read so far */
	size_t kept;     /* bytes of values kept in `bytes` */
	size_t line;     /* bytes of the unfinished line, behind the kept ones */
	size_t name_len; /* length of the unfinished line's name once its '=' was read */
	bool named;      /* the unfinished line's '=' was read */
	bool complete;   /* the next feed starts a new request */
	char bytes[GL_REQUEST_MAX];
};

void gl_request_init(struct gl_request *request);

/*
 * Reads on. `input` is moved past what was used; what is left over
 * belongs to the next request. After GL_OK the request is good until
 * the next feed, which starts the next one.
 *
 *   GL_OK         the request is complete
 *   GL_MORE       all input used, the request goes on
 *   GL_MALFORMED  a NUL, or a line without '=' or without a name
 *   GL_TOO_LONG   a name, a value or the whole over its limit
 *
 * After GL_MALFORMED or GL_TOO_LONG the connection cannot be used any
 * more: there is no way to tell where the next request begins.
 */
GL_CHECKED enum gl_status gl_request_feed(struct gl_request *request, struct gl_span *input);

/* Whether some bytes of an unfinished request were read: end-of-file now would cut it short. */
bool gl_request_begun(const struct gl_request *request);

/* Whether the attribute was sent at all, even with an empty value. */
bool gl_request_has(const struct gl_request *request, enum gl_attribute attribute);

/* Its value, borrowed from the request; empty when it was not sent. */
struct gl_span gl_request_get(const struct gl_request *request, enum gl_attribute attribute);

/* The name on the wire, such as "client_address". Static. */
const char *gl_attribute_name(enum gl_attribute attribute);

/*
 * Makes a request out of values instead of bytes, for commands that ask
 * what the helper would say. GL_TOO_LONG when a limit is passed; a
 * value must not hold a NUL or newline (GL_MALFORMED).
 */
GL_CHECKED enum gl_status gl_request_set(
    struct gl_request *request, enum gl_attribute attribute, struct gl_span value);

#endif
