/*
 * exempt - who is never greylisted: the grammar of the lists, and the
 * question put to the compiled rules.
 *
 * A list is a text file, one entry a line; '#' begins a comment, blanks
 * around an entry do not count.
 *
 *   clients, relays,    192.0.2.7  192.0.2.0/24  192.0.2  2001:db8::/32
 *   never               mail.example.com  example.com
 *   recipients, senders user@example.com  user@  example.com
 *   clients, recipients,
 *   senders             /expression/
 *
 * A host or domain stands for itself and everything below it, compared
 * with client_name, which Postfix sets only when forward and reverse DNS
 * agree ("unknown" otherwise, which no entry matches). A name has
 * letters, digits, '-' and '_'; a dot at its end is dropped.
 * user@example.com also means user+anything@example.com; user@ means
 * that user in every domain, and without one. All in either case.
 *
 * A regular expression has no blanks, and '#' ends even its line. It is
 * searched for (regex.h) in the whole client_name, never in the address,
 * or in the whole recipient or sender as it came from the wire. Unlike a
 * name it also meets "unknown". Its line is longer than others may be,
 * and a list has only so many: each of them costs every request.
 *
 * The list never_auto_whitelist exempts nobody: its clients have
 * to wait with each new triplet, however often they passed before. Nor
 * do the public suffixes (suffix.h), whose files have a grammar of their
 * own: what they say of a client's name is asked through pool.h.
 *
 * The files are compiled into exact keys, so a request asks the rules
 * with a handful of look-ups however long the lists are:
 *
 *     octet    0      list: 'L' relays, 'c' clients, 'r' recipients, 's' senders,
 *                     'n' never, 'p' public suffixes, 'w' their wildcards, 'e' exceptions
 *     octet    1      kind: '4' '6' network, 'd' domain, 'a' address, 'u' user, 'x' expression
 *     then            network: prefix length and (prefix + 7) / 8 octets;
 *                     domain, user@domain or user (without '@'): lower-case text;
 *                     expression: its number in its list, from 0 on (2 octets, big-endian)
 *
 * and the value is the line number (4 octets, big-endian), the file's
 * name, NUL, and the entry as it was written; behind an expression a NUL
 * and its code may follow; of a public suffix, of which there are
 * thousands, file and entry are left out. One more key, the single octet 0, holds the
 * head: a stamp that says which files it was compiled from, which prefix
 * lengths and label counts occur, and how many expressions each list
 * has, so that no look-up is made that cannot succeed.
 */
#ifndef GREYLIST_EXEMPT_H
#define GREYLIST_EXEMPT_H

#include "greylist/triplet.h"

/* In order of precedence, as far as gl_exempt_probes asks them. */
enum gl_list {
	GL_LIST_RELAYS,
	GL_LIST_CLIENTS,
	GL_LIST_RECIPIENTS,
	GL_LIST_SENDERS,
	GL_LIST_NEVER,
	GL_EXEMPT_LISTS, /* so many; those below say where a name's pool begins */
	GL_LIST_SUFFIXES = GL_EXEMPT_LISTS,
	GL_LIST_SUFFIX_WILDCARDS,  /* without their "*." */
	GL_LIST_SUFFIX_EXCEPTIONS, /* without their '!' */
	GL_LISTS
};

/*
 * "relays", "clients", "recipients", "senders", "never_auto_whitelist",
 * "suffixes", "suffix wildcards", "suffix exceptions". Static.
 */
const char *gl_list_name(enum gl_list list);

enum {
	GL_RULE_TEXT_MAX =
	    255,            /* bytes of one entry; a domain name has at most 253 (RFC 1035 2.3.4) */
	GL_LABELS_MAX = 16, /* labels of a domain entry */
	GL_REGEX_TEXT_MAX = 1024,  /* bytes of an entry that is a regular expression */
	GL_REGEX_CODE_MAX = 16384, /* octets that it is compiled to; PCRE2's tables are 1088 */
	GL_REGEXES_MAX = 256,      /* of one list */
	GL_STAMP_SIZE = 16,
	GL_RULES_HEAD_SIZE = 1 + GL_STAMP_SIZE + GL_LISTS * (5 + 17 + 4 + 1 + 2)
};

enum gl_rule_kind { GL_RULE_NETWORK, GL_RULE_DOMAIN, GL_RULE_ADDRESS, GL_RULE_USER, GL_RULE_REGEX };

/* One entry, read. `text` is borrowed from the line. */
struct gl_rule {
	enum gl_list list;
	enum gl_rule_kind kind;
	struct gl_network network; /* GL_RULE_NETWORK */
	struct gl_span text;       /* otherwise; an expression without its slashes, a public suffix
				      perhaps in UTF-8 */
	uint16_t number; /* GL_RULE_REGEX: its place among the list's, the caller's to set */
};

/*
 * Reads one line of a list, with or without its newline.
 *
 *   GL_OK         an entry; where *why is not NULL it was written carelessly, and *why says how
 *   GL_NOT_FOUND  blank or comment only
 *   GL_MALFORMED  no entry of this list; *why says what is wrong and what to write (static text)
 *   GL_TOO_LONG   over GL_RULE_TEXT_MAX, GL_REGEX_TEXT_MAX or GL_LABELS_MAX; *why likewise
 *
 * Whether an expression is a good one only regex.h can say. A line of
 * public suffixes is read as suffix.h has it, and the rule's list is the
 * one of the three that it belongs to.
 */
GL_CHECKED enum gl_status gl_rule_parse(
    struct gl_rule *rule, enum gl_list list, struct gl_span line, const char **why);

/* The line's entry as it stands there, without its comment and the blanks around it. */
struct gl_span gl_rule_entry(enum gl_list list, struct gl_span line);

/* The entry's key in the rules. Cannot fail: a parsed entry fits. */
void gl_rule_key(struct gl_key *key, const struct gl_rule *rule);

/* Whether a key of the rules is that of a public suffix. */
bool gl_rule_is_suffix(struct gl_span key);

/* Which look-ups can succeed at all. */
struct gl_rules_head {
	uint8_t stamp[GL_STAMP_SIZE];
	struct gl_rules_use {
		uint8_t v4[5]; /* bit n: a /n network occurs */
		uint8_t v6[17];
		uint32_t labels; /* bit n: a domain of n labels occurs */
		bool address;
		bool user;
		uint16_t regexes; /* how many */
	} use[GL_LISTS];
};

/* Also counts the list's expressions: the next one's number is use[list].regexes. */
void gl_rules_head_add(struct gl_rules_head *head, const struct gl_rule *rule);
void gl_rules_head_encode(uint8_t bytes[GL_RULES_HEAD_SIZE], const struct gl_rules_head *head);
/*
 * Takes the head that greylist wrote before there were public suffixes
 * as well: what a postmaster said by hand (override.h) stays in force.
 *
 *   GL_CORRUPT  wrong size, version or counts; the rules have to be compiled again
 */
GL_CHECKED enum gl_status gl_rules_head_decode(struct gl_rules_head *head, struct gl_span bytes);
void gl_rules_head_key(struct gl_key *key);

/* What is asked about. All borrowed; client NULL: no address. */
struct gl_exempt_question {
	const struct gl_address *client;
	struct gl_span client_name;
	struct gl_span recipient;
	struct gl_span sender;
	char delimiter; /* in front of an address extension; 0: none */
};

/*
 * The most that one question can lead to. A client: three lists, 129
 * prefixes (1475 octets in each) and 16 names in each; a mailbox: two
 * lists, two addresses, two users and 16 names in each; and in three
 * lists the expressions.
 */
enum {
	GL_PROBES_MAX = 3 * (129 + GL_LABELS_MAX) + 2 * (4 + GL_LABELS_MAX) + 3 * GL_REGEXES_MAX,
	GL_PROBES_BYTES = 3 * 1475 + (5 * GL_LABELS_MAX + 8) * (2 + GL_RULE_TEXT_MAX) +
			  3 * GL_REGEXES_MAX * (2 + 2)
};

/*
 * The keys to look up, in order of precedence: the first that is there
 * decides, an expression only where it is found in its subject. About
 * 80 KiB, of which a question uses what it needs.
 */
struct gl_probes {
	size_t count;
	struct gl_probe {
		enum gl_list list;
		enum gl_rule_kind kind;
		struct gl_span key; /* borrowed from `bytes` */
		struct gl_span
		    subject; /* GL_RULE_REGEX: what to search; borrowed from the question */
	} probe[GL_PROBES_MAX];
	size_t used;
	char bytes[GL_PROBES_BYTES];
};

/*
 * Fills in the probes that `head` says can succeed; the narrower before
 * the wider, so the rule that is named is the one closest to the point,
 * and a list's expressions behind its plain entries, in their order.
 * A name with more labels than fit is asked about from its right end.
 */
void gl_exempt_probes(struct gl_probes *probes, const struct gl_rules_head *head,
    const struct gl_exempt_question *question);

/* A rule as it was found. All borrowed from the value. */
struct gl_rule_source {
	uint32_t line;
	struct gl_span file;
	struct gl_span text; /* as it was written */
	struct gl_span code; /* of an expression; empty where it was not compiled */
};

/* The expression between the slashes of a rule's text. */
struct gl_span gl_rule_expression(struct gl_span text);

/* GL_CORRUPT when the value is not what gl_rule_value_encode makes. */
GL_CHECKED enum gl_status gl_rule_value_decode(struct gl_rule_source *source, struct gl_span value);
void gl_rule_value_encode(struct gl_out *out, const struct gl_rule_source *source);

/*
 * Compiled rules in memory: sorted by key (gl_span_compare), keys unique,
 * the head among them. Whoever compiled it owns it (rules.h).
 */
struct gl_ruleset {
	struct gl_ruleset_item {
		struct gl_span key;
		struct gl_span value;
	} * items;
	size_t count;
	struct gl_rules_head head;
	void *memory; /* private to the owner */
};

/* GL_NOT_FOUND when the key is not there. The value is borrowed from the set. */
GL_CHECKED enum gl_status gl_ruleset_find(
    const struct gl_ruleset *rules, struct gl_span key, struct gl_span *value);

#endif
