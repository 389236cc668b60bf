/*
 * output - how the commands print text, times and JSON.
 *
 * Senders, recipients and names are strangers' text: on a terminal and
 * in TSV they go through gl_out_printable; in JSON valid UTF-8 stays
 * exact behind JSON's own escapes, so a script gets the very address,
 * and everything else is made printable first.
 */
#ifndef GREYLIST_OUTPUT_H
#define GREYLIST_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "greylist/span.h"

enum { GL_TIME_TEXT = 32 };

/* An envelope address, printable; "<>" where it is empty, so that no column is ever empty. */
void gl_print_envelope(FILE *to, struct gl_span text);
void gl_print_printable(FILE *to, struct gl_span text);

/* As gl_print_envelope, with blanks behind it up to `width` characters; longer text is not cut. */
void gl_print_cell(FILE *to, struct gl_span text, unsigned width);

/* Local time to the second, or to the minute; "-" for 0, which means unset. Returns `text`. */
const char *gl_time_text(char text[GL_TIME_TEXT], int64_t when);
const char *gl_time_short(char text[GL_TIME_TEXT], int64_t when);

/* The two largest units: "3 min 20 s", "2 d 3 h". Returns `text`. */
const char *gl_duration_text(char text[GL_TIME_TEXT], int64_t seconds);

/* Good, in between, bad: green, yellow, red; the words say the same without it. */
enum gl_colour { GL_GREEN, GL_YELLOW, GL_RED };

/* The text, coloured where `coloured` says that the terminal shows it and somebody wants it. */
void gl_print_colour(FILE *to, bool coloured, enum gl_colour colour, const char *text);

/* A new reference, or NULL where memory is out: json_pack takes that, and its result is NULL too.
 */
json_t *gl_json_text(struct gl_span text);
json_t *gl_json_time(int64_t when); /* null for 0 */

/* Prints the object as one line and gives the reference back. False: out of memory or not written.
 */
bool gl_json_line(FILE *to, json_t *object);

#endif
