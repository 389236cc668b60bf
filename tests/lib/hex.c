#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source.h"

static unsigned char nibble(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
	if (found == NULL)
		fail_msg("'%c' is no lower-case hexadecimal digit", digit);
	return (unsigned char)(found - digits);
}

size_t hex_read(unsigned char *bytes, size_t size, const char *text)
{
	size_t len = 0;
	for (text += strspn(text, " \t\n"); *text != '\0'; text += strspn(text, " \t\n")) {
		if (*text == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		assert_true(len < size);
		bytes[len++] = (unsigned char)(nibble(text[0]) << 4 | nibble(text[1]));
		text += 2;
	}
	return len;
}

size_t hex_read_file(unsigned char *bytes, size_t size, const char *path)
{
	char *text = source_text(path);
	size_t len = hex_read(bytes, size, text);
	free(text);
	return len;
}
