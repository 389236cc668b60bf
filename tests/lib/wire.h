/*
 * wire - the bytes of a request as a test builds them up, and the
 * request that the parser makes of them.
 */
#ifndef GREYLIST_TEST_WIRE_H
#define GREYLIST_TEST_WIRE_H

#include "greylist/request.h"

/* Request and bytes each have their own place on the heap: a sanitizer sees the end of both. */
struct wire {
	struct gl_request *request;
	struct gl_out out; /* room for two of the largest requests */
};

/* cmocka setup and teardown: *state is a struct wire. */
int wire_set_up(void **state);
int wire_tear_down(void **state);

/* Appends a text, or one byte so many times. */
void wire_add(struct wire *wire, const char *part);
void wire_add_times(struct wire *wire, size_t times, char byte);

/* Empties both. */
void wire_start_over(struct wire *wire);

/* Feeds all the bytes in one go. */
enum gl_status wire_feed(struct wire *wire);

/* Fails the test unless the request has the attribute with this value. */
void wire_holds(const struct wire *wire, enum gl_attribute attribute, const char *value);

#endif
