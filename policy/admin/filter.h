/*
 * filter - which entries a command is about: --client, --sender,
 * --recipient, --state, --since, --before and --never-retried.
 *
 * Everything that was given has to fit. Who asks about an address means
 * its network's triplets too, and who asks about a network all addresses
 * in it, and those of pools that were first tried from there; a name is a pool's, and "anyone"
 * stands for those whom our own users wrote to. A sender or recipient without '@' is a domain and
 * means everything in and below it. Clients of the auto-whitelist have neither sender nor
 * recipient, so a filter on these leaves them out, as one on a state does, but for "expired".
 */
#ifndef GREYLIST_FILTER_H
#define GREYLIST_FILTER_H

#include "entry.h"
#include "greylist/request.h"

/* About 16 KiB. Private but for `none`. */
struct gl_filter {
	bool none; /* nothing was given: everything fits */
	bool by_client, by_sender, by_recipient, by_state, never_retried;
	struct gl_identity client; /* its pool borrowed from the option */
	enum gl_state state;
	int64_t since, before; /* of last_seen */
	size_t sender_len, recipient_len;
	char sender[GL_VALUE_MAX], recipient[GL_VALUE_MAX];
};

/* Reads what was given. GL_EXIT_INPUT or GL_EXIT_USAGE: something cannot be meant; it was said. */
enum gl_exit gl_filter_read(struct gl_filter *filter, const struct gl_admin *admin);

/* Whether any entry of that table can fit at all. An override is met by --since alone, which its
 * `made` is held against. */
bool gl_filter_wants(const struct gl_filter *filter, enum gl_table table);

bool gl_filter_fits(
    const struct gl_filter *filter, const struct gl_admin *admin, const struct gl_entry *entry);

/*
 * A point in time as people write it, local time: "2h" (that long ago),
 * "2026-01-31", "2026-01-31 14:30" and with seconds, with a 'T' for the
 * blank, or "@1767225600". A number without a unit or '@' could be meant
 * either way, so it is neither.
 *
 *   GL_MALFORMED  none of these, or a day that no calendar has
 */
GL_CHECKED enum gl_status gl_moment_parse(int64_t *moment, const char *text, int64_t now);

#endif
