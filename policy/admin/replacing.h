/*
 * replacing - what `compact` and `restore` share: the table written anew
 * and put in its old place while helpers live.
 */
#ifndef GREYLIST_REPLACING_H
#define GREYLIST_REPLACING_H

#include "command.h"

/*
 * Becomes the owner of the state directory, replaces the table
 * (gl_store_replace; `backup` may be NULL) and tells what came of it,
 * failures included. A signal that comes before the new table is in
 * place leaves the old one there, and then does what it does.
 */
enum gl_exit gl_replace_table(
    struct gl_admin *admin, const char *backup, struct gl_replaced *result);

/* "12.5 MB", or "512 bytes". Returns `text`. */
enum { GL_SIZE_TEXT = 32 };
const char *gl_size_text(char text[GL_SIZE_TEXT], uint64_t bytes);

#endif
