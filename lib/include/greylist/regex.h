/*
 * regex - the regular expressions of the exempt lists, with PCRE2.
 *
 * The one room that knows PCRE2. An expression is compiled once, when
 * the lists are, into code that lies in the rules beside its text; to
 * search with it means to unpack that code, not to read the text again.
 * Code that this build of PCRE2 did not make, or that was damaged, is
 * made anew from the text at each search: slower, and never wrong.
 *
 * The meaning is Postgrey's and that of Postfix's pcre tables: Perl's
 * expressions over bytes, found anywhere in the subject unless ^ and $
 * say otherwise, ASCII letters in either case. UTF-8 is not read as
 * characters, whatever stands at an expression's beginning.
 *
 * A subject is a stranger's text and an expression may be badly made, so
 * each search has a limit of steps and of memory: about a hundredth of
 * a second at most, and it never uses the stack for its backtracking.
 *
 * Built without PCRE2, the room is there and every call says so.
 */
#ifndef GREYLIST_REGEX_H
#define GREYLIST_REGEX_H

#include "greylist/exempt.h"

/* Bytes of a subject. A mail address has at most 320 (RFC 5321 4.5.3.1), a host name 253. */
enum { GL_REGEX_SUBJECT_MAX = 1024 };

/*
 * Compiles an expression, written without the slashes around it, and
 * adds its code to `code`: the octets of a digest, then PCRE2's own.
 *
 *   GL_MALFORMED    PCRE2 does not take it; `why` says what it did not like and where
 *   GL_TOO_LONG     it became more than GL_REGEX_CODE_MAX octets; `why` says so
 *   GL_UNSUPPORTED  built without PCRE2
 *   GL_FAILED       out of memory
 */
GL_CHECKED enum gl_status gl_regex_compile(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why);

/*
 * Looks for it in the subject.
 *
 *   GL_OK           it is there
 *   GL_NOT_FOUND    it is not
 *   GL_TOO_LONG     the subject is too long, or a limit was reached: nobody knows
 *   GL_MALFORMED    neither code nor expression can be used
 *   GL_UNSUPPORTED  built without PCRE2
 *   GL_FAILED       out of memory
 */
GL_CHECKED enum gl_status gl_regex_search(
    struct gl_span code, struct gl_span expression, struct gl_span subject);

/* "pcre2 10.42", or "no pcre2", for -V. Static. */
const char *gl_regex_engine(void);

#endif
