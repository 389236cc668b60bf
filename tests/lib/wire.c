#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "same.h"

int wire_set_up(void **state)
{
	struct wire *wire = malloc(sizeof *wire);
	char *bytes = malloc(2 * GL_REQUEST_MAX);

	assert_non_null(wire);
	assert_non_null(bytes);
	wire->request = malloc(sizeof *wire->request);
	assert_non_null(wire->request);
	memset(wire->request, 0xa5, sizeof *wire->request);
	gl_request_init(wire->request);
	wire->out = gl_out_into(bytes, 2 * GL_REQUEST_MAX);
	*state = wire;
	return 0;
}

int wire_tear_down(void **state)
{
	struct wire *wire = *state;

	free(wire->request);
	free(wire->out.at);
	free(wire);
	return 0;
}

void wire_add(struct wire *wire, const char *part)
{
	gl_out_text(&wire->out, part);
	assert_false(wire->out.full);
}

void wire_add_times(struct wire *wire, size_t times, char byte)
{
	for (size_t i = 0; i < times; i++)
		gl_out_byte(&wire->out, byte);
	assert_false(wire->out.full);
}

void wire_start_over(struct wire *wire)
{
	gl_request_init(wire->request);
	wire->out.len = 0;
}

enum gl_status wire_feed(struct wire *wire)
{
	struct gl_span input = gl_out_done(&wire->out);

	return gl_request_feed(wire->request, &input);
}

void wire_holds(const struct wire *wire, enum gl_attribute attribute, const char *value)
{
	assert_true(gl_request_has(wire->request, attribute));
	same_text(gl_attribute_name(attribute), gl_request_get(wire->request, attribute), value);
}
