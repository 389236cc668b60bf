#include "same.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

void same_bytes(const char *row, struct gl_span got, struct gl_span want)
{
	char shown[1024];
	char wanted[1024];
	struct gl_out a = gl_out_into(shown, sizeof shown);
	struct gl_out b = gl_out_into(wanted, sizeof wanted);

	if (gl_span_equal(got, want))
		return;
	gl_out_printable(&a, got);
	gl_out_printable(&b, want);
	fail_msg("%s: got \"%s\", %zu bytes; expected \"%s\", %zu bytes", row, gl_out_string(&a),
	    got.len, gl_out_string(&b), want.len);
}

void same_text(const char *row, struct gl_span got, const char *want)
{
	same_bytes(row, got, gl_span_of(want));
}

void same_status(const char *row, enum gl_status got, enum gl_status want)
{
	if (got != want)
		fail_msg("%s: got \"%s\", expected \"%s\"", row, gl_status_text(got),
		    gl_status_text(want));
}
