/*
 * pool - what a client's name says about who runs it.
 *
 * Large senders retry from another machine, often of another network.
 * What their machines share is the registrable domain of their names:
 * the public suffix (suffix.h) and one label more. Postfix hands over a
 * client_name only where forward and reverse DNS agree, so whoever is
 * called mx7.example.co.uk was called so by the owner of example.co.uk.
 * That names a pool; but not where the owner is a provider who gives
 * every customer's line a name. So the judge asks two things:
 *
 *   gl_name_looks     whether the name is one that somebody chose for a server
 *   gl_pool_domain    whose it is, by way of a few look-ups in the rules
 *
 * Where either does not speak for it, the client's network is all that
 * is known of it, as for everybody else. Nothing here is a heuristic for
 * refusing mail.
 */
#ifndef GREYLIST_POOL_H
#define GREYLIST_POOL_H

#include "greylist/exempt.h"

enum gl_name_kind {
	GL_NAME_PLAIN,   /* nothing speaks against it */
	GL_NAME_UNKNOWN, /* none, "unknown", or longer than a name can be */
	GL_NAME_ADDRESS, /* it carries the client's address */
	GL_NAME_DYNAMIC  /* it has a word of those that providers use for customers' lines */
};

/*
 * How the name looks. It carries the address
 *
 *   IPv4  where three of its octets stand next to each other, either way
 *         round: in decimal with one byte between two of them, or padded
 *         with zeros to nine digits; or where all four are run together
 *         in decimal, or in hexadecimal with whatever between the digits;
 *   IPv6  where 12 of its 32 digits do, either way round, with whatever
 *         between them, each group padded or as it is; or by the IPv4
 *         address in its last 32 bits, or in 6to4's place (RFC 3056).
 *
 * Three octets run together without zeros are too often a plain number,
 * such as large senders count their machines with.
 *
 * Then each label left of the registrable domain is cut into words of
 * letters. Those of a line, such as "dsl" or "dynamic", are enough by
 * themselves. "pool", "client", "user" and their like stand in names of
 * mail servers too: they count where no label has a word of mail, such
 * as "smtp". The registrable domain is estimated, without the lists: the
 * last two labels, or three where a word such as "co" or "com" stands in
 * front of a country's.
 *
 * The name is in either case; a client of NULL is none.
 */
enum gl_name_kind gl_name_looks(struct gl_span name, const struct gl_address *client);

/* What speaks against the name, for people; NULL for a plain one. Static. */
const char *gl_name_flaw(enum gl_name_kind kind);

enum {
	/* of a list each, for every number of labels: thrice 16, and the name's labels before it */
	GL_SUFFIX_PROBES_MAX = 3 * GL_LABELS_MAX,
	GL_SUFFIX_PROBES_BYTES = GL_SUFFIX_PROBES_MAX * (2 + GL_RULE_TEXT_MAX)
};

/*
 * The keys to look up in the rules: with the published list about two
 * for every label behind the first. The first that is there decides.
 * About 14 KiB, of which a name uses what it needs.
 */
struct gl_suffix_probes {
	size_t count;
	struct gl_suffix_probe {
		struct gl_span key; /* in lower case; borrowed from `bytes` */
		unsigned labels;    /* of the public suffix where it is found */
	} probe[GL_SUFFIX_PROBES_MAX];
	bool usable; /* a good name, and there are rules to ask */
	size_t used;
	char bytes[GL_SUFFIX_PROBES_BYTES];
};

/*
 * Fills in what can succeed, by publicsuffix.org's order: an exception
 * before all, then the longest rule, wildcards included. No probes for
 * what is no good name (of letters, digits, '-' and '_', two labels at
 * least, no address), nor where the rules have no public suffixes: then
 * co.uk would pass for somebody's.
 */
void gl_suffix_probes(
    struct gl_suffix_probes *probes, const struct gl_rules_head *head, struct gl_span name);

/*
 * The registrable domain, borrowed from `name` and in its case, without
 * a dot at the end. `name` is the one that the probes were made of, and
 * found[i] says whether the rules have probe i; where none is, the last
 * label is the public suffix. Empty where the name is a public suffix
 * itself, or the probes are not usable.
 */
struct gl_span gl_pool_domain(
    struct gl_span name, const struct gl_suffix_probes *probes, const bool found[]);

#endif
