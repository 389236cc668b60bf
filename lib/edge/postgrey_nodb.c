#include "greylist/postgrey.h"

#include <stdio.h>

bool gl_postgrey_db_there(void)
{
	return false;
}

enum gl_status gl_postgrey_db_read(int directory, const char *scratch, gl_postgrey_fn *each,
    void *context, struct gl_complaint *why)
{
	(void)directory;
	(void)scratch;
	(void)each;
	(void)context;
	snprintf(why->text, sizeof why->text, "this program was built without libdb");
	return GL_UNSUPPORTED;
}
