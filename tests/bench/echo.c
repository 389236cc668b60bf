/*
 * The floor of a process per connection: answers a constant to each request until end of file.
 */
#include <stdbool.h>
#include <unistd.h>

/* Whether the bytes end a request; `last` is the byte in front of them. */
static bool ends_request(const char *bytes, ssize_t len, char last)
{
	return bytes[len - 1] == '\n' && (len > 1 ? bytes[len - 2] : last) == '\n';
}

int main(void)
{
	static const char answer[] = "action=DUNNO\n\n";
	char request[4096];
	char last = '\0';
	ssize_t len;
	while ((len = read(0, request, sizeof request)) > 0) {
		bool whole = ends_request(request, len, last);
		last = request[len - 1];
		if (whole && write(1, answer, sizeof answer - 1) != (ssize_t)sizeof answer - 1)
			return 1;
	}
	return 0;
}
