/*
 * same - comparisons that say which row of a table failed, and on what.
 */
#ifndef GREYLIST_TEST_SAME_H
#define GREYLIST_TEST_SAME_H

#include "greylist/span.h"

/* A literal as a span initialiser, NULs inside it included. */
#define BYTES(literal)                                                                             \
	{                                                                                          \
		.at = (literal), .len = sizeof(literal) - 1                                        \
	}

/* Fails the test with the name of the row and both texts, made printable, when they differ. */
void same_bytes(const char *row, struct gl_span got, struct gl_span want);

/* The same for a zero-terminated text. */
void same_text(const char *row, struct gl_span got, const char *want);

/* The same for a status. */
void same_status(const char *row, enum gl_status got, enum gl_status want);

#endif
