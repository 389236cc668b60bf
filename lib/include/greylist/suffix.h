/*
 * suffix - the grammar of the lists of public suffixes.
 *
 * A public suffix is a domain below which strangers to each other
 * register names: co.uk, or a hoster's domain with a name for each of its
 * customers. One label more is the registrable domain, which is
 * somebody's. The text is that of publicsuffix.org: one rule a line, of
 * which only what stands in front of the first blank counts.
 *
 *   // a comment
 *   co.uk                       a public suffix
 *   *.ck                        everything directly below ck is one, too
 *   !www.ck                     but not this: it is somebody's
 *
 * A '*' stands only in front and for one whole label. Names are in either
 * case, in UTF-8 or as DNS has them (punycode.h); a dot at the end is
 * dropped. The last label of a name is a public suffix anyway, so a rule
 * of one label, or of a '*' alone, says nothing, and is not kept.
 *
 * A rule goes the way of the exempt lists' entries (exempt.h), as a
 * domain in one of the three lists that exempt nobody. pool.h asks them.
 */
#ifndef GREYLIST_SUFFIX_H
#define GREYLIST_SUFFIX_H

#include "greylist/exempt.h"

/* What the line says, up to the first blank; empty where it is blank. */
struct gl_span gl_suffix_entry(struct gl_span line);

/*
 * Reads such an entry. rule->text is borrowed from it: the name without
 * '!' and "*.", as it was written.
 *
 *   GL_OK         a rule
 *   GL_NOT_FOUND  a comment, or a rule that says what holds anyway
 *   GL_MALFORMED  no rule; *why says what is wrong and what to write (static text)
 *   GL_TOO_LONG   over GL_LABELS_MAX labels, or over what DNS allows; *why likewise
 */
GL_CHECKED enum gl_status gl_suffix_parse(
    struct gl_rule *rule, struct gl_span entry, const char **why);

#endif
