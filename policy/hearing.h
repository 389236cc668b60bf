/*
 * hearing - one request is judged, and what follows from it is made durable.
 *
 * The helper holds one for each request that needs the table, and
 * `greylist-admin replay` for each request of its input: one decides
 * as the other does because both do it here.
 */
#ifndef GREYLIST_HEARING_H
#define GREYLIST_HEARING_H

#include "world.h"

/*
 * Opens what is not open, asks gl_judge, and applies its ops; a new
 * triplet also pays its share of the sweep. A table that was replaced,
 * or broke under this process, is opened anew and asked again.
 *
 * GL_OK with the verdict. Any other status is the store's; the
 * judgement then says nothing, and world->store_why says why.
 */
GL_CHECKED enum gl_status gl_hearing_hold(struct gl_judgement *judgement, struct gl_world *world,
    const struct gl_request *request, int64_t now);

#endif
