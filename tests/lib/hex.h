/*
 * hex - bytes written down for people.
 */
#ifndef GREYLIST_TEST_HEX_H
#define GREYLIST_TEST_HEX_H

#include <stddef.h>

/*
 * Reads pairs of hexadecimal digits; blanks, newlines and everything
 * from a '#' to the end of its line are skipped. Returns how many bytes
 * were read; fails the test on anything else, or over `size` bytes.
 */
size_t hex_read(unsigned char *bytes, size_t size, const char *text);

/* The same with the text of a file below the source tree. */
size_t hex_read_file(unsigned char *bytes, size_t size, const char *path);

#endif
