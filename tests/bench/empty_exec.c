/*
 * The floor of a process per request: reads once, answers a constant, ends.
 */
#include <unistd.h>

int main(void)
{
	static const char answer[] = "action=DUNNO\n\n";
	char request[4096];
	if (read(0, request, sizeof request) <= 0)
		return 0;
	return write(1, answer, sizeof answer - 1) == (ssize_t)sizeof answer - 1 ? 0 : 1;
}
