#include "syslog_double.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void openlog(const char *ident, int option, int facility);
void closelog(void);
void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct syslog_double *syslog_double(void)
{
	static struct syslog_double kept;

	return &kept;
}

void openlog(const char *ident, int option, int facility)
{
	struct syslog_double *kept = syslog_double();

	(void)option;
	snprintf(kept->ident, sizeof kept->ident, "%s", ident);
	kept->facility = facility;
}

void closelog(void)
{
	syslog_double()->ident[0] = '\0';
}

__attribute__((format(printf, 2, 0))) static void keep_line(
    int priority, const char *format, va_list arguments)
{
	struct syslog_double *kept = syslog_double();
	size_t used = strlen(kept->text);

	kept->lines++;
	snprintf(kept->text + used, sizeof kept->text - used, "<%d>", priority);
	used = strlen(kept->text);
	vsnprintf(kept->text + used, sizeof kept->text - used, format, arguments);
	used = strlen(kept->text);
	snprintf(kept->text + used, sizeof kept->text - used, "\n");
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	keep_line(priority, format, arguments);
	va_end(arguments);
}
