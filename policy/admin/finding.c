#include "finding.h"

#include <stdarg.h>

#include "output.h"

__attribute__((format(printf, 3, 0))) static void say(
    FILE *to, const char *kind, const char *format, va_list arguments)
{
	char text[4096];
	vsnprintf(text, sizeof text, format, arguments);
	fprintf(to, "%-8s", kind);
	gl_print_printable(to, gl_span_of(text));
	fputc('\n', to);
}

void gl_finding_ok(struct gl_check *check, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(check->admin->out, "ok", format, arguments);
	va_end(arguments);
}

void gl_finding_warning(struct gl_check *check, const char *format, ...)
{
	va_list arguments;
	check->warnings++;
	va_start(arguments, format);
	say(check->admin->out, "warning", format, arguments);
	va_end(arguments);
}

void gl_finding_error(struct gl_check *check, const char *format, ...)
{
	va_list arguments;
	check->errors++;
	va_start(arguments, format);
	say(check->admin->out, "error", format, arguments);
	va_end(arguments);
}
