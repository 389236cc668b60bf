#include "greylist/config.h"

/* Every option's name, one a line, for docs.sh. */
int main(void)
{
	for (size_t n = 0; gl_config_option(n) != NULL; n++)
		puts(gl_config_option(n));
	return fflush(stdout) != 0;
}
