/*
 * packed - bytes as gzip and xz pack them, by the libraries themselves.
 */
#ifndef GREYLIST_TEST_PACKED_H
#define GREYLIST_TEST_PACKED_H

#include "greylist/span.h"

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_XZ };

/* In a buffer that the next call reuses. Empty: this build has not got the library. */
struct gl_span packed(enum packing packing, struct gl_span bytes);

/* So many mebibytes of zeros. */
struct gl_span packed_bomb(enum packing packing, int mebibytes);

#endif
